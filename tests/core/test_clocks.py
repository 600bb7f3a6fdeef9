"""Times that a wrong clock wrote into a relay are noticed and put right, by whatever clock is right."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core import clocks, machine, moves
from relay.core.events import ArmTimer, CancelTimer, Event, EventKind, RaiseAlarm
from relay.core.model import RETENTION, AttemptStatus, Relay, Step
from relay.core.policy import LEASE_SECONDS, SEND_SECONDS_MAX

from tests.relays import (
    T0,
    accepted,
    after,
    at,
    delivered,
    exhausted,
    failed,
    policy,
    received,
    statuses,
    steps,
    unknown,
)

OFF = Event(EventKind.TIMES_ARE_OFF, by="reconcile")
AHEAD = [timedelta(hours=1), timedelta(days=1), timedelta(days=91)]


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
def test_a_text_sent_by_a_clock_that_was_ahead_has_its_tiers_time_from_now_on(ahead: timedelta) -> None:
    relay = after(received().relay, accepted(1))
    now = T0 - ahead
    assert clocks.are_off(relay, now)
    decision = machine.transition(relay, OFF, now)
    corrected = decision.relay
    assert corrected.due_at == corrected.attempts[0].deadline_at == now + timedelta(seconds=60)
    assert corrected.attempts[0].lease_until == now + timedelta(seconds=LEASE_SECONDS)
    old, new = moves.pending(relay), moves.pending(corrected)
    assert old is not None
    assert new is not None
    assert decision.effects == (CancelTimer(old), ArmTimer(new))
    assert not clocks.are_off(corrected, now)
    assert steps(corrected)[-1] is Step.TIMES_CORRECTED


def test_the_time_up_to_which_a_store_removes_follows_the_clock_slowly_and_never_back() -> None:
    until = clocks.purge_until(None, T0)
    assert until == T0
    for clock in (T0 + timedelta(days=91), T0 - timedelta(days=9000), T0 - timedelta(hours=1)):
        until = clocks.purge_until(until, clock)
        assert until == T0 + clocks.PURGE_STEP
    assert clocks.purge_until(until, T0 + timedelta(minutes=6)) == T0 + timedelta(minutes=6)


def test_what_would_have_been_removed_already_is_kept_as_long_as_what_is_stored_now() -> None:
    assert clocks.kept_until(T0 - timedelta(days=1), None) == T0 - timedelta(days=1)
    assert clocks.kept_until(T0 + timedelta(days=1), T0) == T0 + timedelta(days=1)
    assert clocks.kept_until(T0 - timedelta(days=9000), T0) == T0 + RETENTION


@pytest.mark.parametrize("behind", AHEAD, ids=str)
def test_a_lease_of_a_clock_far_behind_is_not_taken_for_one_that_is_over(behind: timedelta) -> None:
    """Its holder is sending at this moment: at the last tier its text would be sent twice."""
    relay = after(received(policy(1)).relay, unknown(1))
    now = T0 + behind
    decision = machine.transition(relay, Event(EventKind.DEADLINE_NOT_FOUND, 1), now)
    again = now + timedelta(seconds=LEASE_SECONDS + SEND_SECONDS_MAX)
    assert (statuses(decision.relay), decision.relay.due_at) == ([(1, "unknown")], again)
    # By then nothing can be on its way any more, whatever clock began it.
    decision = machine.transition(decision.relay, Event(EventKind.DEADLINE_NOT_FOUND, 1, lease="ours"), again)
    assert decision.relay.attempts[-1].is_resend


def test_a_try_that_a_clock_ahead_had_planned_begins_now() -> None:
    relay = after(received().relay, failed(1))
    now = T0 - timedelta(days=1)
    corrected = machine.transition(relay, OFF, now).relay
    assert (corrected.attempts[-1].status, corrected.due_at) == (AttemptStatus.SCHEDULED, now)


def test_an_alarm_that_a_clock_ahead_had_put_off_is_raised() -> None:
    relay = exhausted()
    decision = machine.transition(relay, OFF, T0 - timedelta(days=91))
    assert decision.effects == (RaiseAlarm(),)
    assert decision.relay.due_at == T0 - timedelta(days=91)


def test_what_a_dead_clock_began_is_kept_for_another_90_days() -> None:
    """A clock of the year 2000 makes a relay expire years before it has ended."""
    now = at(10)
    relay = replace(received().relay, expires_at=now - timedelta(days=9000))
    corrected = machine.transition(relay, OFF, now).relay
    assert corrected.expires_at == now + RETENTION
    assert corrected.due_at == relay.due_at, "it was not put off"
    assert not any(isinstance(effect, CancelTimer) for effect in machine.transition(relay, OFF, now).effects)


@pytest.mark.parametrize(
    "relay",
    [
        received().relay,
        after(received().relay, failed(1)),
        after(received().relay, accepted(1), delivered(1)),
        exhausted(),
    ],
    ids=["being sent", "planned", "delivered", "exhausted"],
)
def test_clocks_that_differ_by_minutes_are_none_of_its_business(relay: Relay) -> None:
    now = at(1) - clocks.TOLERANCE
    assert not clocks.are_off(relay, now)
    assert machine.transition(relay, OFF, now).relay is relay


def test_a_tier_that_waits_for_hours_is_not_off() -> None:
    relay = after(received(policy(tiers=1, timeout=36000.0)).relay, accepted(1))
    assert not clocks.are_off(relay, T0)
