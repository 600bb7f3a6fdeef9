"""What the machine decides at deadlines and at the end, case by case, and what the trail says of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from relay.core import machine, moves
from relay.core.events import ArmTimer, Event, EventKind, RaiseAlarm, SendAttempt
from relay.core.model import FinalStatus, Relay, Step, Timer, TimerKind
from relay.core.policy import LEASE_SECONDS, LOOKUP_RETRIES_MAX, LOOKUP_RETRY_SECONDS, SEND_SECONDS_MAX
from relay.twilio.codes import failure_of

from tests.relays import (
    CUSTOMER,
    MESSAGE_ID,
    PERMANENT,
    T0,
    accepted,
    after,
    at,
    delivered,
    due,
    exhausted,
    failed,
    not_found,
    policy,
    progress,
    queued,
    received,
    refused,
    sid,
    statuses,
    steps,
    unconfirmed,
    undecided,
    unknown,
)

# Deadlines.


def test_an_unconfirmed_attempt_goes_to_the_next_tier_in_the_hands_of_who_noticed() -> None:
    relay = after(received().relay, accepted(1))
    decision = machine.transition(relay, unconfirmed(1, lease="task"), at(60))
    assert statuses(decision.relay) == [(1, "unconfirmed"), (2, "claimed")]
    assert decision.effects[-1] == SendAttempt(2)


def test_a_deadline_repeated_by_somebody_else_arms_the_timer_and_sends_nothing() -> None:
    relay = after(received().relay, accepted(1), unconfirmed(1, lease="task"), seconds=60)
    decision = machine.transition(relay, unconfirmed(1, lease="other task"), at(121))
    assert decision.relay is relay
    assert decision.effects == (moves.pending_timer(relay),)


def test_a_text_twilio_never_had_is_sent_to_the_next_tier() -> None:
    relay = after(received().relay, unknown(1), not_found(1), seconds=60)
    assert statuses(relay) == [(1, "failed"), (2, "scheduled")]


def test_at_the_last_tier_a_text_twilio_never_had_is_sent_once_more_and_only_once() -> None:
    relay = after(received(policy(tiers=1)).relay, unknown(1), not_found(1, lease="task"), seconds=60)
    assert statuses(relay) == [(1, "failed"), (1, "claimed")]
    assert relay.attempts[1].is_resend
    ended = after(relay, unknown(2), not_found(2, lease="task"), seconds=60)
    assert statuses(ended) == [(1, "failed"), (1, "failed")]
    assert ended.final_status is FinalStatus.EXHAUSTED


def _after_a_withdrawn_resend(*told: Event) -> Relay:
    """What was to be sent once more met an outage, and was withdrawn as the first text existed; a retry is not found.

    `told` is told of the second text after that."""
    relay = after(received(policy(tiers=1)).relay, unknown(1), not_found(1, "a"), seconds=60)
    relay = after(relay, refused(2, 20429), progress(1), *told, failed(1), due(3, "b"), unknown(3))
    return after(relay, not_found(3), seconds=60)


def test_a_resend_that_was_withdrawn_before_it_left_uses_up_nothing() -> None:
    relay = _after_a_withdrawn_resend()
    assert statuses(relay) == [(1, "failed"), (1, "withdrawn"), (1, "failed"), (1, "scheduled")]
    assert relay.attempts[-1].is_resend


@pytest.mark.parametrize("told", [progress(2), accepted(2), failed(2)])
def test_a_resend_that_was_withdrawn_and_left_all_the_same_was_the_one(told: Event) -> None:
    relay = _after_a_withdrawn_resend(told)
    assert statuses(relay) == [(1, "failed"), (1, "withdrawn"), (1, "failed")]
    assert relay.final_status is FinalStatus.EXHAUSTED


def test_a_look_up_proves_nothing_while_the_post_may_be_under_way() -> None:
    relay = received(policy(tiers=1, timeout=5)).relay
    decision = machine.transition(relay, not_found(1, lease="task"), at(5))
    assert statuses(decision.relay) == [(1, "claimed")]
    assert decision.relay.due_at == at(LEASE_SECONDS + SEND_SECONDS_MAX)
    assert statuses(after(decision.relay, not_found(1), seconds=20)) == [(1, "failed"), (1, "scheduled")]


def test_a_look_up_soon_after_a_lost_reply_proves_nothing_at_the_last_tier() -> None:
    """Twilio may still be at work on a POST that we gave up waiting for; elsewhere the next tier is due anyway."""
    relay = after(received(policy(tiers=1, timeout=5)).relay, unknown(1))
    assert statuses(machine.transition(relay, not_found(1), at(5)).relay) == [(1, "unknown")]
    relay = after(received(policy(tiers=2, timeout=5)).relay, unknown(1))
    assert statuses(machine.transition(relay, not_found(1), at(5)).relay) == [(1, "failed"), (2, "scheduled")]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (not_found, "no delivery confirmed in time; the provider has the text"),
        (undecided, "no delivery confirmed in time; the provider has the text"),
    ],
)
def test_a_look_up_made_before_twilio_told_of_the_text_does_not_send_it_again(event: object, reason: str) -> None:
    """The look-up was under way when the receipt came: what it says about the text is out of date."""
    relay = after(received(policy(tiers=2)).relay, unknown(1), progress(1))
    assert callable(event)
    decision = machine.transition(relay, event(1, lease="task"), at(60))
    assert statuses(decision.relay) == [(1, "unconfirmed"), (2, "claimed")]
    given_up = [entry for entry in decision.relay.error_log if entry.step is Step.ATTEMPT_UNCONFIRMED]
    assert [entry.reason for entry in given_up] == [reason]


def test_when_whose_a_text_is_cannot_be_told_the_next_tier_gets_the_text() -> None:
    relay = after(received().relay, unknown(1), undecided(1))
    assert statuses(relay) == [(1, "unknown"), (2, "scheduled")]


def test_when_whose_a_text_is_cannot_be_told_at_the_last_tier_it_is_asked_a_bounded_number_of_times() -> None:
    relay = after(received(policy(tiers=1)).relay, unknown(1))
    for _ in range(LOOKUP_RETRIES_MAX):
        asked_at = relay.error_log[-1].at + timedelta(seconds=30)
        relay = machine.transition(relay, undecided(1), asked_at).relay
        assert relay.due_at == asked_at + timedelta(seconds=LOOKUP_RETRY_SECONDS)
    ended = after(relay, undecided(1))
    assert ended.final_status is FinalStatus.EXHAUSTED
    assert "unknown" in ended.error_log[-1].reason


def test_what_was_asked_before_the_texts_id_was_known_is_asked_again_at_the_last_tier_as_it_may_be_queued() -> None:
    relay = after(received(policy(tiers=1)).relay, unknown(1), progress(1), undecided(1))
    assert (statuses(relay), relay.final_status) == ([(1, "accepted")], FinalStatus.IN_PROGRESS)
    assert after(relay, queued(1)).final_status is FinalStatus.IN_PROGRESS
    ended = after(relay, *[undecided(1)] * LOOKUP_RETRIES_MAX)
    assert (statuses(ended), ended.final_status) == ([(1, "unconfirmed")], FinalStatus.EXHAUSTED)
    given_up = after(received().relay, unknown(1), progress(1), undecided(1))
    assert statuses(given_up) == [(1, "unconfirmed"), (2, "scheduled")]


# The end, and beginning again.


def test_the_last_tiers_failure_exhausts_the_relay_and_raises_the_alarm() -> None:
    decision = machine.transition(received(policy(tiers=1)).relay, refused(1), at(1))
    assert decision.relay.final_status is FinalStatus.EXHAUSTED
    assert decision.relay.alarm_is_due
    assert decision.effects[-1] == RaiseAlarm()


@pytest.mark.parametrize("event", [Event(EventKind.INBOUND_REPEATED), refused(1), failed(1), due(1), unconfirmed(1)])
def test_whoever_comes_by_raises_an_alarm_that_nobody_recorded(event: Event) -> None:
    relay = exhausted()
    decision = machine.transition(relay, event, at(99))
    assert decision.relay is relay or event.kind is EventKind.RECEIPT_FAILED
    assert RaiseAlarm() in machine.transition(decision.relay, event, at(99)).effects


def test_a_recorded_alarm_is_not_raised_again() -> None:
    relay = after(exhausted(), Event(EventKind.ALARM_RAISED))
    assert relay.due_at is None
    assert machine.transition(relay, Event(EventKind.INBOUND_REPEATED), at(99)).effects == ()


def test_a_delivery_after_the_end_turns_exhausted_into_delivered_and_says_so() -> None:
    relay = after(received(policy(tiers=1)).relay, accepted(1), unconfirmed(1), delivered(1))
    assert relay.final_status is FinalStatus.DELIVERED
    assert relay.error_log[-1].reason == "after the relay was given up as exhausted"
    assert after(received().relay, accepted(1), delivered(1)).error_log[-1].reason == ""
    assert relay.due_at is None


def _redrive(request_id: str, tier: int = 1, tiers: int = 2) -> Event:
    return Event(
        EventKind.REDRIVE_REQUESTED, policy=policy(tiers=tiers), tier=tier, request_id=request_id, by="operator"
    )


def test_a_redrive_starts_again_under_todays_tiers_and_keeps_the_old_story() -> None:
    before = exhausted()
    decision = machine.transition(before, _redrive("request 1", tiers=2), at(99))
    relay = decision.relay
    assert relay.final_status is FinalStatus.IN_PROGRESS
    assert statuses(relay) == [(1, "failed"), (1, "scheduled")]
    assert relay.attempts[-1].number == 2
    assert relay.policy.last_tier == 2
    assert relay.error_log[: len(before.error_log)] == before.error_log
    assert relay.tier_status(1) == "scheduled"
    assert decision.effects == (ArmTimer(Timer(MESSAGE_ID, 2, TimerKind.ATTEMPT, at(99), queue_tier=1)),)


def test_a_redriven_relay_is_kept_for_another_90_days() -> None:
    """Redriven an hour before it expires, it would be gone before its second tier, and nobody told."""
    late = T0 + timedelta(days=90) - timedelta(hours=1)
    relay = machine.transition(exhausted(), _redrive("request 1"), late).relay
    assert relay.expires_at == late + timedelta(days=90)


def test_a_redrive_begins_at_the_tier_asked_for() -> None:
    assert after(exhausted(), _redrive("request 1", tier=2)).attempts[-1].tier == 2
    assert after(exhausted(), _redrive("request 1", tier=9)).attempts[-1].tier == 2


def test_the_same_redrive_twice_starts_once() -> None:
    relay = after(exhausted(), _redrive("request 1"))
    again = machine.transition(relay, _redrive("request 1"), at(100))
    assert again.relay is relay
    assert again.effects == (moves.pending_timer(relay),)
    ended = after(relay, due(2), refused(2), due(3), refused(3))
    assert machine.transition(ended, _redrive("request 1"), at(200)).relay is ended
    assert after(ended, _redrive("request 2")).final_status is FinalStatus.IN_PROGRESS


@pytest.mark.parametrize(
    ("relay", "because"),
    [
        (received().relay, "the relay is still in progress"),
        (after(received().relay, delivered(1)), "the text was delivered"),
    ],
)
def test_only_an_exhausted_relay_is_redriven(relay: Relay, because: str) -> None:
    decision = machine.transition(relay, _redrive("request 1"), at(99))
    assert decision.relay is relay
    assert decision.ignored_because == because


def test_after_a_redrive_the_last_tiers_one_resend_is_available_again() -> None:
    first = after(
        received(policy(tiers=1)).relay, unknown(1), not_found(1, "a"), unknown(2), not_found(2, "b"), seconds=60
    )
    again = after(first, _redrive("request 1", tiers=1), due(3), unknown(3), not_found(3, "c"), seconds=60)
    assert again.attempts[-1].is_resend


# The trail.


def test_the_trail_tells_the_story_in_order() -> None:
    relay = after(
        received(policy(delays=())).relay,
        refused(1, PERMANENT),
        due(2),
        accepted(2),
        unconfirmed(2, lease="task"),
        accepted(3),
        delivered(3),
    )
    assert steps(relay) == [
        Step.RECEIVED,
        Step.ATTEMPT_STARTED,
        Step.ATTEMPT_FAILED,
        Step.ESCALATED,
        Step.ATTEMPT_STARTED,
        Step.ATTEMPT_ACCEPTED,
        Step.ATTEMPT_UNCONFIRMED,
        Step.ESCALATED,
        Step.ATTEMPT_STARTED,
        Step.ATTEMPT_ACCEPTED,
        Step.DELIVERED,
    ]
    failure = relay.error_log[2]
    assert (failure.tier, failure.attempt, failure.error_code, failure.status) == (1, 1, PERMANENT, "recipient")
    assert CUSTOMER not in repr(relay.error_log)


def test_a_failure_gives_the_reason_it_was_told_or_the_codes_own() -> None:
    told = Event(EventKind.RECEIPT_FAILED, 1, failure=failure_of(PERMANENT), reason="the provider says failed")
    assert after(received().relay, told).error_log[-2].reason == "the provider says failed"
    assert "landline" in after(received().relay, refused(1, PERMANENT)).error_log[-2].reason


def test_what_a_deadlines_look_up_learned_of_twilios_id_is_kept() -> None:
    found = Event(EventKind.DEADLINE_UNCONFIRMED, 1, sent_id=sid(5))
    assert after(received().relay, unknown(1), found).attempts[0].sent_id == sid(5)
    assert after(received().relay, accepted(1), unconfirmed(1)).attempts[0].sent_id == sid(1)


def test_the_trail_says_who_stepped_in() -> None:
    relay = after(received().relay, accepted(1), Event(EventKind.DEADLINE_UNCONFIRMED, 1, lease="x", by="sweep"))
    assert {entry.by for entry in relay.error_log if entry.at > at(1)} == {"sweep"}


def test_tier_status_is_waiting_until_a_tier_is_tried() -> None:
    relay = after(received().relay, refused(1, PERMANENT))
    assert [relay.tier_status(tier) for tier in (1, 2, 3)] == ["failed", "scheduled", "waiting"]
