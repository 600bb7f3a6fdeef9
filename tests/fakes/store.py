"""A store in a dictionary."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from relay.core import clocks
from relay.core.model import FinalStatus, Relay, Timer
from relay.core.threads.model import OptOut, PersonRecord, Thread, ThreadCode, ThreadRecord
from relay.errors import AlreadyStored, NewerRecord, StoreRefused, StoreUnavailable, Unreadable, VersionConflict
from relay.ports import Alarms, Clock, Kept, Page, Search, Stored, ThreadPage, Timers, UnreadableRelay, Write
from relay.record import thread_documents
from relay.record.documents import DOCUMENT_BYTES_MAX, plain, to_document
from relay.record.kinds import Key, Kind, expires_at, key_of

from tests.fakes.kept import open_among, page_among, people_among, shown_among, wanted_among

T = TypeVar("T")
UNREADABLE = "its record cannot be read"


class MemoryStore:
    """The port RelayStore.

    `is_down` makes every call raise StoreUnavailable; `replies_to_lose` makes so many writes raise it after they were
    applied. `reads` counts the calls that read, `writes` the documents written.
    """

    def __init__(self, clock: Clock, timers: Timers, alarms: Alarms | None = None) -> None:
        self.alarms = alarms
        self._clock = clock
        self._timers = timers
        self._lock = threading.RLock()
        self._relays: dict[str, Stored] = {}
        self._records: dict[Key, Kept[Any]] = {}
        self._watermarks: dict[str, datetime] = {}
        self._bookmarks: dict[str, str] = {}
        self._purged_until: datetime | None = None
        self._kept_until: dict[str | Key, datetime] = {}
        self._versions = itertools.count(1)
        self.is_down = False
        self.replies_to_lose = 0
        self.reads = 0
        self.writes = 0
        self.newer: set[str] = set()  # records, by their ids, that a newer revision has taken over
        self.refused: set[str] = set()  # records of which every write is refused for good
        self.unmarkable: set[str] = set()  # relays that cannot even be set aside
        self.unreadable: set[str] = set()  # records that cannot be read

    def commit(self, writes: Sequence[Write], timers: Sequence[Timer], *, timeout_seconds: float) -> tuple[object, ...]:
        def write() -> tuple[object, ...]:
            for each in writes:
                require_storable(each.record, self.refused)
                self._check(each)
            versions = tuple(each.version if each.only_checks else self._put(each.record) for each in writes)
            for timer in timers:
                self._timers.arm(timer, timeout_seconds=1.0)
            return versions

        return self._write(write, len(writes))

    def create(self, relay: Relay, timers: Sequence[Timer], *, timeout_seconds: float) -> object:
        return self.commit([Write(relay)], timers, timeout_seconds=timeout_seconds)[0]

    def update(self, relay: Relay, version: object, timers: Sequence[Timer], *, timeout_seconds: float) -> object:
        return self.commit([Write(relay, version)], timers, timeout_seconds=timeout_seconds)[0]

    def get(self, message_id: str, *, timeout_seconds: float) -> Stored | None:
        return next(map(self._read, self._live([message_id])), None)

    def with_media_token(self, token: str, *, timeout_seconds: float) -> Relay | None:
        found = (stored for stored in self._live() if stored.relay.media_token == token) if token else ()
        return next((self._read(stored).relay for stored in found), None)

    def missing(self, message_ids: Sequence[str], *, timeout_seconds: float) -> set[str]:
        self._live(())
        return set(message_ids) - self._relays.keys()

    def set_aside(self, message_id: str, version: object, because: str, *, timeout_seconds: float) -> None:
        def write() -> None:
            stored = self._relays.get(message_id)
            if stored is None or stored.version != version:
                raise VersionConflict(message_id)
            if message_id in self.unmarkable:
                raise StoreUnavailable("not now")
            self._put(replace(stored.relay, due_at=None, set_aside_because=because))

        self._write(write)

    def due(self, before: datetime, limit: int, *, timeout_seconds: float) -> list[Stored | UnreadableRelay]:
        live = [stored for stored in self._live() if stored.relay.message_id not in self.newer]
        workable = [stored for stored in live if not stored.relay.is_left_to_newer]
        due = [(stored.relay.due_at, stored) for stored in workable if stored.relay.due_at is not None]
        overdue = sorted(((at, stored) for at, stored in due if at < before), key=lambda pair: pair[0])
        return [self._as_read(stored) for _, stored in overdue[:limit]]

    def search(self, search: Search, *, timeout_seconds: float) -> Page:
        return page_among((stored.relay for stored in self._readable()), search)

    def thread(self, thread_id: str, *, timeout_seconds: float) -> Kept[Thread] | None:
        return self._record(Kind.THREAD, thread_id)

    def code(self, code: str, *, timeout_seconds: float) -> Kept[ThreadCode] | None:
        return self._record(Kind.CODE, code)

    def opt_out(self, customer_id: str, *, timeout_seconds: float) -> Kept[OptOut] | None:
        return self._record(Kind.OPT_OUT, customer_id)

    def person(self, person: str, *, timeout_seconds: float) -> Kept[PersonRecord] | None:
        return self._record(Kind.PERSON, person)

    def people(self, limit: int, *, timeout_seconds: float) -> list[Kept[PersonRecord]]:
        return people_among(self._readable_records(Kind.PERSON), limit, self._clock.now())

    def threads_shown_to(
        self, person: str, since: datetime, limit: int, *, timeout_seconds: float
    ) -> list[Kept[Thread]]:
        return shown_among(self._readable_records(Kind.THREAD), person, since, limit, self._clock.now())

    def open_threads(self, limit: int, page_token: str | None = None, *, timeout_seconds: float) -> ThreadPage:
        return open_among(self._readable_records(Kind.THREAD), limit, page_token, self._clock.now())

    def relays_of(
        self, thread_id: str, limit: int, since: datetime | None = None, *, timeout_seconds: float
    ) -> list[Stored]:
        return wanted_among(self._readable(), thread_id, limit, since)

    def delete(self, message_id: str, *, timeout_seconds: float) -> None:
        self._write(lambda: self._relays.pop(message_id, None))

    def purge_expired(self, now: datetime, limit: int, *, timeout_seconds: float) -> int:
        def write() -> int:
            self._purged_until = mark = clocks.purge_until(self._purged_until, now)
            until = min(mark, now)
            relays = [name for name, stored in self._relays.items() if self._has_expired(stored.relay, until)][:limit]
            for name in relays:
                del self._relays[name]
            over = [key for key in self._records if key in self._kept_until and self._kept_until[key] <= until]
            records = over[: limit - len(relays)]
            for key in records:
                del self._records[key]
            return len(relays) + len(records)

        return self._write(write)

    def get_watermark(self, name: str, *, timeout_seconds: float) -> datetime | None:
        self._live(())
        return self._watermarks.get(name)

    def set_watermark(self, name: str, at: datetime, *, timeout_seconds: float) -> None:
        self._write(lambda: self._watermarks.update({name: at}))

    def get_bookmark(self, name: str, *, timeout_seconds: float) -> str:
        self._live(())
        return self._bookmarks.get(name, "")

    def swap_bookmark(self, name: str, before: str, after: str, *, timeout_seconds: float) -> bool:
        def write() -> bool:
            is_as_read = self._bookmarks.get(name, "") == before
            if is_as_read:
                self._bookmarks[name] = after
            return is_as_read

        return self._write(write)

    def _check(self, write: Write) -> None:
        kind, record_id = key = key_of(write.record)
        stored = self._relays.get(record_id) if kind is Kind.RELAY else self._records.get(key)
        if write.version is None and stored is not None:
            raise AlreadyStored(record_id, kind)
        is_as_read = stored is not None and stored.version == write.version and record_id not in self.newer
        if write.version is not None and not is_as_read:
            raise VersionConflict(record_id, kind)

    def _put(self, record: Relay | ThreadRecord) -> object:
        version = next(self._versions)
        if isinstance(record, Relay):
            self._relays[record.message_id] = Stored(record, version)
            self._kept_until[record.message_id] = clocks.kept_until(record.expires_at, self._purged_until)
            return version
        key, until = key_of(record), expires_at(record)
        self._records[key] = Kept(record, version)
        if until is not None:
            self._kept_until[key] = clocks.kept_until(until, self._purged_until)
        return version

    def _record(self, kind: Kind, record_id: str) -> Kept[Any] | None:
        self._live(())
        found = self._records.get((kind, record_id))
        if found is not None and record_id in self.newer:
            raise NewerRecord(2)
        if found is not None and record_id in self.unreadable:
            self._tell_unreadable(f"{kind} {record_id}")
            raise Unreadable(record_id, UNREADABLE)
        return found

    def _readable_records(self, kind: Kind) -> list[Kept[Any]]:
        """All of one kind, but for those that cannot be read."""
        self._live(())
        there = [kept for (of_kind, record_id), kept in self._records.items() if of_kind is kind]
        unread = self.newer | self.unreadable
        return [kept for kept in there if key_of(kept.record)[1] not in unread]

    def _read(self, stored: Stored) -> Stored:
        """The same. Raises what reading it raises."""
        if stored.message_id in self.newer:
            raise NewerRecord(2)
        if isinstance(self._as_read(stored), UnreadableRelay):
            raise Unreadable(stored.message_id, UNREADABLE)
        return stored

    def _as_read(self, stored: Stored) -> Stored | UnreadableRelay:
        message_id = stored.relay.message_id
        if message_id not in self.unreadable:
            return stored
        self._tell_unreadable(message_id)
        return UnreadableRelay(message_id, stored.version, UNREADABLE)

    def _tell_unreadable(self, message_id: str) -> None:
        if self.alarms is not None:
            self.alarms.set_aside(message_id, UNREADABLE)

    def _readable(self) -> list[Stored]:
        there = [stored for stored in self._live() if stored.relay.message_id not in self.newer]
        return [stored for stored in there if not isinstance(self._as_read(stored), UnreadableRelay)]

    def _live(self, message_ids: Iterable[str] | None = None) -> list[Stored]:
        """Those of these ids, or all."""
        with self._lock:
            self.reads += 1
            if self.is_down:
                raise StoreUnavailable("down")
            now = self._clock.now()
            there = self._relays
            asked = there.values() if message_ids is None else [there[each] for each in message_ids if each in there]
            return [stored for stored in asked if not self._has_expired(stored.relay, now)]

    def _has_expired(self, relay: Relay, now: datetime) -> bool:
        is_over = relay.final_status is not FinalStatus.IN_PROGRESS
        return is_over and self._kept_until[relay.message_id] <= now

    def _write(self, write: Callable[[], T], documents: int = 1) -> T:
        with self._lock:
            self.writes += documents
            if self.is_down:
                raise StoreUnavailable("down")
            result = write()
            if self.replies_to_lose:
                self.replies_to_lose -= 1
                raise StoreUnavailable("applied, but the reply was lost")
            return result


def require_storable(record: Relay | ThreadRecord, refused: set[str] | frozenset[str] = frozenset()) -> None:
    """Refuse what the stores of both homes refuse for good. Raises StoreRefused."""
    _, record_id = key_of(record)
    if record_id in refused:
        raise StoreRefused(record_id, "it is refused for good")
    document = to_document(record) if isinstance(record, Relay) else thread_documents.to_document(record)
    try:
        size = len(json.dumps(plain(document), ensure_ascii=False).encode())
    except (TypeError, ValueError) as error:
        reason = f"it holds a value that cannot be stored ({type(error).__name__})"
        raise StoreRefused(record_id, reason) from None
    if size > DOCUMENT_BYTES_MAX:
        raise StoreRefused(record_id, "it is too large")
