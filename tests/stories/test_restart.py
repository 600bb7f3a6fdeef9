"""kill -9 of the whole relay in the middle of a cascade, and a restart: every text goes on by itself."""

from __future__ import annotations

import signal

from scripts.fake_twilio.behaviour import deliver
from tests.local_google.processes import is_alive
from tests.stories.conftest import TownMaker
from tests.stories.relay_process import children_of
from tests.stories.town import PATIENCE_SECONDS, eventually, steps, tiers_tried


def test_killed_while_it_waits_for_a_receipt_the_relay_goes_on_after_a_restart(own_town: TownMaker) -> None:
    town = own_town()
    town.tier_1.carrier.undelivered(30006)
    town.tier_2.carrier.stay_silent()
    text = town.customer().texts("the stairs are iced over")
    town.until(text, "attempt_accepted", tier=2)
    town.relay.kill()
    town.relay.start()
    town.tier_3.expect_text(containing="iced over", within_seconds=PATIENCE_SECONDS)
    record = town.ended(text)
    assert (record["delivered_tier"], tiers_tried(record)) == (3, [1, 2, 3])
    assert [len(town.posts(phone)) for phone in town.tiers] == [1, 1, 1]


def test_a_receipt_that_was_lost_while_it_was_down_is_asked_for(own_town: TownMaker) -> None:
    town = own_town()
    town.tier_1.carrier.does(deliver().with_callbacks(delay_seconds=town.seconds(3.0)))
    text = town.customer().texts("the tap will not turn off")
    town.until(text, "attempt_accepted", tier=1)
    town.relay.kill()
    # Twilio gives up on the receipt soon: nothing listens.
    town.tier_1.expect_text(containing="tap")
    assert town.fake.wait_for(
        lambda: any(("MessageStatus", "delivered") in exchange.parameters for exchange in town.fake.exchanges),
        PATIENCE_SECONDS,
    )
    town.relay.start()
    record = town.ended(text)
    assert (record["delivered_tier"], tiers_tried(record)) == (1, [1])
    town.tier_2.expect_no_more_posts()


def test_a_retry_that_was_planned_before_the_kill_is_made_after_the_restart(own_town: TownMaker) -> None:
    town = own_town(tier={"retry_delays_seconds": [2.0]})
    town.tier_1.carrier.refuse(30001, times=1)
    text = town.customer().texts("the sauna is too hot")
    town.until(text, "attempt_scheduled", tier=1)
    town.relay.kill()
    town.relay.start()
    town.tier_1.expect_text(containing="sauna", within_seconds=PATIENCE_SECONDS)
    assert tiers_tried(town.ended(text)) == [1, 1]


def test_texts_that_come_while_it_is_down_are_taken_in_when_twilio_tries_again(own_town: TownMaker) -> None:
    town = own_town()
    town.relay.kill()
    text = town.customer().texts("is this thing on", waits=False)
    assert town.fake.wait_for(lambda: bool(text.exchanges), PATIENCE_SECONDS)
    town.relay.start()
    # Either one of Twilio's tries comes late enough, or the comparison with its list finds the text afterwards.
    if text.wait().outcome == "answered":
        town.tier_1.expect_text(containing="thing on")
        assert town.ended(text)["delivered_tier"] == 1
    else:
        assert town.record(text) is None


def test_ctrl_c_ends_it_cleanly_and_leaves_no_process_behind(own_town: TownMaker) -> None:
    town = own_town()
    town.ended(town.customer().texts("goodbye"))
    everybody = [town.relay.pid, *children_of(town.relay.pid)]
    assert town.relay.stop(signal.SIGINT) == 0
    eventually(lambda: None if any(map(is_alive, everybody)) else {"gone": True}, "every process of it ends")
    assert "Traceback" not in town.relay.output + town.relay.log.read_text("utf-8")


def test_when_the_process_that_watches_is_killed_the_serving_ones_end_too(own_town: TownMaker) -> None:
    town = own_town()
    everybody = [town.relay.pid, *children_of(town.relay.pid)]
    assert len(everybody) >= 3
    town.relay.stop(signal.SIGKILL)
    eventually(lambda: None if any(map(is_alive, everybody)) else {"gone": True}, "the serving processes end")


def test_a_worker_that_dies_is_replaced_and_its_texts_go_on(own_town: TownMaker) -> None:
    town = own_town()
    town.tier_1.carrier.stay_silent()
    text = town.customer().texts("the heating hums")
    town.until(text, "attempt_accepted", tier=1)
    town.relay.kill_worker()
    town.tier_2.expect_text(containing="hums", within_seconds=PATIENCE_SECONDS)
    assert steps(town.ended(text)).count("received") == 1
