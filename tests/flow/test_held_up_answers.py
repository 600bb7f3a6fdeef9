"""Answers that do not leave at once: which of them may still go, and to whom."""

from __future__ import annotations

import pytest
from relay.core.failures import UNREACHABLE
from relay.core.model import FinalStatus
from relay.operators.redrive import redrive
from relay.ports import Refused

from tests.office import ANA, CARLA, Office
from tests.twilio_words import refusal


@pytest.mark.parametrize("closed_by", ["", "done", "time"])
def test_a_lost_one_that_is_started_again_goes_to_an_open_thread_alone(closed_by: str) -> None:
    """[Weeks later an operator redrives whatever is exhausted: the customer's request is long over]."""
    office = Office()
    office.reaches(CARLA, "The couch")
    office.messenger.script(refusal(30006))
    cause = office.text(ANA, "On my way")
    office.settle(60)
    sent = len(office.to(CARLA))
    if closed_by == "done":
        office.text(ANA, "done")
    office.wait(15 * 86400 if closed_by == "time" else 60)
    assert redrive(office.world, office.policy, f"{cause}-a", "request-0001", 1).status == 200
    office.settle(60)
    assert len(office.to(CARLA)) == sent + (not closed_by)
    if closed_by:
        assert office.relay(f"{cause}-a").final_status is FinalStatus.EXHAUSTED
        assert "is closed" in office.to(ANA)[-1]


@pytest.mark.parametrize("refused", [Refused(UNREACHABLE), refusal(20429), refusal(30022)])
def test_an_answer_that_was_held_up_is_not_sent_after_a_later_one(refused: Refused) -> None:
    """[At four. No, at five. At four.]: also within seconds, in an outage that uses up no try."""
    office = Office()
    office.reaches(CARLA, "The couch")
    office.messenger.script(refused)
    cause = office.text(ANA, "At four")
    office.clock.advance(1)
    office.text(ANA, "No, at five")
    office.settle(60)
    assert office.relay(f"{cause}-a").final_status is FinalStatus.EXHAUSTED
    assert [words for words in office.to(CARLA)[1:] if "four" in words] == []
    assert "a later answer went" in office.to(ANA)[-1]
