"""What a webhook tells of a text's attachments, and that no oddity in it costs the text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.core.model import Attachment
from relay.twilio.forms import inbound_text

from tests.relays import BODY, MESSAGE_ID
from tests.worlds import ACCOUNT_SID, INBOUND, Doubles, Fields, post

ID = "ME0123456789abcdef0123456789ABCDEF"
PLACE = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{MESSAGE_ID}/Media"
URL = f"{PLACE}/{ID}"


def _attachments(count: int, *fields: tuple[str, str]) -> tuple[Attachment, ...]:
    """Those of a text with so many files, of which these fields tell."""
    form: dict[str, list[str]] = {}
    for name, value in (*_text_with(count), *fields):
        form.setdefault(name, []).append(value)
    text = inbound_text(form)
    assert (text.body, text.media_count) == (BODY, count)
    return text.attachments


def _text_with(count: int) -> Fields:
    return (*(field for field in INBOUND if field[0] != "NumMedia"), ("NumMedia", str(count)))


def test_each_attachment_has_the_id_in_its_url_and_its_type() -> None:
    second = "ME" + "f" * 32
    assert _attachments(
        2,
        ("MediaContentType1", "text/vcard"),
        ("MediaUrl1", f"{PLACE}/{second}"),
        ("MediaContentType0", "image/jpeg"),
        ("MediaUrl0", URL),
    ) == (Attachment(ID, "image/jpeg"), Attachment(second, "text/vcard"))


def test_all_ninety_nine_are_kept_in_their_order() -> None:
    ids = [f"ME{number:032x}" for number in range(99)]
    fields = [(f"MediaUrl{number}", f"{PLACE}/{media_id}") for number, media_id in enumerate(ids)]
    assert [attachment.media_id for attachment in _attachments(99, *fields)] == ids


def test_a_url_beyond_the_number_of_attachments_tells_of_none() -> None:
    assert _attachments(0, ("MediaUrl0", URL)) == ()
    assert _attachments(1, ("MediaUrl1", URL)) == ()


@pytest.mark.parametrize("url", [f"{URL}?x=1", f"{URL}#x", f"http://127.0.0.1:8080/{ID}", f"//[::1]/{ID}"])
def test_only_the_last_part_of_the_path_counts(url: str) -> None:
    assert _attachments(1, ("MediaUrl0", url)) == (Attachment(ID),)


MALFORMED: dict[str, tuple[str, ...]] = {
    "missing": (),
    "empty": ("",),
    "doubled": (URL, URL),
    "two": (URL, f"{PLACE}/ME{'f' * 32}"),
    "too short": (URL[:-1],),
    "too long": (f"{URL}0",),
    "other digits": (f"{PLACE}/ME{chr(0x661) * 32}",),
    "other letters": (f"{PLACE}/ME{'g' * 32}",),
    "of another kind": (f"{PLACE}/{MESSAGE_ID}",),
    "small letters before it": (f"{PLACE}/{ID.lower()}",),
    "not the last part": (f"{URL}/",),
    "in the query alone": (f"{PLACE}?/{ID}",),
    "escaped": (f"{PLACE}/%4D{ID[1:]}",),
    "the host": (f"https://{ID}",),
    "no address": ("http://[",),
    "no path": (ID,),
    "a line more": (f"{URL}/x\n",),
    "endless": ("/" * 15_000,),
}


@pytest.mark.parametrize("given", MALFORMED.values(), ids=MALFORMED)
def test_an_attachment_without_a_usable_url_is_counted_and_the_next_one_kept(given: tuple[str, ...]) -> None:
    fields = [("MediaUrl0", url) for url in given]
    told = ("MediaContentType0", "image/gif"), ("MediaUrl1", URL), ("MediaContentType1", "image/png")
    assert _attachments(2, *fields, *told) == (Attachment(ID, "image/png"),)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("image/jpeg", "image/jpeg"),
        ("Image/JPEG", "image/jpeg"),
        ("text/plain; charset=utf-8", "text/plain"),
        (" audio/amr ;x", "audio/amr"),
        ("application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
        ("image/svg+xml", "image/svg+xml"),
        (f"a/{'b' * 127}", f"a/{'b' * 127}"),
        (f"a/{'b' * 128}", ""),
        ("image", ""),
        ("image/", ""),
        ("/jpeg", ""),
        ("image/jpeg/x", ""),
        ("image/jp\x1b[31meg", ""),
        ("image/jpeg\n", ""),
        ("image/<b>", ""),
        ("image/\u212apeg", ""),
        ("", ""),
        ("x" * 60_000, ""),
    ],
)
def test_a_type_is_kept_in_small_letters_and_only_if_it_is_one(given: str, kept: str) -> None:
    assert _attachments(1, ("MediaUrl0", URL), ("MediaContentType0", given)) == (Attachment(ID, kept),)


def test_an_attachment_whose_type_is_told_twice_or_never_is_one_of_unknown_type() -> None:
    told = ("MediaUrl0", URL)
    assert _attachments(1, told) == (Attachment(ID),)
    assert _attachments(1, told, ("MediaContentType0", "a/b"), ("MediaContentType0", "a/b")) == (Attachment(ID),)


_VALUES = st.lists(
    st.sampled_from([URL, f"{PLACE}/x", "image/png", "http://[", "\x00"]) | st.text(max_size=20), max_size=2
)


@given(st.integers(0, 99), st.lists(st.tuples(st.integers(0, 12), _VALUES, _VALUES), max_size=8))
def test_whatever_is_told_of_attachments_the_text_is_taken_with_their_number(
    count: int, told: list[tuple[int, list[str], list[str]]]
) -> None:
    fields = [
        (f"{name}{index}", value)
        for index, urls, types in told
        for name, values in (("MediaUrl", urls), ("MediaContentType", types))
        for value in values
    ]
    kept = _attachments(count, *fields)
    assert len(kept) <= count
    for attachment in kept:
        assert re.fullmatch(r"ME[0-9A-Fa-f]{32}", attachment.media_id)
        assert re.fullmatch(r"([!-~]+/[!-~]+)?", attachment.content_type)


@pytest.mark.parametrize("given", MALFORMED.values(), ids=MALFORMED)
def test_a_text_with_malformed_attachments_is_answered_200_stored_and_sent(given: tuple[str, ...]) -> None:
    doubles = Doubles()
    fields = (*_text_with(1), *(("MediaUrl0", url) for url in given), ("MediaContentType0", "\x1b"))
    assert doubles.inbound(post("/sms/inbound", fields)).status == 200
    relay = doubles.relay()
    assert (relay.media_count, relay.attachments) == (1, ())
    assert len(doubles.messenger.sends) == 1
