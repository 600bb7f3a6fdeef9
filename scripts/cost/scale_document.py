"""docs/scale.md: the simulation's figures with the words that explain them."""

from __future__ import annotations

import math
from pathlib import Path
from string import Template

from scripts.cost import model, quotas
from scripts.cost.operations import RELAY
from scripts.cost.prices import FIRESTORE_READ
from scripts.cost.quotas import Load
from scripts.cost.scale import CARRIER_DOWN, HEADROOM, USUAL, Verdict, average, verdicts

RATE = 10_000.0
# Texts a second that a cell of the proposal takes.
CELL_RATE = 50.0
# Relays that one call of a search by words looks at (relay/ports/scanning.py).
SCANNED_MAX = 1000
# Timers a second of one tier's queue, unless queue_dispatches_per_second (terraform/variables_operation.tf) says more.
DEFAULT_DISPATCHES = 20

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
_TEMPLATE = Path(__file__).with_name("scale.md.template")


def table(found: list[Verdict]) -> str:
    lines = [
        "| what binds | limit of a cell | a text brings | a cell bears | at this rate | after an hour | cells needed |",
        "|---|---|---|---|---|---|---|",
    ]
    for verdict in found:
        quota = verdict.quota
        cells = (
            str(quota.load),
            _number(quota.limit) + _unit(quota.load),
            _number(verdict.per_text),
            f"{_number(verdict.sustained)} texts/s",
            _number(verdict.demand),
            _fate(verdict),
            f"{verdict.cells:,}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _unit(load: Load) -> str:
    return "" if "under way" in load else "/s"


def _fate(verdict: Verdict) -> str:
    if verdict.harmed_after_seconds is None:
        return "fine"
    since = f"from second {verdict.harmed_after_seconds:.0f}"
    parts = []
    if verdict.refused >= 1:
        parts.append(f"{verdict.refused / (RATE * 3600):.0%} refused")
    if verdict.waiting >= 1:
        parts.append(f"{_number(verdict.waiting)} waiting")
    return f"{since}: " + ", ".join(parts)


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"


def text() -> str:
    """The whole document: the template's words with the simulation's figures."""
    usual, down = verdicts(RATE, USUAL), verdicts(RATE, CARRIER_DOWN)
    mean = average(USUAL)
    cells = math.ceil(RATE / CELL_RATE)
    million = model.total(model.relay_cost(RELAY["delivered at tier 1"], RATE))
    twilio = model.twilio_cost(RELAY["delivered at tier 1"])
    millions_in_an_hour = RATE * 3600 / 1e6
    values = {
        "rate": f"{RATE:,.0f}",
        "texts_in_an_hour": f"{millions_in_an_hour:.0f}",
        "as_of": quotas.AS_OF,
        "mix": "; ".join(f"{share:.0%} {name}" for name, share in USUAL.items()),
        "writes": f"{mean.writes:.2f}",
        "reads": f"{mean.reads:.2f}",
        "timer_calls": f"{mean.timer_calls:.2f}",
        "sends": f"{mean.sends:.2f}",
        "usual_table": table(usual),
        "down_table": table(down),
        "cell_rate": f"{CELL_RATE:.0f}",
        "cells": f"{cells:,}",
        "cell_dispatches": f"{_dispatches_of_a_cell()}",
        "default_dispatches": f"{DEFAULT_DISPATCHES}",
        "millions_a_day": f"{CELL_RATE * 86400 / 1e6:.1f}",
        "twilio_requests": _number(_of(usual, Load.TWILIO_REQUESTS).demand),
        "queue_bears": _number(_of(usual, Load.DISPATCHES).sustained),
        "queue_bears_when_down": _number(_of(down, Load.DISPATCHES).sustained),
        "ours": f"{million:.2f}",
        "twilio": f"{twilio:,.0f}",
        "ours_hour": f"{million * millions_in_an_hour:,.0f}",
        "twilio_hour": f"{twilio * millions_in_an_hour:,.0f}",
        "headroom": f"{HEADROOM:.0%}",
        "scanned": f"{SCANNED_MAX:,}",
        "scan": f"{FIRESTORE_READ.of(SCANNED_MAX):.4f}",
        "scan_million": f"{FIRESTORE_READ.of(1e6):.2f}",
        "sources": "\n".join(_source(verdict) for verdict in usual),
    }
    for place, verdict in zip(("first", "second", "third"), usual, strict=False):
        values |= {place: verdict.quota.load, f"{place}_bears": _number(verdict.sustained)}
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(values)


def _dispatches_of_a_cell() -> int:
    """Returns what a cell's queues must fire a second when a carrier is down, with room to spare."""
    return math.ceil(_of(verdicts(CELL_RATE, CARRIER_DOWN), Load.DISPATCHES).demand / HEADROOM)


def _source(verdict: Verdict) -> str:
    quota = verdict.quota
    return f"- **{quota.load}**: {quota.source}. Beyond it: {quota.when_exceeded}. More: {quota.more}."


def _of(found: list[Verdict], load: Load) -> Verdict:
    return next(verdict for verdict in found if verdict.quota.load is load)
