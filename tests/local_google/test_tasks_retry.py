"""The arithmetic of backoff, giving up and rates."""

from __future__ import annotations

import pytest
from google.cloud import tasks_v2

from scripts.local_google.tasks_retry import RetryPolicy, TokenBucket, completed_rates, completed_retry


def policy(**changes: float) -> RetryPolicy:
    fields = {"max_attempts": 100, "max_retry_seconds": 0.0, "min_backoff_seconds": 10.0}
    fields |= {"max_backoff_seconds": 300.0, "max_doublings": 3}
    return RetryPolicy(**(fields | changes))  # type: ignore[arg-type]


def test_backoff_doubles_then_grows_by_steps_then_stays() -> None:
    waits = [policy().backoff_seconds(retry) for retry in range(1, 10)]
    assert waits == [10, 20, 40, 80, 160, 240, 300, 300, 300]


def test_backoff_of_a_very_late_retry_is_the_longest_one() -> None:
    assert policy(max_doublings=16).backoff_seconds(100_000) == 300
    assert policy(max_doublings=10_000).backoff_seconds(9_000) == 300


@pytest.mark.parametrize(
    ("max_attempts", "max_retry_seconds", "attempts", "age", "gives_up"),
    [
        (3, 0, 2, 1e9, False),
        (3, 0, 3, 0, True),
        (-1, 0, 10**6, 1e9, False),
        (-1, 60, 1, 59, False),
        (-1, 60, 1, 60, True),
        (3, 60, 3, 59, False),
        (3, 60, 2, 61, False),
        (3, 60, 3, 60, True),
    ],
)
def test_a_task_is_given_up_when_every_limit_is_reached(
    max_attempts: int, max_retry_seconds: float, attempts: int, age: float, gives_up: bool
) -> None:
    tried = policy(max_attempts=max_attempts, max_retry_seconds=max_retry_seconds)
    assert tried.gives_up(attempts, age) is gives_up


def test_bucket_gives_its_burst_at_once_and_then_its_rate() -> None:
    bucket = TokenBucket(rate=2, burst=3, now=0)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert bucket.seconds_until_token(0) == 0.5
    assert bucket.take(0.5)
    assert not bucket.take(0.5)
    assert [bucket.take(1000) for _ in range(4)] == [True, True, True, False]


def test_waiting_exactly_as_long_as_told_is_enough_for_any_rate() -> None:
    for rate in (0.3, 3, 7, 499):
        bucket, now = TokenBucket(rate=rate, burst=1, now=1_800_000_000.0), 1_800_000_000.0
        for _ in range(50):
            assert bucket.take(now)
            now += bucket.seconds_until_token(now) + 1e-6


def test_gaps_get_the_documented_defaults() -> None:
    retry = RetryPolicy.of(completed_retry(tasks_v2.RetryConfig()))
    assert retry == RetryPolicy(100, 0, 0.1, 3600, 16)
    rates = completed_rates(tasks_v2.RateLimits())
    assert (rates.max_dispatches_per_second, rates.max_concurrent_dispatches) == (500, 1000)
