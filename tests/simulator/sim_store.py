"""The store of a run: shared by its processes, durable, with compare-and-set. Each process has its own line to it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from relay.core import clocks
from relay.core.model import RETENTION, Relay, Timer
from relay.errors import AlreadyStored, NewerRecord, StoreRefused, StoreUnavailable, Unreadable, VersionConflict
from relay.ports import Alarms, Page, Search, Stored, UnreadableRelay, Write
from relay.record.documents import Document

from tests.fakes.kept import page_among, wanted_among
from tests.simulator.faults import Conflicted, Does, Failed, Line, Service
from tests.simulator.history import time_of
from tests.simulator.kernel import Process
from tests.simulator.revisions import Revision, Written
from tests.simulator.sim_threads import ProcessThreads
from tests.simulator.sim_timers import ProcessTimers
from tests.simulator.store_state import StoreState, conflict_of, require_storable

T = TypeVar("T")
UNREADABLE = "its record cannot be read"
_NOTHING_EXPIRES_BEFORE = RETENTION.total_seconds() / 2.0


class ProcessStore(ProcessThreads):
    """RelayStore as one process sees it."""

    def __init__(
        self,
        state: StoreState,
        line: Line,
        timers: ProcessTimers,
        timers_first: bool = False,
        alarms: Alarms | None = None,
        revision: Revision | None = None,
        process: Process | None = None,
    ) -> None:
        super().__init__(state, line, alarms, revision, process)
        self._timers = timers
        # Relay and timers of a create go out side by side: either may be first, and one may fail without the other.
        self._timers_first = timers_first
        self._relays_read: dict[str, tuple[Document, Relay]] = {}

    def commit(self, writes: Sequence[Write], timers: Sequence[Timer], *, timeout_seconds: float) -> tuple[object, ...]:
        created = [write.record for write in writes if write.version is None]
        relays = {record.message_id for record in created if isinstance(record, Relay)}
        early = [timer for timer in timers if timer.message_id in relays] if self._timers_first else []
        self._arm(early, timeout_seconds)
        try:
            name = "store.update" if not created else "store.create" if len(created) == len(writes) else "store.commit"
            versions = self._write(name, timeout_seconds, lambda: self._commit(writes))
        except Conflicted as conflicted:
            raise conflict_of(writes, conflicted.applied) from None
        self._arm([timer for timer in timers if timer not in early], timeout_seconds)
        return versions

    def create(self, relay: Relay, timers: Sequence[Timer], *, timeout_seconds: float) -> object:
        return self.commit([Write(relay)], timers, timeout_seconds=timeout_seconds)[0]

    def update(self, relay: Relay, version: object, timers: Sequence[Timer], *, timeout_seconds: float) -> object:
        return self.commit([Write(relay, version)], timers, timeout_seconds=timeout_seconds)[0]

    def get(self, message_id: str, *, timeout_seconds: float) -> Stored | None:
        return self._read("store.get", timeout_seconds, lambda: self._found(message_id))

    def with_media_token(self, token: str, *, timeout_seconds: float) -> Relay | None:
        def found() -> Relay | None:
            its = [each for each in self._state.relays.values() if each.relay.media_token == token]
            stored = next(filter(None, (self._found(each.message_id) for each in its)), None)
            return None if stored is None else stored.relay

        return self._read("store.with_media_token", timeout_seconds, found) if token else None

    def missing(self, message_ids: Sequence[str], *, timeout_seconds: float) -> set[str]:
        # Each at a moment of its own: no store promises that what it says of many was true of all at once.
        return {
            message_id
            for message_id in message_ids
            if not self._read("store.missing", timeout_seconds, lambda: message_id in self._state.relays)  # noqa: B023
        }

    def set_aside(self, message_id: str, version: object, because: str, *, timeout_seconds: float) -> None:
        def mark() -> None:
            stored = self._state.relays.get(message_id)
            if stored is None or stored.version != version:
                raise VersionConflict(message_id)
            marked = Write(replace(stored.relay, due_at=None, set_aside_because=because), version)
            document = self._state.documents.get(message_id)
            self._put(marked, document and {**document, "due_at": None, "set_aside_because": because})

        try:
            self._write("store.set_aside", timeout_seconds, mark)
        except Conflicted:
            raise VersionConflict(message_id) from None

    def due(self, before: datetime, limit: int, *, timeout_seconds: float) -> list[Stored | UnreadableRelay]:
        def found() -> list[Stored | UnreadableRelay]:
            due = [
                (stored.relay.due_at, stored.relay.message_id, stored)
                for stored in self._all_visible(unreadable_too=True)
                if stored.relay.due_at is not None
                and stored.relay.due_at < before
                and not stored.relay.is_left_to_newer
            ]
            due.sort(key=lambda row: row[:2])
            return [self._as_read(row[2]) for row in due[:limit]]

        return self._read("store.due", timeout_seconds, found)

    def search(self, search: Search, *, timeout_seconds: float) -> Page:
        def found() -> Page:
            return page_among((stored.relay for stored in self._all_visible()), search)

        return self._read("store.search", timeout_seconds, found)

    def relays_of(
        self, thread_id: str, limit: int, since: datetime | None = None, *, timeout_seconds: float
    ) -> list[Stored]:
        def found() -> list[Stored]:
            return wanted_among(self._all_visible(), thread_id, limit, since)

        return self._read("store.relays_of", timeout_seconds, found)

    def delete(self, message_id: str, *, timeout_seconds: float) -> None:
        self._write_anyway("store.delete", timeout_seconds, lambda: self._state.relays.pop(message_id, None))

    def purge_expired(self, now: datetime, limit: int, *, timeout_seconds: float) -> int:
        if not self._state.deletes_expired:
            return 0

        def purged() -> int:
            relays = self._state.relays
            self._state.purged_until = mark = clocks.purge_until(self._state.purged_until, now)
            until = min(mark, now)
            expired = [key for key, stored in relays.items() if self._state.has_expired(stored.relay, until)][:limit]
            for key in expired:
                del relays[key]
            return len(expired) + self._purge_records(until, limit - len(expired))

        return self._write_anyway("store.purge", timeout_seconds, purged)

    def get_watermark(self, name: str, *, timeout_seconds: float) -> datetime | None:
        return self._read("store.get_watermark", timeout_seconds, lambda: self._state.watermarks.get(name))

    def set_watermark(self, name: str, at: datetime, *, timeout_seconds: float) -> None:
        def set_it() -> None:
            self._state.watermarks[name] = at

        self._write_anyway("store.set_watermark", timeout_seconds, set_it)

    def get_bookmark(self, name: str, *, timeout_seconds: float) -> str:
        return self._read("store.get_bookmark", timeout_seconds, lambda: self._state.bookmarks.get(name, ""))

    def swap_bookmark(self, name: str, before: str, after: str, *, timeout_seconds: float) -> bool:
        def swap() -> bool:
            is_as_read = self._state.bookmarks.get(name, "") == before
            if is_as_read:
                self._state.bookmarks[name] = after
            return is_as_read

        return self._write_anyway("store.swap_bookmark", timeout_seconds, swap)

    def _write(self, name: str, timeout_seconds: float, effect: Callable[[], T]) -> T:
        try:
            return self._line.call(Service.STORE, Does.WRITE, name, timeout_seconds, effect)
        except Failed:
            raise StoreUnavailable("the store did not answer") from None

    def _write_anyway(self, name: str, timeout_seconds: float, effect: Callable[[], T]) -> T:
        """A write without a condition, which therefore never conflicts."""
        try:
            return self._line.call(Service.STORE, Does.WRITE, name, timeout_seconds, effect)
        except (Failed, Conflicted):
            raise StoreUnavailable("the store did not answer") from None

    def _arm(self, timers: Sequence[Timer], timeout_seconds: float) -> None:
        for timer in timers:
            self._timers.arm(timer, timeout_seconds=timeout_seconds)

    def _visible(self, message_id: str) -> Stored | None:
        stored = self._state.relays.get(message_id)
        if stored is None or (self._may_expire() and self._state.has_expired(stored.relay, time_of(self._now()))):
            return None
        return stored

    def _found(self, message_id: str) -> Stored | None:
        stored = self._visible(message_id)
        return None if stored is None else self._read_by_own(stored)

    def _as_read(self, stored: Stored) -> Stored | UnreadableRelay:
        if not self._state.cannot_be_read(stored.message_id):
            return stored
        if self._alarms is not None:
            self._alarms.set_aside(stored.message_id, UNREADABLE)
        return UnreadableRelay(stored.message_id, stored.version, UNREADABLE)

    def _read_by_own(self, stored: Stored) -> Stored:
        """The same as the revision of this process reads it. Raises NewerRecord, and Unreadable."""
        if isinstance(self._as_read(stored), UnreadableRelay):
            raise Unreadable(stored.message_id, UNREADABLE)
        if self.revision is None:
            return stored
        message_id = stored.relay.message_id
        document = self._state.documents[message_id]
        # A document is never changed, only replaced: what was made of it once need not be made again in every sweep.
        read, relay = self._relays_read.get(message_id, (None, stored.relay))
        if read is document:
            return Stored(relay, stored.version)
        try:
            relay = self.revision.read(document)
        except NewerRecord as error:
            if self._alarms is not None:
                self._alarms.left_to_newer(message_id, error.schema_version)
            raise
        self._relays_read[message_id] = document, relay
        return Stored(relay, stored.version)

    def _may_expire(self) -> bool:
        return self._now() > _NOTHING_EXPIRES_BEFORE

    def _all_visible(self, *, unreadable_too: bool = False) -> list[Stored]:
        state = self._state
        visible = list(state.relays.values())
        spoilt: list[Stored] = []
        if state.wide is not None or state.unreadable:
            spoilt = [stored for stored in visible if isinstance(self._as_read(stored), UnreadableRelay)]
            visible = [stored for stored in visible if stored not in spoilt]
            spoilt = spoilt if unreadable_too else []
        if self._may_expire():
            now = time_of(self._now())
            visible = [stored for stored in visible if not state.has_expired(stored.relay, now)]
        if self.revision is None:
            return [*visible, *spoilt]
        readable = spoilt
        for stored in visible:
            with contextlib.suppress(NewerRecord):
                readable.append(self._read_by_own(stored))
        return readable

    def _commit(self, writes: Sequence[Write]) -> tuple[object, ...]:
        for write in writes:
            require_storable(write.record)
            self._check(write)
        return tuple([write.version if write.only_checks else self._put(write) for write in writes])

    def _check(self, write: Write) -> None:
        if not isinstance(write.record, Relay):
            return self._check_record(write.record, write.version)
        message_id = write.record.message_id
        if self._state.wide is not None and self._state.refuses(message_id):
            raise StoreRefused(message_id, "too large")
        stored = self._state.relays.get(message_id)
        if write.version is None and stored is not None:
            raise AlreadyStored(message_id)
        if write.version is not None and (stored is None or stored.version != write.version):
            raise VersionConflict(message_id)
        return None

    def _put(self, write: Write, marked: Document | None = None) -> object:
        """Store the relay as this process's revision writes it; `marked` is what a mark leaves of its document."""
        state, relay = self._state, write.record
        if not isinstance(relay, Relay):
            return self._put_record(relay)
        if write.version is None:
            state.history.creates[relay.message_id] = state.history.creates.get(relay.message_id, 0) + 1
        if self.revision is not None and state.reader is not None:
            document = marked or self.revision.write(relay)
            written = Written(self._line.kernel.now, self.revision.name, document)
            state.history.written.setdefault(relay.message_id, []).append(written)
            state.documents[relay.message_id] = document
            relay = state.reader.read(document)
        state.version += 1
        state.relays[relay.message_id] = Stored(relay, state.version)
        if state.purged_until is not None and relay.expires_at <= state.purged_until:
            state.kept_until[relay.message_id] = clocks.kept_until(relay.expires_at, state.purged_until)
        commits = state.history.commits.setdefault(relay.message_id, [])
        if skipped := state.history.skipped.get(self._line.kernel.task):
            state.history.skipped_before[relay.message_id, len(commits)] = skipped
        commits.append((self._line.kernel.now, relay))
        return state.version
