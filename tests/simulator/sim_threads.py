"""Records of threads in the store of a run, as one process sees them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from relay.core import clocks
from relay.core.threads.model import OptOut, PersonRecord, Thread, ThreadCode, ThreadRecord
from relay.errors import AlreadyStored, NewerRecord, StoreUnavailable, Unreadable, VersionConflict
from relay.ports import Alarms, Kept, ThreadPage
from relay.record.kinds import Key, Kind, expires_at, key_of

from tests.fakes.kept import open_among, people_among, shown_among
from tests.simulator.faults import Does, Failed, Line, Service
from tests.simulator.history import time_of
from tests.simulator.kernel import Process
from tests.simulator.revisions import Revision
from tests.simulator.store_state import StoreState

T = TypeVar("T")
_UNREADABLE = "its record cannot be read"


class ProcessThreads:
    """ThreadStore as one process sees it, and how a commit writes what it reads."""

    def __init__(
        self,
        state: StoreState,
        line: Line,
        alarms: Alarms | None = None,
        revision: Revision | None = None,
        process: Process | None = None,
    ) -> None:
        self.revision = revision
        self._process = process
        self._alarms = alarms
        self._state = state
        self._line = line

    def thread(self, thread_id: str, *, timeout_seconds: float) -> Kept[Thread] | None:
        return self._record((Kind.THREAD, thread_id), timeout_seconds)

    def code(self, code: str, *, timeout_seconds: float) -> Kept[ThreadCode] | None:
        return self._record((Kind.CODE, code), timeout_seconds)

    def opt_out(self, customer_id: str, *, timeout_seconds: float) -> Kept[OptOut] | None:
        return self._record((Kind.OPT_OUT, customer_id), timeout_seconds)

    def person(self, person: str, *, timeout_seconds: float) -> Kept[PersonRecord] | None:
        return self._record((Kind.PERSON, person), timeout_seconds)

    def people(self, limit: int, *, timeout_seconds: float) -> list[Kept[PersonRecord]]:
        def found() -> list[Kept[PersonRecord]]:
            return people_among(self._records(Kind.PERSON), limit, self._time())

        return self._read("store.people", timeout_seconds, found)

    def threads_shown_to(
        self, person: str, since: datetime, limit: int, *, timeout_seconds: float
    ) -> list[Kept[Thread]]:
        def found() -> list[Kept[Thread]]:
            return shown_among(self._records(Kind.THREAD), person, since, limit, self._time())

        return self._read("store.threads_shown_to", timeout_seconds, found)

    def open_threads(self, limit: int, page_token: str | None = None, *, timeout_seconds: float) -> ThreadPage:
        def found() -> ThreadPage:
            return open_among(self._records(Kind.THREAD), limit, page_token, self._time())

        return self._read("store.open_threads", timeout_seconds, found)

    def _record(self, key: Key, timeout_seconds: float) -> Kept[Any] | None:
        def found() -> Kept[Any] | None:
            kept = self._state.records.get(key)
            return None if kept is None else self._read_kept(key, kept)

        return self._read(f"store.{key[0]}", timeout_seconds, found)

    def _records(self, kind: Kind) -> list[Kept[Any]]:
        """All of one kind, but for those that cannot be read."""
        readable: list[Kept[Any]] = []
        for key, kept in self._state.records.items():
            if key[0] is kind:
                try:
                    readable.append(self._read_kept(key, kept))
                except (NewerRecord, Unreadable):
                    continue
        return readable

    def _read_kept(self, key: Key, kept: Kept[Any]) -> Kept[Any]:
        """The same as the revision of this process reads it. Raises NewerRecord, and Unreadable."""
        kind, record_id = key
        if record_id in self._state.unreadable:
            if self._alarms is not None:
                self._alarms.set_aside(f"{kind} {record_id}", _UNREADABLE)
            raise Unreadable(record_id, _UNREADABLE)
        if self.revision is None:
            return kept
        try:
            return Kept(self.revision.read_record(kind, self._state.record_documents[key]), kept.version)
        except NewerRecord as error:
            if self._alarms is not None:
                self._alarms.left_to_newer(f"{kind} {record_id}", error.schema_version)
            raise

    def _check_record(self, record: ThreadRecord, version: object | None) -> None:
        kind, record_id = key = key_of(record)
        kept = self._state.records.get(key)
        if version is None and kept is not None:
            raise AlreadyStored(record_id, kind)
        if version is not None and (kept is None or kept.version != version):
            raise VersionConflict(record_id, kind)

    def _put_record(self, record: ThreadRecord) -> object:
        """Store the record as this process's revision writes it."""
        state, key, until = self._state, key_of(record), expires_at(record)
        if self.revision is not None and state.reader is not None:
            state.record_documents[key] = document = self.revision.write_record(record)
            record = state.reader.read_record(key[0], document)
        state.version += 1
        state.records[key] = Kept(record, state.version)
        if until is not None:
            state.records_kept_until[key] = clocks.kept_until(until, state.purged_until)
        state.history.records.setdefault(key, []).append((self._line.kernel.now, record))
        return state.version

    def _purge_records(self, until: datetime, limit: int) -> int:
        state = self._state
        over = [key for key, kept_until in state.records_kept_until.items() if kept_until <= until][:limit]
        for key in over:
            del state.records[key], state.records_kept_until[key]
            state.record_documents.pop(key, None)
        return len(over)

    def _read(self, name: str, timeout_seconds: float, effect: Callable[[], T]) -> T:
        try:
            return self._line.call(Service.STORE, Does.READ, name, timeout_seconds, effect)
        except Failed:
            raise StoreUnavailable("the store did not answer") from None

    def _now(self) -> float:
        """The time by this process's clock."""
        return self._line.kernel.now + (self._process.skew if self._process is not None else 0.0)

    def _time(self) -> datetime:
        return time_of(self._now())
