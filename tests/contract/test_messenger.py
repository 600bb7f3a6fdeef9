"""What every messenger promises: one POST with a definite outcome, and true answers about what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from relay.core.comparing import comparable
from relay.core.failures import FailureClass
from relay.core.model import InboundText
from relay.errors import MessengerUnavailable
from relay.ports import Accepted, Ambiguous, OutgoingText
from relay.twilio.codes import TABLE

from tests.contract.messenger_rigs import HANDLER, MESSENGERS, OURS, MessengerRig
from tests.twilio_words import refusal, word_and_code

LIMIT: dict[str, Any] = {"timeout_seconds": 60.0}
CUSTOMER = "+15550003001"
BODY = "+15550003001: the boiler is leaking — please come…"
TEXT = OutgoingText(HANDLER, OURS, BODY, validity_seconds=60, message_id="SM1", tier=1, attempt=1)
SECOND = timedelta(seconds=1)
# Those a POST can be refused with; the others are only ever told in a receipt, or leave the outcome open.
REFUSALS = sorted(code for code, failure in TABLE.items() if failure.failure_class is not FailureClass.AMBIGUOUS)


@pytest.fixture(params=MESSENGERS)
def rig(request: pytest.FixtureRequest) -> Iterator[MessengerRig]:
    with MESSENGERS[request.param]() as one:
        yield one


def send(rig: MessengerRig) -> str:
    outcome = rig.messenger.send(TEXT, **LIMIT)
    assert isinstance(outcome, Accepted)
    return outcome.sent_id


def test_an_accepted_text_can_be_fetched_by_its_id(rig: MessengerRig) -> None:
    before = rig.now()
    sid = send(rig)
    found = rig.messenger.fetch(sid, **LIMIT)
    assert found is not None
    assert (found.sent_id, found.to, found.from_) == (sid, HANDLER, OURS)
    assert comparable(found.body) == comparable(BODY), "Twilio may show typographic characters as plain ones"
    assert word_and_code(found) == ("queued", None)
    assert found.created_at is not None
    assert before - SECOND < found.created_at <= rig.now()


@pytest.mark.parametrize("words", [BODY, ""])
def test_files_go_with_the_words_or_alone_and_are_looked_up_like_any_text(rig: MessengerRig, words: str) -> None:
    mms = replace(
        TEXT, body=words, media_urls=("https://p.example.com/m/made-up/1", "https://p.example.com/m/made-up/2")
    )
    outcome = rig.messenger.send(mms, **LIMIT)
    assert isinstance(outcome, Accepted)
    (found,) = rig.messenger.sent_to(HANDLER, OURS, rig.now() - SECOND, **LIMIT)
    assert (found.sent_id, comparable(found.body)) == (outcome.sent_id, comparable(words))
    assert rig.messenger.fetch(outcome.sent_id, **LIMIT) == found


def test_every_text_has_an_id_of_its_own(rig: MessengerRig) -> None:
    assert len({send(rig) for _ in range(3)}) == 3


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_tells_its_code_and_nothing_was_taken(rig: MessengerRig, code: int) -> None:
    rig.refuse_next(code)
    assert rig.messenger.send(TEXT, **LIMIT) == refusal(code)
    assert rig.messenger.sent_to(HANDLER, OURS, rig.now() - SECOND, **LIMIT) == []
    send(rig)


def test_a_lost_reply_is_ambiguous_and_the_text_can_be_found(rig: MessengerRig) -> None:
    rig.lose_next_reply(TEXT)
    outcome = rig.messenger.send(TEXT, **LIMIT)
    assert isinstance(outcome, Ambiguous)
    assert not any(word in outcome.reason for word in (BODY, HANDLER, OURS))
    (found,) = rig.messenger.sent_to(HANDLER, OURS, rig.now() - SECOND, **LIMIT)
    assert comparable(found.body) == comparable(BODY)
    assert rig.messenger.fetch(found.sent_id, **LIMIT) == found


def test_a_text_whose_words_are_redacted_is_still_listed_and_shows_none(rig: MessengerRig) -> None:
    """Left out it would count as not sent, and be sent again."""
    sid = send(rig)
    rig.redact(sid)
    (found,) = rig.messenger.sent_to(HANDLER, OURS, rig.now() - SECOND, **LIMIT)
    assert (found.sent_id, found.to, found.body) == (sid, HANDLER, "")
    assert rig.messenger.fetch(sid, **LIMIT) == found


def test_a_lost_request_is_ambiguous_and_no_text_is_found(rig: MessengerRig) -> None:
    rig.lose_next_request()
    assert isinstance(rig.messenger.send(TEXT, **LIMIT), Ambiguous)
    assert rig.messenger.sent_to(HANDLER, OURS, rig.now() - SECOND, **LIMIT) == []


@pytest.mark.parametrize(("status", "code"), [("delivered", None), ("undelivered", 30003), ("sent", None)])
def test_a_fetched_text_tells_its_true_status(rig: MessengerRig, status: str, code: int | None) -> None:
    rig.prepare_end(status, code)
    sid = send(rig)
    rig.end_as(sid, status, code)
    found = rig.messenger.fetch(sid, **LIMIT)
    assert found is not None
    assert word_and_code(found) == (status, code)


def test_an_unknown_id_is_none(rig: MessengerRig) -> None:
    assert rig.messenger.fetch("SM" + "f" * 32, **LIMIT) is None


def test_a_search_finds_what_was_sent_to_one_number_and_shows_the_newest_of_before(rig: MessengerRig) -> None:
    """The caller's clock may be ahead: to it all is of before."""
    sent = [send(rig)]
    rig.pass_time(10)
    since = rig.now()
    sent += [send(rig)]
    rig.pass_time(10)
    sent += [send(rig)]
    found = rig.messenger.sent_to(HANDLER, OURS, since, **LIMIT)
    assert sorted(text.sent_id for text in found) == sorted(sent)
    assert rig.messenger.sent_to("+15550002009", OURS, since, **LIMIT) == []
    assert rig.messenger.sent_to(HANDLER, "+15550001009", since, **LIMIT) == []


def test_a_text_that_still_waits_at_twilio_is_found_too(rig: MessengerRig) -> None:
    sid = send(rig)
    (found,) = rig.messenger.sent_to(HANDLER, OURS, rig.now() - SECOND, **LIMIT)
    assert (found.sent_id, word_and_code(found)) == (sid, ("queued", None))


def test_what_came_in_is_listed_with_all_that_a_webhook_tells_but_the_ids_of_its_attachments(rig: MessengerRig) -> None:
    rig.receive(InboundText("SM" + "1" * 32, CUSTOMER, OURS, "too early"))
    rig.pass_time(10)
    since = rig.now()
    sid = rig.receive(InboundText("SM" + "2" * 32, CUSTOMER, OURS, "héllo ☃", media_count=2))
    send(rig)
    page = rig.messenger.received_page(OURS, "", **LIMIT)
    found, earlier = page.messages
    assert (earlier.text.body, page.next_place) == ("too early", "")
    assert found.text == InboundText(sid, CUSTOMER, OURS, "héllo ☃", media_count=2)
    assert found.received_at is not None
    assert since - SECOND < found.received_at <= rig.now()
    assert (found.unusable_because, found.is_arriving) == ("", False)
    assert rig.messenger.received_page("+15550001009", "", **LIMIT).messages == ()


def test_a_look_up_that_is_not_answered_says_nothing_about_the_text(rig: MessengerRig) -> None:
    sid = send(rig)
    since = rig.now() - SECOND
    with rig.unreachable():
        for ask in (
            lambda: rig.messenger.fetch(sid, **LIMIT),
            lambda: rig.messenger.sent_to(HANDLER, OURS, since, **LIMIT),
            lambda: rig.messenger.received_page(OURS, "", **LIMIT),
        ):
            with pytest.raises(MessengerUnavailable) as raised:
                ask()
            assert not any(word in str(raised.value) for word in (BODY, HANDLER, OURS))
    assert rig.messenger.fetch(sid, **LIMIT) is not None
