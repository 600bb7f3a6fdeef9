"""Threads of customers: opened with the text, one for each customer, code kept, opened again, given away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core.events import Event, EventKind
from relay.core.foreign import foreign
from relay.core.model import FinalStatus, SenderClass
from relay.core.threads.model import ThreadCode
from relay.flow import conductor
from relay.flow.budget import TASK_LIMITS, Budget

from tests.office import ANA, BEN, CARLA, DANA, OURS, THREE, Office, tiers_of


def test_relay_thread_and_code_are_one_commit() -> None:
    office = Office()
    message_id = office.text(CARLA, "The couch is on the porch")
    thread = office.thread_of(message_id)
    code = office.store.code(thread.code, timeout_seconds=1.0)
    assert code is not None
    assert code.record == ThreadCode(thread.code, thread.thread_id, office.clock.now())
    assert thread.shown_to("Ana", thread.code) is not None


def test_several_texts_of_one_customer_are_one_thread() -> None:
    office = Office()
    ids = [office.text(CARLA, words) for words in ("The couch", "is on", "the porch")]
    assert len({office.relay(one).thread_id for one in ids}) == 1
    assert office.thread_of(office.text(DANA, "A fridge")).thread_id != office.relay(ids[0]).thread_id


def test_the_id_of_a_thread_holds_no_number() -> None:
    office = Office()
    thread_id = office.relay(office.text(CARLA, "The couch")).thread_id
    assert CARLA[1:] not in thread_id
    assert OURS[1:] not in thread_id


def test_a_further_text_within_the_hour_does_not_write_the_thread() -> None:
    office = Office()
    message_id = office.reaches(CARLA, "The couch")
    before = office.store.thread(office.relay(message_id).thread_id, timeout_seconds=1.0)
    office.reaches(CARLA, "And a lamp")
    after = office.store.thread(office.relay(message_id).thread_id, timeout_seconds=1.0)
    assert before is not None
    assert after is not None
    assert before.version == after.version


def test_each_further_person_is_in_the_thread_before_the_text_leaves() -> None:
    office = Office()
    message_id = office.text(CARLA, "The couch")
    office.wait(61)
    assert len(office.to(BEN)) >= 1
    assert office.thread_of(message_id).shown_to("Ben", office.thread_of(message_id).code) is not None


def test_a_quiet_thread_closes_and_opens_again_with_its_code() -> None:
    office = Office()
    first = office.reaches(CARLA, "The couch")
    code = office.thread_of(first).code
    office.text(ANA, f"{code} on my way")
    office.clock.advance(timedelta(days=16).total_seconds())
    thread = office.thread_of(office.text(CARLA, "Another one"))
    assert (thread.code, thread.owner) == (code, None)
    assert thread.is_open(office.clock.now())


def test_after_the_code_was_kept_long_enough_another_thread_may_have_it() -> None:
    office = Office()
    first = office.thread_of(office.reaches(CARLA, "The couch"))
    draws = iter([0, 0, 0, 0])
    office.conversations.random_below = lambda _: next(draws)
    office.clock.advance(timedelta(days=22).total_seconds())
    assert first.code
    again = office.thread_of(office.text(CARLA, "Another one"))
    assert again.opened_at > first.opened_at


def test_a_code_that_is_taken_is_not_given_again() -> None:
    office = Office()
    office.conversations.random_below = lambda _: 3
    codes = {office.thread_of(office.text(f"+1555765{number:04d}", "Hi")).code for number in range(5)}
    assert len(codes) == 5


@pytest.mark.parametrize(("sender", "address"), [("54321", ""), ("ACME", ""), (CARLA, "whatsapp:+15551234567")])
def test_what_no_text_can_answer_has_no_code(sender: str, address: str) -> None:
    office = Office()
    message_id = office.text(sender, "Hello", address=address)
    thread = office.thread_of(message_id)
    assert thread.code == ""
    assert not thread.is_answerable
    assert office.to(ANA)[0].startswith(sender)


def test_a_handler_is_no_customer_unless_test_stands_in_front() -> None:
    office = Office()
    assert office.relay(office.text(BEN, "Does this work?")).final_status is FinalStatus.RECORDED
    message_id = office.text(BEN, "test Does this work?")
    assert office.relay(message_id).final_status is FinalStatus.IN_PROGRESS
    assert any("Does this work?" in words for words in office.to(ANA))


def test_a_former_handler_is_no_customer_for_two_weeks() -> None:
    office = Office(tiers_of(*THREE))
    office.conversations.remember_today(office.world, _budget(office))
    later = Office(tiers_of(*THREE[:2]))
    later.world = office.world
    office.conversations.people = later.conversations.people
    office.intake = later.intake
    cyd = THREE[2][1]
    assert office.relay(office.text(cyd, "I quit")).final_status is FinalStatus.RECORDED
    office.clock.advance(timedelta(days=15).total_seconds())
    assert office.relay(office.text(cyd, "Can you haul my couch?")).final_status is FinalStatus.IN_PROGRESS


def test_the_number_that_a_handler_had_before_is_no_customers_for_two_weeks_and_knows_no_code() -> None:
    """[A handler gets another phone; whoever has the old one texts "on my way"]."""
    office = Office(tiers_of(*THREE))
    office.conversations.remember_today(office.world, _budget(office))
    code = office.thread_of(office.reaches(CARLA, "The couch")).code
    later = Office(tiers_of(("Ana", "+15550100009"), *THREE[1:]))
    office.conversations.people, office.intake = later.conversations.people, later.intake
    office.conversations.remember_today(office.world, _budget(office))
    for words in ("On my way", f"{code} on my way"):
        assert office.relay(office.text(ANA, words)).final_status is FinalStatus.RECORDED
    office.settle()
    assert office.to(CARLA) == []
    assert "you were not texted about that" in office.to(ANA)[-1]
    office.clock.advance(timedelta(days=15).total_seconds())
    assert office.relay(office.text(ANA, "Can you haul my couch?")).final_status is FinalStatus.IN_PROGRESS


def test_a_thread_that_cannot_be_read_costs_no_text() -> None:
    office = Office()
    thread_id = office.relay(office.reaches(CARLA, "The couch")).thread_id
    office.store.unreadable.add(thread_id)
    message_id = office.text(CARLA, "And a lamp")
    assert office.to(ANA)[-1] == f"{CARLA}: And a lamp"
    office.wait(61)
    assert office.to(BEN)[-1] == f"{CARLA}: And a lamp"
    assert office.relay(message_id).thread_id == ""


def _budget(office: Office) -> Budget:
    return Budget(office.clock, 40.0, TASK_LIMITS)


def test_what_a_customer_writes_after_done_goes_to_whom_it_was_done_by_first() -> None:
    office = Office()
    message_id = office.text(CARLA, "The couch is on the porch")
    office.wait(70)
    code = office.thread_of(message_id).code
    office.text(BEN, f"{code} mine")
    office.text(BEN, f"{code} done")
    office.settle(60)
    before = len(office.to(ANA))
    thanks = office.text(CARLA, "Thanks!")
    office.delivered(thanks)
    assert "Thanks!" in office.to(BEN)[-1]
    assert len(office.to(ANA)) == before
    assert office.relay(thanks).claimed_by == "Ben"


def test_a_redrive_to_another_person_of_the_same_tier_brings_its_own_line_on_how_to_answer() -> None:
    office = Office(tiers_of(("Ana", ANA)))
    message_id = office.text(CARLA, "The couch is on the porch")
    office.wait(120.0)
    assert office.relay(message_id).final_status is FinalStatus.EXHAUSTED
    stored = office.store.get(message_id, timeout_seconds=1.0)
    assert stored is not None
    asked = Event(EventKind.REDRIVE_REQUESTED, policy=tiers_of(("Ben", BEN)), tier=1, request_id="redrive-0001")
    conductor.apply(office.world, stored, asked, Budget(office.clock, 20.0, TASK_LIMITS))
    office.settle(10.0)
    code = office.thread_of(message_id).code
    text, line = office.to(BEN)
    assert text.startswith(code)
    assert line.startswith("To answer")


def test_a_claim_takes_a_text_whose_sender_a_newer_revision_calls_otherwise() -> None:
    office = Office()
    message_id = office.reaches(CARLA, "The couch is on the porch")
    stored = office.store.get(message_id, timeout_seconds=1.0)
    assert stored is not None
    renamed = replace(stored.relay, sender_class=foreign(SenderClass, "customer_by_sms"))
    office.store.update(renamed, stored.version, (), timeout_seconds=1.0)
    office.text(ANA, "ok")
    assert office.relay(message_id).claimed_by == "Ana"
