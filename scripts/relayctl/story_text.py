"""One relay in a terminal: its drives to scale, its attempts in words, its trail."""

from __future__ import annotations

from relay.operators.directions import NOTHING_TO_DO
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scripts.relayctl.api import Json
from scripts.relayctl.output import code_text, harmless, state_text
from scripts.relayctl.times import between, clock, named_clock, span, zone

_COLOURS = {
    "delivered": "green",
    "failed": "red",
    "unconfirmed": "yellow",
    "unknown": "magenta",
    "accepted": "cyan",
    "claimed": "cyan",
    "scheduled": "cyan",
    "withdrawn": "dim",
}
_TONES = {"good": "green", "bad": "red", "warning": "yellow", "strong": "bold"}
_LINE_MIN, _LINE_MAX, _LABEL = 20, 72, 22


def draw(console: Console, answer: Json, *, with_trail: bool) -> None:
    """Print the story of one relay-state answer."""
    relay, story, now = answer["relay"], answer["story"], answer["now"]
    console.print(Text.assemble(state_text(answer["summary"]), "  ", (story["headline"], "bold")))
    if story["advice"] != NOTHING_TO_DO or answer["summary"]["kind"] == "customer":
        console.print(Text.assemble("What to do: ", story["advice"]))
    if mark := story.get("handled"):
        note = f": {harmless(mark['note'])}" if mark["note"] else ""
        console.print(Text(f"Handled by {harmless(mark['by'])}, {named_clock(mark['at'])}{note}", "green"))
    way = f"From {relay['sender_phone']} to {relay['recipient_phone']}"
    if receiver := answer["summary"].get("receiver"):
        way = f"From {relay['recipient_phone']} to {receiver}"
    facts = f"{way}, {named_clock(relay['timestamp'])}"
    if story["seconds_to_delivery"] is not None:
        facts += f", delivered in {span(story['seconds_to_delivery'])}"
    console.print(Text(facts, "dim"))
    if story["attachments"]:
        _say_attachments(console, story["attachments"])
    console.print(Padding(Text(harmless(relay["message_body"])), (1, 2)))
    for drive in story["drives"]:
        if drive["attempts"]:
            _draw_drive(console, drive, now)
    if with_trail:
        console.print(_trail(story["trail"], relay["timestamp"]))


def _say_attachments(console: Console, attachments: Json) -> None:
    console.print(Text(attachments["words"], "dim"))
    # Of a revision of before there is neither. A link is one word, to be copied whole.
    for said in filter(None, (attachments.get("link"), attachments.get("note"))):
        console.print(Text(f"  {said}"), soft_wrap=True)
    for line in attachments["lines"]:
        console.print(Text(f"  {line['words']}  {line['media_id'] or ''}".rstrip(), "dim"))


def _draw_drive(console: Console, drive: Json, now: str) -> None:
    if drive["number"] > 1:
        console.print(Text(f"Sent again, {named_clock(drive['started_at'])}", "bold"))
    width = max(_LINE_MIN, min(_LINE_MAX, console.width - _LABEL - 14))
    total = max(1.0, *(between(drive["started_at"], _end(attempt, now)) for attempt in drive["attempts"]))
    console.print(Text(f"{'':{_LABEL}}0{span(total):>{width - 1}}", "dim"))
    for attempt in drive["attempts"]:
        console.print(_bar(attempt, drive["started_at"], total, width, now))
    console.print()
    for attempt in drive["attempts"]:
        _explain(console, attempt, drive["started_at"])
    console.print()


def _end(attempt: Json, now: str) -> str:
    if attempt["ended_at"] is not None:
        return str(attempt["ended_at"])
    if attempt["status"] in ("unknown", "claimed") and attempt["deadline_at"] and attempt["deadline_at"] < now:
        return str(attempt["deadline_at"])
    return now


def _bar(attempt: Json, start: str, total: float, width: int, now: str) -> Text:
    """An attempt on its line: ┄ while it waits its turn, ━ while it is sent and its receipt awaited, then its end."""
    colour = _COLOURS.get(attempt["status"], "")

    def place(at: str) -> int:
        return min(width - 1, max(0, round(between(start, at) / total * (width - 1))))

    began = attempt["started_at"] or _end(attempt, now)
    cells = [" "] * width
    for index in range(place(attempt["planned_at"]), place(began)):
        cells[index] = "┄"
    if attempt["started_at"]:
        for index in range(place(began), place(_end(attempt, now)) + 1):
            cells[index] = "━"
    sign = attempt["sign"]
    if sign and (attempt["ended_at"] or attempt["status"] == "unknown"):
        cells[place(_end(attempt, now))] = sign
    label = f"{attempt['tier']} {attempt['tier_name']}"[: _LABEL - 2]
    return Text.assemble(f"{label:<{_LABEL}}", ("".join(cells), colour), (f" {attempt['code']}".rstrip(), "bold"))


def _explain(console: Console, attempt: Json, start: str) -> None:
    at = attempt["started_at"] or attempt["starts_at"]
    again = ", sent once more" if attempt["is_resend"] else ""
    when = f"{clock(at)} (+{span(between(start, at))}){again}"
    head = f"Tier {attempt['tier']}, {attempt['tier_name']}, try {attempt['try_in_tier']} at {when}: "
    console.print(
        Text.assemble((head, "bold"), (attempt["words"] + code_text(attempt), _COLOURS.get(attempt["status"], "")))
    )
    if attempt["advice"]:
        console.print(Padding(Text(attempt["advice"], "yellow"), (0, 0, 0, 2)))


def _trail(lines: list[Json], start: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title="Audit trail", title_justify="left")
    for name in (f"At ({zone(start)})", "After", "Tier", "Step", "What it means"):
        table.add_column(name, overflow="fold")
    for line in lines:
        label = Text(line["label"], _TONES.get(line["tone"], ""))
        # A revision of before tells no `seconds`.
        seconds = line.get("seconds", between(start, line["at"]))
        table.add_row(clock(line["at"]), f"+{span(seconds)}", str(line["tier"] or ""), label, Text(line["words"]))
    return table
