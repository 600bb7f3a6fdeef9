"""The store of the google home: one Firestore document for each relay and for each record of threads.

A record's version is its document's update time, and an update is one write with that time as its precondition: no
transaction, no lock, one read and one write per event. Nothing here decides anything about a relay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from functools import partial
from typing import Any

from relay.core.model import Relay, Timer, TimerKind
from relay.core.numbers import same, spellings
from relay.errors import StoreRefused, VersionConflict
from relay.google import clients
from relay.google.batches import SMALL_FIELD, Batches, created_relays
from relay.google.calls import Deadline, LazyClient, call, unavailable
from relay.google.documents import mark, plain
from relay.google.marks import Marks
from relay.google.queries import DOCUMENT_ID, IDS_MAX, QUERIES, QueryShape, build, search_shape, with_ids
from relay.google.snapshots import Snapshots
from relay.google.thread_store import FirestoreThreads, Read
from relay.ports import Alarms, Clock, Journal, Page, Search, Stored, Timers, UnreadableRelay, Write
from relay.ports.scanning import Candidate, page_of
from relay.record.kinds import Kind, key_of
from relay.record.pages import place_of, token_after

# As many creates as one instance may have under way at the same time; the threads are made when they are needed.
_ARMING_THREADS = 32

# So many documents one query of a search by words brings: SCANNED_MAX is a multiple, so that none is paid for in vain.
_SCANNED_AT_A_TIME = 250

# Firestore's errors that mean that it refuses a write for good, and those that mean a conflict, by what a commit
# presumes; any other means that the store is unavailable.
_REFUSED = frozenset({"InvalidArgument", "OutOfRange"})
_EXISTS = frozenset({"AlreadyExists"})
_CHANGED = frozenset({"FailedPrecondition", "NotFound", "Aborted"})
# Another writer held one of the documents: of several that are made, one may be there by then.
_HELD = frozenset({"Aborted"})
_NONE: frozenset[str] = frozenset()


class FirestoreStore(FirestoreThreads):
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
        client = LazyClient(make_client or (lambda: clients.firestore().Client(project=project, database=database)))
        super().__init__(client, collection, clock, Snapshots(alarms))
        self._timers = timers
        self._journal = journal
        self._marks = Marks(client, f"{collection}-watermarks")
        self._batches = Batches(client, self._places)
        self._arming = ThreadPoolExecutor(_ARMING_THREADS, thread_name_prefix="arm-timer")

    def commit(self, writes: Sequence[Write], timers: Sequence[Timer], *, timeout_seconds: float) -> tuple[object, ...]:
        self.warm_up()
        deadline = Deadline(timeout_seconds)
        created = created_relays(writes)
        presumed_absent = sum(write.version is None for write in writes)
        # What is due at once would find no relay yet, and a task that has found none does not come again.
        early = [timer for timer in timers if timer.message_id in created and timer.kind is TimerKind.DEADLINE]
        arming = self._armed(early, deadline)
        batch = self._batches.made(writes)
        # `call` may repeat the commit: a repetition that finds what the first try has stored is reported as a conflict.
        conflicts = (_EXISTS if presumed_absent else _NONE) | (_CHANGED if presumed_absent < len(writes) else _NONE)
        if len(writes) > 1:
            conflicts |= _HELD
        try:
            results = call(lambda seconds: batch.commit(retry=None, timeout=seconds), deadline)
        except clients.google_errors() as error:
            name = type(error).__name__
            if name in _REFUSED:
                raise StoreRefused(key_of(writes[0].record)[1], f"Firestore calls it {name}") from error
            if name not in conflicts:
                raise unavailable(error) from error
            raise self._batches.conflict(writes, lambda read: self._ask(read, deadline)) or unavailable(
                error
            ) from error
        self._finish([*arming, *self._armed([timer for timer in timers if timer not in early], deadline)], deadline)
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

    def with_media_token(self, token: str, *, timeout_seconds: float) -> Relay | None:
        if not token:
            return None
        self.warm_up()
        query = build(self._relays(), QUERIES["by media_token"], {"media_token": token})
        found = self._live(query, 1, Deadline(timeout_seconds), self._snapshots.stored)
        return found[0].relay if found else None

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
        shape, equal = _shape_of(search)
        query = build(self._relays(), shape, equal, search.since, search.until)
        if start is not None:
            query = query.start_after({"timestamp": start[0], DOCUMENT_ID: self._document(start[1])})
        deadline = Deadline(timeout_seconds)

        def read(snapshot: Any, now: datetime) -> Stored | None:
            stored = self._snapshots.readable(snapshot, now)
            return stored if stored is not None and _fits(stored.relay, search) else None

        if search.words is not None:
            return page_of(self._candidates(query, deadline, read), search)
        found = self._live(query, search.limit + 1, deadline, read)
        relays = tuple(stored.relay for stored in found[: search.limit])
        is_last = len(found) <= search.limit
        return Page(relays, None if is_last else token_after(relays[-1].timestamp, relays[-1].message_id))

    def _candidates(self, query: Any, deadline: Deadline, read: Read[Stored]) -> Iterator[Candidate]:
        """Yields the documents of a query one by one, asked for so many at a time; no index has a text's words."""
        never, now = clients.never_retry(), self._clock.now()

        def relay_of(snapshot: Any) -> Relay | None:
            stored = read(snapshot, now)
            return None if stored is None else stored.relay

        is_more = True
        while is_more:
            page = query.limit(_SCANNED_AT_A_TIME)
            snapshots = self._ask(lambda seconds, page=page: page.get(retry=never, timeout=seconds), deadline)  # type: ignore[misc]
            for snapshot in snapshots:
                yield (plain(snapshot.get("timestamp")), snapshot.id), partial(relay_of, snapshot)
            is_more = len(snapshots) == _SCANNED_AT_A_TIME
            query = query.start_after(snapshots[-1]) if is_more else query

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
        return self._places.collection(Kind.RELAY)

    def _document(self, message_id: str) -> Any:
        return self._places.document((Kind.RELAY, message_id))

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
            snapshots = self._client.get().get_all(documents, [SMALL_FIELD], retry=None, timeout=seconds)
            return {snapshot.id for snapshot in snapshots if not snapshot.exists}

        return self._ask(read_names, deadline)

    def _armed(self, timers: Sequence[Timer], deadline: Deadline) -> list[Future[None]]:
        return [self._arming.submit(self._arm, timer, deadline) for timer in timers]

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


def _shape_of(search: Search) -> tuple[QueryShape, dict[str, object]]:
    """Returns the query that answers a search, and what it compares with."""
    if search.thread_id is not None:
        return QUERIES["search by thread"], {"thread_id": search.thread_id}
    equal: dict[str, object] = {}
    if search.final_status is not None:
        equal["final_status"] = search.final_status.value
    if search.sender_phone is not None:
        equal["sender_phone"] = spellings(search.sender_phone)
    return search_shape(tuple(equal)), equal


def _fits(relay: Relay, search: Search) -> bool:
    """Whether a relay of a thread is one that the search is for; without a thread its query has seen to that."""
    if search.thread_id is None:
        return True
    is_from = search.sender_phone is None or same(search.sender_phone, relay.sender_phone)
    return is_from and search.final_status in (None, relay.final_status)
