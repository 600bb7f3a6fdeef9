"""What comes in: the same text several times, pictures, texts from ourselves, and what the handlers may not do."""

from __future__ import annotations

import re

from scripts.fake_twilio import InboundFaults, picture
from tests.stories.conftest import TownMaker
from tests.stories.town import BUSINESS, RECEIPT_TIMEOUTS_SECONDS, Town, steps, tiers_tried


def test_a_webhook_that_comes_several_times_at_once_is_one_text(town: Town) -> None:
    text = town.customer().texts("the dog ate the remote", faults=InboundFaults(copies=6))
    assert text.outcome == "answered"
    town.tier_1.expect_text(containing="dog")
    record = town.ended(text)
    assert steps(record).count("received") == 1
    assert len(town.posts(town.tier_1)) == 1
    town.tier_1.expect_nothing_more()


def test_a_webhook_whose_answer_is_lost_and_that_comes_again_is_one_text(town: Town) -> None:
    text = town.customer().texts("the cat is on the roof", faults=InboundFaults(lost_answers=2))
    assert [exchange.http_status for exchange in text.exchanges] == [200, 200, 200]
    town.tier_1.expect_text(containing="cat")
    town.ended(text)
    assert len(town.posts(town.tier_1)) == 1
    town.tier_1.expect_nothing_more()


def test_two_texts_with_the_same_words_from_one_customer_are_two_texts(town: Town) -> None:
    customer = town.customer()
    texts = [customer.texts("hello?"), customer.texts("hello?")]
    for text in texts:
        assert town.ended(text)["delivered_tier"] == 1
    town.tier_1.expect_text(containing="hello?")
    town.tier_1.expect_text(containing="hello?")
    town.tier_1.expect_nothing_more()


def test_a_text_with_pictures_cascades_with_a_line_that_counts_them_and_links_to_them(town: Town) -> None:
    town.tier_1.carrier.refuse(21614)
    pictures = (picture("A couch"), picture("Boxes"))
    text = town.customer().texts("this is what it looks like", files=pictures)
    received = town.tier_2.expect_text(containing="looks like")
    assert re.search(r"\n\[2 photos\] http\S+/m/[\w-]{22}\Z", received.body)
    record = town.ended(text)
    assert text.sid.startswith("MM")
    assert (record["media_count"], record["delivered_tier"]) == (2, 2)
    assert [kept["content_type"] for kept in record["attachments"]] == ["image/png", "image/png"]
    assert all(re.fullmatch("ME[0-9a-f]{32}", kept["media_id"]) for kept in record["attachments"])


def test_a_picture_without_words_cascades_too(town: Town) -> None:
    text = town.customer().texts("", files=(picture("A fridge"),))
    assert "1 photo" in town.tier_1.expect_text().body
    town.ended(text)


def test_a_text_in_any_script_arrives_as_it_was_written(town: Town) -> None:
    words = "Привет, вода! 水漏れ 🚰 &=%+"
    text = town.customer().texts(words)
    town.tier_1.expect_text(containing=words)
    town.ended(text)


def test_a_handlers_own_text_is_kept_and_never_forwarded(town: Town) -> None:
    text = town.tier_2.texts("I am on my way")
    assert text.http_status == 200
    record = town.ended(text)
    assert (record["final_status"], record["sender_class"]) == ("recorded", "handler")
    assert record["attempts"] == []
    # Replies are off here: it is said so to who wrote, and nothing to any other phone.
    town.tier_2.expect_text(containing="passes nothing on")
    for phone in (town.tier_1, town.tier_3):
        phone.expect_no_more_posts(for_seconds=0.2)


def test_a_text_from_our_own_number_is_kept_and_never_forwarded(town: Town) -> None:
    text = town.fake.phone(BUSINESS).texts("an echo of ourselves")
    record = town.ended(text)
    assert (text.http_status, record["final_status"], record["sender_class"]) == (200, "recorded", "own_number")
    town.tier_1.expect_no_more_posts()


def test_a_handler_who_texts_stop_cannot_be_reached_and_the_next_tier_is(own_town: TownMaker) -> None:
    town = own_town()
    assert town.ended(town.tier_1.texts("STOP"))["sender_class"] == "handler_opt_out"
    text = town.customer().texts("the mailbox is broken")
    town.tier_2.expect_text(containing="mailbox")
    record = town.ended(text)
    assert (record["attempts"][0]["error_code"], tiers_tried(record)) == (21610, [1, 2])
    assert any(line.get("event") == "handler_opted_out" for line in town.log())


def test_a_customers_stop_is_forwarded_like_any_other_word(town: Town) -> None:
    text = town.customer().texts("CANCEL")
    town.tier_1.expect_text(containing="CANCEL")
    assert town.ended(text)["sender_class"] == "customer"


def test_sent_is_enough_where_the_tier_says_so(own_town: TownMaker) -> None:
    town = own_town(tier={"success": "sent"})
    town.tier_1.carrier.stay_silent(waiting_as="sent", reaches_phone=True)
    text = town.customer().texts("a carrier without receipts")
    record = town.ended(text)
    assert (record["final_status"], record["delivered_tier"], tiers_tried(record)) == ("delivered", 1, [1])
    town.tier_2.expect_no_more_posts()


def test_queued_is_not_enough_where_sent_is_and_is_waited_for(own_town: TownMaker) -> None:
    """For longer than the tier's timeout: the next tier's text would stand in the same queue."""
    town = own_town(tier={"success": "sent"})
    town.tier_1.carrier.deliver_late(town.seconds(3 * RECEIPT_TIMEOUTS_SECONDS[0]), waiting_as="queued")
    text = town.customer().texts("stuck in a queue")
    assert town.until(text, "still_queued", tier=1)["final_status"] == "in_progress"
    record = town.ended(text)
    assert (record["delivered_tier"], tiers_tried(record)) == (1, [1])
    town.tier_2.expect_no_more_posts(for_seconds=0)
