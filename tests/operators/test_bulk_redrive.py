"""`/sms/redrive` with `message_ids`: many texts are sent again by one call, which says of each how that went."""

from __future__ import annotations

from typing import Any

import pytest
from relay.core.model import FinalStatus, Step

from tests.operators.operator_calls import OPERATOR, redrive, told
from tests.played import Played

REQUEST = "request-0001"
UNKNOWN = "SM" + "f" * 32


@pytest.fixture
def played() -> Played:
    return Played()


def _again(played: Played, ids: object, **changes: object) -> dict[str, Any]:
    response = redrive(played, {"message_ids": ids, "request_id": REQUEST, **changes})
    return {"status": response.status, **told(response)}


def test_each_is_started_and_told_of_in_its_order(played: Played) -> None:
    first, second, delivered = played.exhausted(), played.exhausted(), played.delivered()
    answer = _again(played, [second, delivered, first, UNKNOWN])
    assert answer == {
        "status": 200,
        "results": [
            {"message_id": second, "done": True, "because": ""},
            {"message_id": delivered, "done": False, "because": "the text was delivered"},
            {"message_id": first, "done": True, "because": ""},
            {
                "message_id": UNKNOWN,
                "done": False,
                "because": "No such relay: unknown, or expired after 90 days",
            },
        ],
        "more": False,
    }
    assert {played.relay(each).final_status for each in (first, second)} == {FinalStatus.IN_PROGRESS}
    assert played.relay(first).error_log[-1].by == OPERATOR


def test_the_same_request_again_starts_none_twice(played: Played) -> None:
    ids = [played.exhausted(), played.exhausted()]
    answers = [_again(played, ids) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    for each in ids:
        assert [line.step for line in played.relay(each).error_log].count(Step.REDRIVEN) == 1


def test_they_begin_at_the_tier_that_is_asked_for(played: Played) -> None:
    message_id = played.exhausted()
    _again(played, [message_id], tier=3)
    assert played.relay(message_id).current.tier == 3


def test_one_that_cannot_be_read_or_written_keeps_no_other(played: Played) -> None:
    unreadable, refused, newer, good = (played.exhausted() for _ in range(4))
    played.store.unreadable.add(unreadable)
    played.store.refused.add(refused)
    played.store.newer.add(newer)
    answer = _again(played, [unreadable, refused, newer, good])
    assert [each["done"] for each in answer["results"]] == [False, False, False, True]
    assert all(each["because"] for each in answer["results"][:3])


def test_what_no_time_was_left_for_is_done_by_the_same_call_again(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [played.exhausted() for _ in range(3)]
    monkeypatch.setattr("relay.operators.redrive._SECONDS", 0.0)
    answer = _again(played, ids)
    assert (answer["more"], [each["done"] for each in answer["results"]]) == (True, [False] * 3)
    monkeypatch.undo()
    answer = _again(played, ids)
    assert (answer["more"], [each["done"] for each in answer["results"]]) == (False, [True] * 3)


def test_an_id_that_is_named_twice_counts_once(played: Played) -> None:
    message_id = played.exhausted()
    assert len(_again(played, [message_id, message_id])["results"]) == 1


@pytest.mark.parametrize("ids", [[], None, "SM1", ["SM/1"], [7], ["SM1"] * 51])
def test_what_is_no_list_of_ids_is_refused(played: Played, ids: object) -> None:
    assert _again(played, ids)["status"] == 400


def test_one_way_of_naming_relays_is_enough(played: Played) -> None:
    message_id = played.exhausted()
    for more in ({"message_id": message_id}, {"sender_phone": "+12025550142"}):
        assert _again(played, [message_id], **more)["status"] == 400
    assert played.relay(message_id).redrive_ids == ()


def test_a_store_that_is_down_is_503_and_not_a_list_of_failures(played: Played) -> None:
    ids = [played.exhausted()]
    played.store.is_down = True
    assert _again(played, ids)["status"] == 503


def test_the_log_says_how_many_and_who(played: Played) -> None:
    _again(played, [played.exhausted(), played.exhausted()])
    _, message, labels = played.journal.notes[-1]
    assert (message, labels) == ("redrive asked for", {"tier": 1, "relays": 2, "caller": OPERATOR, "status": 200})
