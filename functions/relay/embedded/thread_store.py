"""Records of threads in an SQLite file, and the relays that a claim takes: the reads of the port ThreadStore."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from relay.core.model import Relay
from relay.core.threads.model import QUIET_CLOSES, OptOut, PersonRecord, Thread, ThreadCode
from relay.embedded.database import Database
from relay.embedded.documents import decode, decode_record
from relay.embedded.file import to_micros
from relay.embedded.searches import Statement, kind_statement, shown_statement, unclaimed_statement
from relay.errors import NewerRecord, Unreadable
from relay.ports import Alarms, Clock, Kept, Stored, ThreadPage
from relay.record.kinds import Kind, is_wanted
from relay.record.pages import token_after
from relay.record.reading import readable

T = TypeVar("T")


class SqliteThreads:
    """The port ThreadStore over an embedded database; `clock` says what has expired.

    `alarms` hears of records that this revision cannot read.
    """

    def __init__(self, database: Database, clock: Clock, alarms: Alarms | None = None) -> None:
        self._database = database
        self._clock = clock
        self._alarms = alarms

    def thread(self, thread_id: str, *, timeout_seconds: float) -> Kept[Thread] | None:
        return self._record(Kind.THREAD, thread_id, timeout_seconds)

    def code(self, code: str, *, timeout_seconds: float) -> Kept[ThreadCode] | None:
        return self._record(Kind.CODE, code, timeout_seconds)

    def opt_out(self, customer_id: str, *, timeout_seconds: float) -> Kept[OptOut] | None:
        return self._record(Kind.OPT_OUT, customer_id, timeout_seconds)

    def person(self, person: str, *, timeout_seconds: float) -> Kept[PersonRecord] | None:
        return self._record(Kind.PERSON, person, timeout_seconds)

    def people(self, limit: int, *, timeout_seconds: float) -> list[Kept[PersonRecord]]:
        statement = kind_statement(Kind.PERSON, self._now())
        return self._records(Kind.PERSON, statement, limit, timeout_seconds)

    def threads_shown_to(
        self, person: str, since: datetime, limit: int, *, timeout_seconds: float
    ) -> list[Kept[Thread]]:
        statement = shown_statement(person, to_micros(since), self._now())
        return self._records(Kind.THREAD, statement, limit, timeout_seconds)

    def open_threads(self, limit: int, page_token: str | None = None, *, timeout_seconds: float) -> ThreadPage:
        now = self._clock.now()
        statement = kind_statement(Kind.THREAD, to_micros(now), to_micros(now - QUIET_CLOSES), page_token)
        found: list[Kept[Thread]] = self._records(
            Kind.THREAD, statement, limit + 1, timeout_seconds, lambda thread: thread.is_open(now)
        )
        page = tuple(found[:limit])
        if len(found) <= limit:
            return ThreadPage(page, None)
        return ThreadPage(page, token_after(page[-1].record.touched_at, page[-1].record.thread_id))

    def relays_of(
        self, thread_id: str, limit: int, since: datetime | None = None, *, timeout_seconds: float
    ) -> list[Stored]:
        def read(message_id: str, document: str, version: int, _: int) -> Stored | None:
            relay = self._readable(message_id, document)
            return Stored(relay, version) if relay is not None and is_wanted(relay, since) else None

        statement = unclaimed_statement(thread_id, self._now(), None if since is None else to_micros(since))
        return self._first(statement, read, limit, timeout_seconds)

    def _record(self, kind: Kind, record_id: str, timeout_seconds: float) -> Kept[Any] | None:
        def work(connection: sqlite3.Connection) -> Any:
            select = "SELECT document, version FROM thread_records WHERE kind = ? AND id = ?"
            return connection.execute(select, (kind.value, record_id)).fetchone()

        row = self._database.read(work, timeout_seconds=timeout_seconds)
        return None if row is None else self._kept(kind, record_id, *row)

    def _records(
        self,
        kind: Kind,
        statement: Statement,
        limit: int,
        timeout_seconds: float,
        wanted: Callable[[Any], bool] = lambda _: True,
    ) -> list[Kept[Any]]:
        """Returns the first `limit` wanted records that a SELECT finds, without those that cannot be read."""

        def read(record_id: str, document: str, version: int) -> Kept[Any] | None:
            try:
                kept = self._kept(kind, record_id, document, version)
            except (NewerRecord, Unreadable):
                return None
            return kept if wanted(kept.record) else None

        return self._first(statement, read, limit, timeout_seconds)

    def _first(
        self, statement: Statement, read: Callable[..., T | None], limit: int, timeout_seconds: float
    ) -> list[T]:
        """Returns the first `limit` of what `read` makes of a SELECT's rows, but for None."""

        def work(connection: sqlite3.Connection) -> list[T]:
            # Row by row, as SQLite finds them: how many must be passed over is not known before.
            found: Iterator[T | None] = (read(*row) for row in connection.execute(*statement))
            return list(itertools.islice((each for each in found if each is not None), limit))

        return self._database.read(work, timeout_seconds=timeout_seconds)

    def _kept(self, kind: Kind, record_id: str, document: str, version: int) -> Kept[Any]:
        record = self._read(record_id, f"{kind} {record_id}", lambda: decode_record(kind, document))
        return Kept(record, version)

    def _readable(self, message_id: str, document: str) -> Relay | None:
        """Returns the relay in a document; None for one that cannot be read: the others are shown."""
        try:
            return self._decoded(message_id, document)
        except (NewerRecord, Unreadable):
            return None

    def _decoded(self, message_id: str, document: str) -> Relay:
        return self._read(message_id, message_id, lambda: decode(document))

    def _read(self, record_id: str, named: str, read: Callable[[], T]) -> T:
        """Returns what `read` makes of a document; its alarm calls the record as `named`."""
        try:
            return readable(record_id, read)
        except NewerRecord as error:
            if self._alarms is not None:
                self._alarms.left_to_newer(named, error.schema_version)
            raise
        except Unreadable as error:
            if self._alarms is not None:
                self._alarms.set_aside(named, error.reason)
            raise

    def _now(self) -> int:
        return to_micros(self._clock.now())
