"""Relays in great number, made without living through each: what the benches of size search and sweep."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from relay.core import machine, moves
from relay.core.events import Event, EventKind
from relay.core.model import FinalStatus, InboundText, Relay, SenderClass
from relay.core.policy import Policy, Tier, sms
from relay.core.routes import Forward
from relay.embedded.database import Database
from relay.embedded.file import to_micros
from relay.record.documents import plain, to_document

from scripts.bench import settings, texts

FEW = 1000
# Nothing becomes due again while a bench runs.
POLICY = Policy(
    tuple(Tier("handler", sms(phone), receipt_timeout_seconds=36000.0) for phone in settings.HANDLER_PHONES)
)
_DAYS = 80
# One relay in so many is exhausted, so that there are some to be looked for.
_EXHAUSTED_EVERY = 50


class StoredFiles:
    """Two embedded files, `few` and `many`; built once, however many benches enter it."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._entered = 0

    def __enter__(self) -> Self:
        self._entered += 1
        if self._entered == 1:
            with contextlib.ExitStack() as stack:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="relay-bench-")))
                self.few = stack.enter_context(contextlib.closing(_filled(folder / "few.db", FEW)))
                self.many = stack.enter_context(contextlib.closing(_filled(folder / "many.db", self.count)))
                self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._entered -= 1
        if self._entered == 0:
            self._stack.close()


def inbound_text(sid: str) -> InboundText:
    fields = texts.form(sid)
    return InboundText(sid, fields["From"], fields["To"], fields["Body"])


def relays(count: int) -> Iterator[Relay]:
    """So many relays over the last 80 days, newest first: delivered at tier 1, some exhausted."""
    now = datetime.now(UTC)
    relay = moves.receive(
        inbound_text("SM" + "f" * 32), SenderClass.CUSTOMER, Forward(POLICY), now, "0123456789abcdef"
    ).relay
    for kind in (EventKind.SEND_ACCEPTED, EventKind.RECEIPT_DELIVERED):
        relay = machine.transition(relay, Event(kind, 1, sent_id="SM" + "e" * 32), now).relay
    step = timedelta(days=_DAYS) / count
    for number in range(count):
        # Random like real ids, so that neighbours in time are not neighbours in the file.
        sid = f"SM{number * 0x9E3779B97F4A7C15 % 2**64:016x}{number:016x}"
        at = now - number * step
        ended = FinalStatus.DELIVERED if number % _EXHAUSTED_EVERY else FinalStatus.EXHAUSTED
        yield replace(
            relay,
            message_id=sid,
            timestamp=at,
            sender_phone=f"+1202555{number % 10_000:04d}",
            final_status=ended,
            expires_at=at + timedelta(days=90),
        )


def _filled(path: Path, count: int) -> Database:
    database = Database(path)
    database.prepare()
    # Built without waiting for the disk: it only has to be there.
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO relays (message_id, version, timestamp, sender_phone, final_status, expires_at, document)"
            " VALUES (?, 1, ?, ?, ?, ?, ?)",
            _rows(count),
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return database


def _rows(count: int) -> Iterator[tuple[str, int, str, str, int, str]]:
    changing = ("message_id", "timestamp", "sender_phone", "final_status", "expires_at")
    unchanging: dict[str, object] | None = None
    for relay in relays(count):
        if unchanging is None:
            unchanging = {name: plain(value) for name, value in to_document(relay).items() if name not in changing}
        document = unchanging | {name: plain(getattr(relay, name)) for name in changing}
        yield (
            relay.message_id,
            to_micros(relay.timestamp),
            relay.sender_phone,
            relay.final_status.value,
            to_micros(relay.expires_at),
            json.dumps(document, separators=(",", ":")),
        )
