"""doctor signs a request as Twilio does, sends it to the relay's address, and says whether the signature holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from relay.twilio.signature import TwilioAccount
from relay.web import INBOUND_PATH, Request

from scripts.relayctl import checks_webhooks
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING
from tests.worlds import ACCOUNT_SID, TOKEN, Doubles
from tests.wsgi_served import wsgi_served


@dataclass
class Relay:
    """The relay's two webhooks over HTTP. `answers_instead` is what a proxy in front of it does."""

    address: str = ""
    doubles: Doubles = field(default_factory=Doubles)
    answers_instead: tuple[str, list[tuple[str, str]]] | None = None

    def checks_against(self, base_url: str, token: str = TOKEN) -> None:
        self.doubles = Doubles(account=TwilioAccount(ACCOUNT_SID, (token,), base_url))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if self.answers_instead is not None:
            start_response(*self.answers_instead)
            return [b"<html>"]
        headers = {"content-type": environ["CONTENT_TYPE"], "host": environ["HTTP_HOST"]}
        headers["x-twilio-signature"] = environ.get("HTTP_X_TWILIO_SIGNATURE", "")
        request = Request(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], headers, body)
        response = self.doubles.inbound(request) if request.path == INBOUND_PATH else self.doubles.status(request)
        start_response(f"{response.status} _", list(response.headers.items()))
        return [response.body]


@pytest.fixture
def relay() -> Iterator[Relay]:
    app = Relay()
    with wsgi_served(app) as app.address:
        app.checks_against(app.address)
        yield app


def _values(relay: Relay, **changes: str) -> dict[str, str]:
    usual = {"TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_BASE_URL": relay.address}
    return usual | changes


def _states(relay: Relay, **changes: str) -> list[str]:
    return [finding.state for finding in checks_webhooks.signatures(_values(relay, **changes))]


def test_a_signature_that_holds_is_found_and_nothing_comes_of_it(relay: Relay) -> None:
    text, receipt = checks_webhooks.signatures(_values(relay))
    assert (text.state, receipt.state) == (OK, OK)
    assert f"{relay.address}/sms/inbound" in text.words
    assert f"{relay.address}/sms/delivery-status" in receipt.words
    assert relay.doubles.store.writes == 0
    assert relay.doubles.messenger.sends == []
    assert relay.doubles.journal.refused == [], "and no operator is told of doctor's own requests"


def test_a_slash_at_the_end_of_the_address_is_left_out(relay: Relay) -> None:
    assert _states(relay, PUBLIC_BASE_URL=f"{relay.address}/") == [OK, OK]


def test_receipts_may_have_an_address_of_their_own(relay: Relay) -> None:
    elsewhere = "http://127.0.0.1:9"
    assert _states(relay, CALLBACK_BASE_URL=elsewhere) == [OK, WARNING]
    assert _states(relay, PUBLIC_BASE_URL=elsewhere, CALLBACK_BASE_URL=relay.address) == [WARNING, OK]


def test_another_token_than_the_relays_is_found(relay: Relay) -> None:
    findings = list(checks_webhooks.signatures(_values(relay, TWILIO_AUTH_TOKEN="f" * 32)))
    assert [finding.state for finding in findings] == [BAD, BAD]
    assert "TWILIO_AUTH_TOKEN here is not the relay's" in findings[0].advice
    assert TOKEN not in findings[0].words + findings[0].advice


@pytest.mark.parametrize(
    ("other", "words"), [("https://", "with https"), ("http://www.", "with www."), ("{}/", "two slashes")]
)
def test_another_address_than_the_relays_is_found_and_what_is_other_about_it(
    relay: Relay, other: str, words: str
) -> None:
    relay.checks_against(other.format(relay.address) if "{" in other else relay.address.replace("http://", other))
    findings = list(checks_webhooks.signatures(_values(relay)))
    assert [finding.state for finding in findings] == [BAD, BAD]
    assert all(words in finding.words for finding in findings)


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        ("301 _", [("Location", "https://www.example.com/sms/inbound")], "redirects (to www.example.com)"),
        ("308 _", [("Location", "/sms/inbound/")], "redirects (to another path)"),
        ("200 _", [], "answers 200, which is not the relay's answer"),
        ("404 _", [], "answers 404, which is not the relay's answer"),
        ("403 _", [], "answers 403, which is not the relay's answer"),
        ("502 _", [], "answers 502"),
    ],
)
def test_what_answers_in_its_place_is_found(
    relay: Relay, status: str, headers: list[tuple[str, str]], words: str
) -> None:
    relay.answers_instead = (status, headers)
    findings = list(checks_webhooks.signatures(_values(relay)))
    assert [(finding.state, words in finding.words) for finding in findings] == [(BAD, True)] * 2


@pytest.mark.parametrize("address", ["ftp://relay.example.com", "relay.example.com", "https://", "http://127.0.0.1:x"])
def test_an_address_that_is_none_is_a_finding_and_not_the_end(relay: Relay, address: str) -> None:
    assert set(_states(relay, PUBLIC_BASE_URL=address)) <= {BAD, WARNING}


@pytest.mark.parametrize("name", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "PUBLIC_BASE_URL"])
def test_without_what_is_needed_it_is_not_checked(relay: Relay, name: str) -> None:
    assert _states(relay, **{name: ""}) == [SKIPPED]
