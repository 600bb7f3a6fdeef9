"""What Twilio's two routes answer, over real HTTP: 200, 204, 400, 403, 405, 413, 415, and no CORS."""

from __future__ import annotations

import itertools

import pytest

from tests.routes.conftest import FORM, Caller
from tests.stories.town import BUSINESS, ORIGIN

INBOUND, STATUS = "/sms/inbound", "/sms/delivery-status"
_ids = itertools.count(1)


def message_sid() -> str:
    return f"SM{next(_ids):032x}"


def text(caller: Caller, **changes: str) -> dict[str, str]:
    """An inbound webhook's form, of somebody new."""
    usual = {
        "AccountSid": caller.town.fake.settings.account_sid,
        "MessageSid": message_sid(),
        "From": caller.town.customer().number,
        "To": BUSINESS,
        "Body": "hello",
        "NumMedia": "0",
    }
    return {**usual, **changes}


def receipt(caller: Caller, **changes: str) -> dict[str, str]:
    usual = {
        "AccountSid": caller.town.fake.settings.account_sid,
        "MessageSid": message_sid(),
        "MessageStatus": "delivered",
    }
    return {**usual, **changes}


def test_an_accepted_text_is_answered_with_empty_twiml(caller: Caller) -> None:
    answer = caller.twilio(INBOUND, text(caller))
    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert answer.body == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


def test_a_text_that_is_known_already_is_answered_the_same(caller: Caller) -> None:
    form = text(caller)
    assert caller.twilio(INBOUND, form).body == caller.twilio(INBOUND, form).body


def test_a_text_by_fallback_url_carries_more_fields_and_is_accepted(caller: Caller) -> None:
    form = text(caller, ErrorCode="11200", ErrorUrl="https://relay.example.com/sms/inbound", Unheard="of")
    assert caller.twilio(INBOUND, form).status == 200


def test_a_receipt_of_an_unknown_relay_has_nothing_to_do(caller: Caller) -> None:
    answer = caller.twilio(f"{STATUS}?relay={message_sid()}&tier=1&attempt=1", receipt(caller))
    assert (answer.status, answer.body) == (204, b"")


def test_a_receipt_of_a_relay_is_answered_204_each_time_it_comes(caller: Caller) -> None:
    form = text(caller)
    caller.twilio(INBOUND, form)
    path = f"{STATUS}?relay={form['MessageSid']}&tier=1&attempt=1"
    told = receipt(caller)
    assert [caller.twilio(path, told).status for _ in range(2)] == [204, 204]
    # An attempt that was never made, of a relay that there is.
    assert caller.twilio(f"{STATUS}?relay={form['MessageSid']}&tier=1&attempt=9", told).status == 204


@pytest.mark.parametrize("path", [INBOUND, f"{STATUS}?relay=SM{0:032x}&tier=1&attempt=1"])
@pytest.mark.parametrize("signature", ["", "forged", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="])
def test_a_wrong_signature_is_refused_without_any_detail(caller: Caller, path: str, signature: str) -> None:
    answer = caller.twilio(path, text(caller), X_Twilio_Signature=signature)
    assert (answer.status, answer.body) == (403, b"")


def test_without_a_signature_it_is_refused_without_any_detail(caller: Caller) -> None:
    answer = caller.ask("POST", INBOUND, b"Body=hello", {"Content-Type": FORM})
    assert (answer.status, answer.body) == (403, b"")


def test_a_signature_for_another_host_is_refused_whatever_host_the_request_claims(caller: Caller) -> None:
    form = text(caller)
    answer = caller.twilio(INBOUND, form, Host="evil.example.com", X_Forwarded_Host="evil.example.com")
    assert answer.status == 200  # signed for the configured address: the claimed host says nothing
    town = caller.town
    assert caller.twilio(INBOUND, {**form, "Body": "changed"}, X_Twilio_Signature=town.token()[:28]).status == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"MessageSid": "SM1"},
        {"MessageSid": "XX" + "0" * 32},
        {"From": ""},
        {"AccountSid": "AC" + "f" * 32},
    ],
)
def test_a_well_signed_but_malformed_text_is_answered_400(caller: Caller, wrong: dict[str, str]) -> None:
    assert caller.twilio(INBOUND, text(caller, **wrong)).status == 400


@pytest.mark.parametrize("query", ["", "?relay=SM1&tier=1&attempt=1", f"?relay=SM{0:032x}&tier=1", "?attempt=1"])
def test_a_receipt_that_names_no_attempt_is_answered_400(caller: Caller, query: str) -> None:
    assert caller.twilio(STATUS + query, receipt(caller)).status == 400


@pytest.mark.parametrize("path", [INBOUND, STATUS])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
def test_other_methods_are_answered_405_with_allow(caller: Caller, path: str, method: str) -> None:
    answer = caller.ask(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")


@pytest.mark.parametrize("path", [INBOUND, STATUS])
def test_a_body_that_is_too_large_is_answered_413(caller: Caller, path: str) -> None:
    assert caller.ask("POST", path, b"a" * 70_000, {"Content-Type": FORM}).status == 413
    in_chunks = iter([b"a" * 10_000] * 7)
    assert caller.ask("POST", path, in_chunks, {"Content-Type": FORM}).status == 413


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data", ""])
def test_another_content_type_is_answered_415(caller: Caller, kind: str) -> None:
    assert caller.twilio(INBOUND, text(caller), Content_Type=kind).status == 415


@pytest.mark.parametrize("path", [INBOUND, STATUS])
def test_a_preflight_for_a_webhook_gets_no_cors_headers(caller: Caller, path: str) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    answer = caller.ask("OPTIONS", path, headers=asked)
    assert answer.status == 204
    assert [name for name in answer.headers if name.startswith("access-control-")] == []


@pytest.mark.parametrize("path", ["/sms/", "/sms/other", "/sms/inbound/", "/sms/a/b/c?d=e", "/sms/%2e%2e/x"])
def test_options_of_any_path_below_sms_is_answered_204_without_cors_headers(caller: Caller, path: str) -> None:
    answer = caller.ask("OPTIONS", path, headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"})
    assert (answer.status, answer.body) == (204, b"")
    assert [name for name in answer.headers if name.startswith("access-control-")] == []


@pytest.mark.parametrize("path", ["/sms", "/smsx", "/other"])
def test_options_of_a_path_elsewhere_is_not(caller: Caller, path: str) -> None:
    assert caller.ask("OPTIONS", path).status in (404, 405)


# What the number at Twilio has for an address by mistake.
WRONG_PATHS = ["/sms/inbound/", "//sms/inbound", "/sms/inbond", "/sms", "/SMS/inbound", "/"]


@pytest.mark.parametrize("path", WRONG_PATHS)
@pytest.mark.parametrize("through", [{}, {"X_Forwarded_For": "203.0.113.7"}], ids=["here", "by a proxy"])
def test_a_text_that_twilio_brings_to_another_path_is_refused_by_the_webhook_which_tells_why(
    caller: Caller, path: str, through: dict[str, str]
) -> None:
    answer = caller.twilio(path, text(caller), **through)
    assert (answer.status, answer.body) == (403, b"")


def test_a_strangers_post_to_another_path_is_no_webhook(caller: Caller) -> None:
    assert caller.ask("POST", "/sms/inbound/", b"Body=hello", {"Content-Type": FORM}).status == 404
