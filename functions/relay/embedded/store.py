"""Relays in an SQLite file, and records of threads beside them: the embedded home's store.

A row is the document as JSON, its version, and the columns that are searched by. The document is the truth.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from relay.core import clocks
from relay.core.model import Relay, Timer
from relay.core.searching import beginning_of_id, terms_of
from relay.embedded import (
    feed,
    operator_rows,
    record_rows,
    relay_rows,
    thread_rows,
    timer_rows,
    words_rows,
)
from relay.embedded.file import from_micros, to_micros
from relay.embedded.searches import SHOWN, media_statement, search_statement, words_statement
from relay.embedded.thread_store import SqliteThreads
from relay.errors import NewerRecord, StoreRefused, StoreUnavailable, Unreadable
from relay.ports import Page, Search, Stored, UnreadableRelay, Write
from relay.ports.scanning import page_of
from relay.record.kinds import key_of
from relay.record.pages import token_after

# A relay rarely writes more often than this, so trimming keeps up with what comes in.
_FEED_LINES_PER_RELAY = 20


class SqliteStore(SqliteThreads):
    """The port RelayStore over an embedded database; `clock` says what has expired.

    `alarms` hears of records that this revision cannot read.
    """

    def commit(self, writes: Sequence[Write], timers: Sequence[Timer], *, timeout_seconds: float) -> tuple[object, ...]:
        rows = [record_rows.values_of(write.record) for write in writes]

        def work(connection: sqlite3.Connection) -> tuple[int, ...]:
            versions = record_rows.write(connection, writes, rows)
            timer_rows.arm(connection, timers)
            return versions

        try:
            versions = self._database.write(work, timeout_seconds=timeout_seconds)
        except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:
            reason = f"it holds a value that cannot be stored ({type(error).__name__})"
            raise StoreRefused(key_of(writes[0].record)[1], reason) from error
        for timer in timers:
            self._database.tell_armed(to_micros(timer.due_at))
        return versions

    def create(self, relay: Relay, timers: Sequence[Timer], *, timeout_seconds: float) -> object:
        return self.commit([Write(relay)], timers, timeout_seconds=timeout_seconds)[0]

    def update(self, relay: Relay, version: object, timers: Sequence[Timer], *, timeout_seconds: float) -> object:
        return self.commit([Write(relay, version)], timers, timeout_seconds=timeout_seconds)[0]

    def get(self, message_id: str, *, timeout_seconds: float) -> Stored | None:
        def work(connection: sqlite3.Connection) -> Any:
            return connection.execute(
                f"SELECT document, version FROM relays WHERE message_id = ? AND {SHOWN}",
                (message_id, self._now()),
            ).fetchone()

        row = self._database.read(work, timeout_seconds=timeout_seconds)
        return None if row is None else Stored(self._decoded(message_id, row[0]), row[1])

    def with_media_token(self, token: str, *, timeout_seconds: float) -> Relay | None:
        if not token:
            return None

        def work(connection: sqlite3.Connection) -> Any:
            return connection.execute(*media_statement(token, self._now())).fetchone()

        row = self._database.read(work, timeout_seconds=timeout_seconds)
        return None if row is None else self._decoded(*row)

    def missing(self, message_ids: Sequence[str], *, timeout_seconds: float) -> set[str]:
        def work(connection: sqlite3.Connection) -> set[str]:
            # One at a time: in this process a statement costs next to nothing, and their number has no limit.
            statement = "SELECT 1 FROM relays WHERE message_id = ?"
            return {each for each in message_ids if connection.execute(statement, (each,)).fetchone() is None}

        return self._database.read(work, timeout_seconds=timeout_seconds)

    def set_aside(self, message_id: str, version: object, because: str, *, timeout_seconds: float) -> None:
        def work(connection: sqlite3.Connection) -> None:
            relay_rows.set_aside(connection, message_id, version, because)

        self._database.write(work, timeout_seconds=timeout_seconds)

    def due(self, before: datetime, limit: int, *, timeout_seconds: float) -> list[Stored | UnreadableRelay]:
        def work(connection: sqlite3.Connection) -> list[Stored | UnreadableRelay]:
            # Row by row, as SQLite finds them: how many must be passed over is not known before.
            rows = connection.execute(_DUE, (to_micros(before), self._now()))
            return list(itertools.islice(filter(None, (self._workable(*row) for row in rows)), limit))

        return self._database.read(work, timeout_seconds=timeout_seconds)

    def _workable(self, message_id: str, document: str, version: int) -> Stored | UnreadableRelay | None:
        """Returns a due row's relay; None for one that only a newer revision can act on."""
        try:
            relay = self._decoded(message_id, document)
        except NewerRecord:
            return None
        except Unreadable as error:
            return UnreadableRelay(message_id, version, error.reason)
        return None if relay.is_left_to_newer else Stored(relay, version)

    def search(self, search: Search, *, timeout_seconds: float) -> Page:
        if search.words is not None:
            return self._search_words(search, timeout_seconds)
        statement, values = search_statement(search, self._now())

        def work(connection: sqlite3.Connection) -> list[Any]:
            return connection.execute(statement, values).fetchall()

        rows = self._database.read(work, timeout_seconds=timeout_seconds)
        shown = rows[: search.limit]
        found = (self._readable(message_id, document) for _, message_id, document in shown)
        relays = tuple(relay for relay in found if relay is not None)
        is_last = len(rows) <= search.limit
        return Page(relays, None if is_last else token_after(from_micros(shown[-1][0]), shown[-1][1]))

    def _search_words(self, search: Search, timeout_seconds: float) -> Page:
        terms = terms_of(search.words or "")
        asked, beginning = words_rows.expression(terms), beginning_of_id(terms)
        is_damaged = False

        def found(connection: sqlite3.Connection, asked: str) -> Page:
            def read(message_id: str) -> Relay | None:
                found = connection.execute(_DOCUMENT, (message_id,)).fetchone()
                return None if found is None else self._readable(message_id, found[0])

            places = connection.execute(*words_statement(search, self._now(), asked, beginning))
            return page_of((((from_micros(at), each), partial(read, each)) for at, each in places), search)

        def work(connection: sqlite3.Connection) -> Page:
            nonlocal is_damaged
            try:
                return found(connection, asked if words_rows.is_there(connection) else "")
            except sqlite3.Error as error:
                is_damaged = words_rows.may_be_damaged(error)
                if not is_damaged:
                    raise
                return found(connection, "")

        page = self._database.read(work, timeout_seconds=timeout_seconds)
        if is_damaged:
            # Its writer makes an index anew that fails.
            with contextlib.suppress(StoreUnavailable):
                self._database.write(words_rows.check, timeout_seconds=timeout_seconds)
        return page

    def delete(self, message_id: str, *, timeout_seconds: float) -> None:
        def work(connection: sqlite3.Connection) -> None:
            words_rows.removed(connection, [message_id])
            connection.execute("DELETE FROM relays WHERE message_id = ?", (message_id,))
            timer_rows.cancel_all(connection, message_id)

        self._database.write(work, timeout_seconds=timeout_seconds)

    def purge_expired(self, now: datetime, limit: int, *, timeout_seconds: float) -> int:
        def work(connection: sqlite3.Connection) -> int:
            mark = clocks.purge_until(relay_rows.purged_until(connection), now)
            connection.execute(_SET_MARK, (relay_rows.PURGED_UNTIL, to_micros(mark)))
            rows = connection.execute(
                "SELECT message_id FROM relays WHERE expires_at <= ? AND final_status <> 'in_progress'"
                " ORDER BY expires_at LIMIT ?",
                (to_micros(min(mark, now)), limit),
            ).fetchall()
            words_rows.removed(connection, [message_id for (message_id,) in rows])
            connection.executemany("DELETE FROM relays WHERE message_id = ?", rows)
            for (message_id,) in rows:
                timer_rows.cancel_all(connection, message_id)
            feed.trim(connection, _FEED_LINES_PER_RELAY * limit)
            until, removed = to_micros(min(mark, now)), len(rows)
            for others in (thread_rows, operator_rows):
                removed += others.purge(connection, until, limit - removed)
            return removed

        return self._database.write(work, timeout_seconds=timeout_seconds)

    def get_watermark(self, name: str, *, timeout_seconds: float) -> datetime | None:
        def work(connection: sqlite3.Connection) -> Any:
            return connection.execute(_MARK, (name,)).fetchone()

        row = self._database.read(work, timeout_seconds=timeout_seconds)
        return None if row is None else from_micros(row[0])

    def set_watermark(self, name: str, at: datetime, *, timeout_seconds: float) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_SET_MARK, (name, to_micros(at)))

        self._database.write(work, timeout_seconds=timeout_seconds)

    def get_bookmark(self, name: str, *, timeout_seconds: float) -> str:
        def work(connection: sqlite3.Connection) -> Any:
            return connection.execute(_MARK, (name,)).fetchone()

        row = self._database.read(work, timeout_seconds=timeout_seconds)
        return "" if row is None else str(row[0])

    def swap_bookmark(self, name: str, before: str, after: str, *, timeout_seconds: float) -> bool:
        # SQLite keeps a text in any column. A table of its own would be a migration of the file, which no earlier
        # revision could then open.
        def work(connection: sqlite3.Connection) -> bool:
            row = connection.execute(_MARK, (name,)).fetchone()
            if ("" if row is None else row[0]) != before:
                return False
            connection.execute(_SET_MARK, (name, after))
            return True

        return self._database.write(work, timeout_seconds=timeout_seconds)


_DOCUMENT = "SELECT document FROM relays WHERE message_id = ?"
_MARK = "SELECT at FROM watermarks WHERE name = ?"
_SET_MARK = "INSERT OR REPLACE INTO watermarks VALUES (?, ?)"
# The index is named: searches.py says why.
_DUE = (
    "SELECT message_id, document, version FROM relays INDEXED BY relays_due"
    f" WHERE due_at < ? AND {SHOWN} ORDER BY due_at"
)
