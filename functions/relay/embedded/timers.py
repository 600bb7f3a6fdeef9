"""The embedded home's timers: rows in the relays' own file. ticker.py fires them."""

from __future__ import annotations

import sqlite3

from relay.core.model import Timer
from relay.embedded import timer_rows
from relay.embedded.database import Database
from relay.embedded.file import to_micros
from relay.errors import StoreUnavailable
from relay.ports import Journal


class SqliteTimers:
    """The port Timers over an embedded database."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database = database
        self._journal = journal

    def arm(self, timer: Timer, *, timeout_seconds: float) -> bool:
        def work(connection: sqlite3.Connection) -> None:
            timer_rows.arm(connection, [timer])

        try:
            self._database.write(work, timeout_seconds=timeout_seconds)
        except StoreUnavailable:
            self._journal.note("WARNING", "timer not armed; the sweep stands behind it", **labels(timer))
            return False
        self._database.tell_armed(to_micros(timer.due_at))
        return True

    def cancel(self, timer: Timer, *, timeout_seconds: float) -> None:
        def work(connection: sqlite3.Connection) -> None:
            timer_rows.cancel(connection, timer)

        try:
            self._database.write(work, timeout_seconds=timeout_seconds)
        except StoreUnavailable:
            self._journal.note("INFO", "timer not cancelled; it will be ignored", **labels(timer))


def labels(timer: Timer) -> dict[str, object]:
    """Returns what the log says of a timer."""
    return {"relay": timer.message_id, "attempt": timer.attempt, "kind": timer.kind.value}
