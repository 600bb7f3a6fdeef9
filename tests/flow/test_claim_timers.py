"""The timer of a claim's window: it goes on when no person took the text, and only then; the sweep stands behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from relay.core import moves
from relay.core.model import FinalStatus, Step, TimerKind
from relay.core.policy import Policy
from relay.flow import timers
from relay.flow.sweep import sweep

from tests.relays import policy, statuses, steps
from tests.worlds import Doubles, status_request

WINDOW = 900.0


def _waiting() -> Doubles:
    """A text that tier 1 got, of two that ask for a claim."""
    of = policy(2)
    doubles = Doubles(tiers=Policy(tuple(replace(tier, claim_timeout_seconds=WINDOW) for tier in of.tiers)))
    doubles.inbound()
    assert doubles.status(status_request()).status == 204
    return doubles


def test_when_the_time_for_a_claim_is_over_the_next_tier_is_texted_without_a_question_to_the_provider() -> None:
    doubles = _waiting()
    timer = moves.pending(doubles.relay())
    assert timer is not None
    assert timer.kind is TimerKind.CLAIM
    doubles.clock.set(timer.due_at)
    assert timer in doubles.timers.take_due(doubles.clock.now())
    doubles.messenger.is_down = True  # for look-ups; a text is sent all the same
    assert not timers.fire(doubles.world, timer).ignored_because
    assert statuses(doubles.relay()) == [(1, "delivered"), (2, "accepted")]


def test_a_timer_of_before_the_time_was_put_off_and_an_attempts_own_deadline_change_nothing() -> None:
    doubles = _waiting()
    timer = moves.pending(doubles.relay())
    assert timer is not None
    early = replace(timer, due_at=timer.due_at - timedelta(seconds=1))
    assert "put off" in timers.fire(doubles.world, early).ignored_because
    deadline = replace(timer, kind=TimerKind.DEADLINE)
    doubles.clock.set(timer.due_at)
    assert timers.fire(doubles.world, deadline).ignored_because
    assert statuses(doubles.relay()) == [(1, "delivered")]


def test_the_sweep_goes_on_with_a_window_whose_timer_was_lost() -> None:
    doubles = _waiting()
    doubles.clock.advance(WINDOW + 120)
    assert sweep(doubles.world).resumed == 1
    assert statuses(doubles.relay()) == [(1, "delivered"), (2, "accepted")]
    assert doubles.relay().final_status is FinalStatus.IN_PROGRESS
    assert Step.CLAIM_AWAITED in steps(doubles.relay())
