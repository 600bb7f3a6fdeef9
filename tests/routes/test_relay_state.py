"""What relay-state answers, over real HTTP: who may ask, what for, and from which pages."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from scripts.local_google.issuer import TokenIssuer
from tests.routes.conftest import Caller
from tests.stories.town import AUDIENCE, OPERATOR, ORIGIN

PATH = "/sms/relay-state"
NOBODY = {"message_id": "SM" + "0" * 32}


def ask(caller: Caller, body: Any, **headers: str) -> tuple[int, Any]:
    answer = caller.operator(PATH, json.dumps(body).encode(), **headers)
    return answer.status, json.loads(answer.body)


def test_one_relay_is_given_with_its_whole_trail(caller: Caller) -> None:
    town = caller.town
    customer = town.customer()
    text = customer.texts("what became of me")
    town.ended(text)
    status, answer = ask(caller, {"message_id": text.sid})
    relay = answer["relay"]
    assert status == 200
    expected = {"message_id", "timestamp", "sender_phone", "message_body", "final_status", "error_log"}
    expected |= {"tier_1_status", "tier_2_status", "tier_3_status", "delivery_confirmed_at", "expires_at"}
    assert expected <= set(relay)
    assert (relay["message_body"], relay["sender_phone"]) == ("what became of me", customer.number)
    assert relay["error_log"][0]["step"] == "received"


def test_an_unknown_relay_is_answered_404(caller: Caller) -> None:
    assert ask(caller, NOBODY)[0] == 404


def test_a_search_goes_by_sender_and_pages_newest_first(caller: Caller) -> None:
    town = caller.town
    customer = town.customer()
    sids = []
    for number in range(3):
        text = customer.texts(f"text {number}")
        town.ended(text)
        sids.append(text.sid)
    search = {"sender_phone": customer.number, "final_status": "delivered", "limit": 2}
    _, first = ask(caller, search)
    _, second = ask(caller, {**search, "page_token": first["next_page_token"]})
    found = [relay["message_id"] for page in (first, second) for relay in page["relays"]]
    assert found == sids[::-1]
    assert second["next_page_token"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"message_id": "SM/1"},
        {"message_id": "SM" + "0" * 32, "limit": 1},
        {"final_status": "lost"},
        {"since": "yesterday"},
        {"since": "2026-01-31T12:00:00"},
        {"limit": 0},
        {"limit": 1000},
        {"page_token": "made up"},
        {"colour": "blue"},
        [],
        "text",
    ],
)
def test_a_question_that_makes_no_sense_is_answered_400_with_a_reason(caller: Caller, body: Any) -> None:
    status, answer = ask(caller, body)
    assert (status, bool(answer["error"])) == (400, True)


def test_a_body_that_is_no_json_is_answered_400(caller: Caller) -> None:
    assert caller.operator(PATH, b"{").status == 400


def test_without_a_token_it_is_answered_401(caller: Caller) -> None:
    answer = caller.ask("POST", PATH, b"{}", {"Content-Type": "application/json"})
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_token_of_the_issuer_for_us_and_an_allowed_caller_is_accepted(caller: Caller) -> None:
    assert ask(caller, NOBODY, Authorization=f"Bearer {caller.town.token()}")[0] == 404


WRONG_TOKENS = {
    "expired": {"issued_at": time.time() - 7200},
    "not yet valid": {"issued_at": time.time() + 7200},
    "another audience": {"audience": "https://other.example.com"},
    "not allow-listed": {"email": "stranger@example.com"},
    "unverified e-mail": {"email_verified": False},
    "another issuer": {"extra_claims": {"iss": "https://accounts.example.com"}},
    "no e-mail": {"extra_claims": {"email": None}},
    "no audience": {"extra_claims": {"aud": None}},
    "no expiry": {"extra_claims": {"exp": None}},
    "signed with another key": {"signed_by": TokenIssuer()},
}


@pytest.mark.parametrize("changes", WRONG_TOKENS.values(), ids=WRONG_TOKENS.keys())
def test_a_wrong_token_is_answered_403_without_a_reason(caller: Caller, changes: dict[str, Any]) -> None:
    token = caller.town.token(**changes)
    assert ask(caller, NOBODY, Authorization=f"Bearer {token}") == (403, {"error": "Forbidden."})


@pytest.mark.parametrize("token", ["a", "a.b.c", "e30.e30.e30", "=" * 5000])
def test_what_is_no_token_at_all_is_answered_403(caller: Caller, token: str) -> None:
    assert ask(caller, NOBODY, Authorization=f"Bearer {token}")[0] == 403


def test_a_token_of_an_unknown_key_is_answered_403(caller: Caller) -> None:
    token = TokenIssuer().mint(audience=AUDIENCE, email=OPERATOR)
    assert ask(caller, NOBODY, Authorization=f"Bearer {token}")[0] == 403


def test_an_unsigned_token_is_answered_403(caller: Caller) -> None:
    _, claims, _ = caller.town.token().split(".")
    unsigned = f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}."
    assert ask(caller, NOBODY, Authorization=f"Bearer {unsigned}")[0] == 403


def test_other_methods_are_answered_405_with_allow(caller: Caller) -> None:
    answer = caller.ask("GET", PATH)
    assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")


def test_a_body_that_is_too_large_is_answered_413(caller: Caller) -> None:
    answer = caller.operator(PATH, b" " * 70_000, Origin=ORIGIN)
    assert (answer.status, "larger" in json.loads(answer.body)["error"]) == (413, True)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    # Whoever shows no token is told so first.
    assert caller.ask("POST", PATH, b" " * 70_000, {"Content-Type": "application/json"}).status == 401


def test_another_content_type_is_answered_415(caller: Caller) -> None:
    assert caller.operator(PATH, b"{}", Content_Type="text/plain").status == 415


def test_a_preflight_from_a_configured_origin_is_allowed_exactly_that(caller: Caller) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    answer = caller.ask("OPTIONS", PATH, headers=asked)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", ["https://evil.example.com", f"{ORIGIN}.evil.example.com", "null", f"{ORIGIN}:8443"])
def test_a_preflight_from_anywhere_else_is_allowed_nothing(caller: Caller, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    answer = caller.ask("OPTIONS", PATH, headers=asked)
    assert answer.status == 204
    assert [name for name in answer.headers if name.startswith("access-control-")] == []


def test_answers_are_readable_from_a_configured_origin_refusals_included(caller: Caller) -> None:
    answers = [
        caller.operator(PATH, json.dumps(NOBODY).encode(), Origin=ORIGIN),
        caller.ask("POST", PATH, b"{}", {"Content-Type": "application/json", "Origin": ORIGIN}),
    ]
    assert [answer.status for answer in answers] == [404, 401]
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {ORIGIN}
