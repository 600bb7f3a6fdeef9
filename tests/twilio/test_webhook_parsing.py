"""Forms are read by code of our own, because every forgery has to be read: it must do so as the standard library."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.errors import BadRequest
from relay.twilio.signature import signature, verified_form
from relay.web import FORM, Request

from tests.worlds import ACCOUNT, ACCOUNT_SID, BASE_URL, TOKEN

_PIECES = ["a", "b", "=", "&", "%", "+", "2F", "C3", "%C3%A9", "%ff", "é", ";", " ", "%26", "%3D", "%"]


def _standard(body: bytes) -> dict[str, list[str]] | None:
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=500)
    except ValueError:
        return None
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


def _ours(body: bytes, form: dict[str, list[str]]) -> dict[str, list[str]]:
    signed = signature(TOKEN, f"{BASE_URL}/sms/inbound", form)
    headers = {"content-type": FORM, "x-twilio-signature": signed}
    return verified_form(ACCOUNT, "/sms/inbound", Request("POST", "/sms/inbound", "", headers, body))


@given(st.lists(st.sampled_from(_PIECES), max_size=20).map("".join), st.binary(max_size=3))
def test_a_form_is_read_as_the_standard_library_reads_it(text: str, noise: bytes) -> None:
    body = f"AccountSid={ACCOUNT_SID}&{text}".encode() + noise
    expected = _standard(body)
    if expected is None:
        with pytest.raises(BadRequest, match=r"^$"):
            _ours(body, {})
    elif expected["AccountSid"] == [ACCOUNT_SID]:
        assert _ours(body, expected) == expected


@pytest.mark.parametrize(("fields", "is_read"), [(499, True), (500, False)])
def test_a_form_has_at_most_500_fields(fields: int, is_read: bool) -> None:
    body = f"AccountSid={ACCOUNT_SID}".encode() + b"&a=1" * fields
    assert (_standard(body) is not None) is is_read
    if is_read:
        assert len(_ours(body, _standard(body) or {})["a"]) == fields
    else:
        with pytest.raises(BadRequest, match=r"^$"):
            _ours(body, {"AccountSid": [ACCOUNT_SID], "a": ["1"]})
