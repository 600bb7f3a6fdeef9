"""Handlers who text STOP or START: Twilio answers, and operators learn that texts arrive no more, or again."""

from __future__ import annotations

import pytest
from relay.core.model import Consent, FinalStatus, SenderClass
from relay.flow.budget import WEBHOOK_LIMITS, WEBHOOK_SECONDS, Budget

from tests.office import ANA, CARLA, THREE, Office, tiers_of


@pytest.mark.parametrize("replies", [True, False])
def test_the_log_says_so_and_the_handler_is_told_nothing_by_us(replies: bool) -> None:
    office = Office(replies=replies)
    office.reaches(CARLA, "The couch")
    office.text(ANA, "STOP", consent=Consent.STOP)
    told = len(office.to(ANA))
    for consent in (Consent.START, None):
        office.text(ANA, "START", consent=consent)
        office.settle()
    assert [words for _, words, _ in office.journal.notes if "opted" in words] == ["a handler opted in again"]
    assert len(office.to(ANA)) == told


def test_a_stop_that_comes_to_a_process_without_the_handlers_tier_is_one_all_the_same() -> None:
    """Tiers are replaced process by process: one of before knows the new handler from the store alone."""
    office, later = Office(tiers_of(*THREE[:2])), Office(tiers_of(*THREE))
    cyd = THREE[2][1]
    budget = Budget(office.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS)
    later.conversations.remember_today(office.world, budget)
    assert office.intake.people.with_number(cyd) is None
    relay = office.relay(office.text(cyd, "STOP", consent=Consent.STOP))
    assert (relay.sender_class, relay.final_status) == (SenderClass.HANDLER_OPT_OUT, FinalStatus.RECORDED)
    assert office.relay(office.text(cyd, "HELP")).sender_class is SenderClass.HANDLER
