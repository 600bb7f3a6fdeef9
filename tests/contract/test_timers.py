"""What every timers' service promises: at least once, not early, arming twice is harmless, nothing is raised."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from relay.core.model import Timer, TimerKind

from tests.contract.conftest import TimersRig
from tests.strategies import a_timer

TIMEOUT = 120.0
SHORT = 0.3
PATIENCE_SECONDS = 60.0


def _in(rig: TimersRig, seconds: float, **changes: Any) -> Timer:
    return a_timer(due_at=rig.now() + timedelta(seconds=seconds), **changes)


def _eventually(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up_at, "it did not happen"
        time.sleep(0.01)


def _fires(rig: TimersRig, timer: Timer) -> None:
    _eventually(lambda: timer in rig.fired)


def test_an_armed_timer_fires_once_it_is_due(timers_rig: TimersRig) -> None:
    timer = _in(timers_rig, 1)
    assert timers_rig.timers.arm(timer, timeout_seconds=TIMEOUT) is True
    timers_rig.pass_time(1.1)
    _fires(timers_rig, timer)


def test_a_timer_that_was_due_before_it_was_armed_fires(timers_rig: TimersRig) -> None:
    timer = _in(timers_rig, -60)
    timers_rig.timers.arm(timer, timeout_seconds=TIMEOUT)
    timers_rig.pass_time(0)
    _fires(timers_rig, timer)


def test_a_timer_comes_back_with_everything_it_was_armed_with(timers_rig: TimersRig) -> None:
    timer = _in(timers_rig, 0.123456, attempt=7, kind=TimerKind.DEADLINE, queue_tier=3)
    timers_rig.timers.arm(timer, timeout_seconds=TIMEOUT)
    timers_rig.pass_time(1)
    _fires(timers_rig, timer)
    assert timers_rig.fired == [timer]


def test_no_timer_fires_early(timers_rig: TimersRig) -> None:
    soon, late = _in(timers_rig, 1), _in(timers_rig, 3_600)
    for timer in (late, soon):
        timers_rig.timers.arm(timer, timeout_seconds=TIMEOUT)
    timers_rig.pass_time(1.1)
    _fires(timers_rig, soon)
    assert late not in timers_rig.fired


def test_arming_again_changes_nothing(timers_rig: TimersRig) -> None:
    timer, another = _in(timers_rig, 1), _in(timers_rig, 2)
    for one in (timer, timer, timer, another):
        assert timers_rig.timers.arm(one, timeout_seconds=TIMEOUT) is True
    timers_rig.pass_time(1.1)
    _fires(timers_rig, timer)
    # Had it been armed twice, it would have fired again by the time that a later timer does.
    timers_rig.pass_time(1)
    _fires(timers_rig, another)
    assert timers_rig.fired.count(timer) == 1


def test_timers_of_one_relay_for_different_things_all_fire(timers_rig: TimersRig) -> None:
    first = _in(timers_rig, 1)
    due_at = first.due_at
    others = [
        a_timer(first.message_id, kind=TimerKind.DEADLINE, due_at=due_at),
        a_timer(first.message_id, attempt=2, due_at=due_at),
    ]
    for timer in (first, *others):
        timers_rig.timers.arm(timer, timeout_seconds=TIMEOUT)
    timers_rig.pass_time(1.1)
    for timer in (first, *others):
        _fires(timers_rig, timer)


def test_a_deadline_put_off_is_another_timer(timers_rig: TimersRig) -> None:
    first = _in(timers_rig, 1, kind=TimerKind.DEADLINE)
    put_off = a_timer(first.message_id, kind=TimerKind.DEADLINE, due_at=first.due_at + timedelta(seconds=1))
    for timer in (first, put_off):
        timers_rig.timers.arm(timer, timeout_seconds=TIMEOUT)
    timers_rig.pass_time(2.1)
    _fires(timers_rig, first)
    _fires(timers_rig, put_off)


def test_a_cancelled_timer_does_not_fire(timers_rig: TimersRig) -> None:
    cancelled, kept = _in(timers_rig, 1), _in(timers_rig, 2)
    for timer in (cancelled, kept):
        timers_rig.timers.arm(timer, timeout_seconds=TIMEOUT)
    timers_rig.timers.cancel(cancelled, timeout_seconds=TIMEOUT)
    timers_rig.pass_time(2.1)
    _fires(timers_rig, kept)
    assert cancelled not in timers_rig.fired


def test_cancelling_what_was_never_armed_or_has_fired_does_nothing(timers_rig: TimersRig) -> None:
    timer = _in(timers_rig, 0)
    timers_rig.timers.cancel(timer, timeout_seconds=TIMEOUT)
    timers_rig.timers.arm(timer, timeout_seconds=TIMEOUT)
    timers_rig.pass_time(0.1)
    _fires(timers_rig, timer)
    timers_rig.timers.cancel(timer, timeout_seconds=TIMEOUT)


def test_a_timer_that_cannot_be_armed_is_logged_and_not_raised(timers_rig: TimersRig) -> None:
    timer = _in(timers_rig, 1)
    with timers_rig.stalled():
        assert timers_rig.timers.arm(timer, timeout_seconds=SHORT) is False
    assert [labels["relay"] for severity, _, labels in timers_rig.journal.notes if severity == "WARNING"] == [
        timer.message_id
    ]


def test_a_cancellation_that_fails_is_not_raised(timers_rig: TimersRig) -> None:
    timer = _in(timers_rig, 3_600)
    timers_rig.timers.arm(timer, timeout_seconds=TIMEOUT)
    with timers_rig.stalled():
        timers_rig.timers.cancel(timer, timeout_seconds=SHORT)
