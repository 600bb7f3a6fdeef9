"""What a customer gets first says who writes, and how to opt out."""

from __future__ import annotations

import pytest
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.by_hand import perform
from relay.flow.deeds import Deed, Order

from tests.office import ANA, BUSINESS, CARLA, Office
from tests.twilio_words import refusal


@pytest.mark.parametrize("by", ["a handler", "an operator"])
def test_after_a_first_answer_that_was_lost_the_next_one_names_the_business(by: str) -> None:
    """[Filtered by a carrier, and written anew]."""
    office = Office()
    message_id = office.reaches(CARLA, "The couch is on the porch")
    office.messenger.script(refusal(30007))
    if by == "a handler":
        office.text(ANA, "On my way")
    else:
        order = Order(Deed.SAY, office.relay(message_id).thread_id, "request-0001", office.policy, words="On our way")
        perform(office.world, office.conversations, order, Budget(office.clock, 20.0, TASK_LIMITS))
    office.settle(60)
    for words in ("I will be with you soon", "Be there at 4"):
        office.text(ANA, words)
        office.settle(60)
    introduced = f"{BUSINESS}: I will be with you soon\nReply STOP to opt out."
    assert office.to(CARLA)[-2:] == [introduced, "Be there at 4"]
