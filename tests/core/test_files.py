"""What becomes of a text's files: the link, what a filter leaves of a text, words that came as a file, and revoking."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core import files, links, machine, moves
from relay.core.events import Event, EventKind, SendAttempt
from relay.core.failures import ANSWERED_SINCE
from relay.core.links import Form
from relay.core.model import Attachment, AttemptStatus, FinalStatus, InboundText, Purpose, Relay, SenderClass, Step
from relay.core.policy import Policy, Success, sms
from relay.core.purposes import policy_of
from relay.core.routes import Forward

from tests.relays import CUSTOMER, MESSAGE_ID, OUR_NUMBER, T0, after, at, due, failed, policy, unconfirmed

TOKEN = "a-secret-of-22-letters"
PHOTO = Attachment("ME" + "1" * 32, "image/jpeg")
WORDS = Attachment("ME" + "2" * 32, "text/plain")
FILTERED = 30007


def a_text(*attachments: Attachment, body: str = "This couch", count: int | None = None) -> InboundText:
    """A customer's text with these files, as intake hands it over."""
    media_count = len(attachments) if count is None else count
    return InboundText(
        MESSAGE_ID, CUSTOMER, OUR_NUMBER, body, media_count, attachments, media_token=TOKEN if media_count else ""
    )


def forwarded(text: InboundText, tiers: Policy | None = None, lease: str | None = "webhook") -> Relay:
    return moves.receive(text, SenderClass.CUSTOMER, Forward(tiers or policy()), T0, lease).relay


def without_links(tiers: Policy) -> Policy:
    return Policy(tuple(replace(tier, without_link=True) for tier in tiers.tiers))


def forms(relay: Relay) -> list[tuple[int, Form]]:
    """Each attempt's tier, and what its text says."""
    return [(attempt.tier, links.form_of(relay, attempt)) for attempt in relay.attempts]


def test_a_text_with_files_has_a_link_and_one_without_has_none() -> None:
    assert links.has_link(forwarded(a_text(PHOTO)), 1)
    assert not links.has_link(forwarded(a_text()), 1)


def test_a_tier_that_wants_no_link_gets_none() -> None:
    mixed = Policy((without_links(policy()).tiers[0], *policy().tiers[1:]))
    relay = forwarded(a_text(PHOTO), mixed)
    assert [links.has_link(relay, tier) for tier in (1, 2, 3)] == [False, True, True]


def test_files_that_are_words_of_the_text_need_no_link() -> None:
    relay = forwarded(a_text(replace(WORDS, is_in_words=True)))
    assert relay.files_to_see == 0
    assert not links.has_link(relay, 1)


def test_what_is_filtered_with_the_link_goes_to_the_same_tier_without_it_at_once_and_then_on_as_a_notice() -> None:
    relay = after(forwarded(a_text(PHOTO)), failed(1, FILTERED))
    assert relay.attempts[1].starts_at == relay.error_log[-1].at
    relay = after(relay, due(2), failed(2, FILTERED), due(3))
    assert forms(relay) == [(1, Form.WHOLE), (1, Form.WITHOUT_LINK), (2, Form.NOTICE)]


def test_a_filter_that_is_told_of_late_is_no_try_without_the_link() -> None:
    """Tier 1's text is filtered after tier 2's has left, with the link too; that one is filtered as well."""
    relay = after(forwarded(a_text(PHOTO), policy(delays=())), unconfirmed(1, lease="next"))
    relay = after(relay, failed(1, FILTERED), failed(2, FILTERED))
    assert [(attempt.tier, attempt.had_link) for attempt in relay.attempts[:2]] == [(1, True), (2, True)]
    assert (relay.attempts[2].tier, links.form_of(relay, relay.attempts[2])) == (2, Form.WITHOUT_LINK)
    relay = after(relay, due(3), failed(3, FILTERED))
    assert (relay.attempts[3].tier, links.form_of(relay, relay.attempts[3])) == (3, Form.NOTICE)


@pytest.mark.parametrize(
    "relay", [forwarded(a_text()), forwarded(a_text(PHOTO), without_links(policy()))], ids=["no files", "no link"]
)
def test_what_is_filtered_without_a_link_goes_on_to_the_next_tier_as_a_notice(relay: Relay) -> None:
    assert forms(after(relay, failed(1, FILTERED))) == [(1, Form.WHOLE), (2, Form.NOTICE)]


def test_what_is_filtered_after_its_carrier_took_it_goes_once_more_without_the_link() -> None:
    tiers = Policy(tuple(replace(tier, success=Success.SENT) for tier in policy().tiers))
    relay = after(forwarded(a_text(PHOTO), tiers), Event(EventKind.RECEIPT_HANDED_OVER, 1), failed(1, FILTERED))
    assert forms(relay) == [(1, Form.WHOLE), (1, Form.WITHOUT_LINK)]


def test_it_goes_without_the_link_even_where_the_tier_has_no_retries() -> None:
    relay = after(forwarded(a_text(PHOTO), policy(delays=())), failed(1, FILTERED))
    assert forms(relay) == [(1, Form.WHOLE), (1, Form.WITHOUT_LINK)]


def test_after_it_went_without_the_link_later_tiers_get_no_link_either() -> None:
    relay = after(forwarded(a_text(PHOTO), policy(delays=())), failed(1, FILTERED), due(2), failed(2, 30006))
    assert forms(relay)[-1] == (2, Form.WITHOUT_LINK)


def test_a_redrive_begins_with_the_whole_text() -> None:
    relay = after(forwarded(a_text(PHOTO), policy(tiers=1)), failed(1, FILTERED), due(2), failed(2, FILTERED))
    again = Event(EventKind.REDRIVE_REQUESTED, policy=policy(), request_id="r1", reason="again")
    assert forms(after(relay, again))[-1] == (1, Form.WHOLE)


def test_revoking_takes_the_link_out_of_the_record_once() -> None:
    revoke = Event(EventKind.LINK_REVOKED, reason="by ana", by="operator")
    relay = after(forwarded(a_text(PHOTO)), revoke)
    assert relay.media_token == ""
    assert relay.error_log[-1].step is Step.LINK_REVOKED
    assert not machine.transition(relay, revoke, at(5)).changed


@pytest.mark.parametrize("kind", [EventKind.INBOUND_SAYS_MORE, EventKind.REDRIVE_REQUESTED])
def test_what_comes_later_makes_no_new_link_in_the_place_of_a_revoked_one(kind: EventKind) -> None:
    relay = after(forwarded(a_text(PHOTO), policy(tiers=1)), Event(EventKind.LINK_REVOKED), failed(1, 30006))
    more = replace(a_text(PHOTO, replace(PHOTO, media_id="ME" + "3" * 32)), media_token="another")
    event = Event(kind, text=more, policy=policy(), request_id="r1")
    assert after(relay, event).media_token == ""


def test_a_text_whose_files_are_learned_later_gets_the_link_with_them() -> None:
    relay = after(forwarded(a_text()), Event(EventKind.INBOUND_SAYS_MORE, text=a_text(PHOTO), lease="again"))
    assert (relay.media_token, relay.attachments) == (TOKEN, (PHOTO,))
    assert links.has_link(relay, 1)


def test_words_of_a_file_stand_below_the_texts_own_and_are_marked() -> None:
    text = files.with_words(a_text(WORDS, PHOTO, body="Hi"), {WORDS.media_id: " I have a couch \n"})
    assert text.body == "Hi\nI have a couch"
    assert [each.is_in_words for each in text.attachments] == [True, False]
    assert files.hold_words(text) == ()


def test_a_text_that_waits_for_its_words_goes_with_them_in_one_attempt() -> None:
    text = a_text(WORDS, body="")
    waiting = moves.receive(text, SenderClass.CUSTOMER, Forward(policy()), T0, None, starts_in=timedelta(seconds=5))
    assert waiting.timers[0].due_at == at(5)
    whole = files.with_words(text, {WORDS.media_id: "I have a couch"})
    event = Event(EventKind.INBOUND_SAYS_MORE, text=whole, lease="webhook")
    decision = machine.transition(waiting.relay, event, at(1))
    assert [each for each in decision.effects if isinstance(each, SendAttempt)] == [SendAttempt(1)]
    assert decision.relay.message_body == "I have a couch"
    assert decision.relay.attachments[0].is_in_words
    assert [attempt.status for attempt in decision.relay.attempts] == [AttemptStatus.LEASED]
    # The webhook that comes again has the file alone, and adds nothing.
    assert not machine.transition(decision.relay, Event(EventKind.INBOUND_SAYS_MORE, text=text), at(2)).changed


def test_words_that_come_after_the_text_went_out_begin_a_new_drive() -> None:
    text = a_text(WORDS, body="Hi")
    whole = files.with_words(text, {WORDS.media_id: "I have a couch"})
    relay = after(forwarded(text), Event(EventKind.INBOUND_SAYS_MORE, text=whole))
    assert (len(relay.attempts), relay.message_body) == (2, "Hi\nI have a couch")


def test_the_files_of_a_customers_text_are_shown_as_long_as_it_is_kept_and_an_answers_for_an_hour() -> None:
    relay = forwarded(a_text(PHOTO))
    assert not files.are_over(relay, relay.expires_at - timedelta(seconds=1))
    assert files.are_over(relay, relay.expires_at)
    one_tier = policy_of(Purpose.ANSWER, "customer", sms(CUSTOMER))
    answer = moves.receive(
        a_text(PHOTO), SenderClass.HANDLER, Forward(one_tier, purpose=Purpose.ANSWER), T0, None
    ).relay
    assert not files.are_over(answer, at(3599))
    assert files.are_over(answer, at(3600))
    assert not links.has_link(answer, 1)


def an_answer(*attachments: Attachment, asked: str = "", token: str = TOKEN) -> Relay:
    """A handler's answer with these files, on its way to the customer."""
    text = InboundText(
        MESSAGE_ID, OUR_NUMBER, OUR_NUMBER, "Like this one?", len(attachments), attachments, media_token=token
    )
    policy_ = policy_of(Purpose.ANSWER, "customer", sms(CUSTOMER))
    return moves.receive(
        text, SenderClass.OWN_NUMBER, Forward(policy_, Purpose.ANSWER, asked=asked), T0, "way in"
    ).relay


def taken(relay: Relay) -> list[bool]:
    """Of each attempt whether it takes the files along."""
    return [files.takes_files(relay, attempt) for attempt in relay.attempts]


@pytest.mark.parametrize("code", [11200, 11751, 12300, 21620, 21623, FILTERED, 30011, 30019, 63019, 63034])
def test_an_answer_whose_files_are_refused_goes_once_more_at_once_without_them(code: int) -> None:
    relay = after(an_answer(PHOTO), failed(1, code))
    assert taken(relay) == [True, False]
    assert relay.attempts[1].starts_at == relay.error_log[-1].at
    relay = after(relay, due(2), failed(2, code))
    assert (len(relay.attempts), relay.final_status) == (2, FinalStatus.EXHAUSTED)


@pytest.mark.parametrize("code", [30003, 30008, 30005, 21610])
def test_what_is_not_the_files_keeps_them(code: int) -> None:
    assert all(taken(after(an_answer(PHOTO), failed(1, code))))


def test_files_alone_that_are_refused_end_the_answer() -> None:
    relay = after(an_answer(PHOTO, asked=files.FILES_ALONE), failed(1, 30019))
    assert (len(relay.attempts), relay.final_status) == (1, FinalStatus.EXHAUSTED)


def test_an_answer_without_files_or_with_a_revoked_link_takes_none() -> None:
    assert taken(an_answer()) == taken(an_answer(PHOTO, token="")) == [False]
    relay = after(an_answer(), failed(1, 30019))
    assert (len(relay.attempts), relay.final_status) == (1, FinalStatus.EXHAUSTED)


def test_that_a_later_answer_went_is_no_refusal_of_the_files() -> None:
    overtaken = Event(EventKind.SEND_REFUSED, 1, failure=ANSWERED_SINCE)
    relay = after(an_answer(PHOTO), overtaken)
    assert (len(relay.attempts), relay.final_status) == (1, FinalStatus.EXHAUSTED)


def test_a_customers_text_never_takes_its_files_along() -> None:
    relay = forwarded(a_text(PHOTO))
    assert taken(relay) == [False]
    assert taken(after(relay, failed(1, 30019)))[-1] is False


def test_an_answer_that_is_begun_again_has_its_files_for_another_hour() -> None:
    relay = after(an_answer(PHOTO), failed(1, 30005))
    again = Event(EventKind.REDRIVE_REQUESTED, request_id="1", by="operator")
    later = relay.timestamp + timedelta(hours=5)
    assert files.are_over(relay, later)
    relay = machine.transition(relay, again, later).relay
    assert not files.are_over(relay, later + timedelta(minutes=59))
    assert files.are_over(relay, later + timedelta(minutes=60))
    assert taken(relay) == [True, True]
