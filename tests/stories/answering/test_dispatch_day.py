"""A day at the dispatch desk: three customers, two handlers, and much that goes wrong.

No customer reads what is meant for another one, and none is forgotten.
"""

from __future__ import annotations

from relay.core.model import FinalStatus, Purpose

from scripts.fake_twilio import Phone
from tests.stories.answering.desk import CLAIM_SECONDS, OWNER_ACTIVE_SECONDS, Desk
from tests.stories.town import code_of


def test_a_dispatch_day(desk: Desk) -> None:
    carla, omar, lee = desk.customer(), desk.customer(), desk.customer()
    couch, fridge = _the_morning(desk, carla, omar)
    piano = _a_lost_text_and_a_lost_answer(desk, lee)
    _the_owner_sleeps(desk, carla, couch)
    _one_is_done(desk, omar, fridge)

    assert len({couch, fridge, piano}) == 3
    assert desk.words_to(carla) == ["On my way to Elm Street", "Five more minutes"]
    assert desk.words_to(omar) == ["Between two and four", "It is on the truck"]
    assert desk.words_to(lee) == ["Leave it, I am sending two men"]
    ended = {relay.final_status for relay in desk.all_relays(Purpose.FORWARD) if relay.sender_class == "customer"}
    assert ended == {FinalStatus.CLAIMED}
    desk.reads_nothing_more(desk.front)


def _the_morning(desk: Desk, carla: Phone, omar: Phone) -> tuple[str, str]:
    """Dana drives, and Sam has two customers. Returns their codes."""
    desk.compares()
    desk.dana.replies_by_itself(after_seconds=0.05)
    texts = [desk.texts(carla, "two couches on Elm Street"), desk.texts(omar, "is my fridge coming today")]
    desk.reads(desk.dana, "it looked automatic")
    assert [desk.claimed_by(text) for text in texts] == ["", ""]
    desk.move(CLAIM_SECONDS[0] + 5.0)
    couch, fridge = (code_of(desk.reads(desk.sam, words)) for words in ("couches", "fridge"))
    desk.takes_time_to_read()
    desk.texts(desk.sam, "On my way to Elm Street")
    desk.reads(desk.sam, "Which one?")
    desk.texts(desk.sam, f"{couch} On my way to Elm Street")
    desk.texts(desk.sam, f"{fridge}: ok")
    desk.reads(desk.sam, f"{fridge} (...{omar.number[-4:]}) is yours")
    desk.texts(desk.sam, f"{fridge.lower()} Between two and four")
    assert [desk.claimed_by(text) for text in texts] == ["Sam", "Sam"]

    desk.dana.replies_no_more()
    desk.takes_time_to_read()
    desk.texts(desk.dana, f"{couch} Which floor?")
    desk.reads(desk.dana, "Sam took")
    return couch, fridge


def _a_lost_text_and_a_lost_answer(desk: Desk, lee: Phone) -> str:
    """Neither webhook of a customer's text and of its answer comes. Returns the customer's code."""
    text = desk.texts(lee, "the piano is stuck on the stairs", desk.lost())
    desk.compares()
    piano = code_of(desk.reads(desk.dana, "piano"))
    desk.takes_time_to_read()
    desk.texts(desk.dana, f"{piano} I am sending two men", desk.lost(age_seconds=0.0))
    desk.move(40.0)
    desk.compares()
    desk.reads(desk.dana, "Too late")
    assert desk.words_to(lee) == []
    desk.texts(desk.dana, f"{piano} Leave it, I am sending two men")
    assert desk.claimed_by(text) == "Dana"
    return piano


def _the_owner_sleeps(desk: Desk, carla: Phone, couch: str) -> None:
    """Sam has the customer and hears nothing; Dana takes over."""
    desk.move(OWNER_ACTIVE_SECONDS + 10.0)
    text = desk.texts(carla, "there is no truck yet")
    desk.reads(desk.sam, "no truck")
    desk.move(CLAIM_SECONDS[1] + 5.0)
    assert code_of(desk.reads(desk.dana, "no truck")) == couch
    desk.takes_time_to_read()
    desk.texts(desk.dana, f"{couch} Five more minutes")
    assert desk.claimed_by(text) == "Dana"
    desk.takes_time_to_read()
    desk.texts(desk.sam, f"{couch} I am at the door")
    desk.reads(desk.sam, "Dana took")


def _one_is_done(desk: Desk, omar: Phone, fridge: str) -> None:
    """What is closed is opened by the customer's next text, under its code and for its owner."""
    desk.texts(desk.sam, f"{fridge} done")
    desk.reads(desk.sam, f"{fridge} (...{omar.number[-4:]}) is closed")
    text = desk.texts(omar, "where is it now")
    assert code_of(desk.reads(desk.sam, "where is it")) == fridge
    desk.takes_time_to_read()
    desk.texts(desk.sam, f"{fridge} It is on the truck")
    assert desk.claimed_by(text) == "Sam"
    desk.texts(desk.sam, f"{fridge} done")
    desk.reads(desk.sam, f"{fridge} (...{omar.number[-4:]}) is closed")
