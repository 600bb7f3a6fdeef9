"""ClockWatch notices that this machine's time of day was set, by the clock that measures how long something takes.

What waits is stored by the time of day. So whatever is to go on by elapsed time has to be moved when that jumps.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from functools import partial

from relay.embedded import timer_rows
from relay.embedded.database import Database
from relay.ports import Clock

_SECOND = 1_000_000
# By how much the two clocks may drift apart between two looks; more, and the time of day was set.
DRIFT_SECONDS = 5.0
_NAME = "clock-offset"


@dataclass(frozen=True, slots=True)
class Jump:
    """The time of day was set.

    Attributes:
        seconds: by how much; negative when it was set back.
        within: how many seconds ago at most, in elapsed time.
        pulled_back: how many timers wait no longer because of a clock that was ahead.
        is_ours: no other process that shares the file has noticed it before.
    """

    seconds: float
    within: float
    pulled_back: int
    is_ours: bool


class ClockWatch:
    """Compares the two clocks at each look. `longest_wait` is that of a lease, or of a failure, in microseconds."""

    def __init__(self, database: Database, clock: Clock, longest_wait: int, *, timeout_seconds: float) -> None:
        self._database = database
        self._clock = clock
        self._longest_wait = longest_wait
        self._timeout = timeout_seconds
        # Of the time of day from the other clock, in microseconds, and by that one when it was looked at.
        self._offset: int | None = None
        self._looked_at = 0.0

    def look(self, now: int) -> Jump | None:
        """Returns the jump of the time of day since the last look. `now` is in microseconds. Raises StoreUnavailable.

        At the first look, and after a jump, leases and waits that a clock ahead has put off are let go on.
        """
        elapsed = self._clock.monotonic()
        offset, before, looked_at = now - round(elapsed * _SECOND), self._offset, self._looked_at
        jumped = before is None or abs(offset - before) > DRIFT_SECONDS * _SECOND
        is_ours, pulled_back = False, 0
        if jumped:
            work = partial(_note_offset, now=now, latest=now + self._longest_wait, offset=offset)
            is_ours, pulled_back = self._database.write(work, timeout_seconds=self._timeout)
        self._offset, self._looked_at = offset, elapsed
        if before is None or not jumped:
            return None
        return Jump((offset - before) / _SECOND, elapsed - looked_at, pulled_back, is_ours)


def _note_offset(connection: sqlite3.Connection, now: int, latest: int, offset: int) -> tuple[bool, int]:
    """Returns whether this process is the first to note the clocks' offset, and how many timers were pulled back."""
    known = connection.execute("SELECT at FROM watermarks WHERE name = ?", (_NAME,)).fetchone()
    connection.execute("INSERT OR REPLACE INTO watermarks VALUES (?, ?)", (_NAME, offset))
    is_first = known is None or abs(known[0] - offset) > DRIFT_SECONDS * _SECOND
    return is_first, timer_rows.pull_back(connection, now, latest)
