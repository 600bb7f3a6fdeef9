"""The relay store of the google home: one Firestore document per relay, its id the relay's message_id.

A relay's version is its document's update time, and an update is one write with that time as its precondition: no
transaction, no lock, one read and one write per event. Nothing here decides anything about a relay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any, TypeVar

from relay.core.model import Relay, Timer
from relay.core.numbers import spellings
from relay.errors import (
    AlreadyStored,
    Conflict,
    StoreRefused,
    VersionConflict,
)
from relay.google import clients
from relay.google.calls import Deadline, LazyClient, call, checked, unavailable
from relay.google.documents import bookkeeping, mark, plain
from relay.google.marks import Marks
from relay.google.queries import DOCUMENT_ID, IDS_MAX, QUERIES, build, search_shape, with_ids
from relay.google.snapshots import Snapshots
from relay.ports import Alarms, Clock, Journal, Page, Search, Stored, Timers, UnreadableRelay, Write
from relay.record.documents import to_document
from relay.record.pages import place_of, token_after

T = TypeVar("T")

# As many creates as one instance may have under way at the same time; the threads are made when they are needed.
_ARMING_THREADS = 32

# The field that is asked for of a document that is only looked for: with none named, all fields come.
_SMALL_FIELD = "media_count"

# Firestore's errors that mean that it refuses a write for good, and those that mean a conflict, by what a commit
# presumes; any other means that the store is unavailable.
_REFUSED = frozenset({"InvalidArgument", "OutOfRange"})
_EXISTS = frozenset({"AlreadyExists"})
_CHANGED = frozenset({"FailedPrecondition", "NotFound", "Aborted"})
_NONE: frozenset[str] = frozenset()


class FirestoreStore:
    """Implements ports.RelayStore. Safe to share between threads; made before a fork, it connects after it.

    Whatever keeps Firestore from answering (outage, quota, credentials) is StoreUnavailable with the error's name. A
    write that it calls an invalid argument, or that its client cannot encode, is StoreRefused. The time to load the
    client library, once, is not part of any `timeout_seconds`; `warm_up` does it earlier.
    """

    def __init__(
        self,
        *,
        project: str,
        database: str,
        collection: str,
        clock: Clock,
        timers: Timers,
        journal: Journal | None = None,
        alarms: Alarms | None = None,
        make_client: Callable[[], Any] | None = None,
    ) -> None:
        """`make_client` replaces the real client in tests. The emulator is found by FIRESTORE_EMULATOR_HOST."""
        self._client = LazyClient(
            make_client or (lambda: clients.firestore().Client(project=project, database=database))
        )
        self._collection = collection
        self._clock = clock
        self._timers = timers
        self._journal = journal
        self._snapshots = Snapshots(alarms)
        self._marks = Marks(self._client, f"{collection}-watermarks")
        self._arming = ThreadPoolExecutor(_ARMING_THREADS, thread_name_prefix="arm-timer")

    def warm_up(self) -> None:
        """Load the client library and make the client now. Sends nothing. Raises StoreUnavailable."""
        checked(self._client.get)

    def commit(self, writes: Sequence[Write], timers: Sequence[Timer], *, timeout_seconds: float) -> tuple[object, ...]:
        self.warm_up()
        deadline = Deadline(timeout_seconds)
        created = {write.record.message_id for write in writes if write.version is None}
        arming = [self._arming.submit(self._arm, timer, deadline) for timer in timers if timer.message_id in created]
        batch = self._batch(writes)
        # `call` may repeat the commit: a repetition that finds what the first try has stored is reported as a conflict.
        conflicts = (_EXISTS if created else _NONE) | (_CHANGED if len(created) < len(writes) else _NONE)
        try:
            results = call(lambda seconds: batch.commit(retry=None, timeout=seconds), deadline)
        except clients.google_errors() as error:
            name = type(error).__name__
            if name in _REFUSED:
                raise StoreRefused(writes[0].relay.message_id, f"Firestore calls it {name}") from error
            if name not in conflicts:
                raise unavailable(error) from error
            raise self._conflict(writes, deadline) from error
        self._finish(arming, deadline)
        for timer in timers:
            if timer.message_id not in created:
                self._arm(timer, deadline)
        return tuple(result.update_time for result in results)

    def create(self, relay: Relay, timers: Sequence[Timer], *, timeout_seconds: float) -> object:
        return self.commit([Write(relay)], timers, timeout_seconds=timeout_seconds)[0]

    def update(self, relay: Relay, version: object, timers: Sequence[Timer], *, timeout_seconds: float) -> object:
        return self.commit([Write(relay, version)], timers, timeout_seconds=timeout_seconds)[0]

    def get(self, message_id: str, *, timeout_seconds: float) -> Stored | None:
        self.warm_up()
        document = self._document(message_id)
        snapshot = self._ask(lambda seconds: document.get(retry=None, timeout=seconds), Deadline(timeout_seconds))
        return self._snapshots.stored(snapshot, self._clock.now()) if snapshot.exists else None

    def missing(self, message_ids: Sequence[str], *, timeout_seconds: float) -> set[str]:
        self.warm_up()
        deadline = Deadline(timeout_seconds)
        found: set[str] = set()
        for start in range(0, len(message_ids), IDS_MAX):
            found |= self._missing_of_few(message_ids[start : start + IDS_MAX], deadline)
        return found

    def set_aside(self, message_id: str, version: object, because: str, *, timeout_seconds: float) -> None:
        self.warm_up()
        document = self._document(message_id)
        marked = mark(because)
        unchanged = self._client.get().write_option(last_update_time=version)
        try:
            call(
                lambda seconds: document.update(marked, unchanged, retry=None, timeout=seconds),
                Deadline(timeout_seconds),
            )
        except clients.google_errors() as error:
            if type(error).__name__ in _CHANGED:
                raise VersionConflict(message_id) from error
            raise unavailable(error) from error

    def due(self, before: datetime, limit: int, *, timeout_seconds: float) -> list[Stored | UnreadableRelay]:
        self.warm_up()
        query = build(self._relays(), QUERIES["due"], {}, until=before)
        return self._live(query, limit, Deadline(timeout_seconds), self._snapshots.workable)

    def search(self, search: Search, *, timeout_seconds: float) -> Page:
        start = None if search.page_token is None else place_of(search.page_token)
        self.warm_up()
        equal: dict[str, object] = {}
        if search.final_status is not None:
            equal["final_status"] = search.final_status.value
        if search.sender_phone is not None:
            equal["sender_phone"] = spellings(search.sender_phone)
        query = build(self._relays(), search_shape(tuple(equal)), equal, search.since, search.until)
        if start is not None:
            query = query.start_after({"timestamp": start[0], DOCUMENT_ID: self._document(start[1])})
        found = self._live(query, search.limit + 1, Deadline(timeout_seconds), self._snapshots.readable)
        relays = tuple(stored.relay for stored in found[: search.limit])
        is_last = len(found) <= search.limit
        return Page(relays, None if is_last else token_after(relays[-1].timestamp, relays[-1].message_id))

    def delete(self, message_id: str, *, timeout_seconds: float) -> None:
        self.warm_up()
        document = self._document(message_id)
        self._ask(lambda seconds: document.delete(retry=None, timeout=seconds), Deadline(timeout_seconds))

    def purge_expired(self, now: datetime, limit: int, *, timeout_seconds: float) -> int:  # noqa: ARG002 - the port's
        """Returns always 0: the collection's TTL policy on expires_at removes them."""
        return 0

    def get_watermark(self, name: str, *, timeout_seconds: float) -> datetime | None:
        at: datetime | None = plain(self._marks.get(name, "at", timeout_seconds))
        return at

    def set_watermark(self, name: str, at: datetime, *, timeout_seconds: float) -> None:
        self._marks.set(name, "at", at, timeout_seconds)

    def get_bookmark(self, name: str, *, timeout_seconds: float) -> str:
        return str(self._marks.get(name, "text", timeout_seconds) or "")

    def swap_bookmark(self, name: str, before: str, after: str, *, timeout_seconds: float) -> bool:
        return self._marks.swap(name, "text", before or None, after, timeout_seconds)

    def _relays(self) -> Any:
        return self._client.get().collection(self._collection)

    def _document(self, message_id: str) -> Any:
        return self._relays().document(message_id)

    def _batch(self, writes: Sequence[Write]) -> Any:
        """Returns the writes as one batch. Raises StoreRefused for one that the client cannot encode."""
        batch = self._client.get().batch()
        for write in writes:
            try:
                self._add(batch, write)
            except Exception as error:  # nothing is asked of Firestore yet, so it is the relay's own values
                reason = f"it holds a value that cannot be stored ({type(error).__name__})"
                raise StoreRefused(write.record.message_id, reason) from error
        return batch

    def _add(self, batch: Any, write: Write) -> None:
        """Make a write part of a batch, with its precondition."""
        document, content = self._document(write.record.message_id), to_document(write.record)
        if write.version is None:
            batch.create(document, content)
        else:
            unchanged = self._client.get().write_option(last_update_time=write.version)
            batch.update(document, {**content, **bookkeeping(write.record)}, unchanged)

    def _conflict(self, writes: Sequence[Write], deadline: Deadline) -> Conflict:
        """Returns the conflict of a commit that was refused, naming one document.

        Firestore does not say which of several documents broke its precondition, so they are read.
        """
        present: dict[str, object] = {}
        if len(writes) > 1:
            documents = [self._document(write.record.message_id) for write in writes]

            def read(seconds: float) -> dict[str, object]:
                snapshots = self._client.get().get_all(documents, [_SMALL_FIELD], retry=None, timeout=seconds)
                return {snapshot.id: snapshot.update_time for snapshot in snapshots if snapshot.exists}

            present = self._ask(read, deadline)
        changed = (write for write in writes if present.get(write.record.message_id) != write.version)
        # None has changed when another writer merely held one of them (Aborted): then any write that presumes a
        # version.
        one = next(changed, None) or max(writes, key=lambda write: write.version is not None)
        return (AlreadyStored if one.version is None else VersionConflict)(one.record.message_id)

    def _live(self, query: Any, wanted: int, deadline: Deadline, read: Callable[[Any, datetime], T | None]) -> list[T]:
        """Returns the first `wanted` documents of a query, as `read` has them; without those that it makes None of.

        Such are expired relays: Firestore removes them within a day.
        """
        never = clients.never_retry()
        now = self._clock.now()
        found: list[T] = []
        while len(found) < wanted:
            size = wanted - len(found)
            page = query.limit(size)
            snapshots = self._ask(lambda seconds, page=page: page.get(retry=never, timeout=seconds), deadline)  # type: ignore[misc]
            found.extend(one for snapshot in snapshots if (one := read(snapshot, now)) is not None)
            if len(snapshots) < size:
                break
            query = query.start_after(snapshots[-1])
        return found

    def _missing_of_few(self, message_ids: Sequence[str], deadline: Deadline) -> set[str]:
        """Returns those of at most IDS_MAX ids under which nothing is stored.

        Nearly always none is, and a count says so for the price of one read, not of one for each document.

        Source: https://cloud.google.com/firestore/pricing (aggregation queries: a read for up to 1,000 index entries).
        """
        never = clients.never_retry()
        counted = with_ids(self._relays(), message_ids).count()
        result = self._ask(lambda seconds: counted.get(retry=never, timeout=seconds), deadline)
        if result[0][0].value == len(set(message_ids)):
            return set()
        documents = [self._document(message_id) for message_id in message_ids]

        def read_names(seconds: float) -> set[str]:
            snapshots = self._client.get().get_all(documents, [_SMALL_FIELD], retry=None, timeout=seconds)
            return {snapshot.id for snapshot in snapshots if not snapshot.exists}

        return self._ask(read_names, deadline)

    def _arm(self, timer: Timer, deadline: Deadline) -> None:
        if deadline.remaining_seconds > 0:
            self._timers.arm(timer, timeout_seconds=deadline.remaining_seconds)
        else:
            self._note("WARNING", "no time was left to arm a timer; the sweep stands in", relay=timer.message_id)

    def _finish(self, arming: Sequence[Future[None]], deadline: Deadline) -> None:
        """Wait for the timers: what still runs after the answer gets no processor time in a cloud function."""
        _, late = wait(arming, timeout=max(deadline.remaining_seconds, 0))
        for future in late:
            future.cancel()
            self._note("WARNING", "a timer was not armed in time; the sweep stands in")

    def _note(self, severity: str, message: str, **labels: object) -> None:
        if self._journal is not None:
            self._journal.note(severity, message, **labels)

    def _ask(self, attempt: Callable[[float], T], deadline: Deadline) -> T:
        return checked(lambda: call(attempt, deadline))
