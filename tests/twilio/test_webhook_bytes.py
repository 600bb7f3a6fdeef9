"""Twilio signs bytes: a form that is no UTF-8 is no forgery, and no oddity of its encoding costs a text."""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace
from urllib.parse import unquote_to_bytes, urlencode

import pytest
from relay.web import FORM, INBOUND_PATH, Request

from tests.relays import CUSTOMER, MESSAGE_ID
from tests.worlds import BASE_URL, INBOUND, TOKEN, Doubles, sign, with_fields

# Bytes that are no UTF-8, as a form carries them, and what is stored of them.
UNDECODABLE: dict[str, tuple[bytes, str]] = {
    "half an emoji": (b"a+%ED%A0%BD+b", "a \ufffd\ufffd\ufffd b"),
    "Latin-1, escaped": (b"caf%E9", "caf\ufffd"),
    "Latin-1, as it is": (b"caf\xe9", "caf\ufffd"),
    "no text at all": (b"%FF%fe\xff", "\ufffd\ufffd\ufffd"),
    "the first half of a character": (b"ol%C3", "ol\ufffd"),
    "mixed with what can be read": ("größer %F0%9F%98%80 ".encode() + b"%C0%80", "größer 😀 \ufffd\ufffd"),
    "an escape that is none": (b"100%+%zz+%", "100% %zz %"),
}


@pytest.mark.parametrize(("written", "stored"), UNDECODABLE.values(), ids=UNDECODABLE)
@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=ISO-8859-1", f'{FORM};charset="utf-8"'])
def test_what_cannot_be_decoded_is_no_forgery(written: bytes, stored: str, content_type: str) -> None:
    rest = urlencode([pair for pair in INBOUND if pair[0] != "Body"]).encode()
    request = _signed_over_bytes(rest + b"&&Body=" + written + b"&", content_type)
    doubles = Doubles()
    assert doubles.inbound(request).status == 200
    assert doubles.relay(MESSAGE_ID).message_body == stored
    assert len(doubles.messenger.sends) == 1
    changed = replace(request, body=request.body + b"%FF")
    assert doubles.inbound(changed).status == 403, "and a forgery is still one"


@pytest.mark.parametrize("more", [b"=x", b"=", b"a;b=c;d", b"%FF=%FF", b"\xff", b"x=1&x=1&x=2", b"&&&", b"=&=&="])
def test_no_oddity_beside_them_costs_a_text(more: bytes) -> None:
    doubles = Doubles()
    assert doubles.inbound(_signed_over_bytes(urlencode(INBOUND).encode() + b"&" + more)).status == 200
    assert doubles.relay(MESSAGE_ID).message_body == dict(INBOUND)["Body"]


def _signed_over_bytes(body: bytes, content_type: str = FORM) -> Request:
    """A webhook whose signature is over the bytes that its form stands for, whatever they are."""
    fields = sorted(
        {tuple(map(unquote_to_bytes, _pair(part.replace(b"+", b" ")))) for part in body.split(b"&") if part}
    )
    signed = f"{BASE_URL}{INBOUND_PATH}".encode() + b"".join(name + value for name, value in fields)
    digest = base64.b64encode(hmac.digest(TOKEN.encode(), signed, "sha1")).decode()
    return Request("POST", INBOUND_PATH, "", {"content-type": content_type, "x-twilio-signature": digest}, body)


def _pair(part: bytes) -> tuple[bytes, bytes]:
    name, _, value = part.partition(b"=")
    return name, value


def test_a_plus_sign_that_was_not_escaped_is_one() -> None:
    body = urlencode(with_fields(INBOUND, Body="a b+c")).replace("From=%2B", "From=+").replace("To=%2B", "To=+")
    signed = sign(f"{BASE_URL}{INBOUND_PATH}", with_fields(INBOUND, Body="a b+c"))
    headers = {"content-type": FORM, "x-twilio-signature": signed}
    doubles = Doubles()
    assert doubles.inbound(Request("POST", INBOUND_PATH, "", headers, body.encode())).status == 200
    assert (doubles.relay().sender_phone, doubles.relay().message_body) == (CUSTOMER, "a b+c")
