"""How long single calls may take, and what is left of the time in which an answer must be given. All in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from relay.core.policy import SEND_SECONDS_MAX
from relay.ports import Clock

# Of a Budget, what a send leaves for recording how it went.
_RECORDING_SECONDS = 0.5
_SEND_LEAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds of single calls, in seconds."""

    store_seconds: float
    timers_seconds: float
    send_seconds: float


# How long a webhook or a callback may take in all, so that a provider that gives up after 15 s can try three times.
WEBHOOK_SECONDS = 4.3
WEBHOOK_LIMITS = Limits(store_seconds=1.2, timers_seconds=1.0, send_seconds=2.5)
TASK_LIMITS = Limits(store_seconds=5.0, timers_seconds=5.0, send_seconds=SEND_SECONDS_MAX)


class Budget:
    """What is left of the time in which an answer must be given; every call gets its limit or what is left."""

    def __init__(self, clock: Clock, seconds: float, limits: Limits) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds
        self._limits = limits

    def at_most(self, seconds: float) -> float:
        """Returns what a call may take that has a limit of its own, in seconds."""
        # Never zero: a call that may not take any time at all could not even fail in an orderly way.
        return max(0.05, min(seconds, self._end - self._clock.monotonic()))

    @property
    def store(self) -> float:
        return self.at_most(self._limits.store_seconds)

    @property
    def timers(self) -> float:
        return self.at_most(self._limits.timers_seconds)

    @property
    def send(self) -> float:
        return self.at_most(min(self._limits.send_seconds, self._left - _RECORDING_SECONDS))

    @property
    def before_a_send(self) -> float:
        """Returns what may be spent, so that then there is still time to record a lease and send; perhaps below 0."""
        return self._left - 2 * _RECORDING_SECONDS - _SEND_LEAST_SECONDS

    @property
    def has_time_to_send(self) -> bool:
        """Whether enough time is left to wait for a POST: given up earlier, its outcome would be unknown."""
        return self._left - _RECORDING_SECONDS >= _SEND_LEAST_SECONDS

    @property
    def is_used_up(self) -> bool:
        return self._left <= 0

    @property
    def _left(self) -> float:
        return self._end - self._clock.monotonic()
