"""Timers that fire when a test takes them."""

from __future__ import annotations

from datetime import datetime

from relay.core.model import Timer

from tests.fakes.journal import MemoryJournal


class MemoryTimers:
    """The port Timers. `is_down` makes it refuse; `cancelled` remembers what was withdrawn."""

    def __init__(self, journal: MemoryJournal | None = None) -> None:
        self.journal = journal or MemoryJournal()
        self.is_down = False
        self.cancelled: list[Timer] = []
        self._armed: dict[Timer, None] = {}  # as an ordered set

    @property
    def armed(self) -> list[Timer]:
        """What is armed now, the soonest first."""
        return sorted(self._armed, key=lambda timer: timer.due_at)

    def arm(self, timer: Timer, *, timeout_seconds: float) -> bool:
        if self.is_down:
            self.journal.note("WARNING", "timer not armed", relay=timer.message_id)
            return False
        self._armed.setdefault(timer)
        return True

    def cancel(self, timer: Timer, *, timeout_seconds: float) -> None:
        if not self.is_down:
            self.cancelled.append(timer)
            self._armed.pop(timer, None)

    def forget(self) -> None:
        """Nothing is armed, nothing was ever cancelled."""
        self._armed.clear()
        self.cancelled.clear()

    def take_due(self, now: datetime) -> list[Timer]:
        """Those that are due, the soonest first; they are armed no longer."""
        due = [timer for timer in self.armed if timer.due_at <= now]
        for timer in due:
            del self._armed[timer]
        return due
