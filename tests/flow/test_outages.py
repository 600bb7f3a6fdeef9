"""Outages, queues and filtered words as the flow plays them: what Twilio gets, when, and how often."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from relay.core.failures import UNREACHABLE
from relay.core.model import FinalStatus, Step
from relay.core.policy import Policy
from relay.flow import timers
from relay.flow.sms import body_of
from relay.ports import Accepted, OutgoingText, Refused, SendOutcome, SentMessage
from relay.twilio.codes import failure_of

from tests.relays import BODY, CUSTOMER, MESSAGE_ID, OUR_NUMBER, policy, statuses
from tests.twilio_words import refusal, seen
from tests.worlds import Doubles, inbound_request, status_request


def _fire_until(doubles: Doubles, seconds: float) -> None:
    """Fire every timer at its time, up to so many seconds from now."""
    end = doubles.clock.now() + timedelta(seconds=seconds)
    while (armed := doubles.timers.armed) and armed[0].due_at <= end:
        doubles.clock.set(max(armed[0].due_at, doubles.clock.now()))
        for timer in doubles.timers.take_due(doubles.clock.now()):
            timers.fire(doubles.world, timer)
    doubles.clock.advance(max(0.0, (end - doubles.clock.now()).total_seconds()))


@pytest.mark.parametrize(
    "refused",
    [Refused(UNREACHABLE), Refused(failure_of(20429), 10.0), refusal(20003)],
    ids=["refused connections", "429 with Retry-After", "401"],
)
@pytest.mark.parametrize("outage", [60.0, 570.0])
def test_an_outage_of_up_to_ten_minutes_needs_no_human_and_texts_leave_within_a_minute_of_its_end(
    refused: SendOutcome, outage: float
) -> None:
    doubles = Doubles(tiers=policy(tiers=2))
    doubles.messenger.script(*[refused] * 200)
    doubles.inbound()
    _fire_until(doubles, outage)
    assert doubles.relay().final_status is FinalStatus.IN_PROGRESS
    assert len(doubles.relay().attempts) == 1
    doubles.messenger.unscript()
    tried = len(doubles.messenger.sends)
    _fire_until(doubles, 30.0)
    (sent,) = doubles.messenger.sends[tried:]
    doubles.status(status_request("delivered", MessageSid=doubles.relay().attempts[0].sent_id))
    assert (doubles.relay().final_status, doubles.relay().delivered_tier) == (FinalStatus.DELIVERED, 1)
    assert sent.tier == 1
    assert len(doubles.journal.outages) <= 1
    if outage > 120:
        assert doubles.journal.outages, "people were told, once"


def test_after_an_outage_without_end_every_tier_was_tried_before_the_alarm() -> None:
    doubles = Doubles(tiers=policy(tiers=3))
    doubles.messenger.script(*[Refused(UNREACHABLE)] * 300)
    doubles.inbound()
    _fire_until(doubles, 3600.0)
    assert doubles.relay().final_status is FinalStatus.EXHAUSTED
    assert {sent.tier for sent in doubles.messenger.sends} == {1, 2, 3}
    assert len(doubles.journal.alarms) == 1


def test_after_a_filtered_text_each_later_handler_gets_a_neutral_notice_and_not_the_words() -> None:
    doubles = Doubles(tiers=policy(tiers=3))
    doubles.inbound()
    for number in (1, 2):
        attempt = doubles.relay().attempts[number - 1]
        code = "30007" if number == 1 else "30006"
        doubles.status(
            status_request("undelivered", attempt=number, tier=number, ErrorCode=code, MessageSid=attempt.sent_id)
        )
        _fire_until(doubles, 1.0)
    first, second, third = (sent.body for sent in doubles.messenger.sends)
    assert BODY in first
    assert second == third
    assert BODY not in second
    assert CUSTOMER in second
    assert OUR_NUMBER in second
    assert "record" in second
    assert len(second) <= 160, "one segment"


def test_a_redrive_after_a_filtered_text_sends_the_words_again() -> None:
    doubles = Doubles(tiers=policy(tiers=1))
    doubles.inbound()
    sent_id = doubles.relay().attempts[0].sent_id
    doubles.status(status_request("undelivered", ErrorCode="30007", MessageSid=sent_id))
    relay = doubles.relay()
    assert relay.final_status is FinalStatus.EXHAUSTED
    assert BODY in body_of(relay, relay.attempts[0])


@pytest.mark.parametrize("status", ["queued", "sending", "accepted"])
@pytest.mark.parametrize("tiers", [1, 3])
def test_what_the_provider_still_has_queued_is_waited_for_and_not_sent_again(status: str, tiers: int) -> None:
    doubles = Doubles(tiers=policy(tiers=tiers))
    doubles.inbound()
    doubles.messenger.set_status(doubles.relay().attempts[0].sent_id or "", status)
    _fire_until(doubles, 100.0)
    assert statuses(doubles.relay()) == [(1, "accepted")]
    assert [e.step for e in doubles.relay().error_log].count(Step.STILL_QUEUED) == 1
    doubles.messenger.set_status(doubles.relay().attempts[0].sent_id or "", "delivered")
    _fire_until(doubles, 60.0)
    assert doubles.relay().final_status is FinalStatus.DELIVERED
    assert len(doubles.messenger.sends) == 1


class _OneTextASecond:
    """A provider with a queue for the number: it hands on one text a second, and drops what is no longer valid."""

    def __init__(self, doubles: Doubles) -> None:
        self._clock = doubles.clock
        self._free_at = doubles.clock.now()
        self.texts: dict[str, tuple[OutgoingText, datetime, bool]] = {}

    def send(self, text: OutgoingText, *, timeout_seconds: float) -> SendOutcome:
        now = self._clock.now()
        leaves_at = max(self._free_at, now) + timedelta(seconds=1)
        is_valid = (leaves_at - now).total_seconds() <= text.validity_seconds
        if is_valid:
            self._free_at = leaves_at
        sent_id = f"SM{len(self.texts) + 1:032x}"
        self.texts[sent_id] = (
            text,
            leaves_at if is_valid else now + timedelta(seconds=text.validity_seconds),
            is_valid,
        )
        return Accepted(sent_id)

    def fetch(self, sent_id: str, *, timeout_seconds: float) -> SentMessage:
        text, at, is_valid = self.texts[sent_id]
        word = "queued" if self._clock.now() < at else "delivered" if is_valid else "undelivered"
        code = 30036 if word == "undelivered" else None
        return seen(sent_id, word, code, text.to, text.from_, text.body, self._clock.now())


def test_a_burst_of_300_texts_to_one_number_reaches_its_handlers_late_rather_than_never() -> None:
    """300 customers within 10 s, and 1 text a second: no storm of retries, and no text is given up."""
    tiers: Policy = policy(tiers=3, timeout=60)
    doubles = Doubles(tiers=tiers)
    queue = _OneTextASecond(doubles)
    doubles.messenger.send = queue.send  # type: ignore[method-assign]
    doubles.messenger.fetch = queue.fetch  # type: ignore[method-assign]
    ids = [f"SM{number:032x}" for number in range(1, 301)]
    for number, message_id in enumerate(ids):
        sender = f"+1555{number:07d}"
        doubles.inbound(inbound_request(MessageSid=message_id, From=sender, Body=f"Text {number}"))
        _fire_until(doubles, 1 / 30)
    _fire_until(doubles, 900.0)
    relays = [doubles.relay(message_id) for message_id in ids]
    assert {relay.final_status for relay in relays} == {FinalStatus.DELIVERED}
    assert len(queue.texts) < 1.5 * len(ids)
    assert MESSAGE_ID not in ids
