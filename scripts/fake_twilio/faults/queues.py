"""The queue of each of the account's numbers: texts leave at a number's rate, and wait until then."""

import dataclasses

from scripts.fake_twilio.errors import ApiError

_QUEUE_IS_FULL = 21611
_HOUR_SECONDS = 3600.0


@dataclasses.dataclass(frozen=True)
class QueueLimits:
    """How fast a number sends, and how long its queue may get.

    segments_per_second: 1 for a US long code; None: no text waits for another.
    hours: a text that would wait longer is refused (https://www.twilio.com/docs/api/errors/21611).
    """

    segments_per_second: float | None = None
    hours: float = 10.0

    def __post_init__(self) -> None:
        if self.segments_per_second == 0:
            raise ValueError("segments_per_second must be above 0, or null for no queue")


class Queues:
    """When each number is free again. Times: seconds since 1970. Not thread-safe."""

    def __init__(self, limits: QueueLimits, time_scale: float) -> None:
        self.limits = limits
        self._time_scale = time_scale
        self._free_at: dict[str, float] = {}

    def enter(self, number: str, segments: int, validity_seconds: float, now: float) -> float:
        """Returns how many seconds, before they are scaled, a new text waits; one that dies meanwhile takes no place.

        Raises ApiError 21611 when the queue is full.
        """
        if self.limits.segments_per_second is None:
            return 0.0
        free_at = max(now, self._free_at.get(number, now))
        wait_seconds = (free_at - now) / self._time_scale if self._time_scale else 0.0
        if wait_seconds > self.limits.hours * _HOUR_SECONDS:
            raise ApiError(_QUEUE_IS_FULL)
        if wait_seconds <= validity_seconds:
            self._free_at[number] = free_at + self._time_scale * segments / self.limits.segments_per_second
        return wait_seconds
