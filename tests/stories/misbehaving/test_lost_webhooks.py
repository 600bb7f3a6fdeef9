"""Texts of which Twilio's list alone tells: late, in pieces, or beside rows that say next to nothing.

The town's own relay compares, too, every five minutes: which of the two has found a text is no matter here.
"""

from __future__ import annotations

import pytest

from scripts.fake_twilio import InboundFaults, Row
from tests.stories.misbehaving.comparison import Comparison
from tests.stories.town import BUSINESS, Town, steps, tiers_tried

MINUTE = 60.0


def lost(age_seconds: float = MINUTE, receiving_seconds: float | None = None) -> InboundFaults:
    """A text whose webhook never came, and that came to Twilio so long ago."""
    return InboundFaults(dropped=True, age_seconds=age_seconds, receiving_seconds=receiving_seconds)


def test_texts_that_come_onto_the_list_twenty_minutes_or_hours_late_are_all_recovered(
    town: Town, comparison: Comparison
) -> None:
    comparison.has_run_for_days()
    texts = [
        town.customer().texts(f"the {what} is broken", faults=lost(minutes * MINUTE))
        for what, minutes in (("mixer", 2), ("oven", 20), ("washer", 60), ("dryer", 11 * 60), ("fridge", 23 * 60))
    ]
    comparison.run()
    records = [town.ended(text) for text in texts]
    assert [record["final_status"] for record in records] == ["delivered"] * 5
    assert all("recovered" in steps(record) for record in records)
    assert comparison.run()["recovered"] == 0


def test_a_row_that_is_not_whole_is_left_until_its_webhook_says_the_words(town: Town, comparison: Comparison) -> None:
    comparison.run()
    partly = InboundFaults(age_seconds=45, receiving_seconds=3600, held=True)
    text = town.customer().texts("I have a couch and a fridge", waits=False, faults=partly)
    comparison.run()
    assert town.record(text) is None
    text.let_come()
    assert text.wait().http_status == 200
    assert "couch and a fridge" in town.tier_1.expect_text().body
    assert town.ended(text)["delivered_tier"] == 1


def test_a_row_that_becomes_whole_later_is_recovered_with_its_words(town: Town, comparison: Comparison) -> None:
    text = town.customer().texts("two sofas to collect", faults=lost(receiving_seconds=3600))
    comparison.run()
    assert town.record(text) is None
    town.fake.show(text.sid, {"status": "received", "body": "two sofas to collect"})
    comparison.run()
    town.tier_1.expect_text(containing="two sofas")
    assert "recovered" in steps(town.ended(text))


def test_a_webhook_that_says_more_than_the_list_did_is_forwarded(town: Town, comparison: Comparison) -> None:
    text = town.customer().texts(
        "the couch is in the yard", waits=False, faults=InboundFaults(age_seconds=MINUTE, held=True)
    )
    town.fake.show(text.sid, {"body": ""})
    comparison.run()
    town.tier_1.expect_text()
    text.let_come()
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
    assert comparison.run()["http_status"] == 200
    for text in texts:
        record = town.ended(text)
        assert (record["final_status"], "recovered" in steps(record)) == ("delivered", True)


def test_texts_that_the_loop_filter_stopped_and_those_of_other_numbers_are_not_forwarded(
    town: Town, comparison: Comparison
) -> None:
    stopped = town.customer().texts("out of office", faults=InboundFaults(age_seconds=MINUTE, error_code=30039))
    town.fake.add_row(
        Row("inbound", "+13035559998", "+12025550199", "another number's", "received", age_seconds=MINUTE)
    )
    comparison.run()
    record = town.record(stopped)
    assert record is None or tiers_tried(record) == []
    town.tier_1.expect_nothing_more()
