"""What Twilio says of a text that came in becomes one form: its id, addresses behind a channel's prefix, its words."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import pytest
from relay.twilio.rows import received_message
from relay.twilio.texts import address, canonical, text_of

from tests.relays import CUSTOMER, OUR_NUMBER
from tests.worlds import Doubles, inbound_request

SMS, MMS = "SM" + "0" * 32, "MM" + "0" * 32
COUCH = "Hi, I have a couch"


@pytest.mark.parametrize("prefix", ["rcs:", "RCS:", "whatsapp:", "WhatsApp:", "messenger:", "viber:"])
def test_a_number_behind_a_channels_prefix_is_that_number_whatever_its_case(prefix: str) -> None:
    assert address(f"{prefix}{CUSTOMER}") == CUSTOMER
    assert address(f"{prefix} {CUSTOMER[1:]}") == CUSTOMER, "a plus sign that the form has lost"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("RCS:movers_agent", "rcs:movers_agent"),
        ("Messenger:1234567890", "messenger:1234567890"),
        ("whatsapp:", "whatsapp:"),
        ("72404", "72404"),
        ("AMAZON", "AMAZON"),
        ("Café Öl", "Café Öl"),
        ("ACME Bank", "ACME Bank"),
        ("", ""),
    ],
)
def test_an_address_that_is_no_number_stays_as_it_is_written(given: str, kept: str) -> None:
    assert address(given) == kept


def test_a_plus_sign_that_the_form_has_lost_is_put_back() -> None:
    assert address(" 15557654321") == "+15557654321"
    assert address(" 72404") == " 72404"


def test_a_handler_who_writes_by_another_channel_is_no_customer() -> None:
    doubles = Doubles()
    handler = doubles.tiers.tiers[0].reach.address
    doubles.inbound(inbound_request(From=f"rcs:{handler}", To=f"RCS:{OUR_NUMBER}"))
    assert doubles.messenger.sends == []
    assert (doubles.relay().sender_phone, doubles.relay().recipient_phone) == (handler, OUR_NUMBER)


def test_a_customer_who_writes_by_another_channel_is_forwarded_from_our_number() -> None:
    doubles = Doubles()
    doubles.inbound(inbound_request(From=f"RCS:{CUSTOMER}", To=f"rcs:{OUR_NUMBER}"))
    (sent,) = doubles.messenger.sends
    assert sent.from_ == OUR_NUMBER
    assert "rcs" not in sent.body.lower()


def test_two_spellings_of_an_id_are_one() -> None:
    assert canonical("SM" + "AbCdEf01" * 4) == canonical("SM" + "aBCDeF01" * 4) == "SM" + "abcdef01" * 4


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


LONG = "Kühlschrank & Sofa, 3. Stock 👨‍👩‍👧 wann? " * 40


@pytest.mark.parametrize("words", [COUCH, LONG, "two\r\nlines of a text\tand a tab", "שלום עולם"])
def test_a_long_body_in_base64_that_travelled_as_mms_becomes_its_words(words: str) -> None:
    assert text_of(MMS, CUSTOMER, OUR_NUMBER, _base64(words), 0).body == words


def test_base64_in_several_lines_as_mail_has_it_becomes_its_words_too() -> None:
    body = base64.encodebytes(LONG.encode()).decode()
    assert "\n" in body.strip()
    assert text_of(MMS, CUSTOMER, OUR_NUMBER, body, 0).body == LONG


UNTOUCHED: dict[str, tuple[str, str]] = {
    "a word of a person": (MMS, "Thanks12"),
    "a short one in base64": (MMS, _base64("Hi there")),
    "an SMS": (SMS, _base64(COUCH)),
    "base64 of a picture": (MMS, base64.b64encode(bytes(range(120, 180))).decode()),
    "base64 of control characters": (MMS, _base64("\x00\x01 beep \x07 and more")),
    "base64 of blanks alone": (MMS, _base64(" " * 30)),
    "base64 within a sentence": (MMS, f"see {_base64(COUCH)}"),
    "base64 with its end cut off": (MMS, _base64(COUCH)[:-1]),
    "a long word": (MMS, "congratulations1"),
    "a text": (MMS, "Please call me back tomorrow"),
    "nothing": (MMS, ""),
}


@pytest.mark.parametrize(("sid", "body"), UNTOUCHED.values(), ids=UNTOUCHED)
def test_every_other_body_stays_as_it_was_written(sid: str, body: str) -> None:
    assert text_of(sid, CUSTOMER, OUR_NUMBER, body, 0).body == body


def test_a_text_recovered_from_the_list_is_read_like_one_of_a_webhook() -> None:
    doubles = Doubles()
    sid = "MM" + "0" * 31 + "A"
    told = {"From": f"rcs:{CUSTOMER}", "MessageSid": sid, "SmsSid": sid, "Body": _base64(COUCH)}
    doubles.inbound(inbound_request(**told))
    relay = doubles.relay("MM" + "0" * 31 + "a")
    row = SimpleNamespace(
        sid=sid,
        from_=f"rcs:{CUSTOMER}",
        to=OUR_NUMBER,
        body=_base64(COUCH),
        num_media="0",
        date_created=doubles.clock.now(),
        status="received",
        error_code=None,
    )
    text = received_message(row).text
    assert (text.message_id, text.sender_phone, text.body) == (relay.message_id, relay.sender_phone, COUCH)
    assert relay.message_body == COUCH
