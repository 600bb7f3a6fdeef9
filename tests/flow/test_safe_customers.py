"""Customers are safe: opt-outs, lost answers, late answers, machines, and a number that passes nothing on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from relay.core.events import Meaning
from relay.core.failures import UNREACHABLE
from relay.core.model import Consent, FinalStatus, Purpose
from relay.flow.segments import segments
from relay.ports import Refused
from relay.twilio.codes import failure_of

from tests.office import ANA, BEN, BUSINESS, CARLA, DANA, Office


@pytest.mark.parametrize(("words", "consent"), [("STOP", None), ("arret", Consent.STOP), (" stop ", None)])
def test_a_customers_stop_is_forwarded_and_no_answer_leaves_after_it(words: str, consent: Consent | None) -> None:
    office = Office()
    office.reaches(CARLA, "The couch")
    office.text(CARLA, words, consent=consent)
    assert any(words.strip() in text and "No texts" in text for text in office.to(ANA))
    office.settle(30)
    office.text(ANA, "On my way")
    office.settle()
    assert office.to(CARLA) == []
    assert "blocked" in office.to(ANA)[-1]


def test_start_lifts_it_and_yes_does_not() -> None:
    office = Office()
    office.reaches(CARLA, "The couch")
    office.text(CARLA, "STOP")
    office.text(CARLA, "YES")
    office.settle(30)
    office.text(ANA, "On my way")
    office.settle(60)
    assert office.to(CARLA) == []
    office.text(CARLA, "START")
    office.settle(30)
    office.text(ANA, "On my way now")
    office.settle()
    assert "On my way now" in office.to(CARLA)[0]


def test_an_opt_out_between_decision_and_sending_is_seen() -> None:
    office = Office()
    office.reaches(CARLA, "The couch")
    office.messenger.script(Refused(UNREACHABLE))
    cause = office.text(ANA, "On my way")
    office.text(CARLA, "STOP")
    office.settle()
    assert len(office.to(CARLA)) == 1  # what no provider took
    assert office.relay(f"{cause}-a").final_status is FinalStatus.EXHAUSTED
    assert any("did not get your text" in words for words in office.to(ANA))


def test_a_lost_answer_is_told_to_its_writer_and_alarms_no_one() -> None:
    office = Office()
    office.reaches(CARLA, "The couch")
    office.messenger.script(Refused(failure_of(30006)))
    office.text(ANA, "On my way")
    office.settle()
    assert any("did not get your text" in words for words in office.to(ANA))
    assert office.journal.alarms == []


def test_if_the_writer_cannot_be_told_either_people_are() -> None:
    office = Office()
    office.reaches(CARLA, "The couch")
    office.messenger.script(Refused(failure_of(30006)), Refused(failure_of(30006)), Refused(failure_of(30006)))
    office.text(ANA, "On my way")
    office.settle()
    assert [one.purpose for one in office.journal.alarms] == [Purpose.NOTICE]


def test_a_refusal_that_says_so_is_an_opt_out() -> None:
    office = Office()
    office.reaches(CARLA, "The couch")
    office.messenger.script(Refused(failure_of(21610)))
    office.text(ANA, "On my way")
    office.settle(60)
    office.text(ANA, "I am here")
    office.settle()
    assert len(office.to(CARLA)) == 1
    assert "blocked" in office.to(ANA)[-1]


def test_an_answer_that_reconcile_found_is_not_sent() -> None:
    office = Office()
    office.reaches(CARLA, "The couch")
    office.text(ANA, "On my way", recovered_at=office.clock.now())
    office.settle()
    assert office.to(CARLA) == []
    assert "Too late" in office.to(ANA)[-1]


def test_a_driving_phone_claims_nothing_and_is_asked_once() -> None:
    office = Office()
    message_id = office.text(CARLA, "The couch")
    for _ in range(3):
        office.text(ANA, "I'm driving with Do Not Disturb While Driving turned on. I'll see your message later.")
        office.settle(2)
    assert office.relay(message_id).final_status is FinalStatus.IN_PROGRESS
    assert office.to(CARLA) == []
    assert sum("automatic" in words for words in office.to(ANA)) == 1


def test_while_replies_are_off_a_handler_is_told_so_once_in_twelve_hours() -> None:
    office = Office(replies=False)
    office.reaches(CARLA, "The couch")
    assert office.to(ANA) == [f"{CARLA}: The couch"]
    for _ in range(3):
        office.text(ANA, "On my way")
        office.settle(60)
    assert len(office.to(ANA)) == 2
    assert office.to(CARLA) == []
    office.clock.advance(timedelta(hours=13).total_seconds())
    office.text(ANA, "Hello?")
    office.settle()
    assert len(office.to(ANA)) == 3


def test_no_text_to_a_customer_holds_a_handlers_number_or_another_customers_words() -> None:
    office = Office()
    office.reaches(CARLA, "The couch")
    second = office.reaches(DANA, "A fridge")
    office.text(ANA, f"{office.thread_of(second).code} on my way")
    office.settle()
    for words in office.to(CARLA) + office.to(DANA):
        assert not any(number[2:] in words for number in (ANA, BEN, CARLA))
        assert "couch" not in words


def test_an_answer_is_done_when_the_carrier_has_it() -> None:
    office = Office()
    office.reaches(CARLA, "The couch")
    cause = office.text(ANA, "On my way")
    office.settle()
    office.delivered(f"{cause}-a", Meaning.HANDED_OVER)
    office.wait(3600)
    assert office.relay(f"{cause}-a").final_status is FinalStatus.DELIVERED
    assert len(office.to(CARLA)) == 1


def test_a_customers_reaction_to_an_answer_goes_to_the_owner_without_a_cascade() -> None:
    office = Office()
    office.reaches(CARLA, "The couch")
    office.text(ANA, "On my way, be there at 4")
    office.settle(60)
    message_id = office.text(CARLA, f"Liked “{office.to(CARLA)[0]}”")
    office.wait(600)
    assert office.relay(message_id).final_status is FinalStatus.RECORDED
    assert "Liked" in office.to(ANA)[-1]
    assert not any("Liked" in words for words in office.to(BEN))


@pytest.mark.parametrize(
    ("reaction", "shown"),
    [("👎 to “{}”", "👎 to"), ("Reacted 😂 to “{}”", "Reacted 😂 to"), ("\u200b❤️\u200b to “{}”", "❤️ to")],
)
def test_the_owner_reads_by_which_emoji_a_customer_reacted(reaction: str, shown: str) -> None:
    """[Shall I come at four? 👎]."""
    office = Office()
    office.reaches(CARLA, "The couch")
    office.text(ANA, "Shall I come at four, or would Saturday in the morning suit you better?")
    office.settle(60)
    office.text(CARLA, reaction.format(office.to(CARLA)[0]))
    office.settle()
    assert f': {shown} "{BUSINESS}: Sha' in office.to(ANA)[-1]
    assert segments(office.to(ANA)[-1]) == 1


def test_a_reaction_to_anything_else_is_a_text_like_any() -> None:
    office = Office()
    office.reaches(CARLA, "The couch")
    message_id = office.text(CARLA, "Liked “We are open on Sundays”")
    assert office.relay(message_id).final_status is FinalStatus.IN_PROGRESS
