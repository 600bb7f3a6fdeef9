"""A commit as one batched write of Firestore, each document with its precondition; and what a refused one came upon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from relay.core.model import Relay
from relay.errors import AlreadyStored, Conflict, StoreRefused, VersionConflict
from relay.google.calls import LazyClient
from relay.google.documents import content_of, with_bookkeeping
from relay.google.places import Places
from relay.ports import Write
from relay.record.kinds import key_of

# The field that is asked for of a document that is only looked for: with none named, all fields come.
SMALL_FIELD = "media_count"


class Batches:
    """Makes batches, and says which document of one that was refused was not as presumed."""

    def __init__(self, client: LazyClient, places: Places) -> None:
        self._client = client
        self._places = places

    def made(self, writes: Sequence[Write]) -> Any:
        """Returns the writes as one batch. Raises StoreRefused for one that the client cannot encode."""
        batch = self._client.get().batch()
        for write in writes:
            try:
                self._add(batch, write)
            except Exception as error:  # nothing is asked of Firestore yet, so it is the record's own values
                reason = f"it holds a value that cannot be stored ({type(error).__name__})"
                raise StoreRefused(key_of(write.record)[1], reason) from error
        return batch

    def conflict(self, writes: Sequence[Write], ask: Callable[[Callable[[float], Any]], Any]) -> Conflict | None:
        """Returns the conflict of a commit that was refused, naming one document; None when there is none to name.

        Firestore does not say which of several documents broke its precondition, so they are read, by `ask`.
        """
        if len(writes) == 1:
            return _broken(writes[0])
        places = [self._places.document(key_of(write.record)) for write in writes]

        def read(seconds: float) -> dict[str, object]:
            snapshots = self._client.get().get_all(places, [SMALL_FIELD], retry=None, timeout=seconds)
            return {snapshot.reference.path: snapshot.update_time for snapshot in snapshots if snapshot.exists}

        present = ask(read)
        changed = (each for each, place in zip(writes, places, strict=True) if present.get(place.path) != each.version)
        # None has changed when another writer merely held one of them (Aborted): then any write that presumes a
        # version will do.
        one = next(changed, None) or next((write for write in writes if write.version is not None), None)
        return None if one is None else _broken(one)

    def _add(self, batch: Any, write: Write) -> None:
        """Make a write part of a batch, with its precondition."""
        document, content = self._places.document(key_of(write.record)), content_of(write.record)
        if write.version is None:
            batch.create(document, content)
            return
        unchanged = self._client.get().write_option(last_update_time=write.version)
        # An update that changes nothing keeps the time of the one before, and is a precondition alone.
        update = content if write.only_checks else with_bookkeeping(write.record, content)
        batch.update(document, update, unchanged)


def _broken(write: Write) -> Conflict:
    kind, record_id = key_of(write.record)
    return (AlreadyStored if write.version is None else VersionConflict)(record_id, kind)


def created_relays(writes: Sequence[Write]) -> set[str]:
    """Returns the ids of the relays that these writes create."""
    created = (write.record for write in writes if write.version is None)
    return {record.message_id for record in created if isinstance(record, Relay)}
