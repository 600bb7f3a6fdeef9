"""A text that comes in again and says more than the record has: kept, and forwarded by a new drive."""

from __future__ import annotations

from dataclasses import replace

import pytest
from relay.core import machine, moves
from relay.core.events import Event, EventKind, SendAttempt
from relay.core.fuller import says_more
from relay.core.model import Attachment, AttemptStatus, FinalStatus, Relay, SenderClass, Step

from tests.relays import accepted, after, at, delivered, exhausted, policy, received, route, steps, text, unconfirmed

COUCH = "I have a couch"
FULL = "I have a couch and a fridge"
PHOTO = Attachment("ME" + "1" * 32, "image/jpeg")


def _of(body: str, media_count: int = 0) -> Relay:
    return replace(received(policy(tiers=2)).relay, message_body=body, media_count=media_count)


def _again(body: str = FULL, lease: str | None = "webhook two", media_count: int = 0) -> Event:
    return Event(EventKind.INBOUND_SAYS_MORE, lease=lease, text=text(body=body, media_count=media_count))


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ("", FULL),
        (COUCH, FULL),
        ("  ", FULL),
        (f"{COUCH} \N{REPLACEMENT CHARACTER}", f"{COUCH} \N{COUCH AND LAMP}, two"),
    ],
)
def test_words_where_the_record_has_none_or_only_their_beginning_are_more(known: str, told: str) -> None:
    assert says_more(_of(known), _again(told))


@pytest.mark.parametrize("listed", ["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "****", "[redacted]", f"{COUCH}...", "Oh"])
def test_a_webhooks_words_count_where_a_list_showed_others_in_their_place(listed: str) -> None:
    """Redacted, shortened: a record that only the list has told of is believed until the webhook comes."""
    relay = replace(_of(listed), recovered=True)
    assert says_more(relay, _again(FULL))
    assert not says_more(relay, replace(_again(FULL), by="reconcile")), "a list's words are no better than a list's"
    assert not says_more(replace(relay, recovered=False), _again(FULL)), "two webhooks of a text say the same"
    assert not says_more(replace(_of(FULL), recovered=True), _again(FULL)), "once it is on record"


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        (FULL, COUCH),
        (FULL, ""),
        ("It\u2019s a couch", "It's a couch"),
        (f"{COUCH} \N{COUCH AND LAMP}", f"{COUCH} \N{REPLACEMENT CHARACTER}"),
    ],
)
def test_a_webhook_that_says_less_or_the_same_in_other_characters_says_no_more(listed: str, told: str) -> None:
    assert not says_more(replace(_of(listed), recovered=True), _again(told))


@pytest.mark.parametrize("told", [FULL, COUCH, "", f"{FULL} \n", "another text, and a longer one than that"])
def test_the_same_words_fewer_or_others_are_not_more(told: str) -> None:
    assert not says_more(_of(FULL), _again(told))


def test_more_attachments_are_more_and_fewer_are_not() -> None:
    assert says_more(_of(FULL, 1), _again("", media_count=2))
    assert not says_more(_of(FULL, 1), _again(FULL, media_count=0))


@pytest.mark.parametrize("relay", [received().relay, after(received().relay, accepted(1), delivered(1)), exhausted()])
def test_ids_of_attachments_alone_are_put_on_record_and_send_nothing(relay: Relay) -> None:
    """The list had told how many files came, and its text went out so; the webhook tells which."""
    relay = replace(relay, media_count=1)
    told = replace(text(body=relay.message_body, media_count=1), attachments=(PHOTO,))
    decision = machine.transition(relay, Event(EventKind.INBOUND_SAYS_MORE, lease="webhook two", text=told), at(30))
    assert decision.relay.attachments == (PHOTO,)
    assert (decision.relay.attempts, decision.relay.final_status) == (relay.attempts, relay.final_status)
    assert not any(isinstance(effect, SendAttempt) for effect in decision.effects)
    assert not machine.transition(decision.relay, Event(EventKind.INBOUND_SAYS_MORE, text=told), at(31)).changed


@pytest.mark.parametrize(
    "ended_or_not",
    [
        received(policy(tiers=2)).relay,
        after(received(policy(tiers=2)).relay, accepted(1)),
        after(received(policy(tiers=2)).relay, accepted(1), delivered(1)),
        after(received(policy(tiers=2)).relay, accepted(1), unconfirmed(1)),
        exhausted(),
    ],
    ids=["being sent", "sent", "delivered", "at tier 2", "exhausted"],
)
def test_whatever_became_of_the_shorter_text_the_whole_one_begins_at_tier_1(ended_or_not: Relay) -> None:
    before = replace(ended_or_not, message_body=COUCH)
    decision = machine.transition(before, _again(), at(50))
    relay = decision.relay
    assert (relay.message_body, relay.final_status) == (FULL, FinalStatus.IN_PROGRESS)
    current = relay.attempts[-1]
    assert (current.tier, current.status) == (1, AttemptStatus.LEASED)
    assert current.number == len(before.attempts) + 1 == relay.first_attempt_of_drive == relay.first_attempt_of_words
    assert decision.effects[-1] == SendAttempt(current.number)
    assert Step.SAID_MORE in steps(relay)
    assert (relay.delivered_tier, relay.alarm_is_due) == (None, False)


def test_what_the_shorter_text_delivers_later_ends_nothing() -> None:
    """Its handler read the beginning; the words that are missing are still under way."""
    relay = after(replace(received(policy(tiers=2)).relay, message_body=COUCH), accepted(1), _again())
    relay = after(relay, delivered(1))
    assert (relay.final_status, relay.attempts[0].status) == (FinalStatus.IN_PROGRESS, AttemptStatus.DELIVERED)
    assert after(relay, delivered(2)).final_status is FinalStatus.DELIVERED


def test_nothing_is_ever_taken_away() -> None:
    relay = replace(_of(FULL, 1), attachments=(PHOTO,))
    more = machine.transition(relay, _again(body="", media_count=2), at(50)).relay
    assert (more.message_body, more.media_count, more.attachments) == (FULL, 2, (PHOTO,))


def test_coming_in_once_more_it_is_known() -> None:
    relay = after(_of(COUCH), _again())
    again = machine.transition(relay, _again(), at(60))
    assert again.relay is relay
    assert again.effects == (moves.pending_timer(relay), SendAttempt(2)), "the caller's own lease"


def test_a_handlers_text_is_kept_whole_and_stays_recorded() -> None:
    """Its first half was found in the list before the word with which the handler opted out."""
    handler = SenderClass.HANDLER
    relay = moves.receive(text(body=""), handler, route(policy(), handler), at(0), "reconcile").relay
    event = replace(_again("STOP"), sender_class=SenderClass.HANDLER_OPT_OUT)
    decision = machine.transition(relay, event, at(50))
    kept = decision.relay
    assert (kept.final_status, kept.message_body) == (FinalStatus.RECORDED, "STOP")
    assert (kept.sender_class, decision.effects) == (SenderClass.HANDLER_OPT_OUT, ())
