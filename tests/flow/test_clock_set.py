"""The clock is set while texts wait: what they wait for is moved, so that they go on by elapsed time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from relay.core.model import FinalStatus, Step
from relay.flow import clock_set
from relay.flow.reconcile import reconcile

from tests.flow.lost_answers import FIRST, comes_in
from tests.relays import policy, sid
from tests.worlds import Doubles

JUMPS = [timedelta(hours=-2), timedelta(minutes=-2), timedelta(minutes=3), timedelta(hours=2), timedelta(days=-9000)]
WITHIN = timedelta(seconds=0.25)
each_jump = pytest.mark.parametrize("set_by", JUMPS, ids=str)


def _set(doubles: Doubles, by: timedelta, within: timedelta = WITHIN) -> int:
    doubles.clock.set(doubles.clock.now() + by)
    return clock_set.move(doubles.world, by, within)


@each_jump
def test_a_text_that_waits_for_its_receipt_goes_to_the_next_tier_when_it_would_have(set_by: timedelta) -> None:
    doubles = Doubles()
    doubles.inbound()
    doubles.wait(20)
    assert _set(doubles, set_by) == 1
    doubles.wait(39)
    assert doubles.relay().current.tier == 1
    doubles.wait(2)
    assert doubles.relay().current.tier == 2
    assert Step.TIMES_CORRECTED in [entry.step for entry in doubles.relay().error_log]


@each_jump
def test_a_cascade_ends_when_it_would_have(set_by: timedelta) -> None:
    as_it_would, doubles = Doubles(), Doubles()
    for each in (as_it_would, doubles):
        each.inbound()
        each.wait(70)
    _set(doubles, set_by)
    for each in (as_it_would, doubles):
        each.wait(109)
        assert each.relay().final_status is FinalStatus.IN_PROGRESS
        each.wait(2)
        assert each.relay().final_status is FinalStatus.EXHAUSTED
    assert len(doubles.relay().attempts) == len(as_it_would.relay().attempts)


def test_what_was_planned_by_the_new_time_is_left() -> None:
    doubles = Doubles()
    by = timedelta(hours=-2)
    doubles.clock.set(doubles.clock.now() + by)
    doubles.inbound()
    assert clock_set.move(doubles.world, by, timedelta(seconds=1)) == 0
    doubles.wait(59)
    assert doubles.relay().current.tier == 1


def test_what_waits_for_nothing_is_left() -> None:
    doubles = Doubles()
    assert _set(doubles, timedelta(hours=-2)) == 0


@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(days=1)], ids=str)
@pytest.mark.parametrize("is_noticed", [True, False], ids=["by the jump", "by its times alone, later"])
def test_a_text_that_was_sent_while_the_clock_was_ahead_is_found_and_not_sent_again(
    ahead: timedelta, is_noticed: bool
) -> None:
    """The provider's list shows it at the time at which it was truly taken."""
    doubles = Doubles(policy(1))
    truly = doubles.clock.now()
    doubles.clock.set(truly + ahead)
    comes_in(doubles, FIRST, arrives=False)
    doubles.clock.set(truly)
    doubles.messenger.take(doubles.messenger.sends[0], sid(9))
    if is_noticed:
        clock_set.move(doubles.world, -ahead, WITHIN)
    else:
        doubles.clock.advance(1800)
        reconcile(doubles.world, doubles.intake)
    doubles.wait(100)
    assert len(doubles.messenger.sends) == 1
    assert doubles.relay(FIRST).attempts[0].sent_id == sid(9)
