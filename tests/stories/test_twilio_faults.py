"""What Twilio's API may do to a send, and that a text is neither lost nor needlessly doubled by it."""

from __future__ import annotations

import pytest

from scripts.fake_twilio import Callbacks
from scripts.fake_twilio.behaviour import deliver, hang, reply_lost, silent
from tests.stories.town import BUSINESS, PATIENCE_SECONDS, RETRY_DELAYS_SECONDS, Town, steps, tiers_tried

TRIES = len(RETRY_DELAYS_SECONDS) + 1
_HANG_SECONDS = 14.0


def test_when_twilio_is_unavailable_for_one_tier_it_gets_no_second_send_and_the_next_one_gets_the_text(
    town: Town,
) -> None:
    town.tier_1.carrier.api_down(503)
    text = town.customer().texts("the gate will not open")
    town.tier_2.expect_text(containing="gate")
    assert tiers_tried(town.ended(text)) == [1, 2]
    assert [post.error_code for post in town.posts(town.tier_1)] == [20503]


def test_when_twilio_throttles_us_the_text_goes_out_a_moment_later(town: Town) -> None:
    town.tier_1.carrier.throttle(times=2)
    text = town.customer().texts("the gate will not close")
    town.tier_1.expect_text(containing="gate")
    assert tiers_tried(town.ended(text)) == [1]
    assert len(town.posts(town.tier_1)) == 3


@pytest.mark.parametrize("status", [None, 500, 502])
def test_a_reply_that_was_lost_is_never_answered_by_sending_again(town: Town, status: int | None) -> None:
    town.tier_1.carrier.lose_reply(status)
    text = town.customer().texts("somebody parked in front of the ramp")
    town.tier_1.expect_text(containing="ramp")
    record = town.ended(text)
    assert (record["delivered_tier"], len(town.posts(town.tier_1))) == (1, 1)
    town.tier_1.expect_nothing_more()
    town.tier_2.expect_no_more_posts(for_seconds=0)


def test_a_lost_reply_without_any_receipt_is_looked_up_at_the_deadline(town: Town) -> None:
    town.tier_1.carrier.does(reply_lost().with_callbacks(lost=("all",)))
    text = town.customer().texts("the key broke off in the lock")
    record = town.ended(text)
    assert (record["delivered_tier"], tiers_tried(record)) == (1, [1])
    assert "attempt_unknown" in steps(record)
    assert record["attempts"][0]["message_sid"] == town.tier_1.expect_text().sid
    assert len(town.posts(town.tier_1)) == 1


def test_a_lost_reply_and_a_silent_carrier_go_to_the_next_tier_without_a_second_send(town: Town) -> None:
    unclear = silent()
    town.tier_1.carrier.does(
        type(unclear)("reply lost, then silence", reply_lost().at_post, unclear.fate, Callbacks(lost=("all",)))
    )
    text = town.customer().texts("the pump runs all night")
    town.tier_2.expect_text(containing="pump")
    record = town.ended(text)
    assert (tiers_tried(record), len(town.posts(town.tier_1))) == ([1, 2], 1)


def test_a_reset_before_anything_was_accepted_is_declared_not_sent_and_the_next_tier_gets_it(town: Town) -> None:
    town.tier_1.carrier.reset()
    text = town.customer().texts("the window does not close")
    town.tier_2.expect_text(containing="window")
    record = town.ended(text)
    assert (tiers_tried(record), len(town.posts(town.tier_1))) == ([1, 2], 1)


# Once is enough for the slowest of all stories: until Twilio's "no such text" proves anything, twenty seconds pass.
@pytest.mark.parametrize("shared_town", ["embedded"], indirect=True)
def test_an_unknown_outcome_at_the_last_tier_is_sent_once_more_after_a_negative_look_up(town: Town) -> None:
    town.tier_1.carrier.refuse(21614)
    town.tier_2.carrier.refuse(21614)
    town.tier_3.carrier.reset(times=1)
    text = town.customer().texts("the roof lost some tiles")
    town.tier_3.expect_text(containing="tiles", within_seconds=PATIENCE_SECONDS)
    record = town.ended(text)
    assert tiers_tried(record) == [1, 2, 3, 3]
    assert [attempt["is_resend"] for attempt in record["attempts"]] == [False, False, False, True]
    town.tier_3.expect_nothing_more()


def test_an_unknown_outcome_at_the_last_tier_is_not_doubled_when_twilio_has_the_text(town: Town) -> None:
    town.tier_1.carrier.refuse(21614)
    town.tier_2.carrier.refuse(21614)
    town.tier_3.carrier.does(reply_lost().with_callbacks(lost=("all",)))
    text = town.customer().texts("the fence fell over")
    record = town.ended(text)
    assert (record["delivered_tier"], len(town.posts(town.tier_3))) == (3, 1)


def test_an_answer_that_takes_too_long_does_not_hold_up_the_webhook(town: Town) -> None:
    town.tier_1.carrier.does(hang(_HANG_SECONDS))
    # This once Twilio waits for as long as it can: a busy machine is late, and yet answers sooner than what hangs.
    town.fake.set_sms_url(BUSINESS, f"{town.address}/sms/inbound#ct=10000&rt=15000")
    try:
        text = town.customer().texts("the cellar light is out")
    finally:
        town.point_the_number()
    (exchange,), (post,) = text.exchanges, town.posts(town.tier_1)
    assert text.outcome == "answered"
    assert exchange.ended_at < post.arrived_at + _HANG_SECONDS
    assert town.ended(text)["delivered_tier"] == 1
    assert len(town.posts(town.tier_1)) == 1


def test_a_receipt_that_comes_before_the_posts_reply_is_kept(town: Town) -> None:
    town.tier_1.carrier.does(deliver().with_callbacks(before_reply=True))
    text = town.customer().texts("I locked myself out")
    record = town.ended(text)
    assert (record["delivered_tier"], tiers_tried(record)) == (1, [1])
    assert record["attempts"][0]["message_sid"] == town.tier_1.expect_text().sid


def test_a_failure_that_comes_before_the_posts_reply_escalates_at_once(town: Town) -> None:
    carrier = town.tier_1.carrier
    carrier.undelivered(30006)
    handset_behaviour = town.fake.state.handset(town.tier_1.number).usual
    carrier.does(handset_behaviour.with_callbacks(before_reply=True))  # type: ignore[attr-defined]
    text = town.customer().texts("the bell does not ring")
    town.tier_2.expect_text(containing="bell")
    assert tiers_tried(town.ended(text)) == [1, 2]


@pytest.mark.parametrize("order", ["reversed", "shuffled", "together"])
def test_receipts_in_any_order_and_number_end_the_same(town: Town, order: str) -> None:
    town.tier_1.carrier.does(deliver().with_callbacks(copies=3, order=order))
    text = town.customer().texts("the hall is flooded")
    record = town.ended(text)
    assert (record["final_status"], record["delivered_tier"], tiers_tried(record)) == ("delivered", 1, [1])
    assert steps(record).count("delivered") == 1
    town.tier_2.expect_no_more_posts()
