"""Records of threads in Firestore, and the relays that a claim takes: the reads of the port ThreadStore."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from relay.core.threads.model import QUIET_CLOSES, OptOut, PersonRecord, Thread, ThreadCode
from relay.google.calls import Deadline, LazyClient, call, checked
from relay.google.lists import first_of
from relay.google.places import Places
from relay.google.queries import DOCUMENT_ID, QUERIES, build, build_either
from relay.google.snapshots import Snapshots
from relay.ports import Clock, Kept, Stored, ThreadPage
from relay.record.kinds import Key, Kind, is_wanted
from relay.record.pages import place_of, token_after

T = TypeVar("T")
Read = Callable[[Any, datetime], T | None]


class FirestoreThreads:
    """The port ThreadStore: a collection for each kind of records, beside the relays'."""

    def __init__(self, client: LazyClient, collection: str, clock: Clock, snapshots: Snapshots) -> None:
        self._client = client
        self._clock = clock
        self._snapshots = snapshots
        self._places = Places(client, collection)

    @property
    def client(self) -> LazyClient:
        """Returns the client, for what else is kept in the same database."""
        return self._client

    def warm_up(self) -> None:
        """Load the client library and make the client now. Sends nothing. Raises StoreUnavailable."""
        checked(self._client.get)

    def thread(self, thread_id: str, *, timeout_seconds: float) -> Kept[Thread] | None:
        return self._record((Kind.THREAD, thread_id), timeout_seconds)

    def code(self, code: str, *, timeout_seconds: float) -> Kept[ThreadCode] | None:
        return self._record((Kind.CODE, code), timeout_seconds)

    def opt_out(self, customer_id: str, *, timeout_seconds: float) -> Kept[OptOut] | None:
        return self._record((Kind.OPT_OUT, customer_id), timeout_seconds)

    def person(self, person: str, *, timeout_seconds: float) -> Kept[PersonRecord] | None:
        return self._record((Kind.PERSON, person), timeout_seconds)

    def people(self, limit: int, *, timeout_seconds: float) -> list[Kept[PersonRecord]]:
        self.warm_up()
        query = build(self._places.collection(Kind.PERSON), QUERIES["people"], {})
        return self._live(query, limit, Deadline(timeout_seconds), self._reader(Kind.PERSON))

    def threads_shown_to(
        self, person: str, since: datetime, limit: int, *, timeout_seconds: float
    ) -> list[Kept[Thread]]:
        self.warm_up()
        shape = QUERIES["threads shown to"]
        query = build(self._places.collection(Kind.THREAD), shape, {"shown_persons": person}, since)
        return self._live(query, limit, Deadline(timeout_seconds), self._reader(Kind.THREAD))

    def open_threads(self, limit: int, page_token: str | None = None, *, timeout_seconds: float) -> ThreadPage:
        start = None if page_token is None else place_of(page_token)
        self.warm_up()
        now = self._clock.now()
        query = build(self._places.collection(Kind.THREAD), QUERIES["threads"], {}, now - QUIET_CLOSES)
        if start is not None:
            document = self._places.document((Kind.THREAD, start[1]))
            query = query.start_after({"touched_at": start[0], DOCUMENT_ID: document})
        read = self._reader(Kind.THREAD, lambda thread: thread.is_open(now))
        found: list[Kept[Thread]] = self._live(query, limit + 1, Deadline(timeout_seconds), read)
        page = tuple(found[:limit])
        if len(found) <= limit:
            return ThreadPage(page, None)
        return ThreadPage(page, token_after(page[-1].record.touched_at, page[-1].record.thread_id))

    def relays_of(
        self, thread_id: str, limit: int, since: datetime | None = None, *, timeout_seconds: float
    ) -> list[Stored]:
        def read(snapshot: Any, now: datetime) -> Stored | None:
            stored = self._snapshots.readable(snapshot, now)
            return stored if stored is not None and is_wanted(stored.relay, since) else None

        self.warm_up()
        relays, unclaimed = self._places.collection(Kind.RELAY), {"unclaimed_in": thread_id}
        if since is None:
            query = build(relays, QUERIES["unclaimed in thread"], unclaimed)
        else:
            # One query, not two: each costs a read even if it finds nothing.
            of_thread = (QUERIES["search by thread"], {"thread_id": thread_id}, since)
            query = build_either(relays, (QUERIES["unclaimed in thread"], unclaimed, None), of_thread)
        return self._live(query, limit, Deadline(timeout_seconds), read)

    def _record(self, key: Key, timeout_seconds: float) -> Kept[Any] | None:
        self.warm_up()
        document = self._places.document(key)
        snapshot = self._ask(lambda seconds: document.get(retry=None, timeout=seconds), Deadline(timeout_seconds))
        return self._snapshots.kept(key[0], snapshot) if snapshot.exists else None

    def _reader(self, kind: Kind, wanted: Callable[[Any], bool] = lambda _: True) -> Read[Kept[Any]]:
        """Returns how a list reads its documents: as the wanted records of this kind, or None."""

        def read(snapshot: Any, now: datetime) -> Kept[Any] | None:
            kept = self._snapshots.lasting(kind, snapshot, now)
            return kept if kept is not None and wanted(kept.record) else None

        return read

    def _live(self, query: Any, wanted: int, deadline: Deadline, read: Read[T]) -> list[T]:
        """Returns the first `wanted` documents of a query, as `read` has them now; without those it makes None of."""
        now = self._clock.now()
        return first_of(query, wanted, deadline, lambda snapshot: read(snapshot, now))

    def _ask(self, attempt: Callable[[float], T], deadline: Deadline) -> T:
        return checked(lambda: call(attempt, deadline))
