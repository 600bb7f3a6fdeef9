"""kill -9 of the whole relay between a customer and a handler, and a restart: what was promised goes on by itself."""

from __future__ import annotations

from tests.stories.answering.desk import NAME
from tests.stories.conftest import TownMaker
from tests.stories.town import PATIENCE_SECONDS, code_of, eventually

REPLIES = {"RELAY_REPLIES": "on", "RELAY_BUSINESS_NAME": NAME}


def test_an_answer_that_waits_when_the_relay_is_killed_reaches_the_customer_once(own_town: TownMaker) -> None:
    town = own_town(settings=REPLIES)
    customer = town.customer()
    text = customer.texts("the cellar is flooded")
    code = code_of(town.tier_1.expect_text(containing="cellar"))
    customer.carrier.throttle(times=1)
    answer = town.tier_1.texts(f"{code} The pump is on its way")
    assert answer.http_status == 200
    customer.expect_post()
    town.relay.kill()
    town.relay.start()
    customer.expect_text(containing="The pump is on its way", within_seconds=PATIENCE_SECONDS)
    assert town.ended(text)["final_status"] == "claimed"
    assert [post.accepted for post in town.posts(customer)] == [False, True]
    customer.expect_nothing_more()


def test_the_time_for_a_claim_goes_on_over_a_restart(own_town: TownMaker) -> None:
    town = own_town(settings=REPLIES, tier={"claim_timeout_seconds": 4})
    text = town.customer().texts("the lift is stuck")
    code = code_of(town.tier_1.expect_text(containing="lift"))
    town.until(text, "claim_awaited", tier=1)
    town.relay.kill()
    town.relay.start()
    assert code_of(town.tier_2.expect_text(containing="lift", within_seconds=PATIENCE_SECONDS)) == code
    town.tier_2.texts(f"{code} ok")
    assert town.ended(text)["final_status"] == "claimed"


def test_two_handlers_who_claim_at_the_same_moment_are_one_owner(own_town: TownMaker) -> None:
    town = own_town(settings=REPLIES, tier={"claim_timeout_seconds": 1})
    text = town.customer().texts("who takes the late shift")
    code = code_of(town.tier_1.expect_text(containing="late shift"))
    town.tier_2.expect_text(containing="late shift", within_seconds=PATIENCE_SECONDS)
    for each in [phone.texts(f"{code} ok", waits=False) for phone in (town.tier_1, town.tier_2)]:
        assert each.wait().http_status == 200
    assert town.ended(text)["final_status"] == "claimed"

    def told() -> dict[str, list[str]] | None:
        read = {phone.number: [text.body for text in phone.inbox] for phone in (town.tier_1, town.tier_2)}
        counted = [body for bodies in read.values() for body in bodies if code in body and "(..." in body]
        return read if len(counted) == 2 else None

    read = eventually(told, "both handlers are told who has it")
    bodies = [body for each in read.values() for body in each if code in body]
    assert sum("is yours" in body for body in bodies) == 1
    assert sum("took" in body for body in bodies) == 1
