"""The way in for Twilio's status callbacks: what each status does to an attempt, and what Twilio is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from relay.core.events import Event, EventKind
from relay.core.model import AttemptStatus, FinalStatus, Step
from relay.core.policy import Success
from relay.flow.receipts import success_for
from relay.twilio.statuses import STATUSES, receipt_of

from tests.relays import MESSAGE_ID, TRANSIENT, after, due, policy, received, refused, sid
from tests.worlds import Doubles, Observed, lose_the_answer, status_request


def _sent(**tiers: object) -> Doubles:
    """A text that Twilio has taken for tier 1."""
    doubles = Doubles(tiers=policy(**tiers))  # type: ignore[arg-type]
    doubles.inbound()
    return doubles


@pytest.mark.parametrize(
    ("status", "attempt_status", "final_status"),
    [
        ("delivered", "delivered", "delivered"),
        ("read", "delivered", "delivered"),
        ("undelivered", "failed", "in_progress"),
        ("failed", "failed", "in_progress"),
        ("canceled", "failed", "in_progress"),
        ("sent", "accepted", "in_progress"),
        ("partially_delivered", "accepted", "in_progress"),
        ("accepted", "accepted", "in_progress"),
        ("queued", "accepted", "in_progress"),
        ("sending", "accepted", "in_progress"),
        ("scheduled", "accepted", "in_progress"),
        ("received", "accepted", "in_progress"),
        ("receiving", "accepted", "in_progress"),
        ("a new one", "accepted", "in_progress"),
    ],
)
def test_every_status_of_twilios_has_its_effect(status: str, attempt_status: str, final_status: str) -> None:
    doubles = _sent()
    doubles.status(status_request(status.replace(" ", "_")))
    relay = doubles.relay()
    assert (relay.attempts[0].status.value, relay.final_status.value) == (attempt_status, final_status)


def test_every_status_of_the_table_is_met_above() -> None:
    (mark,) = test_every_status_of_twilios_has_its_effect.pytestmark  # type: ignore[attr-defined]
    assert {row[0] for row in mark.args[1]} - {"a new one"} == set(STATUSES)


@pytest.mark.parametrize("status", ["delivered", "undelivered", "queued"])
def test_a_receipt_is_answered_204_whatever_it_says(status: str) -> None:
    response = _sent().status(status_request(status))
    assert (response.status, response.body) == (204, b"")


def test_a_receipt_of_a_relay_nobody_knows_is_answered_204() -> None:
    doubles = Doubles()
    assert doubles.status(status_request()).status == 204
    assert doubles.store.writes == 0


def test_a_receipt_of_an_expired_relay_is_answered_204() -> None:
    doubles = _sent()
    doubles.status(status_request("delivered"))
    doubles.clock.advance(timedelta(days=91).total_seconds())
    writes = doubles.store.writes
    assert doubles.status(status_request("undelivered")).status == 204
    assert doubles.store.writes == writes


def test_a_receipt_of_an_attempt_never_made_is_answered_204_and_noted() -> None:
    doubles = _sent()
    assert doubles.status(status_request(attempt=7)).status == 204
    assert doubles.journal.notes[-1][:2] == ("WARNING", "receipt for an attempt never made")


@pytest.mark.parametrize("call", ["get", "update"])
def test_a_receipt_that_could_not_be_recorded_is_answered_503_and_comes_again(call: str) -> None:
    doubles = Observed()
    doubles.inbound()
    doubles.before["get"] = lose_the_answer
    doubles.before[call] = lose_the_answer
    response = doubles.status(status_request())
    assert (response.status, response.headers["Retry-After"]) == (503, "1")
    doubles.before.clear()
    assert doubles.status(status_request()).status == 204
    assert doubles.relay().final_status is FinalStatus.DELIVERED


def test_a_receipt_recorded_though_its_answer_was_lost_is_answered_204() -> None:
    doubles = Observed()
    doubles.inbound()
    doubles.after["update"] = lose_the_answer
    assert doubles.status(status_request()).status == 204
    assert doubles.relay().final_status is FinalStatus.DELIVERED


def test_a_failed_receipt_arms_the_next_try_and_sends_nothing_itself() -> None:
    """The function that takes receipts cannot send; the timer's function does."""
    doubles = _sent()
    doubles.status(status_request("undelivered", ErrorCode=str(TRANSIENT)))
    assert [timer.attempt for timer in doubles.timers.armed] == [2]
    assert len(doubles.messenger.sends) == 1
    assert doubles.relay().attempts[0].error_code == TRANSIENT


def test_a_failed_receipt_repeated_after_a_death_before_its_timer_was_armed_arms_it() -> None:
    doubles = _sent()
    doubles.status(status_request("undelivered"))
    for timer in doubles.timers.armed:
        doubles.timers.cancel(timer, timeout_seconds=1.0)
    doubles.status(status_request("undelivered"))
    assert [timer.attempt for timer in doubles.timers.armed] == [2]


def test_a_callback_teaches_us_twilios_id_when_our_own_record_of_it_was_lost() -> None:
    doubles = Observed()
    doubles.before["update"] = lose_the_answer
    doubles.before["get"] = lose_the_answer
    doubles.inbound()
    doubles.before.clear()
    assert doubles.relay().attempts[0].sent_id is None
    doubles.status(status_request("sent", MessageSid=sid(77)))
    assert doubles.relay().attempts[0].sent_id == sid(77)


def test_progress_is_answered_without_a_write() -> None:
    doubles = _sent()
    writes = doubles.store.writes
    for status in ("queued", "sending", "sent", "sent"):
        doubles.status(status_request(status))
    assert doubles.store.writes == writes


def test_a_receipt_that_changes_nothing_is_noted_with_its_reason() -> None:
    doubles = _sent()
    doubles.status(status_request())
    doubles.status(status_request("failed", ErrorCode="30003"))
    doubles.status(status_request("failed", ErrorCode="30003"))
    severity, message, labels = doubles.journal.notes[-1]
    assert (severity, message, labels["status"]) == ("INFO", "receipt ignored", "failed")
    assert labels["reason"]


def test_undelivered_after_delivered_is_in_the_trail_with_its_code_and_words() -> None:
    doubles = _sent()
    doubles.status(status_request())
    doubles.status(status_request("undelivered", ErrorCode="30008"))
    line = doubles.relay().error_log[-1]
    assert (line.step, line.error_code) == (Step.LATE_STATUS, 30008)
    assert "carrier failed" in line.reason
    assert doubles.relay().final_status is FinalStatus.DELIVERED
    assert doubles.timers.armed == []


def test_where_sent_counts_undelivered_after_sent_texts_the_next_tier() -> None:
    doubles = _sent(success=Success.SENT)
    doubles.status(status_request("sent"))
    assert doubles.relay().final_status is FinalStatus.DELIVERED
    doubles.status(status_request("undelivered", ErrorCode="30006"))
    relay = doubles.relay()
    assert [(attempt.tier, attempt.status) for attempt in relay.attempts] == [
        (1, AttemptStatus.FAILED),
        (2, AttemptStatus.SCHEDULED),
    ]
    assert doubles.timers.armed[-1].attempt == 2


def test_where_sent_counts_a_late_sent_takes_no_undelivered_back() -> None:
    doubles = _sent(success=Success.SENT, delays=())
    doubles.status(status_request("undelivered", ErrorCode="30003"))
    doubles.status(status_request("sent"))
    relay = doubles.relay()
    assert relay.final_status is FinalStatus.IN_PROGRESS
    assert [(attempt.tier, attempt.status) for attempt in relay.attempts] == [
        (1, AttemptStatus.FAILED),
        (2, AttemptStatus.SCHEDULED),
    ]


def test_a_late_delivery_after_the_escalation_sends_no_further_tier() -> None:
    doubles = _sent(delays=())
    doubles.status(status_request("undelivered", ErrorCode="30006"))
    doubles.status(status_request("delivered"))
    relay = doubles.relay()
    assert relay.delivered_tier == 1
    assert [attempt.status for attempt in relay.attempts] == [AttemptStatus.DELIVERED, AttemptStatus.WITHDRAWN]
    assert doubles.timers.armed == []


# What counts as success.


@pytest.mark.parametrize(
    ("success", "status", "final_status"),
    [
        (Success.SENT, "sent", FinalStatus.DELIVERED),
        (Success.SENT, "delivered", FinalStatus.DELIVERED),
        (Success.SENT, "partially_delivered", FinalStatus.IN_PROGRESS),
        (Success.SENT, "queued", FinalStatus.IN_PROGRESS),
        (Success.DELIVERED, "sent", FinalStatus.IN_PROGRESS),
    ],
)
def test_sent_is_enough_only_for_a_tier_that_says_so(success: Success, status: str, final_status: FinalStatus) -> None:
    doubles = _sent(success=success)
    doubles.status(status_request(status))
    assert doubles.relay().final_status is final_status


def test_after_a_redrive_only_a_delivery_counts_for_the_attempts_before_it() -> None:
    """Today's policy may count `sent`, and may not have their tiers any more."""
    ended = after(received(policy(tiers=2)).relay, refused(1), due(2), refused(2))
    today = policy(tiers=1, success=Success.SENT)
    relay = after(ended, Event(EventKind.REDRIVE_REQUESTED, policy=today, request_id="request 1"))
    assert [success_for(relay, attempt) for attempt in relay.attempts] == [
        Success.DELIVERED,
        Success.DELIVERED,
        Success.SENT,
    ]


@pytest.mark.parametrize("status", ["received", "receiving"])
def test_a_status_of_inbound_texts_says_nothing_of_an_attempt(status: str) -> None:
    assert receipt_of(sid(1), status, "") is None


# Budget.


def test_a_relay_delivered_at_tier_1_costs_at_most_three_writes_and_two_reads() -> None:
    doubles = Doubles()
    doubles.store.reads = doubles.store.writes = 0
    doubles.inbound()
    doubles.status(status_request("sent"))
    doubles.status(status_request("delivered"))
    assert (doubles.store.writes, doubles.store.reads) == (3, 2)
    assert doubles.relay().error_log[-1].step is Step.DELIVERED


def test_a_repeated_webhook_costs_a_refused_create_and_a_read() -> None:
    doubles = _sent()
    doubles.store.reads = doubles.store.writes = 0
    doubles.inbound()
    assert (doubles.store.writes, doubles.store.reads) == (1, 1)


def test_the_callback_names_the_relay_that_it_is_about() -> None:
    doubles = _sent()
    other = "SM" + "e" * 32
    assert doubles.status(status_request(message_id=other)).status == 204
    assert doubles.relay(MESSAGE_ID).final_status is FinalStatus.IN_PROGRESS
