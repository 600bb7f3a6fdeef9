"""Snapshots reads the relays in Firestore's documents, and raises the alarm about those that it cannot read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from relay.errors import NewerRecord, Unreadable
from relay.google.documents import relay_in
from relay.ports import Alarms, Stored, UnreadableRelay
from relay.record.reading import readable


class Snapshots:
    """Reads documents as Firestore's client hands them over. `alarms` hears of those that it cannot read."""

    def __init__(self, alarms: Alarms | None) -> None:
        self._alarms = alarms

    def stored(self, snapshot: Any, now: datetime) -> Stored | None:
        """Returns the relay in a document, with its version; None when it has expired.

        Raises NewerRecord and Unreadable.
        """
        try:
            relay = readable(snapshot.id, lambda: relay_in(snapshot.to_dict(), now))
        except NewerRecord as error:
            if self._alarms is not None:
                self._alarms.left_to_newer(snapshot.id, error.schema_version)
            raise
        except Unreadable as error:
            if self._alarms is not None:
                self._alarms.set_aside(snapshot.id, error.reason)
            raise
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
