"""`/sms/relay-state`: one relay, or a search."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from relay.record.documents import to_document

from tests.operators.operator_calls import state, told
from tests.played import CUSTOMER, Played
from tests.strategies import a_relay


@pytest.fixture
def played() -> Played:
    return Played()


def test_one_relay_comes_with_its_record_its_row_and_its_story(played: Played) -> None:
    message_id = played.cascaded()
    answer = told(state(played, {"message_id": message_id}))
    assert set(answer["relay"]) == set(to_document(played.relay(message_id)))
    assert answer["relay"]["message_id"] == answer["summary"]["message_id"] == message_id
    assert answer["story"]["headline"] == "Delivered at tier 3, Front desk."
    assert answer["now"] == played.clock.now().isoformat()


def test_a_relay_is_found_by_its_id_in_either_spelling(played: Played) -> None:
    small, before = a_relay(message_id="SM" + "abcdef01" * 4), a_relay(message_id="SM" + "ABCDEF02" * 4)
    for relay in (small, before):
        played.store.create(relay, (), timeout_seconds=1.0)
    for asked, kept in (
        ("SM" + "ABCDEF01" * 4, small),
        ("SM" + "aBcDeF01" * 4, small),
        ("SM" + "ABCDEF02" * 4, before),
    ):
        assert told(state(played, {"message_id": asked}))["relay"]["message_id"] == kept.message_id


def test_a_search_takes_senders_names_in_any_script(played: Played) -> None:
    played.store.create(a_relay(sender_phone="Café Öl"), (), timeout_seconds=1.0)
    assert len(told(state(played, {"sender_phone": "Café Öl"}))["relays"]) == 1


def test_an_unknown_relay_is_404_with_words(played: Played) -> None:
    response = state(played, {"message_id": "SM" + "f" * 32})
    assert response.status == 404
    assert "expired after 90 days" in told(response)["error"]


def test_an_expired_relay_is_as_good_as_unknown(played: Played) -> None:
    message_id = played.delivered()
    played.clock.advance(91 * 86400)
    assert state(played, {"message_id": message_id}).status == 404
    assert told(state(played, {}))["relays"] == []


def test_a_search_finds_by_outcome_number_and_time_newest_first(played: Played) -> None:
    first = played.delivered()
    start = played.clock.now()
    second = played.exhausted("+12025550199")
    third = played.delivered("+12025550199")

    def ids(**conditions: object) -> list[str]:
        return [relay["message_id"] for relay in told(state(played, conditions))["relays"]]

    assert ids() == [third, second, first]
    assert ids(final_status="exhausted") == [second]
    assert ids(sender_phone=CUSTOMER) == [first]
    assert ids(since=start.isoformat()) == [third, second]
    assert ids(until=start.isoformat()) == [first]
    assert ids(sender_phone="+12025550199", final_status="delivered") == [third]


def test_pages_follow_each_other_without_repeating(played: Played) -> None:
    wanted = [played.delivered() for _ in range(5)][::-1]
    seen: list[str] = []
    body: dict[str, Any] = {"limit": 2}
    while True:
        answer = told(state(played, body))
        seen += [relay["message_id"] for relay in answer["relays"]]
        if answer["next_page_token"] is None:
            break
        body["page_token"] = answer["next_page_token"]
    assert seen == wanted


def test_a_row_is_small_and_says_why(played: Played) -> None:
    played.exhausted()
    (row,) = told(state(played, {"view": "summary"}))["relays"]
    assert "error_log" not in row
    assert "attempts" in row
    assert row["error_code"] == 30003
    assert row["reason"] == "the handset is unreachable: off, or out of coverage"
    (full,) = told(state(played, {"view": "full"}))["relays"]
    assert "error_log" in full


def test_a_search_can_give_each_relay_whole_as_asking_for_it_does(played: Played) -> None:
    message_id = played.cascaded()
    answer = told(state(played, {"message_id": message_id}))
    (whole,) = told(state(played, {"view": "whole"}))["relays"]
    assert whole == {name: answer[name] for name in ("relay", "summary", "story")}


SM = "SM" + "0" * 32


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "larger"),
        (b"[" * 60_000, "not JSON"),
        ([], "not a JSON object"),
        ("text", "not a JSON object"),
        ({"mesage_id": SM}, "Only these fields are known"),
        ({"message_id": SM, "limit": 1}, "goes with no other field"),
        ({"message_id": None}, "message_id is not"),
        ({"message_id": 5}, "message_id is not"),
        ({"message_id": ""}, "message_id is not"),
        ({"message_id": "S" * 65}, "message_id is not"),
        ({"message_id": SM + "\n"}, "message_id is not"),
        ({"message_id": "../../" + SM}, "message_id is not"),
        ({"final_status": "lost"}, "final_status is none of"),
        ({"final_status": []}, "final_status is none of"),
        ({"final_status": {}}, "final_status is none of"),
        ({"since": "yesterday"}, "since is not a time"),
        ({"since": 5}, "since is not a time"),
        ({"since": "2026-01-31T12:00:00"}, "since has no time zone"),
        ({"until": "2026-01-31"}, "until has no time zone"),
        ({"since": "0001-01-01T00:00:00+23:59"}, "since is not a time"),
        ({"until": "9999-12-31T23:59:59-23:59"}, "until is not a time"),
        ({"sender_phone": ""}, "sender_phone is not"),
        ({"sender_phone": 5}, "sender_phone is not"),
        ({"sender_phone": "\ud800"}, "sender_phone is not"),
        ({"sender_phone": "+1555\x00"}, "sender_phone is not"),
        ({"limit": 0}, "limit is not"),
        ({"limit": 201}, "limit is not"),
        ({"limit": True}, "limit is not"),
        ({"limit": 1.0}, "limit is not"),
        ({"limit": "5"}, "limit is not"),
        ({"view": "everything"}, "view is none of"),
        ({"view": []}, "view is none of"),
        ({"page_token": "made up"}, "page_token is not"),
        ({"page_token": "made-up"}, "page_token is not"),
        ({"page_token": ""}, "page_token is not"),
        ({"page_token": 5}, "page_token is not"),
    ],
)
def test_what_is_wrong_is_said(played: Played, body: object, words: str) -> None:
    response = state(played, body)
    assert response.status in (400, 413)
    assert words in told(response)["error"]


def test_a_time_may_be_given_in_any_zone(played: Played) -> None:
    played.delivered()
    start = played.relay("SM" + f"{1:032x}").timestamp
    for text in (start.isoformat(), start.isoformat().replace("+00:00", "Z"), "2026-03-01T13:00:00+01:00"):
        assert len(told(state(played, {"since": text}))["relays"]) == 1


def test_a_store_that_is_down_is_503_in_json(played: Played) -> None:
    played.store.is_down = True
    for body in ({}, {"message_id": SM}):
        response = state(played, body)
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert told(response) == {"error": "Try again in a moment."}


def test_a_record_that_cannot_be_read_is_not_the_callers_fault(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_named: object) -> None:
        raise ValueError("a step that a later revision wrote")

    monkeypatch.setattr(played.store, "search", broken)
    with pytest.raises(ValueError, match="later revision"):
        state(played, {})


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["exhausted", SM]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_fields = ["message_id", "final_status", "since", "until", "sender_phone", "view", "limit", "page_token"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(_fields), _values, max_size=4))
def test_no_body_is_an_error_of_ours(played: Played, body: dict[str, object]) -> None:
    assert state(played, json.dumps(body).encode()).status in (200, 400, 404, 413)


def test_time_does_not_change_what_is_stored(played: Played) -> None:
    """Reading is reading: neither the record nor its version changes."""
    message_id = played.exhausted()
    before = played.store.get(message_id, timeout_seconds=1.0)
    played.clock.advance(timedelta(hours=5).total_seconds())
    state(played, {"message_id": message_id})
    state(played, {"view": "summary"})
    assert played.store.get(message_id, timeout_seconds=1.0) == before


def test_a_sender_without_a_number_can_be_searched_for(played: Played) -> None:
    played.store.create(a_relay(sender_phone="ACME Bank"), (), timeout_seconds=1.0)
    assert len(told(state(played, {"sender_phone": "ACME Bank"}))["relays"]) == 1
