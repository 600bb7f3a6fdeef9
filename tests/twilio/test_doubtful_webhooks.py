"""What could be cut otherwise than it came is asked of Twilio, taken at its word or left to the list: never lost."""

from __future__ import annotations

import pytest
from relay.core.model import InboundText
from relay.ports import ReceivedMessage
from relay.twilio.cuts import Doubt, doubt_of
from relay.web import INBOUND_PATH, Request

from tests.relays import BODY, CUSTOMER, OUR_NUMBER
from tests.twilio.cut_cases import (
    FIRST,
    SECOND,
    doubles_of_their_own,
    form_of,
    genuine,
    twilio_has,
)
from tests.worlds import (
    ACCOUNT_SID,
    INBOUND,
    Fields,
    inbound_request,
    post,
    with_fields,
)

# What is doubtful is not lost.

ODD: dict[str, dict[str, str]] = {
    "a channel's metadata": {"ChannelMetadata": '{"type":"rcs","data":{"context":{}}}', "ChannelPrefix": "rcs"},
    "add-ons": {"AddOns": '{"status":"successful","results":{"x":{"Body":"y"}}}'},
    "a shared location": {"Latitude": "48.1", "Longitude": "11.5", "Label": "To Go", "Address": "From Street 1"},
    "the fallback URL's": {"ErrorCode": "11200", "ErrorUrl": "https://relay.example.com/sms/inbound"},
    "a name that Twilio has thought of since": {"CarrierName": "Body & Soul", "carrier": "x"},
    "a reply's": {"OriginalRepliedMessageSid": "SM" + "9" * 32, "OriginalRepliedMessageSender": "whatsapp:+1555"},
    "two years of parameters": {f"New{number}": "x" * 100 for number in range(100)},
}
UNSURE = {name: more for name, more in ODD.items() if name != "two years of parameters"}


@pytest.mark.parametrize("more", ODD.values(), ids=ODD)
def test_long_and_new_parameters_cost_no_text(more: dict[str, str]) -> None:
    doubles = doubles_of_their_own()
    twilio_has(doubles, CUSTOMER, OUR_NUMBER, BODY)
    assert doubles.inbound(post(INBOUND_PATH, genuine(BODY, **more))).status == 200
    assert (doubles.relay(FIRST).sender_phone, doubles.relay(FIRST).message_body) == (CUSTOMER, BODY)
    assert len(doubles.messenger.sends) == 1


@pytest.mark.parametrize("more", UNSURE.values(), ids=UNSURE)
def test_a_text_of_which_twilio_says_nothing_is_taken_at_its_word_or_left_to_the_list(more: dict[str, str]) -> None:
    doubles = doubles_of_their_own()
    doubles.messenger.is_down = True
    answered = doubles.inbound(post(INBOUND_PATH, genuine(BODY, **more))).status
    if "OriginalRepliedMessageSid" in more:
        assert answered == 503, "its id could be another's: Twilio tries again, and the list has it"
        assert doubles.store.writes == 0
        assert [severity for severity, *_ in doubles.journal.notes] == ["WARNING"]
    else:
        assert answered == 200
        assert doubles.relay(FIRST).message_body.startswith(BODY)


@pytest.mark.parametrize("body", ["From Monday on, To 5th street", "Body shop", "a To+b", f"MessageSid{FIRST}", "CDE"])
def test_words_that_look_like_parameters_are_a_texts_words(body: str) -> None:
    doubles = doubles_of_their_own()
    assert doubles.inbound(post(INBOUND_PATH, genuine(body))).status == 200
    assert doubles.relay(FIRST).message_body == body


def test_an_ordinary_text_is_not_asked_about() -> None:
    doubles = doubles_of_their_own()
    doubles.inbound(inbound_request())
    assert doubles.journal.notes == []
    assert doubt_of(form_of(INBOUND)) is Doubt.NONE
    for more in ({"MediaUrl0": "https://x/ME1", "MediaContentType0": "image/png", "NumMedia": "1"}, {"WaId": "1"}, {}):
        assert doubt_of(form_of(genuine("Call me about the fridge, Ed", **more))) is Doubt.NONE


@pytest.mark.parametrize("given", ["-1", "two", "", "100", "\u0661", "0x"])
def test_a_number_of_files_that_is_none_costs_no_text(given: str) -> None:
    doubles = doubles_of_their_own()
    fields = (*genuine(BODY, NumMedia=given), ("MediaUrl0", "https://x/ME" + "0" * 32))
    assert doubles.inbound(post(INBOUND_PATH, fields)).status == 200
    assert (doubles.relay(FIRST).message_body, doubles.relay(FIRST).media_count) == (BODY, 1)


@pytest.mark.parametrize("changes", [{"From": ""}, {"From": None}, {"To": None}, {"From": "+1555\n"}])
def test_a_text_with_a_malformed_phone_is_taken_as_twilio_has_it(changes: dict[str, str | None]) -> None:
    doubles = doubles_of_their_own()
    twilio_has(doubles, CUSTOMER, OUR_NUMBER, BODY)
    assert doubles.inbound(post(INBOUND_PATH, with_fields(genuine(BODY), **changes))).status == 200
    assert (doubles.relay(FIRST).sender_phone, doubles.relay(FIRST).recipient_phone) == (CUSTOMER, OUR_NUMBER)


def test_ids_that_differ_are_asked_about_and_found_out() -> None:
    doubles = doubles_of_their_own()
    differ = post(INBOUND_PATH, genuine(BODY, SmsSid=SECOND))
    assert doubles.inbound(differ).status == 403
    twilio_has(doubles, CUSTOMER, OUR_NUMBER, BODY)
    assert doubles.inbound(differ).status == 200
    spelled = with_fields(genuine(BODY), MessageSid="SM" + "a" * 32, SmsSid="SM" + "A" * 32, SmsMessageSid=None)
    assert doubt_of(form_of(spelled)) is Doubt.NONE, "one id in two spellings is one"


def test_a_text_of_ours_is_no_text_that_came_in() -> None:
    doubles = doubles_of_their_own()
    twilio_has(doubles, OUR_NUMBER, CUSTOMER, BODY, status="delivered")
    assert doubles.inbound(post(INBOUND_PATH, genuine(BODY, SmsSid=SECOND))).status == 403


def test_the_webhooks_own_words_count_where_twilio_shows_none() -> None:
    doubles = doubles_of_their_own()
    twilio_has(doubles, CUSTOMER, OUR_NUMBER, "")
    doubles.inbound(post(INBOUND_PATH, genuine("From Monday on", NumMedia="1", MediaUrl0="https://x/ME" + "0" * 32)))
    relay = doubles.relay(FIRST)
    assert (relay.message_body, relay.media_count, len(relay.attachments)) == ("From Monday on", 1, 1)


def test_what_was_refused_for_doubt_is_relayed_from_the_list() -> None:
    from relay.flow.reconcile import reconcile

    doubles = doubles_of_their_own()
    doubles.store.set_watermark("reconcile", doubles.clock.now(), timeout_seconds=1.0)
    assert doubles.inbound(post(INBOUND_PATH, genuine(BODY, SmsSid=SECOND))).status == 403
    text = InboundText(FIRST, CUSTOMER, OUR_NUMBER, BODY)
    doubles.messenger.received.append(ReceivedMessage(text, doubles.clock.now()))
    doubles.clock.advance(300)
    reconcile(doubles.world, doubles.intake)
    assert doubles.relay(FIRST).message_body == BODY


def test_the_attempt_of_a_callback_cannot_be_cut_short() -> None:
    doubles = doubles_of_their_own()
    doubles.inbound(inbound_request())
    fields: Fields = (("AccountSid", ACCOUNT_SID), ("MessageSid", FIRST), ("MessageStatus", "delivered"))
    query = f"relay={dict(INBOUND)['MessageSid']}&tier=1&attempt=1"
    signed = post("/sms/delivery-status", fields, f"{query}2")
    cut = Request("POST", signed.path, query, signed.headers, b"2=&" + signed.body)
    assert doubles.status(cut).status == 400
    assert doubles.status(signed).status == 204
