"""Inbound texts: the webhook, its retries and its fallback."""

import re
import uuid

import pytest
from twilio.request_validator import RequestValidator

from scripts.fake_twilio import File, InboundFaults, picture
from scripts.fake_twilio.transport import Answer
from scripts.fake_twilio.webhooks import Overrides, parse_overrides, sign
from tests.fake_twilio.support import (
    CUSTOMER,
    NO_ANSWER,
    NO_CONNECTION,
    OURS,
    SMS_URL,
    TWIML,
    Account,
    status,
)

FALLBACK_URL = "https://fallback.example.com/sms"


def test_the_webhook_has_all_parameters_of_a_real_one(account: Account) -> None:
    text = account.text(" two  spaces ")
    (request,) = account.app.requests
    assert request.form == {
        "AccountSid": account.auth[0],
        "ApiVersion": "2010-04-01",
        "Body": " two  spaces ",
        "From": CUSTOMER,
        "FromCity": "",
        "FromCountry": "US",
        "FromState": "",
        "FromZip": "",
        "MessageSid": text.sid,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": text.sid,
        "SmsSid": text.sid,
        "SmsStatus": "received",
        "To": OURS,
        "ToCity": "",
        "ToCountry": "US",
        "ToState": "",
        "ToZip": "",
    }
    assert request.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    assert uuid.UUID(request.headers["I-Twilio-Idempotency-Token"])
    assert (text.outcome, text.http_status) == ("answered", 200)
    assert text.exchanges[0].body == TWIML.body


def test_media_make_an_mms_with_a_url_at_twilio_and_a_type_for_each(account: Account) -> None:
    text = account.text(files=[File("image/jpeg", b"\xff\xd8\xff"), picture("A couch")])
    form = account.app.requests[0].form
    assert text.sid.startswith("MM")
    assert form["NumMedia"] == "2"
    place = f"https://api.twilio.com/2010-04-01/Accounts/{account.fake.settings.account_sid}/Messages/{text.sid}/Media/"
    ids = [form[name].removeprefix(place) for name in ("MediaUrl0", "MediaUrl1")]
    assert all(re.fullmatch(r"ME[0-9a-f]{32}", media_id) for media_id in ids)
    assert len(set(ids)) == 2
    assert (form["MediaContentType0"], form["MediaContentType1"]) == ("image/jpeg", "image/png")


@pytest.mark.parametrize("body", ["hello", "", " ", "ä€🔧\n&=+%", "x" * 1600])
def test_twilios_own_validator_accepts_the_signature(account: Account, body: str) -> None:
    account.text(body)
    (request,) = account.app.requests
    assert RequestValidator(account.fake.settings.auth_token).validate(SMS_URL, request.form, request.signature)
    assert not RequestValidator("another").validate(SMS_URL, request.form, request.signature)


def test_a_get_webhook_is_signed_with_its_parameters_in_the_url() -> None:
    account = Account(sms_url=f"{SMS_URL}?a=1", sms_method="GET")
    account.text()
    (request,) = account.app.requests
    assert request.url.startswith(f"{SMS_URL}?a=1&AccountSid=")
    assert request.body == b""
    assert RequestValidator(account.fake.settings.auth_token).validate(request.url, {}, request.signature)


def test_after_a_rotation_webhooks_are_signed_with_the_new_token(account: Account) -> None:
    account.fake.rotate_auth_token("new")
    account.text()
    (request,) = account.app.requests
    assert request.signature == sign("new", SMS_URL, request.form.items())


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("", Overrides()),
        ("rc=5&rp=all&ct=3000&rt=4000", Overrides(5, frozenset({"4xx", "5xx", "ct", "rt"}), 3.0, 4.0)),
        ("rc=2&rp=5xx,rt", Overrides(2, frozenset({"5xx", "rt"}))),
        ("rc=0", Overrides(0)),
        ("rc=9&ct=1&rt=99999&tt=99999", Overrides(5, frozenset({"ct"}), 0.1, 15.0, 15.0)),
        ("tt=2000", Overrides(total_seconds=2.0)),
        ("e=ashburn&rc=many&ct=", Overrides()),
    ],
)
def test_connection_overrides_are_read_from_the_fragment(fragment: str, expected: Overrides) -> None:
    assert parse_overrides(fragment) == expected


@pytest.mark.parametrize(
    ("fragment", "answers", "tries"),
    [
        ("", [NO_CONNECTION], 2),
        ("", [NO_CONNECTION] * 9, 2),
        ("", [status(503)], 1),
        ("", [NO_ANSWER], 1),
        ("", [status(404)], 1),
        ("#rc=0", [NO_CONNECTION], 1),
        ("#rc=5", [status(503)], 1),
        ("#rc=5&rp=5xx", [status(503)] * 3, 4),
        ("#rc=5&rp=5xx", [status(404)], 1),
        ("#rc=5&rp=4xx", [status(404)], 2),
        ("#rc=5&rp=rt", [NO_ANSWER], 2),
        ("#rc=5&rp=rt", [NO_CONNECTION], 1),
        ("#rc=5&rp=all", [status(503), NO_ANSWER, NO_CONNECTION, status(400)], 5),
        ("#rc=5&rp=all", [status(503)] * 9, 6),
        ("#rc=5&rp=all", [status(204)], 1),
    ],
)
def test_a_webhook_is_tried_as_often_as_its_policy_says(fragment: str, answers: list[Answer], tries: int) -> None:
    account = Account(sms_url=SMS_URL + fragment)
    account.app.answers.extend(answers)
    text = account.text()
    assert len(account.app.requests) == len(text.exchanges) == tries
    assert [exchange.attempt for exchange in text.exchanges] == list(range(1, tries + 1))
    assert text.outcome == ("answered" if len(answers) < tries or answers == [status(204)] else "failed")
    tokens = {request.headers["I-Twilio-Idempotency-Token"] for request in account.app.requests}
    assert len(tokens) == 1, "the token is the same across retries"


def test_all_tries_share_one_budget_of_fifteen_seconds() -> None:
    account = Account(sms_url=f"{SMS_URL}#rc=5&rp=all&rt=6000", retry_pause_seconds=0.5)
    account.app.answers.extend([NO_ANSWER] * 9)
    account.app.takes_seconds = 99
    start = account.clock.now()
    text = account.text()
    assert [request.read_seconds for request in account.app.requests] == [6.0, 6.0, 2.0]
    assert text.exchanges[-1].ended_at - start == 15.0
    assert text.outcome == "failed"


def test_a_shorter_total_time_ends_the_tries_earlier() -> None:
    account = Account(sms_url=f"{SMS_URL}#rc=5&rp=all&tt=1000", retry_pause_seconds=0.4)
    account.app.answers.extend([status(503)] * 9)
    account.text()
    assert len(account.app.requests) == 3


@pytest.mark.parametrize(
    ("answer", "error_code"),
    [
        (status(503), "11200"),
        (status(403), "11200"),
        (NO_ANSWER, "11200"),
        (Answer(200, "text/xml", "<Response>"), "12100"),
        (Answer(200, "text/html", "<html></html>"), "12100"),
    ],
)
def test_the_fallback_url_is_told_what_went_wrong(answer: Answer, error_code: str) -> None:
    account = Account(sms_fallback_url=FALLBACK_URL)
    account.app.answers.append(answer)
    text = account.text()
    first, second = account.app.requests
    assert second.url == FALLBACK_URL
    assert second.form == {**first.form, "ErrorCode": error_code, "ErrorUrl": SMS_URL}
    assert second.signature == sign(account.auth[1], FALLBACK_URL, second.form.items())
    assert [exchange.kind for exchange in text.exchanges] == ["inbound", "fallback"]
    assert text.outcome == "answered"


def test_without_a_fallback_url_the_text_only_stands_in_the_list(account: Account) -> None:
    account.app.answers.append(status(503))
    text = account.text()
    assert text.outcome == "failed"
    listed = account.get("/Messages.json", To=OURS).json
    assert listed is not None
    assert [message["sid"] for message in listed["messages"]] == [text.sid]


def test_a_dropped_webhook_is_never_sent(account: Account) -> None:
    text = account.text(faults=InboundFaults(dropped=True))
    assert (text.outcome, account.app.requests) == ("dropped", [])
    assert account.fake.messages[0].status == "received"


def test_copies_are_the_same_request_at_the_same_moment(account: Account) -> None:
    text = account.text(faults=InboundFaults(copies=6))
    assert len({request.body for request in account.app.requests}) == 1
    assert len({request.headers["I-Twilio-Idempotency-Token"] for request in account.app.requests}) == 1
    assert [request.at for request in account.app.requests] == [account.app.requests[0].at] * 6
    assert text.outcome == "answered"


def test_a_lost_answer_is_tried_again_although_it_was_200(account: Account) -> None:
    text = account.text(faults=InboundFaults(lost_answers=1))
    assert [(e.http_status, e.failure, e.succeeded) for e in text.exchanges] == [
        (200, "lost", False),
        (200, None, True),
    ]
    assert text.outcome == "answered"


def test_a_webhook_can_come_late(account: Account) -> None:
    start = account.clock.now()
    account.text(faults=InboundFaults(delay_seconds=9))
    assert account.app.requests[0].at == start + 9


def test_a_webhook_that_is_held_comes_when_it_is_let(account: Account) -> None:
    text = account.customer.texts("hello", waits=False, faults=InboundFaults(held=True))
    account.clock.advance(3600)
    assert (account.app.requests, text.outcome) == ([], "pending")
    text.let_come()
    account.clock.advance()
    assert (len(account.app.requests), text.outcome) == (1, "answered")


def test_a_number_without_a_url_calls_nobody() -> None:
    account = Account(sms_url="")
    assert account.text().outcome == "dropped"
    account.fake.set_sms_url(OURS, SMS_URL)
    assert account.text().outcome == "answered"


def test_a_text_to_a_number_that_is_not_ours_is_a_mistake(account: Account) -> None:
    with pytest.raises(ValueError, match="a number of the account"):
        account.customer.texts("hello", to="+15559999999")
