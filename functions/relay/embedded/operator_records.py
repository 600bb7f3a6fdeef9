"""Records of operators in the relays' own SQLite file: the port OperatorRecords."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from relay.embedded import operator_rows
from relay.embedded.database import Database
from relay.embedded.file import from_micros, to_micros
from relay.ports import Clock, Journal, OperatorKind, OperatorRecord
from relay.record.operator_contents import from_text, is_key, to_text

_COLUMNS = "SELECT key, version, due_at, expires_at, content FROM operator_records"
_GET = f"{_COLUMNS} WHERE kind = ? AND key = ? AND expires_at > ?"
# The indexes are named: searches.py says why.
DUE = (
    f"{_COLUMNS} INDEXED BY operator_records_due WHERE kind = ? AND due_at < ? AND expires_at > ? ORDER BY due_at, key"
)
LASTING = (
    f"{_COLUMNS} INDEXED BY operator_records_lasting"
    " WHERE kind = ? AND expires_at > ? ORDER BY expires_at DESC, key DESC"
)


class SqliteOperatorRecords:
    """The port OperatorRecords over an embedded database; `clock` says what has expired.

    `journal` hears of records that cannot be read.
    """

    def __init__(self, database: Database, clock: Clock, journal: Journal | None = None) -> None:
        self._database = database
        self._clock = clock
        self._journal = journal

    def get(self, kind: OperatorKind, key: str, *, timeout_seconds: float) -> OperatorRecord | None:
        if not is_key(key):
            return None
        return next(iter(self._found(kind, _GET, (kind.value, key, self._now()), 1, timeout_seconds)), None)

    def put(self, record: OperatorRecord, *, timeout_seconds: float) -> OperatorRecord:
        kind, key = record.kind.value, record.key
        content = to_text(kind, key, record.content, record.due_at, record.expires_at)
        due_at = None if record.due_at is None else to_micros(record.due_at)
        values, now = (kind, due_at, to_micros(record.expires_at), content), self._now()

        def work(connection: sqlite3.Connection) -> int:
            return operator_rows.put(connection, key, values, record.version, now)

        return replace(record, version=self._database.write(work, timeout_seconds=timeout_seconds))

    def delete(self, kind: OperatorKind, key: str, *, timeout_seconds: float) -> None:
        def work(connection: sqlite3.Connection) -> None:
            operator_rows.delete(connection, kind.value, key)

        if is_key(key):
            self._database.write(work, timeout_seconds=timeout_seconds)

    def due(self, kind: OperatorKind, before: datetime, limit: int, *, timeout_seconds: float) -> list[OperatorRecord]:
        values = (kind.value, to_micros(before), self._now())
        return self._found(kind, DUE, values, limit, timeout_seconds)

    def lasting(self, kind: OperatorKind, limit: int, *, timeout_seconds: float) -> list[OperatorRecord]:
        return self._found(kind, LASTING, (kind.value, self._now()), limit, timeout_seconds)

    def _found(
        self, kind: OperatorKind, statement: str, values: tuple[str | int, ...], limit: int, timeout_seconds: float
    ) -> list[OperatorRecord]:
        """Returns the first `limit` records that a SELECT finds, without those that cannot be read."""

        def work(connection: sqlite3.Connection) -> list[OperatorRecord]:
            # Row by row, as SQLite finds them: how many must be passed over is not known before.
            found: Iterator[OperatorRecord | None] = (
                self._read(kind, row) for row in connection.execute(statement, values)
            )
            return list(itertools.islice((each for each in found if each is not None), limit))

        return self._database.read(work, timeout_seconds=timeout_seconds)

    def _read(self, kind: OperatorKind, row: tuple[Any, ...]) -> OperatorRecord | None:
        """Returns the record in a row; None for one that cannot be read."""
        key, version, due_at, expires_at, text = row
        content = from_text(text)
        try:
            if content is not None and is_key(key):
                due = None if due_at is None else from_micros(due_at)
                return OperatorRecord(kind, key, content, from_micros(expires_at), due, version)
        except (TypeError, OverflowError):
            pass
        if self._journal is not None:
            label = key if is_key(key) else ""
            self._journal.note("WARNING", "a record of an operator cannot be read", kind=kind.value, key=label)
        return None

    def _now(self) -> int:
        return to_micros(self._clock.now())
