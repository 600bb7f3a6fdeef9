"""A failure that a receipt about another text told: the answer to the POST, which says so, takes it back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from relay.core import fates, machine
from relay.core.events import ArmTimer, CancelTimer, Event, EventKind
from relay.core.model import FinalStatus, Relay, Step, TimerKind

from tests.relays import (
    PERMANENT,
    TRANSIENT,
    accepted,
    after,
    at,
    delivered,
    due,
    failed,
    handed_over,
    policy,
    progress,
    received,
    sid,
    statuses,
    unconfirmed,
)

ANSWER = replace(accepted(1), sent_id=sid(50))
ITS_DELIVERY = replace(delivered(1), sent_id=sid(50))


def _failed(tiers: int = 3, code: int = PERMANENT) -> Relay:
    """A relay whose first attempt failed by a receipt about another text, before the answer to its POST."""
    return after(received(policy(tiers=tiers)).relay, failed(1, code))


@pytest.mark.parametrize("code", [PERMANENT, TRANSIENT])
def test_what_was_planned_in_its_place_is_withdrawn_and_its_own_receipt_waited_for(code: int) -> None:
    decision = machine.transition(_failed(code=code), ANSWER, at(5))
    relay = decision.relay
    assert [status for _, status in statuses(relay)] == ["accepted", "withdrawn"]
    assert (relay.attempts[0].sent_id, relay.attempts[0].failure) == (sid(50), None)
    assert relay.due_at == relay.attempts[0].deadline_at
    assert [type(effect) for effect in decision.effects] == [CancelTimer, ArmTimer]
    assert [timer.kind for timer in decision.timers] == [TimerKind.DEADLINE]
    line = next(entry for entry in relay.error_log if entry.step is Step.ATTEMPT_ACCEPTED)
    assert line.reason == "a receipt about another text had failed it"
    assert after(relay, ITS_DELIVERY).final_status is FinalStatus.DELIVERED
    assert statuses(after(relay, replace(failed(1, PERMANENT), sent_id=sid(50))))[-1] == (2, "scheduled")


def test_once_the_next_tier_is_texted_only_the_record_is_put_right() -> None:
    relay = after(_failed(), due(2), accepted(2))
    decision = machine.transition(relay, ANSWER, at(9))
    assert statuses(decision.relay) == [(1, "unconfirmed"), (2, "accepted")]
    assert (decision.relay.attempts[0].sent_id, decision.relay.attempts[0].failure) == (sid(50), None)
    assert decision.relay.due_at == relay.due_at
    last = decision.relay.error_log[-1]
    assert (last.step, last.status) == (Step.LATE_STATUS, "unconfirmed")
    assert last.reason == "its text has another id than the one that a receipt had told"
    assert after(decision.relay, ITS_DELIVERY).delivered_tier == 1
    assert machine.transition(decision.relay, ANSWER, at(9)).relay is decision.relay


def test_an_exhausted_relay_asks_what_became_of_its_own_text() -> None:
    exhausted = after(_failed(tiers=1), Event(EventKind.ALARM_RAISED))
    assert (exhausted.final_status, exhausted.due_at) == (FinalStatus.EXHAUSTED, None)
    relay = after(exhausted, ANSWER)
    assert [attempt.number for attempt in fates.open_attempts(relay)] == [1]
    assert relay.due_at is not None
    assert after(relay, ITS_DELIVERY).final_status is FinalStatus.DELIVERED


def test_where_another_tier_was_delivered_at_its_own_receipt_is_still_learned() -> None:
    relay = after(_failed(), due(2), accepted(2), delivered(2), ANSWER)
    assert statuses(relay) == [(1, "unconfirmed"), (2, "delivered")]
    told = after(relay, ITS_DELIVERY)
    assert statuses(told) == [(1, "delivered"), (2, "delivered")]
    assert (told.final_status, told.delivered_tier, told.due_at) == (FinalStatus.DELIVERED, 2, None)


def test_one_that_had_asked_as_often_as_it_asks_asks_again() -> None:
    relay = after(_failed(tiers=2), due(2), accepted(2), unconfirmed(2), Event(EventKind.ALARM_RAISED))
    while relay.due_at is not None:
        relay = machine.transition(relay, Event(EventKind.LOOKED_UP), relay.due_at).relay
    assert after(relay, ANSWER).due_at is not None


def test_a_failure_of_its_own_text_stands() -> None:
    relay = _failed()
    assert machine.transition(relay, accepted(1), at(5)).relay is relay


def test_a_receipt_takes_no_failure_back() -> None:
    relay = after(_failed(), due(2), accepted(2))
    for told in (progress(1), handed_over(1)):
        assert statuses(after(relay, told)) == [(1, "failed"), (2, "accepted")]


@pytest.mark.parametrize("told", [failed(1, PERMANENT), delivered(1), handed_over(1), progress(1)])
def test_what_is_told_of_another_text_decides_nothing_once_the_answer_is_on_record(told: Event) -> None:
    """Who brought the receipt had read the record before that."""
    relay = after(received().relay, ANSWER)
    decision = machine.transition(relay, told, at(5))
    assert decision.relay is relay
    assert decision.ignored_because == "the provider has told of another text of this attempt"
