"""What is refused is told, with the reason, seldom; and nothing of it in a stranger's words."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from relay.log import JsonJournal, LogAlarms
from relay.log.throttle import Throttle
from relay.twilio.refusals import Reason
from relay.twilio.signature import TwilioAccount
from relay.web import DELIVERY_STATUS_PATH, INBOUND_PATH, Request

from tests.relays import BODY, CUSTOMER
from tests.twilio.webhook_cases import OTHER_TOKEN
from tests.worlds import (
    ACCOUNT_SID,
    BASE_URL,
    INBOUND,
    TOKEN,
    Doubles,
    inbound_request,
    post,
    sign,
    status_request,
    with_fields,
)

OTHER_ACCOUNT = "AC" + "b" * 28 + "c0de"
CHECKED = f"{BASE_URL}{INBOUND_PATH}"


def _doubles(base_url: str = BASE_URL) -> Doubles:
    return Doubles(account=TwilioAccount(ACCOUNT_SID, (TOKEN,), base_url))


def _signed_for(url: str, **headers: str) -> Request:
    request = inbound_request()
    return replace(request, headers={**request.headers, "x-twilio-signature": sign(url, INBOUND), **headers})


def _unsigned(request: Request) -> Request:
    others = {name: value for name, value in request.headers.items() if name != "x-twilio-signature"}
    return replace(request, headers=others)


STRANGER = _unsigned(post(INBOUND_PATH, with_fields(INBOUND, AccountSid=OTHER_ACCOUNT)))

REFUSED: dict[str, tuple[Request, int, Reason, str]] = {
    "no signature": (STRANGER, 403, Reason.NO_SIGNATURE, ""),
    "no signature, and our account": (_unsigned(inbound_request()), 403, Reason.SIGNATURE_LOST, "a proxy"),
    "another token": (post(INBOUND_PATH, INBOUND, token=OTHER_TOKEN), 403, Reason.MISMATCH, "another auth token"),
    "a subaccount with its own token": (
        post(INBOUND_PATH, with_fields(INBOUND, AccountSid=OTHER_ACCOUNT), token=OTHER_TOKEN),
        403,
        Reason.MISMATCH,
        "…c0de: a subaccount",
    ),
    "another account with our token": (
        post(INBOUND_PATH, with_fields(INBOUND, AccountSid=OTHER_ACCOUNT)),
        400,
        Reason.ANOTHER_ACCOUNT,
        "…c0de",
    ),
    "a slash more": (_signed_for(f"{CHECKED}/"), 403, Reason.OTHER_URL, "a slash at its end"),
    "two slashes": (_signed_for(f"{BASE_URL}/{INBOUND_PATH}"), 403, Reason.OTHER_URL, "two slashes"),
    "www.": (_signed_for(CHECKED.replace("//", "//www.")), 403, Reason.OTHER_URL, "with www."),
    "http": (_signed_for(CHECKED.replace("https", "http")), 403, Reason.OTHER_URL, "with http"),
    "another port": (
        _signed_for(CHECKED.replace(".com", ".com:8080")),
        403,
        Reason.OTHER_URL,
        "with port 8080",
    ),
    "another path": (
        replace(_signed_for(f"{BASE_URL}/sms/inbond"), path="/sms/inbond"),
        403,
        Reason.OTHER_URL,
        "with the path that it was sent to",
    ),
    "a slash more, as it comes in": (
        replace(_signed_for(f"{CHECKED}/"), path=f"{INBOUND_PATH}/"),
        403,
        Reason.OTHER_URL,
        "a slash at its end",
    ),
    "another path that it was not signed for": (
        replace(_signed_for(f"{BASE_URL}/sms/inbound2"), path="/sms/inbond"),
        403,
        Reason.MISMATCH,
        "another auth token",
    ),
    "no path": (_signed_for(BASE_URL), 403, Reason.OTHER_URL, "without the path"),
    "another name of this host": (
        _signed_for("https://relay-xyz.a.run.app/sms/inbound", host="relay-xyz.a.run.app"),
        403,
        Reason.OTHER_URL,
        "Host header",
    ),
    "another method": (replace(inbound_request(), method="GET"), 405, Reason.NOT_A_WEBHOOK, "Only POST"),
    "no form": (
        replace(inbound_request(), headers={**inbound_request().headers, "content-type": "application/json"}),
        415,
        Reason.NOT_A_WEBHOOK,
        "Send application",
    ),
    "no id": (inbound_request(MessageSid="SM1", SmsSid=None), 400, Reason.MALFORMED, "MessageSid"),
}


@pytest.mark.parametrize(("request_", "status", "reason", "hint"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_told_with_its_reason_and_the_address_it_was_checked_against(
    request_: Request, status: int, reason: Reason, hint: str
) -> None:
    doubles = _doubles()
    assert doubles.inbound(request_).status == status
    ((told, path, url, words, untold),) = doubles.journal.refused
    assert (told, path, url, untold) == (reason, INBOUND_PATH, CHECKED, 0)
    assert hint in words


def test_www_in_our_own_address_may_be_what_is_too_much() -> None:
    doubles = _doubles("https://www.relay.example.com")
    doubles.inbound(inbound_request())
    assert [(reason, "without www." in hint) for reason, _, _, hint, _ in doubles.journal.refused] == [
        (Reason.OTHER_URL, True)
    ]


def test_a_refused_receipt_is_told_too() -> None:
    doubles = _doubles()
    doubles.status(_unsigned(status_request()))
    ((reason, path, url, _, _),) = doubles.journal.refused
    assert (reason, path, url) == (Reason.SIGNATURE_LOST, DELIVERY_STATUS_PATH, f"{BASE_URL}{DELIVERY_STATUS_PATH}")


def test_a_reason_is_told_once_a_minute_with_how_many_were_not() -> None:
    doubles = _doubles()
    forged = post(INBOUND_PATH, INBOUND, token=OTHER_TOKEN)
    for _ in range(50):
        doubles.inbound(forged)
        doubles.inbound(STRANGER)
    assert [reason for reason, *_ in doubles.journal.refused] == [Reason.MISMATCH, Reason.NO_SIGNATURE]
    doubles.clock.advance(61)
    doubles.inbound(forged)
    assert doubles.journal.refused[-1][-1] == 49


def test_strangers_cannot_hold_back_what_is_told_of_our_own_number() -> None:
    doubles = _doubles()
    doubles.inbound(post(INBOUND_PATH, with_fields(INBOUND, AccountSid=OTHER_ACCOUNT), token=OTHER_TOKEN))
    doubles.inbound(_signed_for(f"{CHECKED}/"))
    assert [reason for reason, *_ in doubles.journal.refused] == [Reason.MISMATCH, Reason.OTHER_URL]


def test_a_look_at_the_address_with_a_browser_is_not_told() -> None:
    doubles = _doubles()
    assert doubles.inbound(Request("GET", INBOUND_PATH)).status == 405
    assert doubles.journal.refused == []


def test_what_is_accepted_is_not_told() -> None:
    doubles = _doubles()
    doubles.inbound(inbound_request())
    doubles.status(status_request())
    assert doubles.journal.refused == []


def test_the_log_line_has_the_address_of_the_configuration_and_none_of_a_strangers_words() -> None:
    stream = io.StringIO()
    alarms = LogAlarms(JsonJournal(stream))
    doubles = _doubles()
    doubles.world = replace(doubles.world, alarms=alarms)
    evil = _signed_for("https://evil.example.com", host="evil.example.com")
    doubles.inbound(replace(evil, query="evil=1"))
    line = json.loads(stream.getvalue())
    assert (line["severity"], line["event"], line["reason"]) == ("WARNING", "webhook_refused", Reason.MISMATCH)
    assert line["checked_against"] == CHECKED
    assert "untold" not in line
    for word in ("evil", BODY, CUSTOMER, TOKEN, ACCOUNT_SID):
        assert word not in stream.getvalue()


@pytest.mark.parametrize("given", ["AC" + "\x1b" * 32, "AC" + "b" * 31, "AC<script>", "AC" + "b" * 28 + "c0de7"])
def test_of_another_account_only_a_real_ids_end_is_told(given: str) -> None:
    doubles = _doubles()
    doubles.inbound(post(INBOUND_PATH, with_fields(INBOUND, AccountSid=given), token=OTHER_TOKEN))
    ((_, _, _, hint, _),) = doubles.journal.refused
    assert "account," not in hint


@pytest.mark.parametrize("host", ["a:b", "a:99999", "[::1", "", " ", "é", "a" * 10_000, "a/b?c#d", "\x00"])
@pytest.mark.parametrize("base_url", [BASE_URL, "http://[::1]:8080", "https://relay.example.com:8443/behind/a/path"])
def test_whatever_host_a_stranger_names_the_refusal_is_told(host: str, base_url: str) -> None:
    doubles = _doubles(base_url)
    assert doubles.inbound(_signed_for("https://evil.example.com", host=host)).status == 403
    assert [reason for reason, *_ in doubles.journal.refused] == [Reason.MISMATCH]


def test_what_is_remembered_of_refusals_is_bounded() -> None:
    throttle = Throttle()
    assert [throttle.held_back(f"kind {number}", 0.0) for number in range(1000)] == [0] * 1000
    assert len(throttle._passed) <= 64
    assert throttle.held_back("kind 999", 1.0) is None
    assert throttle.held_back("kind 999", 60.0) == 1
