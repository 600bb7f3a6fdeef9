"""`list`, `search`, `failed`, `show` and `stats`: looking things up, changing nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import click
from relay.core.model import FinalStatus

from scripts.relayctl import story_text
from scripts.relayctl.api import REDRIVABLE, ApiError, Json
from scripts.relayctl.counting import counted, draw
from scripts.relayctl.ids import MessageId
from scripts.relayctl.output import Context, with_json
from scripts.relayctl.times import clock, moment


class Moment(click.ParamType[str]):
    """A time option: how long ago, or when."""

    name = "TIME"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> str:
        try:
            return moment(str(value), datetime.now(UTC)).isoformat()
        except ValueError as error:
            self.fail(str(error), parameter, context)


def phone(value: str | None) -> str | None:
    """A number as people write it, in E.164; anything else as it is."""
    if value is None:
        return None
    digits = re.sub(r"[\s().-]", "", value)
    return f"+{digits}" if re.fullmatch(r"\d{8,15}", digits) else digits if digits.startswith("+") else value


@click.command("list")
@click.option("--outcome", type=click.Choice([status.value for status in FinalStatus]), help="Only these.")
@click.option("--since", type=Moment(), default="24h", show_default=True, help="90m, 1h, 2d, or a time.")
@click.option("--until", type=Moment(), help="Up to then.")
@click.option("--number", help="Only texts from this number.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@with_json
@click.pass_obj
def list_relays(
    context: Context, outcome: str | None, since: str, until: str | None, number: str | None, limit: int
) -> None:
    """List relays, newest first."""
    conditions = {"final_status": outcome, "since": since, "until": until, "sender_phone": phone(number)}
    rows = list(context.api.rows(limit=limit, **conditions))
    context.give({"relays": rows})
    if not rows:
        country = "" if not number or number.strip().startswith("+") else " Did the number begin with its country code?"
        context.say(f"No relay matches.{country}")
        return
    context.say_rows(rows)
    if len(rows) == limit:
        context.say(f"[dim]The newest {limit}; --limit shows more.[/dim]")


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--since", type=Moment(), help="Not further back than 90m, 1h, 2d, or a time.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@with_json
@click.pass_obj
def search(context: Context, words: tuple[str, ...], since: str | None, limit: int) -> None:
    """Find relays by WORDS of the text, a handler's name or a number in any form, in all that is kept. Newest first."""
    rows, back_to = context.api.by_words(" ".join(words), limit, since)
    context.give({"relays": rows, "searched_back_to": back_to})
    if not rows:
        context.say("Nothing that is kept has all of these words.")
        return
    context.say_rows(rows)
    if back_to is not None:
        context.say(f"[dim]The newest {len(rows)}, back to {clock(back_to)}; --limit shows more.[/dim]")


@click.command()
@click.option("--since", type=Moment(), default="24h", show_default=True, help="90m, 1h, 2d, or a time.")
@with_json
@click.pass_obj
def failed(context: Context, since: str) -> None:
    """List relays that reached no handler, are held back or were set aside, with why and what to do."""
    rows = context.api.waiting_for_a_person(since, *REDRIVABLE)
    context.give({"relays": rows})
    if not rows:
        context.say("[green]Everybody was reached.[/green]")
        return
    context.say_rows(rows, why=True)
    held = sum(row["final_status"] == "held" for row in rows)
    if len(rows) > held:
        words = f"{len(rows) - held} reached no handler. Call the customers; to send again"
        context.say(f"\n{words}: relayctl redrive --failed --since TIME")
    if held:
        context.say(f"\n{held} held back. Read them; to send them on: relayctl redrive --held NUMBER")


@click.command()
@click.argument("message_id", type=MessageId())
@click.option("--trail", is_flag=True, help="Every step of the audit trail, too.")
@with_json
@click.pass_obj
def show(context: Context, message_id: str, trail: bool) -> None:
    """Show what happened to one relay, drawn to scale. ID: also its beginning, or `latest`."""
    answer = context.api.one(message_id)
    context.give(answer)
    if not context.as_json:
        story_text.draw(context.console, answer, with_trail=trail)


@click.command()
@click.option("--since", type=Moment(), default="24h", show_default=True, help="90m, 1h, 2d, or a time.")
@with_json
@click.pass_obj
def stats(context: Context, since: str) -> None:
    """Count relays by outcome and tier, and how long deliveries took."""
    rows: list[Json] = list(context.api.rows(since=since))
    numbers = counted(rows)
    context.give({"since": since, **numbers})
    if not context.as_json:
        draw(context.console, numbers, since)


__all__ = ["ApiError", "MessageId", "Moment", "failed", "list_relays", "search", "show", "stats"]
