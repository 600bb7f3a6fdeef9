"""`alarm test`: one test message to each recipient of alarms, and what became of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

import click
from rich.text import Text

from scripts.relayctl.api import Json
from scripts.relayctl.output import Context, with_json

_LOOK_SECONDS = 1.0
_CHANNELS = {"text": "text to", "email": "e-mail to", "webhook": "webhook at"}


@click.group()
def alarm() -> None:
    """Whether alarms reach operators: `alarm test` tries every channel that is set."""


@alarm.command()
@click.option("--wait", type=click.FloatRange(0, 900), default=30, show_default=True, help="So many seconds at most.")
@with_json
@click.pass_obj
def test(context: Context, wait: float) -> None:
    """Send a test to each recipient of alarms, and show what became of it."""
    messages = tried(context.api.test_alarms, wait, lambda count: context.say(_on_its_way(count)))
    context.give({"messages": messages})
    if not messages:
        raise click.ClickException(
            "No channel is set: alarms go to the log alone. docs/operations.md, “Get told”, says how to set one."
        )
    for each in messages:
        context.say(line(each))
    if not are_told(messages):
        raise click.exceptions.Exit(1)
    context.say("Taken is not read: look whether each of them came.")


def tried(
    test_alarms: Callable[[str], list[Json]], seconds: float, say: Callable[[int], None] = lambda _: None
) -> list[Json]:
    """Have each recipient sent a test, and wait until none of them waits any more, for at most so long.

    Returns what became of each; none where no channel is set. `say` is told how many there are. Raises ApiError.
    """
    request_id, ends_at = f"alarm-test-{secrets.token_hex(8)}", time.monotonic() + seconds
    messages = test_alarms(request_id)
    if messages:
        say(len(messages))
    while any(each["state"] == "waiting" for each in messages) and time.monotonic() < ends_at:
        time.sleep(_LOOK_SECONDS)
        messages = test_alarms(request_id)
    return messages


def are_told(messages: list[Json]) -> bool:
    """Returns whether each of them was taken by its channel."""
    return all(each["state"] == "told" for each in messages)


def _on_its_way(count: int) -> str:
    return f"A test is on its way to {count} recipient{'s' if count > 1 else ''}."


def line(message: Json) -> Text:
    """Returns what became of one of them, for a terminal."""
    where = f"{_CHANNELS.get(str(message['channel']), str(message['channel']))} {message['to']}"
    if message["state"] == "told":
        return Text.assemble(("✓ ", "green"), f"{where}: taken")
    if message["state"] == "failed":
        return Text.assemble(("✕ ", "bold red"), f"{where}: given up, {message['reason']}")
    if message["reason"]:
        return Text.assemble(("✕ ", "bold red"), f"{where}: {message['reason']}; it is tried again")
    return Text.assemble(("! ", "yellow"), f"{where}: not tried yet; is the relay running?")
