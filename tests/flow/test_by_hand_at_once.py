"""An operator and another person at the same instant: whichever commit is first, the other is decided on by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from relay.core.model import FinalStatus, Step
from relay.core.threads.model import Thread
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.by_hand import Done, perform
from relay.flow.deeds import Deed, Order

from tests.office import ANA, BEN, CARLA, CYD, Office

Deeds = Callable[[Office, str], object]


def _does(deed: Deed, person: str = "", words: str = "") -> Deeds:
    """What an operator does with the thread of this text."""

    def do(office: Office, text: str) -> Done | None:
        found = next((one for one in office.conversations.people.handlers if one.id == person), None)
        thread_id = office.relay(text).thread_id
        order = Order(deed, thread_id, f"request-of-{deed}", office.policy, found, words)
        return perform(office.world, office.conversations, order, Budget(office.clock, 20.0, TASK_LIMITS))

    return do


def _texts(phone: str, words: str) -> Deeds:
    """What a person texts; of a handler's words `{code}` is the thread's code."""
    return lambda office, text: office.text(phone, words.format(code=office.thread_of(text).code))


def _meanwhile(office: Office, other: Callable[[], object]) -> None:
    """Between what the next act read and its commit the other one is stored."""
    real, is_over = office.store.commit, False

    def commit(*arguments: Any, **named: Any) -> Any:
        nonlocal is_over
        if not is_over:
            is_over = True
            other()
        return real(*arguments, **named)

    office.store.commit = commit  # type: ignore[method-assign]


def _at_once(act: Deeds, meanwhile: Deeds) -> tuple[Office, str]:
    """A customer's text has reached Ana and Ben; `act` is decided, and stored after `meanwhile`."""
    office = Office()
    text = office.text(CARLA, "The couch is on the porch")
    office.wait(61)
    office.settle(30)
    _meanwhile(office, lambda: meanwhile(office, text))
    act(office, text)
    office.settle(60)
    return office, text


CLAIMS = [
    (_does(Deed.CLAIM, "Cyd"), _texts(ANA, "{code} ok")),
    (_texts(ANA, "{code} ok"), _does(Deed.CLAIM, "Cyd")),
    (_does(Deed.CLAIM, "Cyd"), _texts(ANA, "{code} on my way")),
    (_texts(ANA, "{code} on my way"), _does(Deed.CLAIM, "Cyd")),
    (_does(Deed.CLAIM, "Cyd"), _texts(BEN, "{code} pass")),
    (_texts(BEN, "{code} pass"), _does(Deed.CLAIM, "Cyd")),
    (_does(Deed.CLAIM, "Cyd"), _texts(ANA, "{code} done")),
    (_does(Deed.CLAIM, "Cyd"), _texts(CARLA, "Hello?")),
]


@pytest.mark.parametrize(("act", "meanwhile"), CLAIMS)
def test_one_person_has_the_customer_and_no_further_one_is_texted(act: Deeds, meanwhile: Deeds) -> None:
    office, text = _at_once(act, meanwhile)
    thread, relay = office.thread_of(text), office.relay(text)
    assert thread.owner in ("Ana", "Cyd")
    # A claim takes the texts that have none: what was taken already stays whose it was.
    assert (relay.final_status, relay.claimed_by in ("Ana", "Cyd")) == (FinalStatus.CLAIMED, True)
    # Who lost it, or did not get it, was told last that it is the other one's.
    loser, phone = ("Ana", ANA) if thread.owner == "Cyd" else ("Cyd", CYD)
    told = [words for words in office.to(phone) if thread.owner in words or "is yours" in words]
    assert not told or thread.owner in told[-1], loser
    office.wait(1000)
    assert sum("couch" in words for words in office.to(CYD)) == 0


@pytest.mark.parametrize("before", [(), ("STOP",), ("STOP", "START")])
@pytest.mark.parametrize(("word", "meanwhile"), [("STOP", "START"), ("START", "STOP")])
def test_of_a_stop_and_a_start_at_once_the_one_that_is_stored_last_holds(
    word: str, meanwhile: str, before: tuple[str, ...]
) -> None:
    office = Office()
    text = office.text(CARLA, "The couch is on the porch")
    for each in before:
        office.text(CARLA, each)
    _meanwhile(office, lambda: office.text(CARLA, meanwhile))
    office.text(CARLA, word)
    office.text(ANA, f"{office.thread_of(text).code} on my way")
    office.settle(60)
    assert bool(office.to(CARLA)) == (word == "START")


STOPS: list[tuple[Deeds, Deeds]] = [
    (_does(Deed.SAY, words="On our way"), _texts(CARLA, "STOP")),
    (_texts(ANA, "{code} on my way"), _does(Deed.BLOCK)),
    (_does(Deed.SAY, words="On our way"), _texts(ANA, "{code} block")),
]


def test_a_customers_text_goes_to_the_person_who_took_the_customer_before_it_was_stored() -> None:
    """[The webhook stops for seconds after it read that Ana has the customer; a delivery would count as a claim]."""
    office = Office()
    first = office.text(CARLA, "The couch is on the porch")
    office.wait(61)
    office.settle(30)
    office.text(ANA, f"{office.thread_of(first).code} on my way")
    office.settle(60)
    _meanwhile(office, lambda: office.text(BEN, f"{office.thread_of(first).code} mine"))
    later = office.text(CARLA, "And a lamp")
    office.settle(60)
    assert [words for words in office.to(ANA) if "And a lamp" in words] == []
    assert "And a lamp" in "".join(office.to(BEN))
    assert office.relay(later).claimed_by == "Ben"


@pytest.mark.parametrize(("act", "meanwhile"), STOPS)
def test_nothing_goes_to_a_customer_after_the_commit_of_an_opt_out(act: Deeds, meanwhile: Deeds) -> None:
    """The answer's commit may be second to it; its lease is looked at once more before it is sent."""
    office, _ = _at_once(act, meanwhile)
    assert office.to(CARLA) == []


@pytest.mark.parametrize(
    ("act", "meanwhile"),
    [
        (_does(Deed.SAY, words="On our way"), _texts(ANA, "{code} done")),
        (_does(Deed.SAY, words="On our way"), _texts(ANA, "{code} on my way")),
        (_texts(ANA, "{code} on my way"), _does(Deed.SAY, words="On our way")),
    ],
)
def test_words_of_both_are_of_an_open_thread_and_each_goes_once(act: Deeds, meanwhile: Deeds) -> None:
    office, text = _at_once(act, meanwhile)
    sent = [words.removeprefix("Acme Hauling: ").splitlines()[0] for words in office.to(CARLA)]
    is_open = office.thread_of(text).is_open(office.clock.now())
    assert sorted(sent) == (["On our way", "on my way"] if is_open else [])
    assert sum("Acme Hauling" in words for words in office.to(CARLA)) == min(1, len(sent)), "named once"


def test_a_release_that_is_stored_after_its_owners_answer_takes_the_customer_back() -> None:
    office = Office()
    text = office.reaches(CARLA, "The couch is on the porch")
    code = office.thread_of(text).code
    office.text(ANA, f"{code} ok")
    office.settle(60)
    _meanwhile(office, lambda: office.text(ANA, f"{code} on my way"))
    _does(Deed.RELEASE)(office, text)
    office.settle(60)
    thread: Thread = office.thread_of(text)
    assert thread.owner is None
    assert office.relay(text).final_status is FinalStatus.DELIVERED
    assert office.to(ANA)[-1].startswith("The office took over")
    assert len(office.to(CARLA)) == 1
    assert [line.step for line in office.relay(text).error_log].count(Step.RELEASED) == 1
