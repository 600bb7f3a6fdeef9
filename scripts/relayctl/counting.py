"""Numbers about many relays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from relay.core.model import FinalStatus
from relay.operators.words import FINAL_STATUS_WORDS
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scripts.relayctl.api import Json, is_customers
from scripts.relayctl.output import STYLES
from scripts.relayctl.times import clock, named_clock, parsed, span

_BAR, _BAR_MIN = 40, 6
# Outcomes that are worth a line only where there are any.
_SELDOM = ("held", "claimed")


def counted(rows: Sequence[Json]) -> Json:
    """Counts by outcome, by tier of delivery and by hour; the share reached; the middle and 95 % of times.

    The times are until a handler's phone had a text, and until a person took it.

    Of texts for the handlers; answers to customers are counted apart, what we say to handlers is not.
    """
    answers = [row for row in rows if row.get("kind") == "answer"]
    rows = [row for row in rows if is_customers(row)]
    outcomes = Counter(row["final_status"] for row in rows)
    reached = outcomes["delivered"] + outcomes["claimed"]
    ended = reached + outcomes["exhausted"]
    hours: dict[str, Counter[str]] = {}
    for row in rows:
        hour = parsed(row["timestamp"]).replace(minute=0, second=0, microsecond=0).isoformat()
        hours.setdefault(hour, Counter())[row["final_status"]] += 1
    return {
        "relays": len(rows),
        "by_outcome": {outcome: outcomes[outcome] for outcome in STYLES if outcome not in _SELDOM or outcomes[outcome]},
        "answers": {"sent": sum(row["final_status"] == "delivered" for row in answers), "all": len(answers)},
        "delivered_by_tier": dict(
            sorted(Counter(str(r["delivered_tier"]) for r in rows if r["delivered_tier"]).items())
        ),
        "share_reached": round(reached / ended, 4) if ended else None,
        "seconds_to_delivery": _times(rows, "seconds_to_delivery"),
        "seconds_to_claim": _times(rows, "seconds_to_claim"),
        "overdue": sum(row["is_overdue"] for row in rows),
        "recovered": sum(row["recovered"] for row in rows),
        "by_hour": [{"hour": hour, **counts} for hour, counts in sorted(hours.items())],
    }


def _times(rows: Sequence[Json], name: str) -> Json:
    seconds = sorted(row[name] for row in rows if row[name] is not None)
    return {"median": _share(seconds, 0.5), "p95": _share(seconds, 0.95)}


def _share(ordered: Sequence[float], share: float) -> float | None:
    """The value below or at which this share of the values lies."""
    return ordered[max(0, -(-int(share * 100 * len(ordered)) // 100) - 1)] if ordered else None


def draw(console: Console, numbers: Json, since: str) -> None:
    """The numbers for people."""
    console.print(f"[bold]{numbers['relays']} relays[/bold] since {named_clock(since)}")
    table = Table(box=None, pad_edge=False, show_header=False)
    for outcome, count in numbers["by_outcome"].items():
        _, words = FINAL_STATUS_WORDS[FinalStatus(outcome)]
        table.add_row(f"[{STYLES[outcome]}]{words}[/]", str(count), _tiers(outcome, numbers))
    console.print(table)
    answers = numbers["answers"]
    if answers["all"]:
        console.print(f"{answers['sent']} of {answers['all']} answers sent to customers")
    times: dict[str, Any] = numbers["seconds_to_delivery"]
    if times["median"] is not None:
        share = f"{numbers['share_reached']:.1%} reached; " if numbers["share_reached"] is not None else ""
        console.print(f"{share}delivered within {_spans(times)}")
    if numbers["seconds_to_claim"]["median"] is not None:
        console.print(f"taken by a person within {_spans(numbers['seconds_to_claim'])}")
    if numbers["overdue"] or numbers["recovered"]:
        console.print(f"[yellow]{numbers['overdue']} overdue, {numbers['recovered']} recovered: see relayctl doctor[/]")
    _draw_hours(console, numbers["by_hour"])


def _spans(times: Json) -> str:
    return f"{span(times['median'])} (half), {span(times['p95'])} (95 %)"


def _tiers(outcome: str, numbers: Json) -> str:
    if outcome != "delivered":
        return ""
    return ", ".join(f"{count} at tier {tier}" for tier, count in numbers["delivered_by_tier"].items())


def _draw_hours(console: Console, hours: Sequence[Json]) -> None:
    totals = [sum(value for value in hour.values() if isinstance(value, int)) for hour in hours]
    most = max(totals, default=0)
    labels = [clock(hour["hour"])[:-3] for hour in hours]
    label_width = max(map(len, labels), default=0)
    width = max(_BAR_MIN, min(_BAR, console.width - label_width - len(str(most)) - 2))
    for hour, label, total in zip(hours, labels, totals, strict=True):
        line = Text(f"{label:>{label_width}} ", "dim", no_wrap=True)
        for outcome, length in _lengths(hour, most, width).items():
            line.append("█" * length, STYLES[outcome])
        console.print(line.append(f" {total}", "default"))


def _lengths(hour: Json, most: int, width: int) -> dict[str, int]:
    """Returns how long each outcome's part of a bar is; together they are no longer than the bar's place."""
    # Whatever went wrong is seen, however rare it is.
    lengths = {name: max(1, round(hour[name] / most * width)) for name in STYLES if hour.get(name)}
    while sum(lengths.values()) > width and max(lengths.values()) > 1:
        lengths[max(lengths, key=lambda name: lengths[name])] -= 1
    return lengths
