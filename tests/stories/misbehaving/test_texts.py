"""Texts whose webhook is unlike the usual: bytes that are no text, base64, other spellings, channels, foreign words."""

from __future__ import annotations

import json

import pytest

from scripts.fake_twilio import InboundFaults
from tests.stories.conftest import TownMaker
from tests.stories.town import BUSINESS, Town, steps, tiers_tried


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("the+caf%E9+is+closed", "the caf\N{REPLACEMENT CHARACTER} is closed"),
        ("half+an+emoji+%ED%A0%BD", "half an emoji"),
        ("one+bad+byte+%FF", "one bad byte"),
    ],
)
def test_a_webhook_with_bytes_that_are_no_text_is_genuine_and_is_forwarded(town: Town, raw: str, words: str) -> None:
    text = town.customer().texts("", faults=InboundFaults(raw={"Body": raw}))
    assert text.http_status == 200
    town.tier_1.expect_text(containing=words)
    town.ended(text)


def test_a_long_text_that_came_as_mms_in_base64_is_forwarded_in_words(town: Town) -> None:
    faults = InboundFaults(as_mms=True, base64_body=True)
    text = town.customer().texts("Hi, I have a couch", faults=faults)
    town.tier_1.expect_text(containing="Hi, I have a couch")
    town.ended(text)


def test_what_only_looks_like_base64_stays_as_it_is(town: Town) -> None:
    text = town.customer().texts("Thanks12", faults=InboundFaults(as_mms=True))
    town.tier_1.expect_text(containing="Thanks12")
    town.ended(text)


def test_a_handler_who_texts_over_a_channel_is_known_as_the_handler(town: Town) -> None:
    text = town.fake.phone(f"rcs:{town.tier_2.number}").texts("on my way", to=BUSINESS)
    record = town.ended(text)
    assert (text.http_status, record["sender_class"], record["attempts"]) == (200, "handler", [])
    town.tier_1.expect_no_more_posts()


@pytest.mark.parametrize("prefix", ["rcs:", "RCS:", "whatsapp:"])
def test_a_customer_on_a_channel_is_forwarded_with_the_plain_number(town: Town, prefix: str) -> None:
    number = town.customer().number
    text = town.fake.phone(prefix + number).texts("the pump hums", to=BUSINESS)
    assert town.tier_1.expect_text(containing="the pump hums").body.startswith(number)
    assert town.ended(text)["sender_phone"] == number


def test_a_text_to_our_sender_on_a_channel_is_forwarded_from_a_business_number(town: Town) -> None:
    text = town.customer().texts("the gate is stuck", to="rcs:plumber_agent")
    assert town.tier_1.expect_text(containing="the gate is stuck").from_ == BUSINESS
    record = town.ended(text)
    assert (text.http_status, record["delivered_tier"], tiers_tried(record)) == (200, 1, [1])


def test_a_company_that_texts_under_its_name_is_forwarded(town: Town) -> None:
    text = town.fake.phone("Café Öl").texts("your delivery comes at noon", to=BUSINESS)
    town.tier_1.expect_text(containing="comes at noon")
    assert "received" in steps(town.ended(text))


@pytest.mark.parametrize(
    "says",
    [
        {"MessageSid": None, "SmsMessageSid": None},
        {"ChannelMetadata": '{"type": "ü"}', "AddOns": "x" * 3000, "Neu": "1"},
    ],
    ids=["the old name of the id alone", "long and new parameters"],
)
def test_parameters_that_are_missing_or_new_lose_no_text(town: Town, says: dict[str, str | None]) -> None:
    text = town.customer().texts("the tap drips", faults=InboundFaults(says=says))
    assert text.http_status == 200
    town.tier_1.expect_text(containing="the tap drips")
    town.ended(text)


@pytest.mark.parametrize("word", ["BAJA", "ARRET"])
def test_a_handler_who_opts_out_in_another_language_raises_the_alarm(town: Town, word: str) -> None:
    town.fake.opt_out_by({word: "STOP", "ALTA": "START"})
    text = town.tier_3.texts(word)
    assert town.ended(text)["sender_class"] == "handler_opt_out"
    assert "handler_opted_out" in town.events(text)
    town.ended(town.tier_3.texts("ALTA"))


def test_a_handler_whose_number_comes_in_another_spelling_is_known_as_the_handler(own_town: TownMaker) -> None:
    tiers = [{"name": "Ana", "phone": "+525512345678"}, {"name": "Luis", "phone": "+5491123456789"}]
    town = own_town(settings={"RELAY_TIERS": json.dumps(tiers)})
    sent_before = town.fake.posts
    for spelling in ("+5215512345678", "+541123456789"):
        text = town.fake.phone(spelling).texts("automatic reply: I am away", to=BUSINESS)
        record = town.ended(text)
        assert (record["sender_class"], record["attempts"]) == ("handler", [])
    assert town.fake.posts == sent_before
