"""Receipts that come late while a text waits for a claim, and leases that end while it is asked whether to send."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core.events import Event, EventKind, Meaning, Receipt
from relay.core.model import FinalStatus, InboundText
from relay.core.policy import Policy
from relay.flow import conductor, intake, receipts
from relay.flow.budget import TASK_LIMITS, WEBHOOK_LIMITS, WEBHOOK_SECONDS, Budget
from relay.twilio.codes import failure_of

from tests.fakes.world import Calls
from tests.office import ANA, BEN, CARLA, OURS, Office, tiers_of
from tests.twilio_words import refusal


def test_a_delivery_at_a_tier_that_asks_for_no_claim_ends_a_text_that_waits_at_another() -> None:
    first, second = tiers_of(("Ana", ANA), ("Ben", BEN), claim_seconds=300.0).tiers
    office = Office(Policy((replace(first, claim_timeout_seconds=0.0), second)))
    message_id = office.text(CARLA, "The couch is on the porch")
    office.wait(61.0)
    office.delivered(message_id)
    assert office.relay(message_id).claim_until is not None
    late = office.relay(message_id).attempts[0]
    budget = Budget(office.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS)
    receipts.take_in(
        office.world, message_id, 1, Receipt(late.sent_id or "SM1", Meaning.DELIVERED, "delivered"), budget
    )
    relay = office.relay(message_id)
    assert (relay.final_status, relay.delivered_tier, relay.claim_until) == (FinalStatus.DELIVERED, 1, None)


def test_an_answer_whose_opt_out_took_long_to_look_up_is_not_sent_after_its_lease() -> None:
    office = Office()
    office.reaches(CARLA, "The couch is on the porch")
    calls = Calls()
    calls.of(office.store, "opt_out", lambda *_: "opt_out")

    def stands_still() -> None:
        # The first look is before the commit, the second under the lease.
        if calls.count("opt_out") == 2:
            office.clock.advance(30.0)

    calls.after["opt_out"] = stands_still
    office.text(ANA, "On my way")
    assert office.to(CARLA) == []
    calls.after.clear()
    office.settle(60.0)
    assert len(office.to(CARLA)) == 1


def test_what_comes_within_seconds_of_a_notice_is_a_machines() -> None:
    office = Office()
    office.reaches(CARLA, "The couch is on the porch")
    office.wait(60.0)
    office.text(ANA, "I'm driving with Focus turned on.")
    office.settle(2.0)
    assert "automatic" in office.to(ANA)[-1]
    office.text(ANA, "We are closed now, and open at eight")
    office.settle(60.0)
    assert office.to(CARLA) == []


def test_what_comes_within_seconds_of_a_text_that_its_owner_took_is_a_machines() -> None:
    office = Office()
    message_id = office.text(CARLA, "The couch is on the porch")
    code = office.thread_of(message_id).code
    office.clock.advance(6.0)
    office.text(ANA, f"{code} on my way")
    office.text(ANA, "We are closed now, and open at eight")
    office.settle(60.0)
    assert len(office.to(CARLA)) == 1


def test_what_comes_within_seconds_of_a_text_whose_tries_took_a_minute_is_a_machines() -> None:
    """The second try's timer is a minute late; delivered to its active owner the text is claimed."""
    office = Office()
    code = office.thread_of(office.reaches(CARLA, "The couch is on the porch")).code
    office.text(ANA, f"{code} on my way")
    office.settle(60.0)
    office.messenger.script(refusal(20429))
    message_id = office.text(CARLA, "And a lamp")
    office.clock.advance(65.0)
    office.settle(1.0)
    office.delivered(message_id)
    assert office.relay(message_id).final_status is FinalStatus.CLAIMED
    office.clock.advance(5.0)
    office.text(ANA, "We are closed now, and open at eight")
    office.settle(5.0)
    assert len(office.to(CARLA)) == 1


def test_a_text_of_ours_that_leaves_while_a_machines_words_are_under_way_makes_them_no_persons() -> None:
    office = Office()
    office.text(CARLA, "The couch is on the porch")
    came_in = office.clock.now() + timedelta(seconds=5)
    office.clock.advance(6.0)
    office.text(CARLA, "And a lamp")
    office.settle(1.0)
    own = InboundText(f"SM{99:032x}", ANA, OURS, "We are closed now, and open at eight")
    budget = Budget(office.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS)
    intake.accept(office.world, office.intake, own, budget, received_at=came_in)
    office.settle(60.0)
    assert office.to(CARLA) == []


@pytest.mark.parametrize("seconds", [15.0, 420.0])
def test_what_comes_within_seconds_of_being_told_that_an_answer_did_not_arrive_is_a_machines(seconds: float) -> None:
    """However long after it was written the answer was given up."""
    office = Office()
    office.reaches(CARLA, "The couch is on the porch")
    office.wait(60.0)
    answer = f"{office.text(ANA, 'On my way')}-a"
    office.wait(seconds)
    relay = office.relay(answer)
    budget = Budget(office.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS)
    failed = Receipt(relay.current.sent_id or "", Meaning.FAILED, "undelivered", failure_of(30006))
    receipts.take_in(office.world, answer, 1, failed, budget)
    office.settle(4.0)
    assert "did not get" in office.to(ANA)[-1]
    office.text(ANA, "We are closed now, and open at eight")
    office.settle(60.0)
    assert len(office.to(CARLA)) == 1


def test_an_answer_that_fails_again_after_a_redrive_is_told_again() -> None:
    office = Office()
    office.reaches(CARLA, "The couch is on the porch")
    answer = f"{office.text(ANA, 'On my way')}-a"

    def fails() -> int:
        attempt = office.relay(answer).current
        failed = Receipt(attempt.sent_id or "", Meaning.FAILED, "undelivered", failure_of(30006))
        budget = Budget(office.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS)
        receipts.take_in(office.world, answer, attempt.number, failed, budget)
        office.settle(30.0)
        return sum("did not get your text" in words for words in office.to(ANA))

    assert fails() == 1
    stored = office.store.get(answer, timeout_seconds=1.0)
    assert stored is not None
    again = Event(EventKind.REDRIVE_REQUESTED, policy=office.policy, tier=1, request_id="redrive-0001")
    conductor.apply(office.world, stored, again, Budget(office.clock, 20.0, TASK_LIMITS))
    office.settle(30.0)
    assert fails() == 2
