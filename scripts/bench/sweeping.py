"""What the sweep costs when a thousand times as many relays are stored."""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from relay import machine, steps
from relay.documents import plain, to_document
from relay.events import Event, EventKind
from relay.model import InboundText, SenderClass
from relay.policy import Policy, Tier
from relay.ports import Accepted, OutgoingText
from relay.shell import World
from relay.sqlite_database import Database
from relay.sqlite_file import to_micros
from relay.sqlite_store import SqliteStore
from relay.sweep import sweep
from relay.wiring import SystemClock, new_claim

from scripts.bench import settings, texts
from scripts.bench.rounds import Row, Samples, compare, in_turn

# Nothing becomes due again while the bench runs.
_POLICY = Policy(tuple(Tier("handler", phone, receipt_timeout_seconds=36000.0) for phone in settings.HANDLER_PHONES))
_FEW = 1000
_OVERDUE = 20


class Sweeping:
    """Two files, one with many more relays. In each round both get as many overdue ones, and the sweep resumes them."""

    name = "sweep"

    def __init__(self, many: int = 1_000_000) -> None:
        self._many = many
        self._series = itertools.count(0x5EE9)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="relay-bench-")))
            self._small = stack.enter_context(contextlib.closing(_filled(folder / "small.db", _FEW)))
            self._large = stack.enter_context(contextlib.closing(_filled(folder / "large.db", self._many)))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def sample(self, round_number: int) -> Mapping[str, float]:
        small, large = in_turn(round_number, lambda: self._seconds(self._small), lambda: self._seconds(self._large))
        return {"few": small, "many": large}

    def rows(self, samples: Samples) -> Sequence[Row]:
        return [
            compare(
                samples,
                f"embedded: a sweep with {_OVERDUE} relays overdue, {self._many:,} stored",
                "many",
                "few",
                lambda seconds: f"{seconds * 1000:.1f} ms",
                at_most=1.2,
                note=f"the baseline is the same with {_FEW:,} stored",
            )
        ]

    def _seconds(self, database: Database) -> float:
        series = next(self._series)
        store = SqliteStore(database, SystemClock())
        for number in range(_OVERDUE):
            since = datetime.now(UTC) - timedelta(minutes=5)
            relay = steps.receive(_text(texts.message_id(number, series)), SenderClass.CUSTOMER, _POLICY, since, None)
            store.create(relay.relay, [], timeout_seconds=30.0)
        started_at = time.perf_counter()
        report = sweep(_world(store))
        seconds = time.perf_counter() - started_at
        if report.resumed != _OVERDUE:
            raise RuntimeError(f"the sweep resumed {report.resumed} of {_OVERDUE} relays")
        return seconds


class _Silent:
    """A Twilio that takes every text at once, timers that nobody waits for, and a journal that nobody reads."""

    def send(self, text: OutgoingText, *, timeout_seconds: float) -> Accepted:  # noqa: ARG002 - the port's
        return Accepted("SM" + "a" * 32)

    def __getattr__(self, name: str) -> Any:
        return lambda *_arguments, **_options: None


def _world(store: SqliteStore) -> World:
    silent: Any = _Silent()
    return World(
        store=store,
        timers=silent,
        messenger=silent,
        clock=SystemClock(),
        journal=silent,
        new_claim=new_claim,
        public_base_url=settings.PUBLIC_BASE_URL,
    )


def _text(sid: str) -> InboundText:
    fields = texts.form(sid)
    return InboundText(sid, fields["From"], fields["To"], fields["Body"])


def _filled(path: Path, count: int) -> Database:
    """A file with so many relays that were delivered at tier 1, over the last 80 days."""
    database = Database(path)
    database.prepare()
    # Built without waiting for the disk: it only has to be there.
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO relays (message_id, version, timestamp, sender_phone, final_status, expires_at, document)"
            " VALUES (?, 1, ?, ?, 'delivered', ?, ?)",
            _rows(count),
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return database


def _rows(count: int) -> Iterator[tuple[str, int, str, int, str]]:
    now = datetime.now(UTC)
    relay = steps.receive(_text("SM" + "f" * 32), SenderClass.CUSTOMER, _POLICY, now, "0123456789abcdef").relay
    for kind in (EventKind.SEND_ACCEPTED, EventKind.RECEIPT_DELIVERED):
        relay = machine.transition(relay, Event(kind, 1, message_sid="SM" + "e" * 32), now).relay
    document = json.dumps(to_document(relay), default=plain, separators=(",", ":"))
    step = timedelta(days=80) / count
    for number in range(count):
        # Random like real ids, so that neighbours in time are not neighbours in the file.
        sid = f"SM{number * 0x9E3779B97F4A7C15 % 2**64:016x}{number:016x}"
        at = now - number * step
        phone = f"+1202555{number % 10_000:04d}"
        expires_at = to_micros(at + timedelta(days=90))
        yield sid, to_micros(at), phone, expires_at, document.replace(relay.message_id, sid)
