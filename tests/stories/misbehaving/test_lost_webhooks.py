"""Texts of which Twilio's list alone tells: late, in pieces, or beside rows that say next to nothing."""

from __future__ import annotations

import pytest

from scripts.fake_twilio import InboundFaults, Row
from tests.stories.misbehaving.comparison import Comparison
from tests.stories.town import BUSINESS, Town

MINUTE = 60.0


def lost(age_seconds: float = MINUTE, receiving_seconds: float | None = None) -> InboundFaults:
    """A text whose webhook never came, and that came to Twilio so long ago."""
    return InboundFaults(dropped=True, age_seconds=age_seconds, receiving_seconds=receiving_seconds)


def test_a_webhook_that_says_more_than_the_list_did_is_forwarded(town: Town, comparison: Comparison) -> None:
    text = town.customer().texts(
        "the couch is in the yard", waits=False, faults=InboundFaults(age_seconds=MINUTE, delay_seconds=6)
    )
    town.fake.show(text.sid, {"body": ""})
    comparison.run()
    town.tier_1.expect_text()
    assert text.wait().http_status == 200
    town.tier_1.expect_text(containing="couch is in the yard")
    assert "couch is in the yard" in town.ended(text)["message_body"]


@pytest.mark.parametrize("field", ["from", "sid", "date_created"])
def test_one_row_with_a_null_keeps_no_other_text_from_being_recovered(
    town: Town, comparison: Comparison, field: str
) -> None:
    texts = [town.customer().texts(f"null beside me, {n}", faults=lost(MINUTE + n)) for n in range(3)]
    odd = town.fake.add_row(Row("inbound", "+13035559999", BUSINESS, "odd", "received", age_seconds=MINUTE + 1))
    town.fake.show(odd.sid, {field: None})
    assert comparison.run()["recovered"] >= 3
    for text in texts:
        assert town.ended(text)["final_status"] == "delivered"
