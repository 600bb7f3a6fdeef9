"""What the world does to a run: the kinds of faults, how often they strike, and the way every port call takes.

The model is design.md's "What the world may do to us"; docs/reliability.md lists it in words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from tests.simulator.dice import Dice
from tests.simulator.kernel import Kernel, ProcessKilled
from tests.simulator.kinds import Kind

T = TypeVar("T")


class Fault(StrEnum):
    """One kind of fault each; the word is what the figures and traces call it."""

    CRASH_BEFORE = "process killed before the effect"
    CRASH_AFTER = "process killed after the effect"
    LOST_REQUEST = "not applied and reported failed"
    LOST_REPLY = "applied but reported failed"
    LATE_EFFECT = "reported failed, applied later"
    OWN_CONFLICT = "applied, then the client's own retry conflicts"
    CONTENTION = "conflict without a change"
    STALL = "process stopped for seconds after a reply"
    SLOW = "slow answer"
    OUTAGE = "call during an outage"
    # Twilio's side
    SEND_REFUSED = "send refused cleanly"
    SEND_5XX = "send answered 5xx"
    LIST_LAG = "message list behind"
    CALLBACK_LOST = "callback lost"
    CALLBACK_DOUBLED = "callback doubled"
    CALLBACK_LATE = "callback minutes late"
    CALLBACK_EARLY = "callback before the send returned"
    CALLBACK_EXPIRED = "callback after expiry"
    WEBHOOK_LOST = "webhook never arrives"
    WEBHOOK_PARALLEL = "webhook doubled, in parallel"
    WEBHOOK_ANSWER_LOST = "webhook's answer lost"
    UNDELIVERED = "carrier does not deliver"
    SILENT_CARRIER = "carrier sends no receipt"
    OPTED_OUT = "handler opted out"
    # timers
    TIMER_LOST = "timer lost"
    TIMER_DOUBLED = "timer doubled"
    TIMER_LATE = "timer minutes late"
    TIMER_CANCEL_LOST = "cancelled timer fires all the same"
    # the world at large
    SKEW = "process with a wrong clock"
    CLOCK_SET = "clock set by minutes"
    SWEEP_LOST = "sweep did not run"
    CONFIG_CHANGED = "tiers changed in mid-cascade"
    TOKEN_ROTATED = "auth token rotated"
    REDRIVE = "operator redrives"
    REDRIVE_DOUBLED = "redrive requested twice"


class Service(StrEnum):
    STORE = "store"
    TIMERS = "timers"
    TWILIO = "twilio"


class Does(StrEnum):
    """What a call does, which decides what can befall it."""

    READ = "read"
    WRITE = "write"
    ARM = "arm"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class Swarm:
    """Few kinds of faults, and those often: what takes several of a kind is hardly met otherwise."""

    befalls: dict[Does, tuple[Fault, ...]]
    often: dict[Fault, float]


class Failed(Exception):
    """A call failed as seen by its caller; each port turns it into its own error. `never` if it certainly never will
    be applied, which the caller cannot know."""

    def __init__(self, never: bool = False) -> None:
        self.never = never


class Conflicted(Exception):
    """The answer says that somebody was faster: oneself, if it was `applied`, or nobody."""

    def __init__(self, applied: bool) -> None:
        self.applied = applied


_READ = (Fault.STALL, Fault.SLOW, Fault.LOST_REPLY, Fault.CRASH_AFTER)
# Those that leave most to be put right come twice as often.
_CHANGE = (
    *(Fault.STALL, Fault.SLOW, Fault.LOST_REQUEST, Fault.CRASH_BEFORE),
    *(Fault.LOST_REPLY, Fault.LOST_REPLY, Fault.CRASH_AFTER, Fault.CRASH_AFTER),
)

# What can befall a call. The first is the mildest.
BEFALLS: dict[Does, tuple[Fault, ...]] = {
    Does.READ: _READ,
    Does.WRITE: (*_CHANGE, Fault.OWN_CONFLICT, Fault.CONTENTION, Fault.LATE_EFFECT),
    Does.ARM: _CHANGE,
    Does.SEND: (*_CHANGE, Fault.LATE_EFFECT),
}


# What the world does by itself, beside the calls: each may be left out of a run, or come in a swarm.
BY_ITSELF = (
    *(Fault.SEND_REFUSED, Fault.SEND_5XX, Fault.LIST_LAG, Fault.WEBHOOK_LOST, Fault.WEBHOOK_ANSWER_LOST),
    *(Fault.CALLBACK_LOST, Fault.CALLBACK_DOUBLED, Fault.CALLBACK_LATE, Fault.CALLBACK_EARLY),
    *(Fault.TIMER_LOST, Fault.TIMER_DOUBLED, Fault.TIMER_LATE, Fault.SWEEP_LOST),
)


class FaultSource:
    """Decides what befalls each port call of a run, and counts it."""

    def __init__(self, dice: Dice, probability: float = 0.0, swarm: Swarm | None = None) -> None:
        self.probability = probability
        self._befalls = BEFALLS if swarm is None else swarm.befalls
        self._often: dict[Fault, float] = {} if swarm is None else swarm.often
        self.outages: list[tuple[Service, float, float]] = []
        self.counts: dict[Fault | Kind, int] = {}
        self.applied_late: set[float] = set()  # when the effects of calls that had been given up on came about
        self._draw = dice.draw
        self._dice = dice

    def count(self, fault: Fault | Kind) -> None:
        self.counts[fault] = self.counts.get(fault, 0) + 1

    def strikes(self, fault: Fault, probability: float) -> bool:
        """Whether this fault strikes now. Never once faults have stopped."""
        if self.probability > 0.0 and self._draw() < probability * self._often.get(fault, 1.0):
            self.count(fault)
            return True
        return False

    def befalls(self, does: Does) -> Fault | None:
        """What happens to the next call."""
        if self.probability > 0.0 and self._draw() < self.probability:
            choices = self._befalls[does]
            if choices:
                fault = self._dice.pick(choices)
                self.count(fault)
                return fault
        return None

    def is_out(self, service: Service, now: float) -> bool:
        if not self.outages:
            return False
        for out, begins, ends in self.outages:
            if out is service and begins <= now < ends:
                self.count(Fault.OUTAGE)
                return True
        return False

    def stop(self) -> None:
        """No faults from here on."""
        self.probability = 0.0
        self.outages.clear()


class Line:
    """The way of a port call from a handler to a service and back."""

    def __init__(self, kernel: Kernel, faults: FaultSource, dice: Dice) -> None:
        self.kernel = kernel
        self.faults = faults
        self._draw = dice.draw
        self._between = dice.between

    def call(self, service: Service, does: Does, name: str, timeout_seconds: float, effect: Callable[[], T]) -> T:
        """Let the effect happen, or not, and the answer come, or not. Raises Failed or Conflicted."""
        kernel = self.kernel
        faults = self.faults
        fault = faults.befalls(does)
        # A usual answer takes 1 to 40 ms; differing times are what interleaves concurrent handlers.
        (kernel.pause_at_timers if does is Does.ARM else kernel.pause)(0.001 + (1.0 - self._draw()) * 0.039)
        if fault is None:
            if faults.outages and faults.is_out(service, kernel.now):
                kernel.pause(timeout_seconds)
                self._tell(name, Fault.OUTAGE)
                raise Failed(never=True)
            result = effect()
            if kernel.trace is not None:
                kernel.note(f"  {name}")
            if kernel.replies_take_time:
                kernel.pause(0.0)
            return result
        return self._faulty(fault, name, timeout_seconds, effect)

    def _faulty(self, fault: Fault, name: str, timeout_seconds: float, effect: Callable[[], T]) -> T:
        kernel = self.kernel
        self._tell(name, fault)
        if fault is Fault.CRASH_BEFORE:
            self._die()
        if fault is Fault.CONTENTION:
            raise Conflicted(applied=False)
        if fault is Fault.LOST_REQUEST:
            kernel.pause(self._between(0.0, timeout_seconds))
            raise Failed(never=True)
        if fault is Fault.LATE_EFFECT:
            kernel.after(timeout_seconds + self._between(0.0, 30.0), self._apply_late, effect)
            kernel.pause(timeout_seconds)
            raise Failed
        if fault is Fault.SLOW:
            # Within what the caller waits for, or it would be another fault.
            kernel.pause(self._between(0.0, timeout_seconds))
        result = effect()
        if fault is Fault.CRASH_AFTER:
            self._die()
        if fault is Fault.LOST_REPLY:
            kernel.pause(self._between(0.0, timeout_seconds))
            raise Failed
        if fault is Fault.OWN_CONFLICT:
            raise Conflicted(applied=True)
        if fault is Fault.STALL:
            kernel.pause(self._between(0.0, 30.0))
        return result

    def _apply_late(self, effect: Callable[[], Any]) -> None:
        """The effect of a call that was given up on. No caller hears how it went."""
        self.faults.applied_late.add(self.kernel.now)
        try:
            effect()
        except Exception:  # the caller is gone: a conflict, say, has no one to tell
            return

    def _die(self) -> None:
        worker = self.kernel.current
        assert worker is not None
        assert worker.task is not None
        self.kernel.kill(worker.task.process)
        raise ProcessKilled

    def _tell(self, name: str, fault: Fault) -> None:
        if self.kernel.trace is not None:
            self.kernel.note(f"  {name}: {fault.value.upper()}")
