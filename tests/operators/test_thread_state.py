"""`/sms/relay-state` about threads: the open ones, and the conversation of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from relay.core.model import FinalStatus, Purpose
from relay.operators.directions import needs_a_person

from tests.office import ANA, BEN, CARLA, DANA, Office
from tests.operators.operator_calls import OPERATOR, on_thread, state, told


@pytest.fixture
def office() -> Office:
    return Office()


def _conversed(office: Office) -> str:
    """Carla texts, Ana answers, an operator says something. Returns the thread's code."""
    message_id = office.reaches(CARLA, "The couch is on the porch")
    office.settle(60)
    code = office.thread_of(message_id).code
    office.text(ANA, f"{code} on my way")
    office.settle(60)
    on_thread(office, {"act": "say", "code": code, "words": "Ana is late", "request_id": "request-0001"})
    office.settle(60)
    return code


def _thread(office: Office, **body: Any) -> dict[str, Any]:
    return told(state(office, body))


def test_open_threads_are_listed_with_who_has_them(office: Office) -> None:
    code = _conversed(office)
    office.text(DANA, "A fridge, please")
    first, second = _thread(office, threads=True)["threads"]
    assert (first["customer_phone"], first["owner"], first["headline"]) == (DANA, None, "No person has it.")
    assert (second["code"], second["owner"], second["is_open"]) == (code, "Ana", True)
    assert second["headline"].startswith("Ana has it, since ")
    assert {one["person"] for one in second["shown"]} == {"Ana"}
    page = _thread(office, threads=True, limit=1)
    rest = _thread(office, threads=True, limit=1, page_token=page["next_page_token"])
    assert [each["code"] for each in (*page["threads"], *rest["threads"])] == [first["code"], second["code"]]


def test_a_conversation_is_in_order_and_says_who_said_what_to_whom(office: Office) -> None:
    answer = _thread(office, code=_conversed(office))
    told_in_order = [(one["kind"], one["who"], one["to_whom"]) for one in answer["conversation"]]
    assert told_in_order == [
        ("customer", "the customer", ""),
        ("notice", "the relay", "Ana"),
        ("handler", "Ana", ""),
        ("answer", "Ana", "the customer"),
        ("operator", OPERATOR, ""),
        ("answer", OPERATOR, "the customer"),
        ("notice", "the relay", "Ana"),
    ]
    assert answer["conversation"][0]["message_body"] == "The couch is on the porch"
    assert answer["blocked"] is None


def test_rows_of_a_conversation_are_those_of_a_search(office: Office) -> None:
    (first, *_) = _thread(office, code=_conversed(office))["conversation"]
    row = told(state(office, {"message_id": first["message_id"]}))["summary"]
    assert {name: first[name] for name in row} == row


def test_earlier_parts_of_a_conversation_follow_by_a_token(office: Office) -> None:
    code = _conversed(office)
    whole = [one["message_id"] for one in _thread(office, code=code)["conversation"]]
    latest = _thread(office, code=code, limit=4)
    earlier = _thread(office, code=code, limit=4, page_token=latest["next_page_token"])
    assert [one["message_id"] for one in (*earlier["conversation"], *latest["conversation"])] == whole


def test_a_blocked_customer_is_said(office: Office) -> None:
    code = _conversed(office)
    office.text(CARLA, "STOP")
    assert _thread(office, code=code)["blocked"]["because"] == "the customer texted an opt-out word"


def test_a_closed_thread_is_still_found_and_not_listed(office: Office) -> None:
    code = _conversed(office)
    office.text(ANA, f"{code} done")
    answer = _thread(office, code=code)
    assert (answer["thread"]["is_open"], answer["thread"]["owner"]) == (False, "Ana")
    assert answer["thread"]["headline"] == "Closed; it was the last time with Ana."
    assert _thread(office, threads=True)["threads"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"threads": False}, "threads is true"),
        ({"threads": 1}, "threads is true"),
        ({"threads": True, "code": "K71"}, "limit and page_token alone"),
        ({"threads": True, "page_token": "made-up"}, "page_token is not"),
        ({"code": "K71", "since": "2026-01-01T00:00:00Z"}, "limit and page_token alone"),
        ({"code": "hello"}, "code is not"),
        ({"thread_id": "K71"}, "thread_id is not"),
        ({"thread_id": "0" * 40, "code": "K71"}, "one of them"),
    ],
)
def test_what_is_wrong_is_said(office: Office, body: dict[str, object], words: str) -> None:
    response = state(office, body)
    assert (response.status, words in told(response)["error"]) == (400, True)


def test_what_a_person_took_says_who_and_how_soon(office: Office) -> None:
    message_id = office.text(CARLA, "The couch is on the porch")
    office.settle(40)
    office.text(ANA, f"{office.thread_of(message_id).code} ok")
    row = told(state(office, {"message_id": message_id}))["summary"]
    assert row["headline"] == "Taken by Ana 40 s after it came in."
    assert (row["outcome"], row["claimed_by"], row["seconds_to_claim"]) == ("taken", "Ana", 40.0)


def test_a_text_that_waits_for_a_claim_says_until_when() -> None:
    from tests.office import THREE, tiers_of

    office = Office(tiers_of(*THREE, claim_seconds=300))
    message_id = office.reaches(CARLA, "The couch is on the porch")
    answer = told(state(office, {"message_id": message_id}))
    assert answer["summary"]["headline"] == (
        "Delivered at tier 1, Ana: waiting until 12:05:00 UTC for a person to take it."
    )
    assert answer["story"]["waits"]["until"] == answer["summary"]["claim_until"]
    office.wait(4000)
    office.delivered(message_id)
    office.wait(4000)
    headline = told(state(office, {"message_id": message_id}))["summary"]["headline"]
    assert headline.startswith("No person took it: 3 of 3 tiers tried, delivered to Ana")


def test_an_answer_is_told_apart_from_a_customers_text(office: Office) -> None:
    message_id = office.reaches(CARLA, "The couch is on the porch")
    office.settle(60)
    cause = office.text(ANA, f"{office.thread_of(message_id).code} on my way")
    office.settle()
    row = told(state(office, {"message_id": f"{cause}-a"}))["summary"]
    assert (row["kind"], row["cause_id"]) == ("answer", cause)
    assert row["headline"] == "Twilio has it for the customer: waiting for the carrier to confirm."
    office.delivered(f"{cause}-a")
    row = told(state(office, {"message_id": f"{cause}-a"}))["summary"]
    assert (row["outcome"], row["headline"]) == ("went out", "Delivered to the customer.")
    assert told(state(office, {"message_id": cause}))["summary"]["headline"] == (
        "From Ana: its words went to the customer."
    )


def test_an_answer_that_is_lost_says_that_the_handler_was_told(office: Office) -> None:
    from tests.twilio_words import refusal

    message_id = office.reaches(CARLA, "The couch is on the porch")
    office.settle(60)
    office.messenger.script(refusal(21614))
    cause = office.text(ANA, f"{office.thread_of(message_id).code} on my way")
    office.wait(600)
    row = told(state(office, {"message_id": f"{cause}-a"}))["summary"]
    assert row["headline"] == "It did not reach the customer. The handler was told."
    assert (row["outcome"], row["needs_a_person"]) == ("lost", False)
    assert BEN not in str(row)


@pytest.mark.parametrize("operators", [True, False], ids=["an operator's", "a handler's"])
def test_whose_a_lost_answer_is_does_not_depend_on_the_lines_of_its_trail(office: Office, operators: bool) -> None:
    """Those are folded when there are many, and are for people to read."""
    from tests.twilio_words import refusal

    message_id = office.reaches(CARLA, "The couch is on the porch")
    office.settle(60)
    code = office.thread_of(message_id).code
    office.messenger.script(refusal(21614))
    if operators:
        on_thread(office, {"act": "say", "code": code, "words": "Ana is late", "request_id": "request-0001"})
    else:
        office.text(ANA, f"{code} on my way")
    office.wait(600)
    (answer,) = (relay for relay in office.all_relays() if relay.purpose is Purpose.ANSWER)
    assert answer.final_status is FinalStatus.EXHAUSTED
    assert needs_a_person(replace(answer, error_log=())) is operators
