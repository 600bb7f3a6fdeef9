"""Who has a customer: passes, takeovers, owners first, waits for a claim, and what a claim's race leaves."""

from __future__ import annotations

from dataclasses import replace

from relay.core.model import FinalStatus
from relay.core.people import handlers_of
from relay.flow.intake import Intake

from tests.office import ANA, BEN, CARLA, CYD, OURS, THREE, Office, tiers_of

PATIENT = tiers_of(*THREE, claim_seconds=120.0)


def test_pass_goes_on_to_the_next_person() -> None:
    office = Office()
    message_id = office.reaches(CARLA, "The couch")
    office.text(ANA, "pass")
    office.settle()
    assert "The couch" in office.to(BEN)[0]
    assert office.relay(message_id).final_status is FinalStatus.IN_PROGRESS
    assert "passed" in office.to(ANA)[-1]


def test_pass_at_the_last_tier_is_alarmed_at_once() -> None:
    office = Office(tiers_of(("Ana", ANA)))
    message_id = office.reaches(CARLA, "The couch")
    office.text(ANA, "pass")
    office.settle()
    assert office.relay(message_id).final_status is FinalStatus.EXHAUSTED
    assert [one.message_id for one in office.journal.alarms] == [message_id]


def test_a_tier_that_was_left_passes_nothing() -> None:
    office = Office()
    message_id = office.text(CARLA, "The couch")
    code = office.thread_of(message_id).code
    office.wait(61)
    office.text(ANA, f"{code} pass")
    office.settle()
    assert "already gone on" in office.to(ANA)[-1]
    assert office.to(CYD) == []


def test_another_persons_words_are_not_sent_and_mine_takes_over() -> None:
    office = Office()
    message_id = office.text(CARLA, "The couch")
    code = office.thread_of(message_id).code
    office.wait(61)
    office.text(ANA, f"{code} on my way")
    office.settle(60)
    office.text(BEN, f"{code} I can do it cheaper")
    office.settle()
    assert [words for words in office.to(CARLA) if "cheaper" in words] == []
    assert "Ana" in office.to(BEN)[-1]
    office.text(BEN, f"{code} mine I come at 5")
    office.settle()
    assert "I come at 5" in office.to(CARLA)[-1]
    assert "Ben" in office.to(ANA)[-1]
    assert office.thread_of(message_id).owner == "Ben"


def test_a_former_owner_is_told_by_a_process_that_read_the_people_before_that_person_was_one() -> None:
    """[Ben is put into the tiers, takes a customer, and minutes later the tiers are those of before, in a process that
    has run all the time]."""
    office = Office(tiers_of(("Ana", ANA)))
    code = office.thread_of(office.reaches(CARLA, "The couch")).code
    office.text(CARLA, "It is blue")
    as_it_ran = office.conversations, office.intake, office.world
    people = handlers_of(tiers_of(("Ben", BEN)))
    office.intake = Intake(tiers_of(("Ben", BEN)), (OURS,), people)
    started = replace(office.conversations, people=people, _known={}, _known_at=None)
    office.conversations, office.world = started, replace(office.world, conversations=started)
    message_id = office.reaches(CARLA, "And a chair")
    office.text(BEN, f"{code} mine")
    office.settle()
    assert office.thread_of(message_id).owner == "Ben"
    office.conversations, office.intake, office.world = as_it_ran
    office.text(ANA, f"{code} mine")
    office.settle()
    assert office.thread_of(message_id).owner == "Ana"
    assert "Ana" in office.to(BEN)[-1]


def test_a_tier_that_asks_for_a_claim_waits_and_then_goes_on() -> None:
    office = Office(PATIENT)
    message_id = office.reaches(CARLA, "The couch")
    assert office.relay(message_id).claim_until is not None
    office.wait(89)
    assert office.to(BEN) == []
    office.wait(2)
    assert "The couch" in office.to(BEN)[0]


def test_a_claim_within_its_time_ends_the_wait() -> None:
    office = Office(PATIENT)
    message_id = office.reaches(CARLA, "The couch")
    office.text(ANA, "ok")
    office.wait(1000)
    assert office.to(BEN) == []
    assert office.relay(message_id).final_status is FinalStatus.CLAIMED


def test_a_further_text_goes_to_the_owner_first_and_ends_as_the_owners() -> None:
    office = Office(PATIENT)
    first = office.text(CARLA, "The couch")
    code = office.thread_of(first).code
    office.wait(61)
    office.text(BEN, f"{code} I have it")
    office.wait(600)
    second = office.text(CARLA, "Thanks!")
    assert "Thanks!" in office.to(BEN)[-1]
    office.delivered(second)
    office.wait(1000)
    assert office.relay(second).final_status is FinalStatus.CLAIMED
    assert office.relay(second).claimed_by == "Ben"
    assert not any("Thanks!" in words for words in office.to(ANA))


def test_a_sleeping_owner_is_passed_and_has_the_customer_no_more() -> None:
    office = Office(PATIENT)
    first = office.text(CARLA, "The couch")
    code = office.thread_of(first).code
    office.wait(61)
    office.text(BEN, f"{code} I have it")
    office.wait(3 * 3600)
    second = office.text(CARLA, "Where are you?")
    office.delivered(second)
    office.wait(130)
    assert any("Where are you?" in words for words in office.to(ANA))
    assert office.thread_of(second).owner is None


def test_a_text_that_came_before_the_claim_is_told_at_its_next_lease() -> None:
    office = Office()
    message_id = office.text(CARLA, "The couch")
    thread = office.thread_of(message_id)
    # The claim's commit did not see this relay: only the thread says that Ana has the customer.
    kept = office.store.thread(thread.thread_id, timeout_seconds=1.0)
    assert kept is not None
    from dataclasses import replace

    from relay.ports import Write

    now = office.clock.now()
    owned = replace(thread, owner="Ana", owner_since=now, changed_at=now)
    office.store.commit((Write(owned, kept.version),), (), timeout_seconds=1.0)
    office.wait(120)
    assert office.to(BEN) == []
    assert office.relay(message_id).final_status is FinalStatus.CLAIMED


def test_done_closes_and_open_opens_again() -> None:
    office = Office()
    message_id = office.reaches(CARLA, "The couch")
    code = office.thread_of(message_id).code
    office.text(ANA, "done")
    office.settle(30)
    assert not office.thread_of(message_id).is_open(office.clock.now())
    office.text(ANA, f"{code} where is it?")
    office.settle(30)
    assert office.to(CARLA) == []
    office.text(ANA, f"{code} open")
    office.settle(30)
    office.text(ANA, f"{code} where is it?")
    office.settle()
    assert "where is it?" in office.to(CARLA)[0]
