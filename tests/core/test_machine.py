"""What the machine decides, case by case. That nothing is left out is the business of test_machine_walk.py."""

from __future__ import annotations

from datetime import timedelta

import pytest
from relay.core import machine, moves
from relay.core.events import ArmTimer, CancelTimer, Event, EventKind, SendAttempt
from relay.core.model import AttemptStatus, FinalStatus, SenderClass, Step, Timer, TimerKind
from relay.core.policy import LEASE_SECONDS
from relay.core.routes import Forward
from relay.twilio.codes import failure_of

from tests.relays import (
    BODY,
    MESSAGE_ID,
    PERMANENT,
    SENDER_FAULT,
    T0,
    TRANSIENT,
    accepted,
    after,
    at,
    delivered,
    due,
    failed,
    not_found,
    policy,
    progress,
    received,
    refused,
    route,
    sid,
    statuses,
    text,
    unconfirmed,
    unknown,
)

# A text comes in.


def test_a_customers_text_begins_with_attempt_1_of_tier_1_leased_to_the_webhook() -> None:
    decision = received(lease="webhook")
    attempt = decision.relay.attempts[0]
    assert (attempt.number, attempt.tier, attempt.status) == (1, 1, AttemptStatus.LEASED)
    assert (attempt.lease, attempt.lease_until) == ("webhook", at(LEASE_SECONDS))
    assert attempt.deadline_at == at(60)
    deadline = Timer(MESSAGE_ID, 1, TimerKind.DEADLINE, at(60), queue_tier=2)
    assert decision.effects == (ArmTimer(deadline), SendAttempt(1))
    assert decision.relay.expires_at == T0 + timedelta(days=90)


def test_a_text_nobody_can_send_now_waits_for_its_timer() -> None:
    decision = received(lease=None)
    assert decision.relay.attempts[0].status is AttemptStatus.SCHEDULED
    assert decision.effects == (ArmTimer(Timer(MESSAGE_ID, 1, TimerKind.ATTEMPT, T0, queue_tier=1)),)


@pytest.mark.parametrize("sender", [SenderClass.HANDLER, SenderClass.HANDLER_OPT_OUT, SenderClass.OWN_NUMBER])
def test_a_text_that_is_not_a_customers_is_recorded_and_never_forwarded(sender: SenderClass) -> None:
    decision = moves.receive(text(), sender, route(policy(), sender), T0, "webhook")
    assert decision.relay.final_status is FinalStatus.RECORDED
    assert decision.relay.message_body == BODY
    assert (decision.relay.attempts, decision.relay.due_at, decision.effects) == ((), None, ())


def test_a_recovered_text_says_by_whom() -> None:
    relay = moves.receive(
        text(), SenderClass.CUSTOMER, Forward(policy()), T0, "reconcile", recovered_by="reconcile"
    ).relay
    assert relay.recovered
    assert (relay.error_log[0].step, relay.error_log[0].by) == (Step.RECOVERED, "reconcile")


def test_a_repeated_webhook_arms_what_is_pending_and_sends_nothing() -> None:
    first = received()
    again = machine.transition(first.relay, Event(EventKind.INBOUND_REPEATED, lease="another webhook"), at(1))
    assert again.relay is first.relay
    assert again.effects == (first.effects[0],)


def test_a_webhook_that_finds_its_own_lease_may_send() -> None:
    first = received(lease="webhook")
    again = machine.transition(first.relay, Event(EventKind.INBOUND_REPEATED, lease="webhook"), at(1))
    assert again.effects == first.effects


# How sending went.


def test_a_transient_refusal_is_tried_again_at_the_same_tier_after_2_4_and_8_seconds() -> None:
    relay = received().relay
    waits = []
    for number in (1, 2, 3):
        refused_at = relay.error_log[-1].at + timedelta(seconds=1)
        relay = after(relay, refused(number, TRANSIENT))
        waits.append((relay.attempts[-1].tier, (relay.attempts[-1].starts_at - refused_at).total_seconds()))
        relay = after(relay, due(number + 1))
    assert waits == [(1, 2.0), (1, 4.0), (1, 8.0)]
    assert after(relay, refused(4, TRANSIENT)).attempts[-1].tier == 2


def test_a_permanent_refusal_goes_to_the_next_tier_at_once() -> None:
    relay = received().relay
    decision = machine.transition(relay, refused(1, PERMANENT), at(1))
    assert statuses(decision.relay) == [(1, "failed"), (2, "scheduled")]
    assert decision.relay.attempts[0].error_code == PERMANENT
    assert decision.effects == (
        CancelTimer(Timer(MESSAGE_ID, 1, TimerKind.DEADLINE, at(60), queue_tier=2)),
        ArmTimer(Timer(MESSAGE_ID, 2, TimerKind.ATTEMPT, at(1), queue_tier=2)),
    )


def test_a_fault_of_ours_that_a_receipt_tells_is_tried_again_by_the_schedule() -> None:
    relay = after(received().relay, accepted(1), failed(1, SENDER_FAULT))
    assert statuses(relay) == [(1, "failed"), (1, "scheduled")]


def test_an_unknown_outcome_sends_nothing_and_keeps_the_deadline() -> None:
    first = received().relay
    decision = machine.transition(first, unknown(1), at(1))
    assert statuses(decision.relay) == [(1, "unknown")]
    assert decision.effects == ()
    assert decision.relay.due_at == first.due_at


def test_a_receipt_that_overtakes_the_posts_reply_counts() -> None:
    relay = after(received().relay, progress(1))
    assert statuses(relay) == [(1, "accepted")]
    assert machine.transition(relay, accepted(1), at(5)).relay is relay


def test_twilios_word_outranks_a_reply_that_was_lost() -> None:
    relay = after(received().relay, progress(1))
    assert machine.transition(relay, unknown(1), at(5)).relay is relay


def test_an_unknown_attempt_is_settled_by_its_receipt() -> None:
    assert after(received().relay, unknown(1), delivered(1)).final_status is FinalStatus.DELIVERED


# Receipts.


def test_a_delivery_ends_the_relay_and_cancels_its_timer() -> None:
    relay = after(received().relay, accepted(1))
    decision = machine.transition(relay, delivered(1), at(5))
    assert decision.relay.final_status is FinalStatus.DELIVERED
    assert (decision.relay.delivered_tier, decision.relay.delivery_confirmed_at) == (1, at(5))
    assert decision.relay.due_at is None
    assert decision.effects == (CancelTimer(Timer(MESSAGE_ID, 1, TimerKind.DEADLINE, at(60), queue_tier=2)),)


def test_an_undelivered_text_goes_the_way_of_its_code() -> None:
    sent = after(received().relay, accepted(1))
    assert statuses(after(sent, failed(1, TRANSIENT)))[-1] == (1, "scheduled")
    assert statuses(after(sent, failed(1, PERMANENT)))[-1] == (2, "scheduled")
    assert statuses(after(sent, failed(1, None)))[-1] == (1, "scheduled")


def test_a_late_delivery_withdraws_the_attempt_that_was_planned() -> None:
    relay = after(received().relay, accepted(1), unconfirmed(1), delivered(1))
    assert statuses(relay) == [(1, "delivered"), (2, "withdrawn")]
    assert relay.final_status is FinalStatus.DELIVERED
    assert relay.delivered_tier == 1


def test_a_late_delivery_of_tier_1_ends_the_relay_while_tier_2_is_being_sent() -> None:
    relay = after(received().relay, accepted(1), unconfirmed(1, lease="task"), delivered(1))
    assert statuses(relay) == [(1, "delivered"), (2, "claimed")]
    assert statuses(after(relay, accepted(2))) == [(1, "delivered"), (2, "accepted")]


def test_a_second_handlers_delivery_is_noted_and_the_first_stays_on_record() -> None:
    relay = after(received().relay, accepted(1), unconfirmed(1, lease="task"), accepted(2), delivered(2))
    late = after(relay, delivered(1))
    assert statuses(late) == [(1, "delivered"), (2, "delivered")]
    assert late.delivered_tier == 2
    assert late.error_log[-1].step is Step.LATE_STATUS


def test_a_failure_after_the_delivery_is_in_the_trail_with_its_code_and_words_and_changes_nothing_else() -> None:
    before = after(received().relay, accepted(1), delivered(1))
    relay = machine.transition(before, failed(1), at(9)).relay
    line = relay.error_log[-1]
    assert (line.step, line.status, line.error_code) == (Step.LATE_STATUS, "failed", TRANSIENT)
    assert line.reason == failure_of(TRANSIENT).words
    assert (relay.final_status, relay.delivered_tier) == (FinalStatus.DELIVERED, 1)
    assert (relay.delivery_confirmed_at, relay.due_at) == (before.delivery_confirmed_at, None)
    assert statuses(relay) == [(1, "delivered")]
    assert machine.transition(relay, failed(1), at(10)).relay is relay, "told once"


def test_a_failure_told_before_the_delivery_is_not_told_again_after_it() -> None:
    relay = after(received().relay, accepted(1), failed(1), delivered(1))
    assert machine.transition(relay, failed(1), at(10)).relay is relay


def test_a_delivery_after_a_failure_takes_the_error_code_back() -> None:
    relay = after(received().relay, accepted(1), failed(1), delivered(1))
    assert (relay.attempts[0].status, relay.attempts[0].error_code) == (AttemptStatus.DELIVERED, None)


def test_a_late_failure_of_an_attempt_given_up_is_noted_and_moves_nothing() -> None:
    relay = after(received().relay, accepted(1), unconfirmed(1, lease="task"))
    decision = machine.transition(relay, failed(1), at(99))
    assert statuses(decision.relay) == [(1, "failed"), (2, "claimed")]
    assert decision.relay.due_at == relay.due_at
    assert decision.effects == ()


def test_twilios_id_is_learned_even_from_an_attempt_given_up() -> None:
    relay = after(received().relay, not_found(1), seconds=60)
    late = after(relay, progress(1))
    assert late.attempts[0].sent_id == sid(1)
    assert late.attempts[0].status is AttemptStatus.FAILED
