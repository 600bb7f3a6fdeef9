"""`watch`: follow relays as they go, one line for every change."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import click
from rich.text import Text

from scripts.relayctl.api import ApiError, Json, RelayApi
from scripts.relayctl.ids import MessageId
from scripts.relayctl.output import Context, body_text, from_text, harmless, state_text, tier_text, took_text, with_json
from scripts.relayctl.times import clock, parsed, zone
from scripts.relayctl.tokens import NoToken

_FAST_SECONDS, _SLOW_SECONDS = 2.0, 10.0
_ERROR_MAX_SECONDS = 60.0
# A row becomes visible a little after its timestamp, and machines' clocks differ.
_OVERLAP = timedelta(seconds=20)
# So long a relay that reached no handler is followed: a slow carrier may still deliver it.
_LATE = timedelta(hours=2)
_BEGINNING = 40


class Watcher:
    """What changed since the last look. The first look learns what is under way and tells only of that."""

    def __init__(self, api: RelayApi) -> None:
        self._api = api
        self._rows: dict[str, Json] = {}
        self._newest = ""

    @property
    def running(self) -> int:
        return sum(row["final_status"] == "in_progress" for row in self._rows.values())

    def look(self) -> Iterator[Json]:
        """Rows that are new or different, the oldest first. Raises ApiError."""
        running = list(self._api.rows(final_status="in_progress"))
        is_first = not self._newest
        if is_first:
            # By the relay's clock; also when there has not been a single text yet.
            self._newest = self._api.search(limit=1)["now"]
        arrived = list(self._api.rows(since=self._back(_OVERLAP)))
        unreached = list(self._api.rows(final_status="exhausted", since=self._back(_LATE)))
        if is_first:
            # What ended before we looked is no news, now or at the next look, which reaches as far back.
            ended = (row for row in (*arrived, *unreached) if row["final_status"] != "in_progress")
            self._rows = {row["message_id"]: row for row in ended}
        listed = {row["message_id"]: row for row in (*running, *arrived, *unreached)}
        for message_id, row in list(self._rows.items()):
            if row["final_status"] in ("in_progress", "exhausted") and message_id not in listed:
                listed[message_id] = self._api.one(message_id)["summary"]
        for row in sorted(listed.values(), key=lambda row: row["timestamp"]):
            self._newest = max(self._newest, row["timestamp"])
            if _differs(self._rows.get(row["message_id"]), row):
                self._rows[row["message_id"]] = row
                yield row
        self._forget()

    def _back(self, reach: timedelta) -> str:
        """So long before the newest text."""
        return (parsed(self._newest) - reach).isoformat()

    def _forget(self) -> None:
        """Rows that have ended and are too old to be listed again."""
        oldest = {"in_progress": "", "exhausted": self._back(_LATE)}
        usual = self._back(2 * _OVERLAP)
        for message_id, row in list(self._rows.items()):
            if row["timestamp"] < oldest.get(row["final_status"], usual):
                del self._rows[message_id]


def _differs(known: Json | None, row: Json) -> bool:
    """Whether people would want to hear of it."""
    told = ("final_status", "tier_reached", "attempts", "redrives", "is_overdue", "headline")
    return known is None or any(known[name] != row[name] for name in told)


class OneWatcher:
    """What changed of one relay; the first look tells how it stands."""

    def __init__(self, api: RelayApi, message_id: str) -> None:
        self._api = api
        self._message_id = message_id
        self._row: Json | None = None

    @property
    def running(self) -> int:
        return 1

    @property
    def is_over(self) -> bool:
        """Whether nothing is to be expected any more without a person."""
        return self._row is not None and self._row["final_status"] != "in_progress"

    def look(self) -> Iterator[Json]:
        row = self._api.one(self._message_id)["summary"]
        if _differs(self._row, row):
            self._row = row
            yield row


@click.command()
@click.argument("message_id", type=MessageId(), required=False, metavar="[ID]")
@click.option("--seconds", type=click.FloatRange(min=0), help="Stop after so long; otherwise on Ctrl-C.")
@with_json
@click.pass_obj
def watch(context: Context, message_id: str | None, seconds: float | None) -> None:
    """Follow relays live, or one until it ends: a line for every change (with --json, a JSON object in each)."""
    end = None if seconds is None else time.monotonic() + seconds
    watcher = OneWatcher(context.api, message_id) if message_id else Watcher(context.api)
    context.say(f"[dim]Watching; Ctrl-C ends it. Times are {zone(datetime.now(UTC).isoformat())}.[/dim]")
    idle = errors = 0
    while True:
        try:
            count = 0
            for row in watcher.look():
                count += 1
                _tell(context, row)
            if isinstance(watcher, OneWatcher) and watcher.is_over:
                return
            idle, errors = (0 if count else idle + 1), 0
            pause = min(_SLOW_SECONDS, _FAST_SECONDS + idle / 2) if not watcher.running else _FAST_SECONDS
        except ApiError as error:
            if not error.may_pass:
                raise
            pause = min(_ERROR_MAX_SECONDS, _FAST_SECONDS * 2**errors)
            errors += 1
            click.echo(f"{error} Trying again in {pause:.0f} s.", err=True)
        if not _sleep(pause, end, time.sleep):
            return


def _sleep(pause: float, end: float | None, sleep: Callable[[float], None]) -> bool:
    """Wait; False when it is time to stop."""
    if end is not None and time.monotonic() + pause >= end:
        sleep(max(0.0, end - time.monotonic()))
        return False
    sleep(pause)
    return True


def _tell(context: Context, row: Json) -> None:
    if context.as_json:
        click.echo(json.dumps(row, ensure_ascii=False))
        return
    line = Text.assemble(f"{clock(row['timestamp'])}  ", f"{from_text(row):<16}", state_text(row), "  ")
    line.append(row["kind"] if row.get("receiver") else tier_text(row))
    if row["seconds_to_delivery"] is not None:
        line.append(f"  in {took_text(row)}", "dim")
    elif row["reason"]:
        line.append(f"  {row['reason']}", "yellow")
    if body := _beginning(row):
        line.append(f"  “{body}”")
    line.append(f"  {row['message_id']}", "dim")
    context.console.print(line, soft_wrap=True)


def _beginning(row: Json) -> str:
    """Returns the first words of the text, by which an operator knows it."""
    body = harmless(" ".join(body_text(row).split()))
    return body if len(body) <= _BEGINNING else f"{body[: _BEGINNING - 1].rstrip()}…"


__all__ = ["NoToken", "Watcher", "watch"]
