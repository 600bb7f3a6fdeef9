"""What is printed: tables and sentences for people, or JSON for programs; never both."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import click
from relay.core.model import SenderClass
from rich.console import Console
from rich.text import Text

from scripts.relayctl.api import Json, RelayApi
from scripts.relayctl.at_google import AtGoogle
from scripts.relayctl.times import clock, span, zone
from scripts.relayctl.tokens import Tokens

STYLES = {
    "delivered": "green",
    "claimed": "green",
    "in_progress": "cyan",
    "exhausted": "bold red",
    "held": "yellow",
    "recorded": "dim",
}

# What a terminal would obey instead of showing: control characters, and those that reverse the direction of writing.
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

# Of a handler who stands at none of a relay's tiers; the number says more then.
_UNNAMED = "a handler"

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Context:
    """What every command works with. `at_google`: of a relay there, what is not given; None for any other."""

    given_url: str
    token: str
    token_command: str
    as_json: bool = False
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=False))
    at_google: AtGoogle | None = None

    @cached_property
    def url(self) -> str:
        """The relay's address. Raises ClickException when it is not given and its project does not tell it."""
        return self.given_url or (self.at_google.address() if self.at_google else "")

    @cached_property
    def api(self) -> RelayApi:
        command = self.token_command or (self.at_google.token_command() if self.at_google else "")
        return RelayApi(self.url, Tokens(self.url, self.token, command))

    def say(self, *content: Any) -> None:
        """For people only."""
        if not self.as_json:
            self.console.print(*content)

    def say_rows(self, rows: Sequence[Json], *, why: bool = False) -> None:
        """Rows for people, under the zone of their times; `why` adds what went wrong and what to do."""
        if self.as_json:
            return
        self.say(Text(f"Times are {zone(rows[0]['timestamp'])}.", "dim"))
        times = max(len(clock(row["timestamp"])) for row in rows)
        for row in rows:
            for line in _row_lines(row, times, why):
                self._say_line(line, is_cut=not why)

    def _say_line(self, line: Text, *, is_cut: bool) -> None:
        """Whole in a file, which is searched. In a terminal cut, or, where every word counts, wrapped."""
        if self.console.is_terminal:
            self.console.print(line, no_wrap=is_cut, overflow="ellipsis" if is_cut else "fold")
        else:
            self.console.print(line, soft_wrap=True)

    def give(self, value: object) -> None:
        """For programs only: one JSON document."""
        if self.as_json:
            click.echo(json.dumps(value, ensure_ascii=False))


def with_json(command: F) -> F:
    """`--json`, before or after the command's name."""

    def remember(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
        if wanted:
            context.find_object(Context).as_json = True  # type: ignore[union-attr]

    option = click.option(
        "--json", is_flag=True, expose_value=False, is_eager=True, callback=remember, help="JSON for programs."
    )
    return option(command)


def harmless(words: str) -> str:
    """A customer's words as they may be put on a terminal."""
    return _STEERING.sub("\ufffd", words.replace("\r\n", "\n"))


def state_text(row: Json) -> Text:
    """Outcome with its sign, in its colour; and what is rare, by the console's words."""
    text = Text(f"{row['sign']} {row['outcome']}", STYLES.get(row["final_status"], ""))
    opted_out = row.get("sender_class") == SenderClass.HANDLER_OPT_OUT
    marks = {"overdue": row["is_overdue"], "recovered": row.get("recovered"), "opted out": opted_out}
    for word in [word for word, is_so in {**marks, "handled": row.get("handled")}.items() if is_so]:
        text.append(f" {word}", "bold yellow" if word in marks else "green")
    return text


def code_text(told: Json) -> str:
    """The error code of a row or an attempt, to be put behind its reason; empty where there is none."""
    return f" ({told['code']})" if told["code"] else ""


def tier_text(row: Json) -> str:
    if row["tier_reached"] is None:
        return "-"
    return f"{row['tier_reached']} of {row['tiers']} {row['tier_name'] or ''}".rstrip()


def from_text(row: Json) -> str:
    """Who texted, a handler by name; of what goes the other way, to whom."""
    if not row.get("receiver"):
        writer = str(row.get("writer") or "")
        return writer if writer and writer != _UNNAMED else str(row["sender_phone"])
    return f"to {row['receiver']}"


def took_text(row: Json) -> str:
    seconds = row["seconds_to_delivery"]
    return "-" if seconds is None else span(float(seconds))


def body_text(row: Json) -> str:
    """What was texted, with what came along in front."""
    files = f"[{row['files']}]" if row.get("files") else ""
    return " ".join(filter(None, (files, row["message_body"])))


def _row_lines(row: Json, times: int, why: bool) -> Iterator[Text]:
    """One relay: how far it came, then its id (whole, to be copied) with its text, or why it came no further."""
    yield Text.assemble(
        f"{clock(row['timestamp']):<{times}}  {from_text(row):<14}  ",
        state_text(row),
        f"  {tier_text(row) if not row.get('receiver') else row['kind']}",
        "" if row["seconds_to_delivery"] is None else f"  in {took_text(row)}",
    )
    if not why:
        yield Text(f"{'':{times}}  {row['message_id']}  {harmless(' '.join(body_text(row).split()))}", "dim")
        return
    yield Text(
        f"  {row.get('receiver') or row['tier_name']}: {row['reason']}{code_text(row)}"
        if row["reason"]
        else f"  {row['headline']}"
    )
    if row["advice"]:
        yield Text(f"  {row['advice']}", "yellow")
    yield Text(f"  {row['message_id']}", "dim")


def is_for_people() -> bool:
    """Returns whether a person at a terminal can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()
