"""`/sms/redrive` with `handled`: an operator saw to a text, all are shown who did, and any of them may put it back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from relay.core.model import FinalStatus, Step
from relay.flow.brake import Brake
from relay.flow.sweep import sweep

from tests.operators.operator_calls import OPERATOR, redrive, state, told
from tests.played import CUSTOMER, Played

REQUEST = "request-0001"


@pytest.fixture
def played() -> Played:
    return Played()


def _mark(played: Played, message_id: str, by: str = "Ana", **changes: object) -> dict[str, Any]:
    response = redrive(played, {"message_id": message_id, "handled": True, **changes}, by=by)
    return {"status": response.status, **told(response)}


def _row(played: Played, message_id: str) -> dict[str, Any]:
    row: dict[str, Any] = told(state(played, {"message_id": message_id}))["summary"]
    return row


def test_who_saw_to_it_and_what_was_said_of_that_is_shown_to_all(played: Played) -> None:
    message_id = played.exhausted()
    assert (_row(played, message_id)["needs_a_person"], _row(played, message_id)["handled"]) == (True, None)
    answer = _mark(played, message_id, note="called her back")
    at = played.clock.now().isoformat()
    assert (answer["status"], answer["handled"]) == (200, {"by": "Ana", "note": "called her back", "at": at})
    shown = told(state(played, {"message_id": message_id}))
    assert shown["summary"]["handled"] == shown["story"]["handled"] == answer["handled"]
    assert shown["summary"]["what_to_do"] == "Nothing to do."
    assert shown["summary"]["needs_a_person"] is False
    assert (shown["story"]["trail"][-1]["by"], shown["story"]["trail"][-1]["words"]) == ("Ana", "Ana saw to it.")
    assert "called her back" not in str([shown["story"]["trail"], played.journal.notes, played.journal.entries])


def test_of_two_at_once_the_first_counts_and_both_are_told_so(played: Played) -> None:
    message_id = played.exhausted()
    _mark(played, message_id, "Ana", note="called")
    answer = _mark(played, message_id, "Ben", note="went there")
    assert (answer["status"], answer["handled"]["by"], answer["handled"]["note"]) == (200, "Ana", "called")
    assert [line.step for line in played.relay(message_id).error_log].count(Step.HANDLED) == 1


def test_who_saw_to_it_may_say_more_and_repeating_changes_nothing(played: Played) -> None:
    message_id = played.exhausted()
    for note in ("called", "called", "", "called twice"):
        answer = _mark(played, message_id, note=note)
    assert (answer["status"], answer["handled"]["note"]) == (200, "called twice")
    assert [line.step for line in played.relay(message_id).error_log].count(Step.HANDLED) == 2


def test_any_operator_puts_it_back(played: Played) -> None:
    message_id = played.exhausted()
    _mark(played, message_id, "Ana")
    answers = [_mark(played, message_id, "Ben", handled=False) for _ in range(2)]
    assert [(answer["status"], answer["handled"]) for answer in answers] == [(200, None)] * 2
    assert _row(played, message_id)["needs_a_person"] is True
    steps = [(line.step, line.by) for line in played.relay(message_id).error_log[-2:]]
    assert steps == [(Step.HANDLED, "Ana"), (Step.UNHANDLED, "Ben")]


def test_what_is_sent_again_is_not_handled_any_more(played: Played) -> None:
    message_id = played.exhausted()
    _mark(played, message_id)
    redrive(played, {"message_id": message_id, "request_id": REQUEST})
    assert (_row(played, message_id)["handled"], played.relay(message_id).handled_at) == (None, None)


def test_a_late_delivery_leaves_nothing_to_handle(played: Played) -> None:
    message_id = played.exhausted()
    _mark(played, message_id)
    played.receipt(message_id, "delivered")
    assert (_row(played, message_id)["final_status"], _row(played, message_id)["handled"]) == ("delivered", None)


def test_what_is_held_back_can_be_handled_too(played: Played) -> None:
    played.brake = Brake()
    held = [played.text("I am out of office", CUSTOMER) for _ in range(8)][-1]
    assert played.relay(held).final_status is FinalStatus.HELD
    assert _mark(played, held)["handled"]["by"] == "Ana"


def test_what_was_set_aside_is_handled_without_going_on(played: Played) -> None:
    message_id = played.text()
    stored = played.store.get(message_id, timeout_seconds=1)
    assert stored is not None
    played.store.set_aside(message_id, stored.version, "it is too large", timeout_seconds=1)
    answer = _mark(played, message_id)
    relay = played.relay(message_id)
    assert (answer["status"], relay.due_at, relay.set_aside_because) == (200, None, "it is too large")
    assert _row(played, message_id)["needs_a_person"] is False


def test_what_needs_no_person_is_409_in_words(played: Played) -> None:
    answer = _mark(played, played.delivered())
    assert (answer["status"], answer["error"]) == (409, "Not done: it does not wait for a person.")
    assert answer["handled"] is None


def test_an_unknown_relay_is_404(played: Played) -> None:
    assert _mark(played, "SM" + "f" * 32)["status"] == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"handled": "yes"},
        {"handled": None},
        {"note": 7},
        {"note": "x" * 201},
        {"note": "two\nlines"},
        {"note": "half \ud800"},
        {"handled": False, "note": "why"},
        {"request_id": REQUEST},
        {"tier": 1},
        {"sender_phone": CUSTOMER},
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_done(played: Played, changes: dict[str, object]) -> None:
    message_id = played.exhausted()
    assert redrive(played, {"message_id": message_id, "handled": True, **changes}).status == 400
    assert played.relay(message_id).handled_at is None


def test_a_note_without_handled_is_refused(played: Played) -> None:
    body = {"message_id": played.exhausted(), "request_id": REQUEST, "note": "called"}
    assert redrive(played, body).status == 400


def test_several_are_handled_at_once(played: Played) -> None:
    first, other = played.exhausted(), played.delivered()
    body = {"message_ids": [first, other, "SM" + "f" * 32], "handled": True, "note": "all of one street"}
    answer = told(redrive(played, body))
    assert [(each["done"], each["because"]) for each in answer["results"]] == [
        (True, ""),
        (False, "it does not wait for a person"),
        (False, "No such relay: unknown, or expired after 90 days"),
    ]
    assert (played.relay(first).handled_by, played.relay(first).handled_note) == (OPERATOR, "all of one street")


def test_a_request_whose_answer_was_lost_is_safe_to_repeat(played: Played) -> None:
    message_id = played.exhausted()
    played.store.replies_to_lose = 1
    assert _mark(played, message_id)["status"] in (200, 503)
    assert _mark(played, message_id)["handled"]["by"] == "Ana"


def test_the_log_says_who_asked_and_not_what_was_noted(played: Played) -> None:
    message_id = played.exhausted()
    _mark(played, message_id, note="called +15557654321")
    severity, message, labels = played.journal.notes[-1]
    assert (severity, message) == ("NOTICE", "handling asked for")
    assert labels == {"relay": message_id, "handled": "yes", "caller": "Ana", "status": 200}


@pytest.mark.parametrize(("is_handled", "alarms"), [(False, 2), (True, 1)], ids=["waits", "seen to"])
def test_what_was_seen_to_before_its_alarm_was_raised_raises_none(
    played: Played, is_handled: bool, alarms: int
) -> None:
    """The process died between the two; the sweep would raise it now."""
    message_id = played.exhausted()
    if is_handled:
        _mark(played, message_id)
    stored = played.store.get(message_id, timeout_seconds=1)
    assert stored is not None
    due = replace(stored.relay, alarm_is_due=True, due_at=played.clock.now())
    played.store.update(due, stored.version, (), timeout_seconds=1)
    played.clock.advance(60)
    sweep(played.world)
    assert not played.relay(message_id).alarm_is_due
    assert len(played.journal.alarms) == alarms
    told = [line.reason for line in played.relay(message_id).error_log if line.step is Step.ALARM_RAISED]
    assert told == ["", "an operator had seen to it" if is_handled else ""]
