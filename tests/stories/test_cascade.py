"""How a text goes down the tiers: each way in which a carrier can fail to deliver, through the whole relay."""

from __future__ import annotations

import pytest

from scripts.fake_twilio.behaviour import deliver
from tests.stories.town import RETRY_DELAYS_SECONDS, Town, steps, tiers_tried

TRIES = len(RETRY_DELAYS_SECONDS) + 1


def test_a_text_reaches_the_first_handler_and_nobody_else(town: Town) -> None:
    customer = town.customer()
    text = customer.texts("the boiler is leaking")
    assert (text.outcome, text.http_status) == ("answered", 200)
    received = town.tier_1.expect_text(containing="the boiler is leaking")
    assert received.body.startswith(customer.number)
    record = town.ended(text)
    assert (record["final_status"], record["delivered_tier"]) == ("delivered", 1)
    assert record["delivery_confirmed_at"] is not None
    assert steps(record) == ["received", "attempt_started", "attempt_accepted", "delivered"]
    town.tier_2.expect_no_more_posts()
    town.tier_3.expect_no_more_posts(for_seconds=0)


def test_refused_at_tier_1_silent_at_tier_2_delivered_at_tier_3(town: Town) -> None:
    town.tier_1.carrier.undelivered(30006)
    town.tier_2.carrier.stay_silent()
    text = town.customer().texts("water is coming through the ceiling")
    town.tier_3.expect_text(containing="ceiling")
    record = town.ended(text)
    assert (record["final_status"], record["delivered_tier"]) == ("delivered", 3)
    statuses = [record[f"tier_{number}_status"] for number in (1, 2, 3)]
    assert statuses == ["failed", "unconfirmed", "delivered"]
    assert [attempt["error_code"] for attempt in record["attempts"]] == [30006, None, None]
    assert tiers_tried(record) == [1, 2, 3]
    assert len(town.posts(town.tier_1)) == len(town.posts(town.tier_2)) == 1


@pytest.mark.parametrize("code", [21610, 21614])
def test_a_refusal_that_a_retry_cannot_change_goes_to_the_next_tier_at_once(town: Town, code: int) -> None:
    town.tier_1.carrier.refuse(code)
    text = town.customer().texts("is anybody there")
    town.tier_2.expect_text(containing="is anybody there")
    record = town.ended(text)
    assert (tiers_tried(record), record["attempts"][0]["error_code"]) == ([1, 2], code)


def test_words_that_a_carrier_filtered_are_not_sent_to_the_next_tier_again(town: Town) -> None:
    town.tier_1.carrier.refuse(30007)
    customer = town.customer()
    text = customer.texts("win a free couch today")
    told = town.tier_2.expect_text(containing=customer.number)
    assert "couch" not in told.body
    assert tiers_tried(town.ended(text)) == [1, 2]


@pytest.mark.parametrize("code", [30003, 30001, 39999])
def test_a_failure_that_may_pass_is_retried_by_the_tiers_schedule_and_then_escalated(town: Town, code: int) -> None:
    if code == 30001:
        town.tier_1.carrier.refuse(code)
    else:
        town.tier_1.carrier.undelivered(code)
    text = town.customer().texts("no heating since this morning")
    town.tier_2.expect_text(containing="no heating")
    assert tiers_tried(town.ended(text)) == [1] * TRIES + [2]


def test_a_failure_that_passes_is_delivered_by_the_retry_at_the_same_tier(town: Town) -> None:
    town.tier_1.carrier.undelivered(30003, times=1)
    text = town.customer().texts("please call me back")
    town.tier_1.expect_text(containing="call me back")
    record = town.ended(text)
    assert (record["delivered_tier"], tiers_tried(record)) == (1, [1, 1])
    town.tier_2.expect_no_more_posts()


def test_silence_is_given_up_at_the_deadline(town: Town) -> None:
    town.tier_1.carrier.stay_silent()
    text = town.customer().texts("the lift is stuck")
    town.tier_2.expect_text(containing="lift")
    record = town.ended(text)
    assert tiers_tried(record) == [1, 2]
    given_up = next(entry for entry in record["error_log"] if entry["step"] == "attempt_unconfirmed")
    assert "the provider says sent" in given_up["reason"]


def test_a_lost_receipt_costs_no_needless_escalation(town: Town) -> None:
    town.tier_1.carrier.does(deliver().with_callbacks(lost=("all",)))
    text = town.customer().texts("the alarm keeps beeping")
    town.tier_1.expect_text(containing="beeping")
    record = town.ended(text)
    assert (record["delivered_tier"], tiers_tried(record)) == (1, [1])
    town.tier_2.expect_no_more_posts()


def test_a_late_receipt_after_escalation_ends_the_cascade(town: Town) -> None:
    town.tier_1.carrier.stay_silent()
    town.tier_2.carrier.stay_silent()
    text = town.customer().texts("smells like gas here")
    town.until(text, "attempt_started", tier=2)
    (late,) = town.posts(town.tier_1)
    town.fake.sender.deliver_after_all(str(late.message_sid))
    record = town.ended(text)
    assert (record["final_status"], record["delivered_tier"]) == ("delivered", 1)
    assert tiers_tried(record) == [1, 2]
    town.tier_3.expect_no_more_posts(for_seconds=town.seconds(4.0))


def test_when_every_tier_fails_the_relay_is_exhausted_and_the_alarm_is_raised(town: Town) -> None:
    town.tier_1.carrier.refuse(21614)
    town.tier_2.carrier.undelivered(30005)
    town.tier_3.carrier.stay_silent()
    text = town.customer().texts("nobody answers the phone")
    record = town.ended(text)
    assert (record["final_status"], record["delivered_tier"]) == ("exhausted", None)
    assert steps(record)[-2:] == ["exhausted", "alarm_raised"]
    alarms = [line for line in town.log() if line.get("event") == "alarm" and line.get("relay") == text.sid]
    assert [alarm["severity"] for alarm in alarms] == ["CRITICAL"]


def test_no_log_line_holds_a_text_a_full_number_or_a_secret(town: Town) -> None:
    customer = town.customer()
    town.tier_1.carrier.undelivered(30006)
    town.tier_2.carrier.refuse(21610)
    town.ended(customer.texts("my door code is 4711, tell nobody"))
    account = town.fake.settings
    private = [customer.number, "door code", account.auth_token, *(phone.number for phone in town.tiers)]
    written = town.relay.log.read_text("utf-8") + town.relay.output
    assert [words for words in private if words in written] == []
