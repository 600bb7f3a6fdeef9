"""The arithmetic of a Cloud Tasks queue: when a failed task is tried again, and how fast a queue may dispatch.

Pure: time is an argument, in seconds. Source: the reference of Queue, RetryConfig and RateLimits (API v2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from google.cloud import tasks_v2

# What the service picks for a queue that says nothing ("Configure Cloud Tasks queues", defaults).
DEFAULT_MAX_ATTEMPTS = 100
DEFAULT_MIN_BACKOFF_SECONDS = 0.1
DEFAULT_MAX_BACKOFF_SECONDS = 3600.0
DEFAULT_MAX_DOUBLINGS = 16
DEFAULT_DISPATCHES_PER_SECOND = 500.0
DEFAULT_CONCURRENT_DISPATCHES = 1000
UNLIMITED_ATTEMPTS = -1


@dataclass(frozen=True)
class RetryPolicy:
    """A queue's (or a task's own) retry_config in seconds. `max_attempts` -1 and `max_retry_seconds` 0: no limit."""

    max_attempts: int
    max_retry_seconds: float
    min_backoff_seconds: float
    max_backoff_seconds: float
    max_doublings: int

    @classmethod
    def of(cls, config: tasks_v2.RetryConfig) -> RetryPolicy:
        """From a message whose gaps `completed_retry` has filled."""
        return cls(
            max_attempts=config.max_attempts,
            max_retry_seconds=config.max_retry_duration.total_seconds(),
            min_backoff_seconds=config.min_backoff.total_seconds(),
            max_backoff_seconds=config.max_backoff.total_seconds(),
            max_doublings=config.max_doublings,
        )

    def backoff_seconds(self, retry: int) -> float:
        """The wait before retry number 1, 2, …: doubles `max_doublings` times, then grows by equal steps.

        With 10 s, 300 s and 3 doublings: 10, 20, 40, 80, 160, 240, 300, 300, …
        """
        doublings = min(retry - 1, self.max_doublings)
        steps = max(0, retry - 1 - self.max_doublings)
        # ldexp, because an integer power of a large retry number would be astronomically big before it is capped.
        wait = math.ldexp(self.min_backoff_seconds, min(doublings, 64)) * (1 + steps)
        return min(wait, self.max_backoff_seconds)

    def gives_up(self, attempts: int, seconds_since_first: float) -> bool:
        """True when a failed task is deleted instead of retried.

        The reference asks for both limits to be reached. An unlimited one cannot be: alone, the other one decides.
        """
        limits = []
        if self.max_attempts != UNLIMITED_ATTEMPTS:
            limits.append(attempts >= self.max_attempts)
        if self.max_retry_seconds > 0:
            limits.append(seconds_since_first >= self.max_retry_seconds)
        return bool(limits) and all(limits)


class TokenBucket:
    """Permission to dispatch: `rate` tokens a second flow in, at most `burst` are kept. Full at the start."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self._tokens = burst
        self._filled_at = now

    def take(self, now: float) -> bool:
        self._fill(now)
        # Filling sums small floats: nearly a whole token is one, or the wait for it would never end.
        if self._tokens < 1 - 1e-6:
            return False
        self._tokens = max(0.0, self._tokens - 1)
        return True

    def seconds_until_token(self, now: float) -> float:
        self._fill(now)
        return max(0.0, (1 - self._tokens) / self.rate)

    def _fill(self, now: float) -> None:
        elapsed = max(0.0, now - self._filled_at)
        self._tokens = min(self.burst, self._tokens + elapsed * self.rate)
        self._filled_at = now


def completed_retry(given: tasks_v2.RetryConfig) -> tasks_v2.RetryConfig:
    """A copy with the service's defaults in the gaps. A zero number is a gap: the wire cannot tell them apart.

    Fractions of a second stay (the reference says they are cut off, yet the default is 0.1 s): tests need them.
    """
    config = tasks_v2.RetryConfig(given)
    config.max_attempts = config.max_attempts or DEFAULT_MAX_ATTEMPTS
    config.max_doublings = config.max_doublings or DEFAULT_MAX_DOUBLINGS
    if "max_retry_duration" not in config:
        config.max_retry_duration = timedelta(0)
    if "min_backoff" not in config:
        config.min_backoff = timedelta(seconds=DEFAULT_MIN_BACKOFF_SECONDS)
    if "max_backoff" not in config:
        config.max_backoff = timedelta(seconds=DEFAULT_MAX_BACKOFF_SECONDS)
    return config


def completed_rates(given: tasks_v2.RateLimits) -> tasks_v2.RateLimits:
    """A copy with defaults in the gaps and the output-only burst size ("generally at least" the rate)."""
    limits = tasks_v2.RateLimits(given)
    limits.max_dispatches_per_second = limits.max_dispatches_per_second or DEFAULT_DISPATCHES_PER_SECOND
    limits.max_concurrent_dispatches = limits.max_concurrent_dispatches or DEFAULT_CONCURRENT_DISPATCHES
    limits.max_burst_size = max(1, math.ceil(limits.max_dispatches_per_second))
    return limits
