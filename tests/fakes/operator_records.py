"""What is kept of operators, in a dictionary."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from relay.errors import StoreUnavailable, VersionConflict
from relay.ports import Clock, Journal, OperatorKind, OperatorRecord
from relay.record.operator_contents import from_text, is_key, to_text

T = TypeVar("T")


@dataclass(frozen=True)
class _Row:
    text: str
    record: OperatorRecord


class MemoryOperatorRecords:
    """The port OperatorRecords.

    `is_down` makes every call raise StoreUnavailable; `replies_to_lose` makes so many writes raise it after they were
    applied. `reads` and `writes` count the calls. `unreadable` has the keys of records that cannot be read.
    """

    def __init__(self, clock: Clock, journal: Journal | None = None) -> None:
        self.journal = journal
        self._clock = clock
        self._lock = threading.RLock()
        self._rows: dict[tuple[OperatorKind, str], _Row] = {}
        self._versions = itertools.count(1)
        self.is_down = False
        self.replies_to_lose = 0
        self.reads = 0
        self.writes = 0
        self.unreadable: set[str] = set()

    def get(self, kind: OperatorKind, key: str, *, timeout_seconds: float) -> OperatorRecord | None:
        return next((each for each in self._live(kind) if each.key == key), None)

    def put(self, record: OperatorRecord, *, timeout_seconds: float) -> OperatorRecord:
        kind, key = record.kind, record.key
        text = to_text(kind.value, key, record.content, record.due_at, record.expires_at)

        def write() -> OperatorRecord:
            there = self._rows.get((kind, key))
            if record.version is None:
                is_as_presumed = there is None or not self._counts(there.record)
            else:
                is_as_presumed = there is not None and there.record.version == record.version
            if not is_as_presumed:
                raise VersionConflict(key, kind.value)
            self.unreadable.discard(key)
            stored = replace(record, version=next(self._versions))
            self._rows[kind, key] = _Row(text, stored)
            return stored

        return self._write(write)

    def delete(self, kind: OperatorKind, key: str, *, timeout_seconds: float) -> None:
        if is_key(key):
            self._write(lambda: self._rows.pop((kind, key), None))

    def due(self, kind: OperatorKind, before: datetime, limit: int, *, timeout_seconds: float) -> list[OperatorRecord]:
        due = [(each.due_at, each.key, each) for each in self._live(kind) if each.due_at is not None]
        overdue = sorted((each for each in due if each[0] < before), key=lambda each: each[:2])
        return [record for *_, record in overdue[:limit]]

    def lasting(self, kind: OperatorKind, limit: int, *, timeout_seconds: float) -> list[OperatorRecord]:
        return sorted(self._live(kind), key=lambda each: (each.expires_at, each.key), reverse=True)[:limit]

    def _live(self, kind: OperatorKind) -> list[OperatorRecord]:
        """Those of this kind that count, each with a content of its own."""
        with self._lock:
            self.reads += 1
            if self.is_down:
                raise StoreUnavailable("down")
            rows = [row for (of_kind, _), row in self._rows.items() if of_kind is kind and self._counts(row.record)]
            return [replace(row.record, content=from_text(row.text) or {}) for row in rows]

    def _counts(self, record: OperatorRecord) -> bool:
        if record.expires_at <= self._clock.now():
            return False
        is_unreadable = record.key in self.unreadable
        if is_unreadable and self.journal is not None:
            words = "a record of an operator cannot be read"
            self.journal.note("WARNING", words, kind=record.kind.value, key=record.key)
        return not is_unreadable

    def _write(self, write: Callable[[], T]) -> T:
        with self._lock:
            self.writes += 1
            if self.is_down:
                raise StoreUnavailable("down")
            result = write()
            if self.replies_to_lose:
                self.replies_to_lose -= 1
                raise StoreUnavailable("applied, but the reply was lost")
            return result
