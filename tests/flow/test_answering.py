"""A handler's text answers the customer: what is sent, to whom, and what is stored with it."""

from __future__ import annotations

from typing import Any

import pytest
from relay.core.events import Meaning
from relay.core.model import FinalStatus, Purpose
from relay.errors import StoreUnavailable

from tests.office import ANA, BEN, BUSINESS, CARLA, CYD, DANA, Office, tiers_of


def test_a_forwarded_text_begins_with_its_threads_code() -> None:
    office = Office()
    message_id = office.text(CARLA, "The couch is on the porch")
    code = office.thread_of(message_id).code
    assert office.to(ANA)[0] == f"{code} {CARLA}: The couch is on the porch"


def test_the_first_text_that_a_person_gets_is_followed_once_by_how_to_answer() -> None:
    office = Office()
    office.reaches(CARLA, "The couch is on the porch")
    assert len(office.to(ANA)) == 2
    office.reaches(CARLA, "And a lamp")
    office.reaches(DANA, "A fridge, please")
    assert len(office.to(ANA)) == 4


def test_an_answer_reaches_the_customer_and_claims() -> None:
    office = Office()
    message_id = office.reaches(CARLA, "The couch is on the porch")
    office.text(ANA, "On my way, be there at 4")
    office.settle()
    (answer,) = office.to(CARLA)
    assert answer.startswith(f"{BUSINESS}: On my way, be there at 4\n")
    assert "STOP" in answer
    assert ANA not in answer
    assert office.thread_of(message_id).owner == "Ana"
    assert office.relay(message_id).final_status is FinalStatus.CLAIMED
    assert office.relay(message_id).claimed_by == "Ana"


def test_only_the_first_answer_names_the_business() -> None:
    office = Office()
    office.reaches(CARLA, "The couch is on the porch")
    office.text(ANA, "On my way")
    office.settle(60)
    office.text(ANA, "Be there at 4")
    office.settle()
    assert office.to(CARLA)[1] == "Be there at 4"


def test_an_answer_that_was_sent_is_done() -> None:
    office = Office()
    office.reaches(CARLA, "The couch is on the porch")
    cause = office.text(ANA, "On my way")
    office.settle()
    answer = f"{cause}-a"
    assert office.relay(answer).purpose is Purpose.ANSWER
    office.delivered(answer, Meaning.HANDED_OVER)
    assert office.relay(answer).final_status is FinalStatus.DELIVERED


def test_a_claim_ends_the_cascade_of_all_texts_of_the_thread() -> None:
    office = Office()
    first = office.text(CARLA, "The couch is on the porch")
    second = office.text(CARLA, "And a lamp")
    code = office.thread_of(first).code
    office.text(ANA, f"{code} ok")
    office.wait(1000)
    assert [office.relay(one).final_status for one in (first, second)] == [FinalStatus.CLAIMED] * 2
    assert office.to(BEN) == []
    assert office.to(CARLA) == []


def test_with_two_customers_an_uncoded_answer_reaches_neither() -> None:
    office = Office()
    office.reaches(CARLA, "The couch is on the porch")
    office.reaches(DANA, "A fridge, please")
    before = len(office.to(ANA))
    office.text(ANA, "On my way")
    office.settle()
    assert office.to(CARLA) == office.to(DANA) == []
    assert len(office.to(ANA)) == before + 1


def test_a_person_with_two_phones_is_answered_on_the_one_that_texted() -> None:
    office = Office(tiers_of(("Ana", ANA), ("Ben", BEN), ("Ana", CYD)))
    office.reaches(CARLA, "The couch is on the porch")
    office.reaches(DANA, "A fridge, please")
    before = len(office.to(ANA))
    office.text(CYD, "On my way")
    office.settle()
    assert [words.split(" Send")[0] for words in office.to(CYD)] == ["Nothing was done. Which one?"]
    assert len(office.to(ANA)) == before


def test_a_code_chooses_the_customer() -> None:
    office = Office()
    office.reaches(CARLA, "The couch is on the porch")
    second = office.reaches(DANA, "A fridge, please")
    code = office.thread_of(second).code
    office.text(ANA, f"{code.lower()} on my way")
    office.settle()
    assert office.to(CARLA) == []
    assert "on my way" in office.to(DANA)[0]


def test_a_repeated_webhook_changes_nothing() -> None:
    office = Office()
    office.reaches(CARLA, "The couch is on the porch")
    cause = office.text(ANA, "On my way")
    office.settle()
    sent = office.sent
    office.text(ANA, "On my way", message_id=cause)
    office.settle()
    assert office.sent == sent


def test_what_comes_by_itself_to_a_text_that_its_owner_just_got_reaches_no_customer() -> None:
    """That text is the active owner's with its delivery, so that no open text of the thread says when it was sent."""
    office = Office()
    first = office.reaches(CARLA, "The couch is on the porch")
    office.text(ANA, "On my way")
    office.settle(60)
    before = office.to(CARLA)
    second = office.text(CARLA, "How long will it be?")
    office.delivered(second)
    assert office.relay(second).claimed_by == "Ana"
    office.text(ANA, "In the car, later")  # words that no list of ours has
    office.settle()
    assert office.to(CARLA) == before
    assert office.relay(first).claimed_by == "Ana"


def test_an_owner_who_passes_gives_up_what_was_taken_and_the_next_person_is_texted() -> None:
    office = Office()
    taken = [office.reaches(CARLA, words) for words in ("The couch is on the porch", "And a lamp")]
    office.text(ANA, "ok")
    office.settle()
    assert [office.relay(one).claimed_by for one in taken] == ["Ana", "Ana"]
    office.text(ANA, "pass")
    office.settle()
    assert [sum(words in text for text in office.to(BEN)) for words in ("couch", "lamp")] == [1, 1]
    assert office.thread_of(taken[0]).owner is None
    assert "You passed" in office.to(ANA)[-1]


def test_what_an_earlier_owner_had_taken_is_not_passed_again() -> None:
    office = Office()
    first = office.reaches(CARLA, "The couch is on the porch")
    code = office.thread_of(first).code
    office.text(ANA, f"{code} ok")
    office.settle(60)
    office.text(CARLA, "And a lamp")
    office.wait(1000)
    assert "lamp" in office.to(BEN)[0]
    office.text(BEN, f"{code} mine")
    office.settle()
    office.text(BEN, f"{code} pass")
    office.settle()
    assert not any("couch" in text for text in (*office.to(BEN), *office.to(CYD)))
    assert any("lamp" in text for text in office.to(CYD))


def test_a_text_that_says_more_later_is_decided_anew() -> None:
    office = Office()
    message_id = office.reaches(CARLA, "The couch is on the porch")
    code = office.thread_of(message_id).code
    cause = office.text(ANA, f"{code} on", recovered_at=office.clock.now())
    office.settle()
    assert office.to(CARLA) == []
    office.text(ANA, f"{code} on my way", message_id=cause)
    office.text(ANA, f"{code} on my way", message_id=cause)
    office.settle()
    (answer,) = office.to(CARLA)
    assert "on my way" in answer
    assert office.relay(cause).asked == "answer"


def test_what_a_text_says_more_is_not_called_stored_when_the_store_did_not_take_it() -> None:
    office = Office()
    message_id = office.reaches(CARLA, "The couch is on the porch")
    code = office.thread_of(message_id).code
    cause = office.text(ANA, f"{code} on", recovered_at=office.clock.now())
    office.settle()
    real, commits = office.store.commit, 0

    def commit(*arguments: Any, **named: Any) -> Any:
        nonlocal commits
        commits += 1
        if commits == 2:  # the first one finds that the text is stored
            raise StoreUnavailable("down")
        return real(*arguments, **named)

    office.store.commit = commit  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        office.text(ANA, f"{code} on my way", message_id=cause)
    office.text(ANA, f"{code} on my way", message_id=cause)
    office.settle()
    assert len(office.to(CARLA)) == 1
