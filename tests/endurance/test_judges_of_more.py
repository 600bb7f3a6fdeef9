"""What rarely happens to a text and is no fault: more words that come later, or a delivery that is taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from relay.core import moves
from relay.core.events import Event, EventKind
from relay.core.model import InboundText, SenderClass, Step
from relay.core.routes import Forward
from relay.twilio.codes import failure_of

from tests.endurance.judges import s3_one_first_delivery, s6_no_tier_skipped
from tests.endurance.run import Run
from tests.endurance.test_judges import _ID, _POLICY, _TEXT, _good_run
from tests.fakes.clock import START
from tests.relays import after


def _run_that_said_more() -> Run:
    """Tier 1 failed, tier 2 delivered; then the text said more, and tier 1 has all of it."""
    run = _good_run()
    relay = replace(run.relays[_ID])
    text = InboundText(_ID, _TEXT.sender, _TEXT.to, f"{_TEXT.body} and more")
    events = [
        Event(EventKind.INBOUND_SAYS_MORE, lease="a", text=text, sender_class=SenderClass.CUSTOMER),
        Event(EventKind.SEND_ACCEPTED, 2, sent_id="SM" + "2" * 32),
        Event(EventKind.RECEIPT_FAILED, 2, sent_id="SM" + "2" * 32, failure=failure_of(30006)),
        Event(EventKind.ATTEMPT_DUE, 3, lease="b"),
        Event(EventKind.SEND_ACCEPTED, 3, sent_id="SM" + "3" * 32),
        Event(EventKind.RECEIPT_DELIVERED, 3, sent_id="SM" + "3" * 32),
        Event(EventKind.INBOUND_SAYS_MORE, lease="c", text=replace(text, body=f"{text.body} and more")),
        Event(EventKind.SEND_ACCEPTED, 4, sent_id="SM" + "4" * 32),
        Event(EventKind.RECEIPT_DELIVERED, 4, sent_id="SM" + "4" * 32),
    ]
    run.relays[_ID] = after(relay, *events)
    return run


def test_it_goes_through_the_tiers_anew() -> None:
    run = _run_that_said_more()
    relay = run.relays[_ID]
    assert [attempt.tier for attempt in relay.attempts] == [1, 1, 2, 1]
    assert [entry.tier for entry in relay.error_log if entry.step is Step.DELIVERED] == [1, 2, 1]
    assert [*s6_no_tier_skipped(run), *s3_one_first_delivery(run)] == []


def test_without_that_the_same_is_a_violation() -> None:
    run = _run_that_said_more()
    relay = run.relays[_ID]
    silent = tuple(entry for entry in relay.error_log if entry.step is not Step.SAID_MORE)
    run.relays[_ID] = replace(relay, error_log=silent, delivered_tier=2)
    assert len([*s6_no_tier_skipped(run), *s3_one_first_delivery(run)]) == 2


def _run_whose_delivery_was_taken_back() -> Run:
    """Tier 1 is given up; tier 2 counts as delivered by a receipt about another text; then tier 1 is delivered late."""
    run = _good_run()
    text = InboundText(_ID, _TEXT.sender, _TEXT.to, _TEXT.body)
    relay = moves.receive(text, SenderClass.CUSTOMER, Forward(_POLICY), START, "a").relay
    events = [
        Event(EventKind.SEND_ACCEPTED, 1, sent_id="SM" + "1" * 32),
        Event(EventKind.DEADLINE_UNCONFIRMED, 1, lease="b"),
        Event(EventKind.RECEIPT_DELIVERED, 2, sent_id="SM" + "9" * 32),
        Event(EventKind.RECEIPT_DELIVERED, 1, sent_id="SM" + "1" * 32),
        Event(EventKind.SEND_ACCEPTED, 2, sent_id="SM" + "2" * 32),
    ]
    run.relays[_ID] = after(relay, *events)
    return run


def test_a_delivery_that_a_later_word_took_back_leaves_the_one_that_was_told_late() -> None:
    run = _run_whose_delivery_was_taken_back()
    relay = run.relays[_ID]
    assert relay.delivered_tier == 1
    assert [entry.tier for entry in relay.error_log if entry.step is Step.DELIVERED] == [2]
    assert list(s3_one_first_delivery(run)) == []


@pytest.mark.parametrize("tier", [2, 3, None])
def test_a_tier_without_a_delivery_is_none_that_delivered(tier: int | None) -> None:
    run = _run_whose_delivery_was_taken_back()
    run.relays[_ID] = replace(run.relays[_ID], delivered_tier=tier)
    assert len(list(s3_one_first_delivery(run))) == 1
