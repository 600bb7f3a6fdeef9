"""`handled`: note that an operator saw to texts that waited for a person, which every operator is then shown."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.text import Text

from scripts.relayctl.api import Json
from scripts.relayctl.looking import MessageId
from scripts.relayctl.output import Context, harmless, with_json
from scripts.relayctl.times import named_clock


@click.command()
@click.argument("message_ids", nargs=-1, required=True, type=MessageId(), metavar="ID...")
@click.option("--note", default="", help="What was done, in a line: it is shown beside your name.")
@click.option("--undo", is_flag=True, help="Put them back: they wait for a person again.")
@with_json
@click.pass_obj
def handled(context: Context, message_ids: Sequence[str], note: str, undo: bool) -> None:
    """Say that you saw to texts, by a call or otherwise: they leave the wall and `failed`. Nothing is sent."""
    if note and undo:
        raise click.UsageError("--note says what was done, and goes not with --undo.")
    answers = [context.api.mark_handled(each, None if undo else note) for each in dict.fromkeys(message_ids)]
    context.give({"relays": [_told(answer) for answer in answers]})
    for answer in answers:
        context.say(_line(answer))


def _told(answer: Json) -> Json:
    return {"message_id": answer["relay"]["message_id"], "handled": answer["handled"]}


def _line(answer: Json) -> Text:
    message_id, mark = answer["relay"]["message_id"], answer["handled"]
    if mark is None:
        return Text(f"{message_id} waits for a person again.", "yellow")
    note = f": {harmless(mark['note'])}" if mark["note"] else ""
    return Text(f"{message_id} is handled by {harmless(mark['by'])}, {named_clock(mark['at'])}{note}", "green")
