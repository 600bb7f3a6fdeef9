"""Forms are read by code of our own, because every forgery has to be read: it must do so as the standard library."""

from __future__ import annotations

import base64
import hmac
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.errors import BadRequest
from relay.twilio.signature import verified_form
from relay.web import FORM, Request

from tests.worlds import ACCOUNT, ACCOUNT_SID, BASE_URL, TOKEN

_PIECES = ["a", "b", "=", "&", "%", "+", "2F", "C3", "%C3%A9", "%ff", "%ED%A0%BD", "é", ";", " ", "%26", "%3D", "%"]


Pairs = list[tuple[bytes, bytes]]


def _standard(body: bytes) -> Pairs | None:
    """By the standard library, byte for byte: in Latin-1 each byte is a character."""
    try:
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=500)
    except ValueError:
        return None
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


def _ours(body: bytes, pairs: Pairs) -> dict[str, list[str]]:
    signed = f"{BASE_URL}/sms/inbound".encode() + b"".join(name + value for name, value in sorted(set(pairs)))
    digest = base64.b64encode(hmac.digest(TOKEN.encode(), signed, "sha1")).decode()
    headers = {"content-type": FORM, "x-twilio-signature": digest}
    return verified_form(ACCOUNT, "/sms/inbound", Request("POST", "/sms/inbound", "", headers, body))


def _readable(pairs: Pairs) -> dict[str, list[str]]:
    form: dict[str, list[str]] = {}
    names = list(dict.fromkeys(name for name, _ in pairs))
    for name in names:
        values = [value.decode("utf-8", "replace") for each, value in pairs if each == name]
        form.setdefault(name.decode("utf-8", "replace"), []).extend(values)
    return form


@given(st.lists(st.sampled_from(_PIECES), max_size=20).map("".join), st.binary(max_size=3))
def test_a_form_is_read_as_the_standard_library_reads_it(text: str, noise: bytes) -> None:
    body = f"AccountSid={ACCOUNT_SID}&{text}".encode() + noise
    expected = _standard(body)
    if expected is None:
        with pytest.raises(BadRequest, match=r"^$"):
            _ours(body, [])
    elif [value for name, value in expected if name == b"AccountSid"] == [ACCOUNT_SID.encode()]:
        assert _ours(body, expected) == _readable(expected)


@pytest.mark.parametrize(("fields", "is_read"), [(499, True), (500, False)])
def test_a_form_has_at_most_500_fields(fields: int, is_read: bool) -> None:
    body = f"AccountSid={ACCOUNT_SID}".encode() + b"&a=1" * fields
    assert (_standard(body) is not None) is is_read
    if is_read:
        assert len(_ours(body, _standard(body) or [])["a"]) == fields
    else:
        with pytest.raises(BadRequest, match=r"^$"):
            _ours(body, [(b"AccountSid", ACCOUNT_SID.encode()), (b"a", b"1")])
