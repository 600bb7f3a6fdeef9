"""Twilio, or the way to it, is gone for a while, or busy: no text is lost over it, and no tier used up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from scripts.fake_twilio import Behaviour, QueueLimits
from scripts.fake_twilio.behaviour import api_down, refuse, refused_connection, reply_lost, throttled
from tests.stories.town import Town, tiers_tried

OUTAGE_SECONDS = 5.0
OUTAGES = {
    "connections are refused": refused_connection(),
    "too many requests": throttled(retry_after="3"),
    "our credentials are refused": refuse(20003),
    "the account is suspended": refuse(20005),
}


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES)
def test_after_an_outage_every_text_leaves_by_itself_for_the_first_handler(town: Town, outage: Behaviour) -> None:
    town.fake.begin_outage(outage, OUTAGE_SECONDS)
    texts = [town.customer().texts(f"during the outage {n}") for n in range(4)]
    assert [text.http_status for text in texts] == [200] * 4
    for text in texts:
        record = town.ended(text)
        assert (record["final_status"], record["delivered_tier"]) == ("delivered", 1)
        assert set(tiers_tried(record)) == {1}
    town.tier_2.expect_no_more_posts(for_seconds=0)


def test_when_answers_are_lost_and_twilio_cannot_be_asked_the_text_is_asked_about_later_and_not_sent_again(
    town: Town,
) -> None:
    town.tier_1.carrier.does(reply_lost(500).with_callbacks(lost=("all",)))
    town.fake.begin_outage(api_down(503), OUTAGE_SECONDS, endpoints=["fetch", "list"])
    text = town.customer().texts("answers and look-ups are gone")
    record = town.ended(text)
    assert (record["final_status"], record["delivered_tier"]) == ("delivered", 1)
    assert len(town.posts(town.tier_1)) == 1
    town.tier_2.expect_no_more_posts(for_seconds=0)


def test_a_burst_that_waits_in_the_numbers_queue_arrives_late_and_without_a_storm_of_sends(town: Town) -> None:
    # More than the windows of all tiers together.
    count, per_second = 60, 5.0
    town.fake.limit_queues(QueueLimits(segments_per_second=per_second))
    with ThreadPoolExecutor(10) as pool:
        texts = list(pool.map(lambda n: town.customer().texts(f"burst {n}"), range(count)))
    assert [text.http_status for text in texts] == [200] * count
    assert [town.ended(text)["final_status"] for text in texts] == ["delivered"] * count
    posts = sum(len(town.posts(phone)) for phone in town.tiers)
    assert posts < 1.5 * count
