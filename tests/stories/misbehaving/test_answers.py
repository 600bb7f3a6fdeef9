"""Answers that contradict themselves, come twice, name strange codes, or show another text than was sent."""

from __future__ import annotations

import pytest
from werkzeug.wrappers import Response

from scripts.fake_twilio import ApiAnswer, Behaviour, ListFaults, Row
from scripts.fake_twilio.behaviour import deliver, refuse, reply_lost
from scripts.fake_twilio.faults.lists import BodyChange
from tests.fake_twilio.support import HttpApp
from tests.stories.conftest import TownMaker
from tests.stories.town import BUSINESS, RETRY_DELAYS_SECONDS, Record, Town, eventually, tiers_tried

CREATED_AND_YET = {
    "503 with 20503": ApiAnswer(status=503, error_code=20503),
    "502 that says 400": ApiAnswer(status=502, body_status=400),
    "502 that says 400 and 21614": ApiAnswer(status=502, body_status=400, error_code=21614),
}


@pytest.mark.parametrize("answer", CREATED_AND_YET.values(), ids=CREATED_AND_YET)
def test_a_server_error_whose_text_exists_is_not_answered_by_sending_again_whatever_its_body_says(
    town: Town, answer: ApiAnswer
) -> None:
    town.tier_1.carrier.does(Behaviour("odd answer", answer))
    text = town.customer().texts("the answer contradicts itself")
    town.tier_1.expect_text(containing="contradicts itself")
    record = town.ended(text)
    assert (record["delivered_tier"], tiers_tried(record)) == (1, [1])
    assert len(town.posts(town.tier_1)) == 1
    town.tier_1.expect_nothing_more()


def test_a_callback_that_shows_that_the_refused_text_exists_withdraws_the_planned_try(own_town: TownMaker) -> None:
    town = own_town(tier={"retry_delays_seconds": [6.0]})
    throttled_and_yet = Behaviour("throttled and yet sent", ApiAnswer(status=429, error_code=20429))
    town.tier_1.carrier.does(throttled_and_yet, times=1)
    text = town.customer().texts("refused and yet delivered")
    town.tier_1.expect_text(containing="refused and yet")
    record = town.ended(text)
    assert (record["delivered_tier"], len(town.posts(town.tier_1))) == (1, 1)
    town.tier_1.expect_nothing_more(for_seconds=7)


def test_an_interim_answer_on_a_kept_connection_lends_no_other_text_its_id(town: Town) -> None:
    """103 at once and 201 a moment later; the next text is sent meanwhile, and refused."""
    early_hints = Behaviour("early hints", ApiAnswer(interim=(103,), hold_seconds=0.5))
    town.tier_1.carrier.follows(*[early_hints, refuse(21610)] * 3)
    texts = []
    for n in range(6):
        texts.append(town.customer().texts(f"early hints {n}", waits=False))
        town.tier_1.expect_post()
    records = [town.ended(text.wait()) for text in texts]
    assert [record["final_status"] for record in records] == ["delivered"] * 6
    ids = [attempt["message_sid"] for record in records for attempt in record["attempts"] if attempt["message_sid"]]
    assert len(ids) == len(set(ids))
    read = [message.body for phone in town.tiers for message in phone.inbox]
    assert all(any(text.message.body in body for body in read) for text in texts)


@pytest.mark.parametrize("code", [21635, 21608, 21609, 21910, 99999])
def test_what_is_refused_and_will_be_again_costs_one_post_and_goes_to_the_next_tier(town: Town, code: int) -> None:
    town.tier_1.carrier.refuse(code)
    text = town.customer().texts(f"refused with {code}")
    town.tier_2.expect_text(containing=f"with {code}")
    record = town.ended(text)
    assert (tiers_tried(record), record["attempts"][0]["error_code"]) == ([1, 2], code)
    if code != 21635:  # the handler's, and no matter for an alarm
        assert [line for line in town.log() if line.get("relay") == text.sid and line["severity"] == "ERROR"]


@pytest.mark.parametrize("code", [21659, 30033])
def test_an_answer_that_refuses_our_number_whoever_the_handler_is_is_told_at_once_and_waited_for(
    town: Town, code: int
) -> None:
    town.fake.begin_outage(refuse(code))
    text = town.customer().texts(f"our number is refused with {code}")
    town.until(text, "outage_began", tier=1)
    eventually(lambda: _told_of(town, code), f"people are told of {code}")
    town.fake.end_outage()
    record = town.ended(text)
    assert (record["delivered_tier"], tiers_tried(record)) == (1, [1])
    town.tier_2.expect_no_more_posts(for_seconds=0)


def test_a_receipt_that_says_so_is_told_and_goes_on_by_the_tiers_schedule(town: Town) -> None:
    town.tier_1.carrier.undelivered(30033)
    text = town.customer().texts("our campaign was suspended on the way")
    town.tier_2.expect_text(containing="campaign")
    record = town.ended(text)
    assert tiers_tried(record) == [1] * (1 + len(RETRY_DELAYS_SECONDS)) + [2]
    assert [line for line in town.log() if line.get("relay") == text.sid and line["severity"] == "ERROR"]


def _told_of(town: Town, code: int) -> Record | None:
    return next((line for line in town.log() if line["severity"] == "ERROR" and line.get("error_code") == code), None)


SHOWN: tuple[BodyChange, ...] = ("redacted", "trimmed", "shortened", "trial")


@pytest.mark.parametrize("shown", SHOWN)
def test_a_lost_answer_whose_text_is_shown_in_other_words_is_not_sent_again_to_the_last_handler(
    town: Town, shown: BodyChange
) -> None:
    town.fake.show_lists(ListFaults(bodies=(shown,)))
    town.tier_1.carrier.refuse(21614)
    town.tier_2.carrier.refuse(21614)
    town.tier_3.carrier.does(reply_lost().with_callbacks(lost=("all",)))
    text = town.customer().texts("look at https://example.com/a, and call me ")
    town.tier_3.expect_text(containing="look at")
    record = town.ended(text)
    town.tier_3.expect_nothing_more()
    assert len(town.posts(town.tier_3)) == 1
    if shown == "redacted":
        # Which of the texts to this number it is cannot be told: it is flagged.
        assert record["final_status"] == "exhausted"


def test_the_next_page_of_a_list_is_never_asked_of_another_host(town: Town) -> None:
    with HttpApp(lambda _request: Response("{}", content_type="application/json")) as elsewhere:
        for _ in range(201):
            town.fake.add_row(Row("outbound-api", BUSINESS, town.tier_1.number, "another program's"))
        town.fake.show_lists(ListFaults(next_page_at=elsewhere.base_url))
        town.tier_1.carrier.does(reply_lost().with_callbacks(lost=("all",)))
        text = town.customer().texts("the next page is elsewhere")
        town.tier_1.expect_text(containing="elsewhere")
        # Twilio's list could not be read, so the relay waits and asks again.
        town.until(text, "outage_began", tier=1)
        assert elsewhere.requests == []


def test_a_key_that_may_send_and_not_read_is_said_to_be_one(own_town: TownMaker) -> None:
    settings = {"TWILIO_API_KEY_SID": "SK" + "0" * 32, "TWILIO_API_KEY_SECRET": "made-up-api-key-secret"}
    town = own_town(settings=settings)
    town.fake.restrict_key(["send"])
    town.tier_1.carrier.does(deliver().with_callbacks(lost=("all",)))
    text = town.customer().texts("a restricted key")
    town.tier_1.expect_text(containing="restricted key")
    record = town.ended(text)
    assert any("may not read" in str(entry.get("reason")) for entry in record["error_log"])
