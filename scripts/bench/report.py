"""The table of a run, on the terminal and as docs/performance.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from scripts.bench import burst, concurrency
from scripts.bench.rounds import Outcome, Row, median

_TEMPLATE = Path(__file__).with_name("performance.md.template")
_COLUMNS = ("measure", "here", "baseline", "result", "goal", "", "middle half of the rounds")


def table(outcome: Outcome, counted: Sequence[Row]) -> str:
    """For the terminal: one line a row, columns lined up, then the notes."""
    lines = [_cells(row) for row in _all(outcome, counted)]
    widths = [max(len(line[column]) for line in [_COLUMNS, *lines]) for column in range(len(_COLUMNS))]
    text = [_padded(line, widths) for line in (_COLUMNS, *lines)]
    text += [f"not measured here: {name}: {reason}" for name, reason in outcome.missing.items()]
    return "\n".join(text)


def _padded(line: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def document(outcome: Outcome, counted: Sequence[Row]) -> str:
    """docs/performance.md: the template's words around the run's figures."""
    samples = outcome.samples
    # What more threads bring has a table of its own.
    rows = [row for row in _all(outcome, counted) if row not in outcome.rows.get("concurrency", [])]
    missing = "\n".join(f"- Not measured on this machine: {name} ({why})" for name, why in outcome.missing.items())
    cpu = samples.get("start", {}).get("relay cpu")
    rates = samples.get("concurrency", {})
    values = {
        "day": datetime.now(UTC).date(),
        "machine": f"{os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}",
        "rounds": outcome.rounds,
        "minutes": f"{outcome.seconds / 60:.0f}",
        "table": _markdown(rows),
        "missing": missing,
        "notes": "\n".join(f"- **{row.measure}**: {row.note}" for row in rows if row.note and row.reached is not False),
        "missed": "\n".join(_missed(row) for row in rows if row.reached is False) or "None.",
        "real_cpu_ms": f"{median(cpu) * 1000:.1f}" if cpu else "unknown",
        "texts_per_vcpu": f"{1 / median(cpu):.0f}" if cpu else "unknown",
        "concurrency": _concurrency(rates),
        "burst_threads": burst.THREADS,
        "twilio_ms": f"{concurrency.TWILIO_SECONDS * 1000:.0f}",
    }
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(values)


def _all(outcome: Outcome, counted: Sequence[Row]) -> Iterator[Row]:
    for name, rows in outcome.rows.items():
        if name != "concurrency":
            yield from rows
    yield from counted
    yield from outcome.rows.get("concurrency", [])


def _cells(row: Row) -> tuple[str, ...]:
    mark = {True: "reached", False: "MISSED", None: ""}[row.reached]
    return (row.measure, row.ours, row.baseline, row.result, row.goal, mark, row.spread)


def _markdown(rows: Sequence[Row]) -> str:
    lines = [f"| {' | '.join(_COLUMNS)} |", "|" + "---|" * len(_COLUMNS)]
    lines += [f"| {' | '.join(_cells(row))} |" for row in rows]
    return "\n".join(lines)


def _missed(row: Row) -> str:
    return f"- **{row.measure}**: {row.result} instead of {row.goal}. {row.note}"


def _concurrency(samples: dict[str, list[float]]) -> str:
    if not samples:
        return "Not measured in this run."
    lines = ["| threads | texts a second | median answer | memory |", "|---|---|---|---|"]
    for threads in concurrency.THREADS:
        rate, answer = median(samples[f"rate {threads}"]), median(samples[f"answer {threads}"])
        memory = median(samples[f"memory {threads}"]) / 2**20
        lines.append(f"| {threads} | {rate:.0f} | {answer * 1000:.0f} ms | {memory:.0f} MiB |")
    return "\n".join(lines)
