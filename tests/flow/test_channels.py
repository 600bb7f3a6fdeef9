"""Another kind of reach, carried by the real conductor: the cascade does not know how a handler is reached."""

from __future__ import annotations

from dataclasses import replace

import pytest
from relay.core.events import Receipt
from relay.core.failures import NO_CHANNEL
from relay.core.model import AttemptStatus, FinalStatus, Relay, Timer
from relay.core.people import handlers_of
from relay.core.policy import Policy, Tier, sms
from relay.flow import receipts, timers
from relay.flow.budget import WEBHOOK_LIMITS, WEBHOOK_SECONDS, Budget
from relay.flow.sweep import sweep
from relay.record.documents import from_document, to_document

from tests.flow.call_channel import CALL, CallChannel, Exchange, by_phone
from tests.relays import OUR_NUMBER, PERMANENT, sid
from tests.twilio_words import refusal
from tests.worlds import Doubles, status_request

TEXTED, CALLED = "+15550100001", "+15550100002"
LAST = "+15550100003"
TEXT_THEN_CALL = Policy(
    (Tier("Dana", sms(TEXTED), ()), Tier("Kim", by_phone(CALLED), ()), Tier("Office", sms(LAST), ()))
)
CALL_ONLY = Policy((Tier("Kim", by_phone(CALLED), (2.0,)),))


class Phones(Doubles):
    """The usual world, in which handlers can be called too: the row that a channel is."""

    def __init__(self, tiers: Policy = TEXT_THEN_CALL) -> None:
        super().__init__(tiers)
        self.exchange = Exchange(self._told)
        self.world = replace(self.world, channels={**self.world.channels, CALL: CallChannel(self.exchange)})

    def _told(self, message_id: str, attempt: int, receipt: Receipt | None) -> None:
        budget = Budget(self.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS)
        receipts.take_in(self.world, message_id, attempt, receipt, budget)

    def next_timer(self) -> Timer:
        """The timer that is due next fires."""
        timer = min(self.timers.armed, key=lambda timer: timer.due_at)
        self.clock.advance(max(0.0, (timer.due_at - self.clock.now()).total_seconds()))
        self.timers.armed.remove(timer)
        timers.fire(self.world, timer)
        return timer

    def calls_tier_2(self) -> Relay:
        """Tier 1 is refused, and tier 2's phone rings."""
        self.messenger.script(refusal(PERMANENT))
        self.inbound()
        self.next_timer()
        return self.relay()


def test_a_handler_who_is_called_takes_the_text_by_pressing_a_key() -> None:
    phones = Phones()
    relay = phones.calls_tier_2()
    (call,) = phones.exchange.calls
    assert (call.number, relay.attempts[1].sent_id, relay.attempts[1].status) == (
        CALLED,
        "call-0",
        AttemptStatus.ACCEPTED,
    )
    phones.exchange.becomes(call, "pressed")
    ended = phones.relay()
    assert (ended.final_status, ended.delivered_tier) == (FinalStatus.DELIVERED, 2)
    assert [text.to for text in phones.messenger.sends] == [TEXTED]


@pytest.mark.parametrize(
    ("state", "tier", "failure_class"), [("mailbox", 3, "recipient"), ("unanswered", 3, "transient")]
)
def test_a_call_that_reaches_no_person_goes_on_by_its_failures_class(state: str, tier: int, failure_class: str) -> None:
    phones = Phones()
    phones.calls_tier_2()
    phones.exchange.becomes(phones.exchange.calls[0], state)
    relay = phones.relay()
    assert relay.attempts[1].failure is not None
    assert relay.attempts[1].failure.failure_class == failure_class
    assert relay.attempts[2].tier == tier


def test_a_call_that_was_not_answered_is_made_again_by_its_tiers_schedule() -> None:
    phones = Phones(CALL_ONLY)
    phones.inbound()
    phones.exchange.becomes(phones.exchange.calls[0], "unanswered")
    phones.next_timer()
    assert [call.number for call in phones.exchange.calls] == [CALLED, CALLED]


def test_a_phone_stops_ringing_when_another_handler_has_the_text() -> None:
    phones = Phones()
    phones.inbound()
    phones.next_timer()  # no delivery at tier 1 was confirmed in time
    (call,) = phones.exchange.calls
    assert call.state == "ringing"
    phones.status(status_request("delivered", attempt=1, MessageSid=sid(1)))
    assert phones.relay().delivered_tier == 1
    assert call.state == "hung up"


def test_a_call_whose_answer_was_lost_is_found_again_and_not_made_twice() -> None:
    phones = Phones(CALL_ONLY)
    phones.exchange.loses_answers = True
    phones.inbound()
    assert phones.relay().attempts[0].status is AttemptStatus.UNKNOWN
    phones.exchange.calls[0].state = "pressed"
    phones.next_timer()
    assert (phones.relay().final_status, len(phones.exchange.calls)) == (FinalStatus.DELIVERED, 1)


def test_an_exchange_that_is_down_at_the_deadline_declares_nothing() -> None:
    phones = Phones(CALL_ONLY)
    phones.exchange.loses_answers = phones.exchange.is_down = True
    phones.inbound()
    phones.next_timer()
    assert phones.relay().attempts[0].status is AttemptStatus.UNKNOWN
    assert phones.relay().outage_since is not None, "it is asked again later"


def test_a_number_that_cannot_be_called_is_left_at_once() -> None:
    phones = Phones()
    phones.exchange.unreachable = frozenset({CALLED})
    phones.calls_tier_2()
    assert [attempt.tier for attempt in phones.relay().attempts] == [1, 2, 3]


def test_the_sweep_makes_a_call_whose_timer_was_lost() -> None:
    phones = Phones()
    phones.messenger.script(refusal(PERMANENT))
    phones.inbound()
    phones.timers.armed.clear()
    phones.clock.advance(3600)
    sweep(phones.world)
    assert [call.number for call in phones.exchange.calls] == [CALLED]


def test_the_record_keeps_how_each_handler_is_reached() -> None:
    phones = Phones()
    relay = phones.calls_tier_2()
    assert from_document(to_document(relay)) == relay
    assert [attempt.reach.kind for attempt in relay.attempts] == ["sms", "call"]


def test_a_handler_who_is_only_called_has_no_number_to_text_from() -> None:
    people = handlers_of(TEXT_THEN_CALL)
    assert people.with_number(TEXTED) is not None
    assert people.with_number(CALLED) is None
    assert OUR_NUMBER not in {number for person in people.handlers for number in person.numbers}


def test_a_kind_of_reach_that_only_another_revision_knows_costs_its_tier_and_not_the_text() -> None:
    phones = Phones()
    phones.world = replace(
        phones.world, channels={kind: c for kind, c in phones.world.channels.items() if kind != CALL}
    )
    relay = phones.calls_tier_2()
    assert [attempt.tier for attempt in relay.attempts] == [1, 2, 3]
    assert relay.attempts[1].failure == NO_CHANNEL


def test_a_call_of_another_revision_is_left_at_its_deadline_without_being_declared_not_made() -> None:
    phones = Phones()
    phones.calls_tier_2()
    phones.world = replace(
        phones.world, channels={kind: c for kind, c in phones.world.channels.items() if kind != CALL}
    )
    phones.wait(70)
    relay = phones.relay()
    assert (relay.attempts[1].status, relay.attempts[2].tier) == (AttemptStatus.UNCONFIRMED, 3)
