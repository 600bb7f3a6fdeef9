"""`threads`, `thread`, `claim`, `release`, `say`, `block`, `unblock`, `grammar`: customers' threads, by their codes."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import click
from relay.core.threads import grammar as words_of_handlers
from rich.table import Table
from rich.text import Text

from scripts.relayctl.api import Json
from scripts.relayctl.output import Context, body_text, harmless, state_text, with_json
from scripts.relayctl.times import clock, named_clock, zone

_THREAD_ID = re.compile(r"[0-9a-f]{40}")
_CODE = re.compile(r"\s*([A-Za-z])[-. ]?([0-9]{2})\s*")
# How much of a conversation is shown when nothing else is asked for.
_LATEST = 50
_WHO_STYLES = {"customer": "bold", "answer": "green", "notice": "dim", "operator": "yellow"}


class ThreadName(click.ParamType[str]):
    """A thread: its code, as people write it, or its id."""

    name = "CODE"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> str:
        text = str(value)
        if code := _CODE.fullmatch(text):
            return code[1].upper() + code[2]
        if not _THREAD_ID.fullmatch(text.strip()):
            self.fail(f"{text!r} is not a thread's code: a letter and two digits like K71.", parameter, context)
        return text.strip()


@click.command("threads")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@with_json
@click.pass_obj
def list_threads(context: Context, limit: int) -> None:
    """List the open threads: each customer's code, and who has it."""
    rows = context.api.threads(limit)
    context.give({"threads": rows})
    if not rows:
        context.say("No thread is open.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Code", "Customer", f"Latest ({zone(rows[0]['touched_at'])})", "Who has it"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(row["code"] or "-", row["customer_phone"], clock(row["touched_at"]), row["headline"])
    context.say(table)
    if len(rows) == limit:
        context.say(f"[dim]The latest {limit}; --limit shows more.[/dim]")


@click.command("thread")
@click.argument("named", type=ThreadName(), metavar="CODE")
@click.option("--limit", type=click.IntRange(1, 200), default=_LATEST, show_default=True, help="At most so many texts.")
@click.option("--notices", is_flag=True, help="What the relay says to handlers, too.")
@with_json
@click.pass_obj
def show_thread(context: Context, named: str, limit: int, notices: bool) -> None:
    """Show a thread's conversation: the customer's texts, the handlers', and what was answered."""
    answer = context.api.thread(named, limit)
    context.give(answer)
    if context.as_json:
        return
    _say_head(context, answer["thread"], answer["blocked"])
    if answer["next_page_token"]:
        context.say(f"[dim]The latest {limit}; --limit shows more.[/dim]")
    if answer["conversation"]:
        context.say(Text(f"Times are {zone(answer['conversation'][-1]['timestamp'])}.", "dim"))
    for line in _conversation(answer["conversation"], with_notices=notices):
        context.console.print(line, soft_wrap=True)


def _say_head(context: Context, thread: Json, blocked: Json | None) -> None:
    context.say(
        Text.assemble((thread["code"] or "no code", "bold"), f"  {thread['customer_phone']}  "), thread["headline"]
    )
    if not thread["is_answerable"]:
        context.say("[yellow]No text can answer this customer.[/yellow]")
    if blocked is not None:
        context.say(f"[yellow]Blocked since {named_clock(blocked['at'])}: {blocked['because']}.[/yellow]")


def _conversation(rows: Sequence[Json], *, with_notices: bool) -> Iterator[Text]:
    for row in rows:
        if row["kind"] == "notice" and not with_notices:
            continue
        who = f"{row['who']} to {row['to_whom']}" if row["to_whom"] else row["who"]
        style = _WHO_STYLES.get(row["kind"], "")
        line = Text.assemble(f"\n{clock(row['timestamp'])}  ", (who, style), "  ", state_text(row))
        if row["kind"] != "customer" or row["final_status"] != "delivered":
            line.append(f"  {row['headline']}", "dim")
        yield line
        if body := body_text(row):
            yield Text(f"  {harmless(body)}")
        yield Text(f"  {row['message_id']}", "dim")


@click.command()
@click.argument("named", type=ThreadName(), metavar="CODE")
@click.option("--person", help="The handler who has it now.")
@with_json
@click.pass_obj
def claim(context: Context, named: str, person: str | None) -> None:
    """Give a thread to a handler: --person NAME. The cascade of its texts ends."""
    _act(context, "claim", named, **({"person": person} if person else {}))


@click.command()
@click.argument("named", type=ThreadName(), metavar="CODE")
@with_json
@click.pass_obj
def release(context: Context, named: str) -> None:
    """Take a thread from its owner; its texts can be redriven then."""
    _act(context, "release", named)


@click.command()
@click.argument("named", type=ThreadName(), metavar="CODE")
@click.argument("words", nargs=-1, required=True)
@with_json
@click.pass_obj
def say(context: Context, named: str, words: Sequence[str]) -> None:
    """Send these words to a thread's customer."""
    _act(context, "say", named, words=" ".join(words))


@click.command()
@click.argument("named", type=ThreadName(), metavar="CODE")
@with_json
@click.pass_obj
def block(context: Context, named: str) -> None:
    """Send a thread's customer nothing any more."""
    _act(context, "block", named)


@click.command()
@click.argument("named", type=ThreadName(), metavar="CODE")
@with_json
@click.pass_obj
def unblock(context: Context, named: str) -> None:
    """Let a customer who was blocked get texts again."""
    _act(context, "unblock", named)


def _act(context: Context, act: str, named: str, **fields: str) -> None:
    """Asked again after trouble on the way it is the same request: nothing is done twice."""
    answer = context.api.act(act, named, uuid.uuid4().hex, **fields)
    context.give(answer)
    if not answer["done"]:
        context.say(Text(answer["because"]))
    elif not context.as_json:
        thread = answer["thread"]
        context.say(
            Text.assemble(("Done. ", "green"), f"{thread['code'] or thread['customer_phone']}: {thread['headline']}")
        )
        if answer["message_id"]:
            context.say(Text(f"Follow it with: relayctl show {answer['message_id']}", "dim"))
    if answer["advice"]:
        context.say(Text(answer["advice"], "yellow"))


@click.command()
@with_json
@click.pass_obj
def grammar(context: Context) -> None:
    """Print what a handler can text; asks no relay."""
    lines = [(word, does) for word, (_, does) in words_of_handlers.COMMANDS.items()]
    claims = ", ".join(words_of_handlers.CLAIM_WORDS)
    say_does = f"send what stands behind it, whatever it is: {words_of_handlers.SAY} ok"
    told = [
        ("any other words", "go to the customer, and take the thread"),
        (claims, "take it; nothing goes to the customer"),
        *lines,
        (words_of_handlers.SAY, say_does),
        (words_of_handlers.TEST, "in front of the first words: try the number out as a customer"),
        (", ".join(words_of_handlers.RESERVED), "reach no customer: phone networks act on them"),
    ]
    context.give({"grammar": [{"words": words, "does": does} for words, does in told]})
    if context.as_json:
        return
    context.say("A code in front (K71 on my way) says which customer is meant; it is needed where there are several.\n")
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", overflow="fold", max_width=36)
    table.add_column(overflow="fold")
    for words, does in told:
        table.add_row(Text(words), Text(does))
    context.say(table)


COMMANDS = (list_threads, show_thread, claim, release, say, block, unblock, grammar)
