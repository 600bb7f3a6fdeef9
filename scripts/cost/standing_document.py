"""The table of a month's costs in terraform/README.md, between its marks."""

from __future__ import annotations

from pathlib import Path

from scripts.cost import prices, standing
from scripts.cost.standing import Standing

DOCUMENT = Path(__file__).resolve().parents[2] / "terraform" / "README.md"
BEGIN, END = "<!-- costs: made by `make costs` -->", "<!-- end of costs -->"


def table() -> str:
    """Returns the table in Markdown."""
    lines = standing.standing()
    alerts = standing.alerting()
    rows = ["| every month | how much | list price | free | USD | source, read on |", "|---|---|---|---|---|---|"]
    rows += [_row(line) for line in lines]
    rows.append(f"| **in all** | | | | **{_dollars(sum(line.billed for line in lines))}** | |")
    rows.append(f"| the same without what is free | | | | {_dollars(sum(line.listed for line in lines))} | |")
    rows += [_row(line) for line in alerts]
    billed = _dollars(sum(line.billed for line in alerts))
    rows.append(f"| **alerts, from {prices.ALERTS_BILLED_FROM} on** | nothing until then | | | **{billed}** | |")
    rows.append(_row(standing.warm_instance(), is_off=True))
    return "\n".join(rows)


def _row(line: Standing, *, is_off: bool = False) -> str:
    price = line.price
    name = f"{line.name} (`{line.option}`{', off' if is_off else ''})" if line.option else line.name
    # What is priced by the GiB is counted in bytes.
    scale, unit = (2**30, "GiB") if price.per in (2**30, 2**40) else (1, price.unit.partition(":")[0])
    per = price.per / scale
    amount = f"{_number(line.amount / scale)} {unit}"
    listed = f"{price.dollars:.7f}".rstrip("0").rstrip(".") + ("" if per == 1 else f" for {_number(per)}")
    free = _number(price.free / scale) if price.free else ""
    return f"| {' | '.join((name, amount, listed, free, _dollars(line.billed), _source(line)))} |"


def _source(line: Standing) -> str:
    return f"{line.price.source.partition(' (')[0]}, {line.price.read}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.3g}"


def _dollars(value: float) -> str:
    return f"{value:.2f}" if value >= 0.005 or value == 0 else "under 0.01"


def document(text: str) -> str:
    """Returns the document with its table made anew. Raises ValueError when its place is not marked."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT.name} has lost the marks between which the table of costs stands")
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"
