"""`/sms/redrive`: an exhausted relay begins again, once per request."""

from __future__ import annotations

import itertools

import pytest
from relay.core.model import FinalStatus, Step
from relay.core.policy import Policy, Tier, sms
from relay.flow.brake import Brake
from relay.log import masked

from tests.operators.operator_calls import OPERATOR, redrive, told
from tests.played import CUSTOMER, Played

REQUEST = "request-0001"


@pytest.fixture
def played() -> Played:
    return Played()


def _body(message_id: str, **changes: object) -> dict[str, object]:
    return {"message_id": message_id, "request_id": REQUEST, **changes}


def test_an_exhausted_relay_goes_out_again_and_keeps_its_old_story(played: Played) -> None:
    message_id = played.exhausted()
    before = played.relay(message_id)
    response = redrive(played, _body(message_id))
    assert (response.status, told(response)["relay"]["final_status"]) == (200, "in_progress")
    played.wait(1)
    played.receipt(message_id, "delivered")
    after = played.relay(message_id)
    assert after.final_status is FinalStatus.DELIVERED
    assert after.delivered_tier == 1
    assert after.error_log[: len(before.error_log)] == before.error_log
    assert after.attempts[: len(before.attempts)] == before.attempts


def test_a_relay_is_redriven_by_its_id_in_another_spelling(played: Played) -> None:
    played.ids = itertools.count(0xABC)
    message_id = played.exhausted()
    spelled = message_id[:2] + message_id[2:].upper()
    assert spelled != message_id
    answer = redrive(played, _body(spelled))
    assert (answer.status, told(answer)["relay"]["message_id"]) == (200, message_id)


def test_the_same_request_twice_redrives_once(played: Played) -> None:
    message_id = played.exhausted()
    sends = len(played.messenger.sends)
    assert [redrive(played, _body(message_id)).status for _ in range(3)] == [200, 200, 200]
    played.wait(1)
    assert redrive(played, _body(message_id)).status == 200
    assert len(played.messenger.sends) == sends + 1
    assert played.relay(message_id).redrive_ids == (REQUEST,)


def test_a_request_whose_answer_was_lost_is_safe_to_repeat(played: Played) -> None:
    message_id = played.exhausted()
    played.store.replies_to_lose = 1
    assert redrive(played, _body(message_id)).status in (200, 503)
    assert redrive(played, _body(message_id)).status == 200
    assert played.relay(message_id).redrive_ids == (REQUEST,)


def test_a_repeated_request_does_not_start_a_relay_that_is_exhausted_again(played: Played) -> None:
    message_id = played.exhausted()
    redrive(played, _body(message_id, tier=3))
    for _ in range(4):
        played.wait(10)
        played.receipt(message_id, "undelivered", 30003)
    assert played.relay(message_id).final_status is FinalStatus.EXHAUSTED
    assert redrive(played, _body(message_id, tier=3)).status == 200
    assert played.relay(message_id).final_status is FinalStatus.EXHAUSTED
    assert redrive(played, _body(message_id, request_id="request-0002")).status == 200
    assert played.relay(message_id).final_status is FinalStatus.IN_PROGRESS


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (Played.delivered, "the text was delivered"),
        (Played.lost, "still in progress"),
        (Played.from_handler, "recorded only"),
    ],
)
def test_only_an_exhausted_relay_can_be_redriven(played: Played, make, words: str) -> None:  # type: ignore[no-untyped-def]
    message_id = make(played)
    response = redrive(played, _body(message_id))
    assert response.status == 409
    assert words in told(response)["error"]
    assert Step.REDRIVEN not in [entry.step for entry in played.relay(message_id).error_log]


def test_it_begins_at_the_given_tier_under_todays_policy(played: Played) -> None:
    message_id = played.exhausted()
    played.policy = Policy((Tier("Dana", sms("+12025550111")), Tier("Kim", sms("+12025550119"))))
    assert redrive(played, _body(message_id, tier=2)).status == 200
    played.wait(1)
    assert played.messenger.sends[-1].to == "+12025550119"
    assert played.relay(message_id).policy == played.policy


@pytest.mark.parametrize(
    "changes",
    [
        {"message_id": "SM/1"},
        {"request_id": None},
        {"request_id": "short"},
        {"request_id": "x" * 65},
        {"request_id": "with blank"},
        {"request_id": "newline-\n"},
        {"request_id": 12345678},
        {"tier": 0},
        {"tier": 4},
        {"tier": "1"},
        {"tier": True},
        {"tier": 1.0},
        {"teir": 1},
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_done(played: Played, changes: dict[str, object]) -> None:
    message_id = played.exhausted()
    response = redrive(played, {**_body(message_id), **changes})
    assert response.status == 400
    assert told(response)["error"]
    assert played.relay(message_id).redrive_ids == ()


def test_an_unknown_relay_is_404(played: Played) -> None:
    assert redrive(played, _body("SM" + "f" * 32)).status == 404


def test_a_store_that_is_down_is_503(played: Played) -> None:
    message_id = played.exhausted()
    played.store.is_down = True
    assert redrive(played, _body(message_id)).status == 503


def test_the_log_says_who_asked_and_shows_no_number(played: Played) -> None:
    message_id = played.exhausted()
    redrive(played, _body(message_id))
    severity, message, labels = played.journal.notes[-1]
    assert (severity, message) == ("NOTICE", "redrive asked for")
    assert labels["caller"] == "operator@example.com"
    assert labels["status"] == 200
    assert CUSTOMER not in str(labels)
    assert masked(CUSTOMER) not in str(labels)


def _flood(played: Played, count: int = 8, sender: str = CUSTOMER) -> list[str]:
    """So many texts with the same words. Returns the ids of those that are held."""
    played.brake = played.brake or Brake()
    ids = [played.text("I am out of office", sender) for _ in range(count)]
    return [each for each in ids if played.relay(each).final_status is FinalStatus.HELD]


def test_a_held_relay_is_sent_on_by_a_redrive(played: Played) -> None:
    first, *others = _flood(played)
    response = redrive(played, _body(first))
    assert (response.status, told(response)["relay"]["final_status"]) == (200, "in_progress")
    played.wait(1)
    assert played.messenger.sends[-1].message_id == first
    assert {played.relay(each).final_status for each in others} == {FinalStatus.HELD}


def test_all_that_are_held_of_a_number_are_sent_on_at_once_the_oldest_first(played: Played) -> None:
    held, other = _flood(played), _flood(played, sender="+15557650000")
    assert len(held) == 3
    exhausted = played.exhausted(body="Something else")
    sends = len(played.messenger.sends)
    request = {"sender_phone": "+1 (202) 555-0142", "request_id": REQUEST}
    assert told(redrive(played, request)) == {"redriven": held, "more": False}
    assert told(redrive(played, request)) == {"redriven": [], "more": False}
    played.wait(1)
    assert [sent.message_id for sent in played.messenger.sends[sends:]] == held
    assert {played.relay(each).final_status for each in other} == {FinalStatus.HELD}
    assert played.relay(exhausted).final_status is FinalStatus.EXHAUSTED


def test_more_than_one_call_can_start_is_said(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    held = _flood(played)
    monkeypatch.setattr("relay.operators.redrive._HELD_MAX", 2)
    request = {"sender_phone": CUSTOMER, "request_id": REQUEST}
    assert told(redrive(played, request)) == {"redriven": held[1:], "more": True}
    assert told(redrive(played, request)) == {"redriven": held[:1], "more": False}


def test_a_relay_and_a_number_at_once_are_refused(played: Played) -> None:
    (held, *_) = _flood(played)
    response = redrive(played, _body(held, sender_phone=CUSTOMER))
    assert (response.status, "not both" in told(response)["error"]) == (400, True)
    assert played.relay(held).final_status is FinalStatus.HELD


def test_the_trail_says_by_name_who_asked(played: Played) -> None:
    message_id = played.exhausted()
    redrive(played, _body(message_id))
    assert played.relay(message_id).error_log[-1].by == OPERATOR
    (held, *_) = _flood(played)
    redrive(played, {"sender_phone": CUSTOMER, "request_id": REQUEST})
    lines = [line.by for line in played.relay(held).error_log if line.step is Step.REDRIVEN]
    assert lines == [OPERATOR]
