"""The embedded home's feed of relay events: what Pub/Sub is in the cloud, as a table that is read from a position on.

A write that adds to a relay's trail adds a line here in the same transaction, so nothing committed goes unpublished and
nothing uncommitted is published. A reader keeps its own position; reading again from an old one gives the same events
with the same ids.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from relay.core.model import Relay
from relay.embedded.database import Database
from relay.embedded.documents import decode
from relay.errors import NewerRecord, Unreadable
from relay.ports import Alarms
from relay.record.reading import readable
from relay.record.relay_events import RelayEvent, events_of

# How far back the feed reaches, in writes; `trim` removes older ones. A reader that needs more searches the relays
# themselves, which are kept for 90 days.
KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Published:
    """One write's relay events. `position` is where to read on from."""

    position: int
    events: tuple[RelayEvent, ...]


def record(connection: sqlite3.Connection, relay: Relay, lines_before: int) -> None:
    """Add to the feed that the relay's trail grew from this many lines; part of the write's own transaction."""
    if relay.lines_logged > lines_before:
        connection.execute(
            "INSERT INTO feed (message_id, first_line, end_line) VALUES (?, ?, ?)",
            (relay.message_id, lines_before, relay.lines_logged),
        )


def trim(connection: sqlite3.Connection, limit: int) -> None:
    """Remove at most `limit` of the lines beyond KEPT."""
    connection.execute(
        "DELETE FROM feed WHERE position IN "
        "(SELECT position FROM feed WHERE position <= (SELECT max(position) FROM feed) - ? ORDER BY position LIMIT ?)",
        (KEPT, limit),
    )


class SqliteFeed:
    """Reads the feed of an embedded database. `alarms` hears of a record that cannot be read and is passed over."""

    def __init__(self, database: Database, alarms: Alarms | None = None) -> None:
        self._database = database
        self._alarms = alarms

    def latest(self, *, timeout_seconds: float) -> int:
        """Returns the position after everything so far."""

        def work(connection: sqlite3.Connection) -> int:
            return int(connection.execute("SELECT coalesce(max(position), 0) FROM feed").fetchone()[0])

        return self._database.read(work, timeout_seconds=timeout_seconds)

    def read(self, after: int, limit: int, *, timeout_seconds: float) -> Sequence[Published]:
        """Returns at most `limit` writes after this position, oldest first, without those of relays that are gone.

        A write of a record of a later version has no relay events here: a newer revision, reading from here, finds
        them. Neither has one of a record that cannot be read: the feed goes on behind it.
        """

        def work(connection: sqlite3.Connection) -> list[tuple[int, int, int, str, str]]:
            return connection.execute(
                "SELECT position, first_line, end_line, message_id, document FROM feed JOIN relays USING (message_id) "
                "WHERE position > ? ORDER BY position LIMIT ?",
                (after, limit),
            ).fetchall()

        rows = self._database.read(work, timeout_seconds=timeout_seconds)
        return [
            Published(position, self._events(first, end, message_id, document))
            for position, first, end, message_id, document in rows
        ]

    def _events(self, first_line: int, end_line: int, message_id: str, document: str) -> tuple[RelayEvent, ...]:
        try:
            return tuple(events_of(readable(message_id, lambda: decode(document)), first_line, end_line))
        except NewerRecord:
            return ()
        except Unreadable as error:
            if self._alarms is not None:
                self._alarms.set_aside(message_id, error.reason)
            return ()
