"""Snapshots reads the records in Firestore's documents, and raises the alarm about those that it cannot read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from relay.errors import NewerRecord, Unreadable
from relay.google.documents import lasting_record_in, record_in, relay_in
from relay.ports import Alarms, Kept, Stored, UnreadableRelay
from relay.record.kinds import Kind
from relay.record.reading import readable

T = TypeVar("T")


class Snapshots:
    """Reads documents as Firestore's client hands them over. `alarms` hears of those that it cannot read."""

    def __init__(self, alarms: Alarms | None) -> None:
        self._alarms = alarms

    def stored(self, snapshot: Any, now: datetime) -> Stored | None:
        """Returns the relay in a document, with its version; None when it has expired.

        Raises NewerRecord and Unreadable.
        """
        relay = self._read(snapshot.id, snapshot.id, lambda: relay_in(snapshot.to_dict(), now))
        return None if relay is None else Stored(relay, snapshot.update_time)

    def readable(self, snapshot: Any, now: datetime) -> Stored | None:
        """Returns the same; None also for a document that cannot be read: the others of a list are shown."""
        try:
            return self.stored(snapshot, now)
        except (NewerRecord, Unreadable):
            return None

    def workable(self, snapshot: Any, now: datetime) -> Stored | UnreadableRelay | None:
        """Returns the relay of a document that is due; None for one that only a newer revision can act on."""
        try:
            stored = self.stored(snapshot, now)
        except NewerRecord:
            return None
        except Unreadable as error:
            return UnreadableRelay(snapshot.id, snapshot.update_time, error.reason)
        return None if stored is None or stored.relay.is_left_to_newer else stored

    def kept(self, kind: Kind, snapshot: Any) -> Kept[Any]:
        """Returns the record of this kind in a document, its time over or not. Raises NewerRecord and Unreadable."""
        return Kept(
            self._read(snapshot.id, f"{kind} {snapshot.id}", lambda: record_in(kind, snapshot.to_dict())),
            snapshot.update_time,
        )

    def lasting(self, kind: Kind, snapshot: Any, now: datetime) -> Kept[Any] | None:
        """Returns the same; None for one that cannot be read, or whose time is over: the others of a list are shown."""
        try:
            record = self._read(
                snapshot.id, f"{kind} {snapshot.id}", lambda: lasting_record_in(kind, snapshot.to_dict(), now)
            )
        except (NewerRecord, Unreadable):
            return None
        return None if record is None else Kept(record, snapshot.update_time)

    def _read(self, record_id: str, named: str, read: Callable[[], T]) -> T:
        """Returns what `read` makes of a document; its alarm calls the record as `named`."""
        try:
            return readable(record_id, read)
        except NewerRecord as error:
            if self._alarms is not None:
                self._alarms.left_to_newer(named, error.schema_version)
            raise
        except Unreadable as error:
            if self._alarms is not None:
                self._alarms.set_aside(named, error.reason)
            raise
