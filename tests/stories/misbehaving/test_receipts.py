"""Receipts that take back what was said, come too late, or are about another text."""

from __future__ import annotations

import pytest

from scripts.fake_twilio import Behaviour, Callbacks
from scripts.fake_twilio.behaviour import silent
from tests.stories.town import Town, tiers_tried

OTHERS = {
    "another text": Callbacks(says={"MessageStatus": "delivered", "MessageSid": "SM" + "9" * 32, "SmsSid": None}),
    "another tier": Callbacks(says={"MessageStatus": "delivered"}, query={"tier": "2"}),
    "another recipient": Callbacks(says={"MessageStatus": "delivered", "To": "+12025550119"}),
}


@pytest.mark.parametrize("callbacks", OTHERS.values(), ids=OTHERS)
def test_a_receipt_about_another_text_or_tier_or_recipient_decides_nothing(town: Town, callbacks: Callbacks) -> None:
    """The text itself never arrives; what its receipts say is true of another one."""
    truth = silent()
    town.tier_1.carrier.does(Behaviour("another's receipts", truth.at_post, truth.fate, callbacks))
    text = town.customer().texts("whose receipt is this")
    town.tier_2.expect_text(containing="whose receipt")
    record = town.ended(text)
    assert (record["delivered_tier"], tiers_tried(record)) == (2, [1, 2])
    assert record["attempts"][0]["message_sid"] == town.posts(town.tier_1)[0].message_sid
