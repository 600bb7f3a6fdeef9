"""What is still asked of Twilio after a relay has ended, how often, and when it is let go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from relay.core import fates, machine
from relay.core.events import Event, EventKind
from relay.core.failures import NOT_STARTED
from relay.core.model import AttemptStatus, FinalStatus, Relay, Step
from relay.core.moves import pending
from relay.core.policy import (
    FATE_LOOKUP_SECONDS,
    FATE_LOOKUP_SECONDS_MAX,
    FATE_LOOKUPS,
    LEASE_SECONDS,
    SEND_SECONDS_MAX,
)

from tests.relays import (
    accepted,
    after,
    at,
    delivered,
    due,
    failed,
    not_found,
    policy,
    progress,
    queued,
    received,
    sid,
    unconfirmed,
    undecided,
    unknown,
)

ALARM = Event(EventKind.ALARM_RAISED)
ANSWERED = Event(EventKind.LOOKED_UP)
SILENT = Event(EventKind.LOOKUP_UNANSWERED)
NEVER_SENT = Event(EventKind.NEVER_SENT, 1, reason="Twilio has no such text", by="sweep")


def _unconfirmed() -> Relay:
    """Exhausted and told, and its one text, which Twilio has, may still arrive."""
    return after(received(policy(tiers=1)).relay, accepted(1), unconfirmed(1), ALARM)


def _unknown() -> Relay:
    """Delivered by tier 2, and nobody can tell whether tier 1's text left."""
    return after(received().relay, unknown(1), undecided(1, lease="task"), accepted(2), delivered(2))


def _wait(relay: Relay) -> float:
    assert relay.due_at is not None
    return (relay.due_at - relay.error_log[-1].at).total_seconds()


def _when_due(relay: Relay, event: Event) -> Relay:
    assert relay.due_at is not None
    return machine.transition(relay, event, relay.due_at).relay


# What is open.


def test_a_relay_that_ended_with_everything_told_is_at_rest() -> None:
    assert after(received().relay, accepted(1), delivered(1)).due_at is None
    assert after(received(policy(tiers=1, delays=())).relay, accepted(1), failed(1), ALARM).due_at is None


def test_an_attempt_taken_by_twilio_is_open_while_no_delivery_is_on_record() -> None:
    assert [attempt.number for attempt in fates.open_attempts(_unconfirmed())] == [1]
    late = after(received().relay, accepted(1), unconfirmed(1, lease="task"), accepted(2), delivered(2))
    assert late.attempts[0].status is AttemptStatus.UNCONFIRMED
    assert fates.open_attempts(late) == ()


def test_an_attempt_of_unknown_outcome_is_open_even_after_a_delivery() -> None:
    relay = _unknown()
    assert relay.final_status is FinalStatus.DELIVERED
    assert [attempt.number for attempt in fates.open_attempts(relay)] == [1]
    assert relay.due_at is not None


def test_the_alarm_comes_before_any_question() -> None:
    relay = after(received(policy(tiers=1)).relay, accepted(1), unconfirmed(1))
    assert relay.due_at == relay.error_log[-1].at
    told = after(relay, ALARM)
    assert _wait(told) == FATE_LOOKUP_SECONDS


# How often.


def test_what_twilio_has_is_asked_about_four_times_at_doubling_intervals() -> None:
    relay, waits = _unconfirmed(), []
    while relay.due_at is not None:
        waits.append(_wait(relay))
        relay = _when_due(relay, ANSWERED)
    assert waits == [FATE_LOOKUP_SECONDS * 2**asked for asked in range(FATE_LOOKUPS)]


def test_a_silent_twilio_does_not_use_up_the_questions() -> None:
    relay = _unconfirmed()
    for _ in range(10):
        relay = _when_due(relay, SILENT)
    assert _wait(relay) == FATE_LOOKUP_SECONDS_MAX
    for _ in range(FATE_LOOKUPS):
        assert relay.due_at is not None
        relay = _when_due(relay, ANSWERED)
    assert relay.due_at is None


def test_what_nobody_can_tell_is_asked_about_until_it_is_known_at_most_once_a_day() -> None:
    relay = _unknown()
    for _ in range(30):
        relay = _when_due(relay, ANSWERED)
    assert _wait(relay) == FATE_LOOKUP_SECONDS_MAX
    assert after(relay, progress(1)).due_at is None


def test_a_redrive_begins_the_questions_anew() -> None:
    relay = _unconfirmed()
    while relay.due_at is not None:
        relay = _when_due(relay, ANSWERED)
    redrive = Event(EventKind.REDRIVE_REQUESTED, policy=policy(tiers=1), request_id="request 1")
    lease = Event(EventKind.ATTEMPT_DUE, 2, lease="task")
    again = after(relay, redrive, lease, accepted(2), unconfirmed(2), ALARM)
    assert _wait(again) == FATE_LOOKUP_SECONDS


# What is learned.


@pytest.mark.parametrize("event", [delivered(1), failed(1)])
def test_the_last_open_fate_told_lets_the_relay_rest(event: Event) -> None:
    relay = after(_unconfirmed(), event)
    assert relay.due_at is None


def test_an_attempt_declared_not_sent_is_failed_and_lets_the_relay_rest() -> None:
    relay = _unknown()
    decision = machine.transition(relay, NEVER_SENT, at(3600))
    assert decision.relay.attempts[0].status is AttemptStatus.FAILED
    assert decision.relay.due_at is None
    entry = decision.relay.error_log[-1]
    assert (entry.step, entry.attempt, entry.by, entry.status) == (Step.LATE_STATUS, 1, "sweep", "failed")
    assert decision.relay.final_status is FinalStatus.DELIVERED


def test_an_attempt_whose_outcome_is_known_is_not_declared_not_sent() -> None:
    relay = _unconfirmed()
    decision = machine.transition(relay, NEVER_SENT, at(3600))
    assert decision.relay is relay


def _settled(relay: Relay) -> datetime:
    return fates.settled_at(relay.attempts[0])


def test_nothing_is_declared_not_sent_while_somebody_may_be_sending_it() -> None:
    relay = after(received().relay, undecided(1, lease="task"), accepted(2), delivered(2))
    assert _settled(relay) == at(LEASE_SECONDS + SEND_SECONDS_MAX)
    early = machine.transition(relay, NEVER_SENT, _settled(relay) - timedelta(microseconds=1))
    assert early.relay is relay
    assert "under way" in early.ignored_because
    assert machine.transition(relay, NEVER_SENT, _settled(relay)).relay is not relay


def test_an_attempt_that_was_never_leased_has_a_lease_from_its_start() -> None:
    relay = received(lease=None).relay
    assert _settled(relay) == at(LEASE_SECONDS + SEND_SECONDS_MAX)


def test_a_relay_in_progress_is_left_to_its_own_deadline() -> None:
    relay = after(received().relay, unknown(1))
    for event in (NEVER_SENT, ANSWERED, SILENT):
        assert machine.transition(relay, event, at(3600)).relay is relay


def test_a_relay_at_rest_is_not_asked_about() -> None:
    relay = after(received().relay, accepted(1), delivered(1))
    assert machine.transition(relay, ANSWERED, at(3600)).relay is relay


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=400)], ids=str)
def test_an_attempt_that_a_clock_ahead_had_leased_is_not_waited_for_until_that_clocks_time_comes(
    ahead: timedelta,
) -> None:
    """Its process died, and an earlier text was delivered meanwhile."""
    relay = after(received(policy(2)).relay, accepted(1))
    late = machine.transition(relay, Event(EventKind.DEADLINE_UNCONFIRMED, 1, lease="dies"), at(1) + ahead).relay
    ended = machine.transition(late, delivered(1), at(60)).relay
    assert ended.attempts[1].is_unresolved
    never = Event(EventKind.NEVER_SENT, 2, by="sweep")
    asked = fates.as_of(ended.attempts[1], at(400))
    assert fates.settled_at(asked) <= at(400)
    assert asked.starts_at <= at(400)
    assert machine.transition(ended, never, at(400)).relay.attempts[1].status is AttemptStatus.FAILED


def test_an_attempt_that_a_clock_minutes_ahead_had_leased_is_waited_for() -> None:
    relay = received().relay
    assert fates.as_of(relay.attempts[0], at(-200)) is relay.attempts[0]


NOT_BEGUN = Event(EventKind.SEND_REFUSED, 1, failure=NOT_STARTED)


@pytest.mark.parametrize("told", [progress, delivered, failed])
@pytest.mark.parametrize("fate", [(NOT_BEGUN,), (unknown(1), not_found(1))], ids=["not begun", "declared not sent"])
@pytest.mark.parametrize("answer", [(), (accepted(2),), (unknown(2),)], ids=["on its way", "answered", "unknown"])
def test_what_a_look_up_finds_is_not_believed_once_another_attempt_may_have_sent_it(
    told: Callable[[int], Event], fate: tuple[Event, ...], answer: tuple[Event, ...]
) -> None:
    """Twilio was asked about attempt 1 by a process that stood still until attempt 2's text was in the list."""
    relay = after(received(policy(1)).relay, *fate, seconds=30.0)
    relay = after(relay, due(2), *answer)
    found = replace(told(1), sent_id=sid(2), asked_after=1)
    decision = machine.transition(relay, found, relay.error_log[-1].at)
    assert decision.relay is relay
    assert decision.timers == (pending(relay),)


def test_what_a_look_up_finds_is_believed_where_other_attempts_went_to_other_handlers_or_were_known() -> None:
    relay = after(received(policy(2)).relay, unknown(1), unconfirmed(1, lease="deadline"))
    found = replace(delivered(1), asked_after=1)
    assert after(relay, found).delivered_tier == 1
    same = after(received(policy(1)).relay, NOT_BEGUN, due(2), unknown(2))
    assert after(same, replace(delivered(2), asked_after=2)).delivered_tier == 1


@pytest.mark.parametrize("told", [progress, delivered, failed, queued, unconfirmed])
def test_what_a_look_up_finds_by_its_words_is_not_believed_once_the_provider_has_told_of_the_attempts_text(
    told: Callable[[int], Event],
) -> None:
    """It is the text of attempt 1, whose sender sent it after it had been declared not sent."""
    relay = after(received(policy(1)).relay, unknown(1), not_found(1), seconds=30.0)
    relay = after(relay, due(2), accepted(2))
    decision = machine.transition(relay, replace(told(2), sent_id=sid(1), asked_after=2), relay.error_log[-1].at)
    assert decision.relay is relay
    assert decision.timers == (pending(relay),)


def test_what_a_look_up_finds_under_the_attempts_own_id_is_always_believed() -> None:
    relay = after(received(policy(1)).relay, accepted(1), failed(1), due(2), accepted(2))
    assert after(relay, replace(delivered(1), asked_after=1)).delivered_tier == 1
