"""The timers of a run: at least once, late, doubled and out of order, as Cloud Tasks promises and no better."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from relay.core.model import Timer, TimerKind
from relay.ports import Journal

from tests.simulator.dice import Dice
from tests.simulator.faults import Conflicted, Does, Failed, Fault, FaultSource, Line, Service
from tests.simulator.history import seconds_of
from tests.simulator.kernel import Kernel

T = TypeVar("T")
Name = tuple[str, int, TimerKind, float]

# How soon a task comes again when its handler failed, as the queues are configured: doubling up to this.
_RETRY_SECONDS = 2.0
_RETRY_SECONDS_MAX = 60.0
_RETRIES_MAX = 20


class TimerService:
    """What is armed. `fire` starts the handler of a timer and is told whether it succeeded."""

    def __init__(self, kernel: Kernel, faults: FaultSource, dice: Dice) -> None:
        self.kernel = kernel
        self.faults = faults
        self.armed: dict[Name, Timer] = {}
        self._dice = dice
        self._taken: set[Name] = set()
        self.fire: Callable[[Timer, Callable[[bool], None]], None] = lambda timer, done: done(True)

    def arm(self, timer: Timer) -> bool:
        """Accept a timer. A name is taken for good: the same one is never armed twice."""
        due = seconds_of(timer.due_at)
        name = (timer.message_id, timer.attempt, timer.kind, due)
        if name in self._taken:
            return True
        self._taken.add(name)
        if self.faults.strikes(Fault.TIMER_LOST, 0.04):
            return True
        self.armed[name] = timer
        delay = 0.02 + (1.0 - self._dice.draw()) * 0.2
        if self.faults.strikes(Fault.TIMER_LATE, 0.04):
            delay += self._dice.between(5.0, 400.0)
        at = max(due, self.kernel.now) + delay
        self.kernel.at(at, self._dispatch, (name, timer, 0))
        if self.faults.strikes(Fault.TIMER_DOUBLED, 0.05):
            self.kernel.at(at + self._dice.between(0.0, 30.0), self._dispatch_again, (name, timer, 0))
        return True

    def cancel(self, timer: Timer) -> None:
        if not self.faults.strikes(Fault.TIMER_CANCEL_LOST, 0.2):
            self.armed.pop((timer.message_id, timer.attempt, timer.kind, seconds_of(timer.due_at)), None)

    def _dispatch(self, item: tuple[Name, Timer, int]) -> None:
        if item[0] in self.armed:
            self._dispatch_again(item)

    def _dispatch_again(self, item: tuple[Name, Timer, int]) -> None:
        name, timer, retries = item

        def done(succeeded: bool) -> None:
            if succeeded or retries >= _RETRIES_MAX:
                self.armed.pop(name, None)
                return
            wait = min(_RETRY_SECONDS * 2**retries, _RETRY_SECONDS_MAX)
            self.kernel.after(wait, self._dispatch, (name, timer, retries + 1))

        self.fire(timer, done)


class ProcessTimers:
    """Timers as one process sees them."""

    def __init__(self, service: TimerService, line: Line, journal: Journal) -> None:
        self._service = service
        self._line = line
        self._journal = journal

    def arm(self, timer: Timer, *, timeout_seconds: float) -> bool:
        name = f"timers.arm {timer.kind.value} {timer.attempt}"
        if self._call(name, timeout_seconds, lambda: self._service.arm(timer)):
            return True
        self._journal.note("WARNING", "timer not armed", relay=timer.message_id)
        return False

    def cancel(self, timer: Timer, *, timeout_seconds: float) -> None:
        name = f"timers.cancel {timer.kind.value} {timer.attempt}"
        self._call(name, timeout_seconds, lambda: self._service.cancel(timer))

    def _call(self, name: str, timeout_seconds: float, effect: Callable[[], T]) -> T | None:
        """None when it failed; nothing is ever raised."""
        try:
            return self._line.call(Service.TIMERS, Does.ARM, name, timeout_seconds, effect)
        except (Failed, Conflicted):
            return None
