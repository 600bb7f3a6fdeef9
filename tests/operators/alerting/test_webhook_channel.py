"""A webhook: what is posted, how it is signed, and what its receiver can do wrong."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from relay.operators.alerting.channel import TAKEN
from relay.operators.alerting.messages import ChannelKind, Message
from relay.operators.alerting.webhook_channel import WebhookChannel

from tests.fakes import FakeClock
from tests.fakes.clock import START
from tests.operators.alerting.receivers import Receiver, closing, raw_server, silent, webhook_receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as running:
        yield running


def _message(receiver: Receiver) -> Message:
    return Message(
        key="alarm.1",
        channel=ChannelKind.WEBHOOK,
        to=receiver.url,
        subject="No handler was reached",
        words="No handler was reached. Call the customer.",
        link="https://relay.example.com/console/#relay=SM0",
        until=START + timedelta(hours=1),
    )


def test_one_field_holds_everything_as_plain_words_and_the_others_are_for_programs(receiver: Receiver) -> None:
    message = _message(receiver)
    assert WebhookChannel("", FakeClock()).tell(message, timeout_seconds=60) == TAKEN
    ((headers, body),) = receiver.posts
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {
        "text": f"{message.subject}\n{message.words}\n{message.link}",
        "subject": message.subject,
        "words": message.words,
        "link": message.link,
        "id": "alarm.1",
    }


def test_with_a_secret_it_is_signed_with_its_time_and_without_one_it_is_not(receiver: Receiver) -> None:
    WebhookChannel("made up", FakeClock()).tell(_message(receiver), timeout_seconds=60)
    WebhookChannel("", FakeClock()).tell(_message(receiver), timeout_seconds=60)
    (signed, body), (unsigned, _) = receiver.posts
    at = int(START.timestamp())
    expected = hmac.new(b"made up", f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert signed["x-relay-signature"] == f"t={at},v1={expected}"
    assert "x-relay-signature" not in unsigned


def test_customers_words_are_no_marks_of_the_service_that_shows_them(receiver: Receiver) -> None:
    """Slack reads `<!channel>` as a call to everybody, and `<https://…|words>` as a link."""
    words = 'It says: "<!channel> see <https://evil.example|your bank>"'
    WebhookChannel("", FakeClock()).tell(replace(_message(receiver), words=words), timeout_seconds=60)
    text = json.loads(receiver.posts[0][1])["text"]
    assert "<" not in text
    assert ">" not in text
    assert "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}!channel" in text


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_an_answer_that_is_no_yes_is_a_failure_that_is_tried_again(receiver: Receiver, status: int) -> None:
    receiver.status = status
    outcome = WebhookChannel("", FakeClock()).tell(_message(receiver), timeout_seconds=60)
    assert (outcome.failed_because, outcome.is_for_good) == (f"it answers {status}", False)


def test_a_redirect_leads_nothing_anywhere_and_is_named(receiver: Receiver) -> None:
    with webhook_receiver() as elsewhere:
        receiver.status, receiver.location = 302, elsewhere.url
        outcome = WebhookChannel("made up", FakeClock()).tell(_message(receiver), timeout_seconds=60)
        assert outcome.failed_because == "it answers 302, a redirect: give the address it leads to"
        assert elsewhere.posts == []


def test_a_slow_receiver_is_a_failure_and_so_is_one_that_breaks_off(receiver: Receiver) -> None:
    channel = WebhookChannel("", FakeClock())
    for act, seconds in ((silent, 0.3), (closing, 60)):
        with raw_server(act) as port:
            elsewhere = replace(_message(receiver), to=f"http://127.0.0.1:{port}/hook")
            assert channel.tell(elsewhere, timeout_seconds=seconds).failed_because.startswith("no answer (")


@pytest.mark.parametrize("to", ["", "ftp://example.com/", "https://", "file:///etc/passwd", "not an address"])
def test_what_is_no_web_address_is_a_failure(receiver: Receiver, to: str) -> None:
    assert WebhookChannel("", FakeClock()).tell(replace(_message(receiver), to=to), timeout_seconds=1).failed_because
