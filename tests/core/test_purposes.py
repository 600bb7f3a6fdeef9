"""What an answer and a notice do otherwise than a customer's text, case by case."""

from __future__ import annotations

from datetime import timedelta

import pytest
from relay.core import fates, machine, moves, purposes
from relay.core.events import Event, EventKind, RaiseAlarm, SendAttempt
from relay.core.failures import NOT_STARTED
from relay.core.model import FinalStatus, InboundText, Purpose, Relay, SenderClass, Step, TimerKind
from relay.core.policy import Success, sms
from relay.core.routes import Forward

from tests.relays import (
    CUSTOMER,
    OUR_NUMBER,
    SENDER_FAULT,
    T0,
    TRANSIENT,
    accepted,
    after,
    at,
    due,
    failed,
    handed_over,
    not_found,
    policy,
    redrive_of,
    refused,
    statuses,
    steps,
    unconfirmed,
    unknown,
)

HANDLER = "+15550100001"


def begun(purpose: Purpose, alarm_if_lost: bool = False) -> Relay:
    """An answer to a customer, or a notice to a handler, that no process sends yet."""
    sender, to = (HANDLER, CUSTOMER) if purpose is Purpose.ANSWER else (CUSTOMER, HANDLER)
    text = InboundText("SM1-answer", sender, OUR_NUMBER, "At four")
    of = purposes.policy_of(purpose, "one", sms(to))
    route = Forward(of, purpose, thread_id="a thread", cause_id="SM1", alarm_if_lost=alarm_if_lost)
    return moves.receive(text, SenderClass.HANDLER, route, T0, None).relay


def sent(purpose: Purpose, alarm_if_lost: bool = False) -> Relay:
    """The same one, leased a second later."""
    return after(begun(purpose, alarm_if_lost), due(1))


@pytest.mark.parametrize("purpose", [Purpose.ANSWER, Purpose.NOTICE])
def test_without_a_lease_it_begins_with_a_timer_due_at_once(purpose: Purpose) -> None:
    relay = begun(purpose)
    timer = moves.pending(relay)
    assert timer is not None
    assert (timer.kind, timer.due_at, statuses(relay)) == (TimerKind.ATTEMPT, T0, [(1, "scheduled")])
    assert (relay.purpose, relay.cause_id, relay.thread_id) == (purpose, "SM1", "a thread")
    assert Step.RECEIVED not in steps(relay)


@pytest.mark.parametrize(("purpose", "minutes"), [(Purpose.ANSWER, 15), (Purpose.NOTICE, 10)])
def test_too_late_is_not_sent(purpose: Purpose, minutes: int) -> None:
    relay = begun(purpose)
    in_time = machine.transition(relay, due(1), at(minutes * 60 - 1))
    assert SendAttempt(1) in in_time.effects
    assert in_time.relay.attempts[0].queued_until == at(minutes * 60)
    late = machine.transition(relay, due(1), at(minutes * 60))
    assert (late.relay.final_status, statuses(late.relay)) == (FinalStatus.EXHAUSTED, [(1, "withdrawn")])
    assert late.relay.error_log[-1].reason == "too late to be sent"
    assert (RaiseAlarm() in late.effects) == (purpose is Purpose.ANSWER)
    assert not [effect for effect in late.effects if isinstance(effect, SendAttempt)]


def test_an_answer_is_retried_by_its_one_tier_and_ends_with_an_alarm() -> None:
    relay = sent(Purpose.ANSWER)
    for number in (1, 2, 3):
        relay = after(relay, refused(number, TRANSIENT), due(number + 1), seconds=10)
    assert statuses(relay) == [(1, "failed"), (1, "failed"), (1, "failed"), (1, "claimed")]
    decision = machine.transition(relay, refused(4, TRANSIENT), at(100))
    assert decision.relay.final_status is FinalStatus.EXHAUSTED
    assert RaiseAlarm() in decision.effects


def test_that_the_carrier_took_it_is_success_and_a_later_failure_counts() -> None:
    relay = sent(Purpose.ANSWER)
    assert relay.policy.tier(1).success is Success.SENT
    relay = after(relay, accepted(1), handed_over(1))
    assert relay.final_status is FinalStatus.DELIVERED
    assert statuses(after(relay, failed(1))) == [(1, "failed"), (1, "scheduled")]


def test_an_answer_without_a_receipt_is_waited_for_until_it_is_not_kept_queued_any_more() -> None:
    relay = after(sent(Purpose.ANSWER), accepted(1))
    decision = machine.transition(relay, unconfirmed(1), at(61))
    assert (decision.relay.final_status, decision.relay.due_at) == (FinalStatus.IN_PROGRESS, at(91))
    ended = machine.transition(decision.relay, unconfirmed(1), at(901)).relay
    assert (ended.final_status, statuses(ended)) == (FinalStatus.EXHAUSTED, [(1, "unconfirmed")])


def test_an_answer_of_unknown_outcome_is_sent_once_more_and_a_notice_never_is() -> None:
    answer = after(sent(Purpose.ANSWER), unknown(1), not_found(1), seconds=60)
    assert statuses(answer) == [(1, "failed"), (1, "scheduled")]
    notice = after(sent(Purpose.NOTICE), unknown(1), not_found(1), seconds=60)
    assert (statuses(notice), notice.final_status) == ([(1, "failed")], FinalStatus.EXHAUSTED)
    assert not notice.alarm_is_due


def test_a_notice_that_was_refused_is_not_sent_again_and_one_that_was_not_processed_is() -> None:
    assert after(sent(Purpose.NOTICE), refused(1, TRANSIENT)).final_status is FinalStatus.EXHAUSTED
    waits = after(sent(Purpose.NOTICE), refused(1, SENDER_FAULT))
    assert (statuses(waits), waits.outage_since is None) == ([(1, "scheduled")], False)
    not_started = after(sent(Purpose.NOTICE), Event(EventKind.SEND_REFUSED, 1, failure=NOT_STARTED))
    assert statuses(not_started) == [(1, "failed"), (1, "scheduled")]


def test_a_notice_that_people_must_know_of_ends_with_an_alarm() -> None:
    decision = machine.transition(sent(Purpose.NOTICE, alarm_if_lost=True), refused(1), at(30))
    assert (decision.relay.alarm_is_due, decision.effects[-1]) == (True, RaiseAlarm())


def test_about_a_notice_the_provider_is_asked_once_after_its_end() -> None:
    relay = after(sent(Purpose.NOTICE), accepted(1), handed_over(1))
    assert relay.due_at is not None
    assert after(relay, Event(EventKind.LOOKED_UP)).due_at is None
    lost = after(sent(Purpose.NOTICE), unknown(1), Event(EventKind.DEADLINE_UNTOLD, 1), seconds=60)
    assert (lost.final_status, lost.due_at is None) == (FinalStatus.EXHAUSTED, False)
    assert after(lost, Event(EventKind.LOOKED_UP)).due_at is None
    assert fates.open_attempts(lost)


@pytest.mark.parametrize("purpose", [Purpose.ANSWER, Purpose.NOTICE])
@pytest.mark.parametrize("kind", [EventKind.CLAIMED, EventKind.PASSED])
def test_no_person_claims_it_or_passes_it_on(purpose: Purpose, kind: EventKind) -> None:
    for relay in (sent(purpose), after(sent(purpose), accepted(1), handed_over(1)), after(sent(purpose), refused(1))):
        assert machine.transition(relay, Event(kind, person="one"), at(30)).relay is relay


def test_what_is_not_to_be_sent_is_given_back_unless_it_is_being_sent() -> None:
    event = Event(EventKind.RETURNED, reason="the customer has opted out")
    relay = after(begun(Purpose.ANSWER), event)
    assert (relay.final_status, relay.alarm_is_due) == (FinalStatus.EXHAUSTED, True)
    assert [entry.reason for entry in relay.error_log[-2:]] == ["the customer has opted out"] * 2
    assert steps(relay)[-2:] == [Step.RETURNED, Step.EXHAUSTED]
    leased = sent(Purpose.ANSWER)
    assert machine.transition(leased, event, at(30)).relay is leased


def test_a_redrive_of_an_answer_keeps_its_customer_and_counts_its_time_anew() -> None:
    relay = after(sent(Purpose.ANSWER), refused(1))
    event = Event(EventKind.REDRIVE_REQUESTED, policy=policy(), tier=3, request_id="request 1")
    late = at(0) + timedelta(hours=5)
    relay = machine.transition(relay, event, late).relay
    assert relay.current.reach == sms(CUSTOMER)
    assert SendAttempt(2) in machine.transition(relay, due(2), late).effects


def test_a_notice_is_not_redriven_and_a_delivered_answer_is_not_sent_twice() -> None:
    notice = after(sent(Purpose.NOTICE), refused(1))
    assert machine.transition(notice, redrive_of(notice, 1), at(60)).relay is notice
    answer = after(sent(Purpose.ANSWER), accepted(1), handed_over(1))
    assert machine.transition(answer, redrive_of(answer, 1), at(60)).relay is answer
