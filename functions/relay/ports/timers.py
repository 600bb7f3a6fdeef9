"""Timers and Clock: the ports by which time comes in."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from relay.core.model import Timer


class Timers(Protocol):
    """Wake-up calls. At least once, possibly late, doubled and out of order, never early by the service's own clock."""

    def arm(self, timer: Timer, *, timeout_seconds: float) -> bool:
        """Arm a timer; arming it again changes nothing. Returns whether it is armed; logs a failure, never raises."""
        ...

    def cancel(self, timer: Timer, *, timeout_seconds: float) -> None:
        """Try to withdraw it. Best effort, never raises: a timer that fires all the same is ignored."""
        ...


class Clock(Protocol):
    """The time of day, and a clock to measure with."""

    def now(self) -> datetime:
        """Returns the time of day, aware, in UTC. It may jump and may differ between machines."""
        ...

    def monotonic(self) -> float:
        """Returns seconds that only ever grow, for measuring how long something takes."""
        ...
