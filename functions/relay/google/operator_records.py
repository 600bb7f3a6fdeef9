"""Records of operators in Firestore: the port OperatorRecords, over one collection beside the relays'.

A record's version is its document's update time, as a relay's is. No function may delete documents, because that right
would hold for relays too: what is deleted is marked as expired, and Firestore removes it by that mark.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from relay.errors import StoreRefused, VersionConflict
from relay.google import clients
from relay.google.calls import Deadline, LazyClient, call, checked, unavailable
from relay.google.documents import counted, plain
from relay.google.lists import first_of
from relay.google.places import OPERATORS, Places
from relay.google.queries import QUERIES, build
from relay.ports import Clock, Journal, OperatorKind, OperatorRecord
from relay.record.operator_contents import from_text, is_key, to_text

# Firestore's errors that mean that it refuses a write for good, and that the document was not as the write presumed.
_REFUSED = frozenset({"InvalidArgument", "OutOfRange"})
_OTHER = frozenset({"AlreadyExists", "FailedPrecondition", "NotFound", "Aborted"})
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class FirestoreOperatorRecords:
    """Implements ports.OperatorRecords by the store's own client; errors, times and forks are as in FirestoreStore.

    `journal` hears of records that cannot be read.
    """

    def __init__(self, client: LazyClient, collection: str, clock: Clock, journal: Journal | None = None) -> None:
        """`collection` is that of the relays."""
        self._client = client
        self._places = Places(client, collection)
        self._clock = clock
        self._journal = journal

    def get(self, kind: OperatorKind, key: str, *, timeout_seconds: float) -> OperatorRecord | None:
        if not is_key(key):
            return None
        snapshot = _snapshot(self._document(kind, key), Deadline(timeout_seconds))
        return self._read(kind, snapshot, self._clock.now()) if snapshot.exists else None

    def put(self, record: OperatorRecord, *, timeout_seconds: float) -> OperatorRecord:
        kind, key = record.kind, record.key
        text = to_text(kind.value, key, record.content, record.due_at, record.expires_at)
        times = {"due_at": record.due_at, "expires_at": record.expires_at}
        content = {"kind": kind.value, "content": text, **times}
        document, deadline = self._document(kind, key), Deadline(timeout_seconds)

        def create(seconds: float) -> Any:
            return document.create(content, retry=None, timeout=seconds)

        def change(version: object) -> Callable[[float], Any]:
            as_read = self._client.get().write_option(last_update_time=version)
            return lambda seconds: document.update({**content, **counted()}, as_read, retry=None, timeout=seconds)

        if record.version is not None:
            return replace(record, version=_written(record, change(record.version), deadline))
        try:
            return replace(record, version=_written(record, create, deadline))
        except VersionConflict:
            # Mostly there is none to replace: so this is looked at only now.
            left = _snapshot(document, deadline)
            if not left.exists or self._read(kind, left, self._clock.now()) is not None:
                raise
            return replace(record, version=_written(record, change(left.update_time), deadline))

    def delete(self, kind: OperatorKind, key: str, *, timeout_seconds: float) -> None:
        if not is_key(key):
            return
        document = self._document(kind, key)
        gone = {"content": "{}", "due_at": None, "expires_at": _LONG_AGO, **counted()}
        try:
            call(lambda seconds: document.update(gone, retry=None, timeout=seconds), Deadline(timeout_seconds))
        except clients.google_errors() as error:
            if type(error).__name__ != "NotFound":
                raise unavailable(error) from error

    def due(self, kind: OperatorKind, before: datetime, limit: int, *, timeout_seconds: float) -> list[OperatorRecord]:
        return self._found(kind, "operators' due", limit, timeout_seconds, until=before)

    def lasting(self, kind: OperatorKind, limit: int, *, timeout_seconds: float) -> list[OperatorRecord]:
        return self._found(kind, "operators' lasting", limit, timeout_seconds, since=self._clock.now())

    def _found(
        self,
        kind: OperatorKind,
        name: str,
        limit: int,
        timeout_seconds: float,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[OperatorRecord]:
        checked(self._client.get)  # loading the client library is not part of any timeout
        query = build(self._places.collection(OPERATORS), QUERIES[name], {"kind": kind.value}, since, until)
        now = self._clock.now()
        return first_of(query, limit, Deadline(timeout_seconds), lambda snapshot: self._read(kind, snapshot, now))

    def _document(self, kind: OperatorKind, key: str) -> Any:
        checked(self._client.get)
        return self._places.operator(kind.value, key)

    def _read(self, kind: OperatorKind, snapshot: Any, now: datetime) -> OperatorRecord | None:
        """Returns the record in a document; None for one that has expired or cannot be read."""
        document: dict[str, Any] = plain(snapshot.to_dict())
        expires_at, due_at = document.get("expires_at"), document.get("due_at")
        if isinstance(expires_at, datetime) and expires_at <= now:
            return None
        key, content = snapshot.id.removeprefix(f"{kind.value}:"), from_text(document.get("content"))
        is_sound = content is not None and is_key(key) and (due_at is None or isinstance(due_at, datetime))
        if content is not None and is_sound and isinstance(expires_at, datetime):
            return OperatorRecord(kind, key, content, expires_at, due_at, snapshot.update_time)
        if self._journal is not None:
            label = key if is_key(key) else ""
            self._journal.note("WARNING", "a record of an operator cannot be read", kind=kind.value, key=label)
        return None


def _snapshot(document: Any, deadline: Deadline) -> Any:
    return checked(lambda: call(lambda seconds: document.get(retry=None, timeout=seconds), deadline))


def _written(record: OperatorRecord, write: Callable[[float], Any], deadline: Deadline) -> object:
    """Returns the version that a write has made. Raises VersionConflict, StoreRefused and StoreUnavailable."""
    try:
        # `call` may repeat it: a repetition that finds what the first try has stored is a conflict.
        result = call(write, deadline)
    except clients.google_errors() as error:
        name = type(error).__name__
        if name in _REFUSED:
            raise StoreRefused(record.key, f"Firestore calls it {name}") from error
        if name in _OTHER:
            raise VersionConflict(record.key, record.kind.value) from error
        raise unavailable(error) from error
    version: object = result.update_time
    return version
