"""Receipts that take back what was said, come too late, or are about another text."""

from __future__ import annotations

import pytest

from scripts.fake_twilio import Behaviour, Callbacks, Fate
from scripts.fake_twilio.behaviour import silent, taken_back
from tests.stories.conftest import TownMaker
from tests.stories.town import Record, Town, eventually, tiers_tried


def test_where_sent_is_enough_an_explicit_failure_before_or_after_it_still_goes_to_the_next_tier(
    own_town: TownMaker,
) -> None:
    town = own_town(tier={"success": "sent", "receipt_timeout_seconds": 20})
    sent_first = taken_back(30006, after_seconds=1.0, ends="sent")
    failed_first = Behaviour(
        "late sent",
        fate=Fate(ends="undelivered", error_code=30006),
        callbacks=Callbacks(order="reversed", lost=("sending",)),
    )
    for does in (sent_first, failed_first):
        town.begin_story()
        town.tier_1.carrier.does(does)
        text = town.customer().texts(f"undelivered: {does.name}")
        town.tier_2.expect_text(containing=does.name)
        record = town.ended(text)
        assert (record["delivered_tier"], tiers_tried(record)) == (2, [1, 2])
        assert [attempt["error_code"] for attempt in record["attempts"]] == [30006, None]


def test_undelivered_after_delivered_stands_in_the_trail_with_its_code_and_words(town: Town) -> None:
    town.tier_1.carrier.does(taken_back(30008, after_seconds=0.5))
    text = town.customer().texts("delivered and then not")
    town.ended(text)

    def told() -> Record | None:
        record = town.record(text)
        assert record is not None
        return next((entry for entry in record["error_log"] if entry.get("error_code") == 30008), None)

    assert eventually(told, "the failure after the delivery stands in the trail")["reason"]


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
