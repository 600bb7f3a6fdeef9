"""Where TwilioMedia goes with which credentials, and that nobody hears of it."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

import pytest
from relay.errors import MediaUnavailable, NoSuchPart

from tests.twilio.raw_server import Connection, one_answer
from tests.twilio.small_twilio import (
    ACCOUNT_SID,
    FILE,
    MESSAGE,
    TOKEN,
    SmallTwilio,
    basic,
    fetch,
    headers_of,
    refused,
)

SECONDS = 60.0
KEY, SECRET = "SK" + "7" * 32, "the key's own secret"


def test_no_credential_arrives_at_the_host_for_media(
    twilio: SmallTwilio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login machine password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    media = twilio.media()
    assert [fetch(media) for _ in range(3)] == [b"a picture"] * 3
    assert len(twilio.host.requests) == 3
    for request in twilio.host.requests:
        assert set(headers_of(request)) <= {"host", "user-agent", "accept", "accept-encoding", "connection"}
        assert not any(secret in request for secret in (TOKEN, ACCOUNT_SID, "secret", "Basic"))
        assert headers_of(request)["accept-encoding"] == "identity"
    for request in twilio.api.requests:
        assert headers_of(request)["authorization"] == basic(ACCOUNT_SID, TOKEN)
        assert "cookie" not in headers_of(request)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, basic(ACCOUNT_SID, TOKEN)),
        ({"api_key_sid": KEY, "api_key_secret": SECRET}, basic(KEY, SECRET)),
        ({"api_key_secret": SECRET}, basic(ACCOUNT_SID, TOKEN)),
    ],
)
def test_it_signs_in_as_sending_does_and_never_mixes_two_credentials(
    twilio: SmallTwilio, given: dict[str, str], expected: str
) -> None:
    media = twilio.media(**given)
    for call in (lambda: fetch(media), lambda: media.listed(MESSAGE, timeout_seconds=SECONDS)):
        with contextlib.suppress(MediaUnavailable):  # the key is none that this Twilio knows
            call()
    assert [headers_of(request)["authorization"] for request in twilio.api.requests] == [expected] * 2


def test_a_file_that_twilio_brings_itself_is_taken(twilio: SmallTwilio) -> None:
    twilio.api_says = one_answer(200, b"at once", Content_Type="Image/PNG; name=x")
    opened = twilio.media().open(MESSAGE, FILE, timeout_seconds=SECONDS)
    assert (opened.content_type, b"".join(opened.chunks)) == ("image/png", b"at once")
    assert twilio.host.requests == []


@pytest.mark.parametrize(
    ("told", "charset"),
    [
        ("text/plain", ""),
        ("text/plain; charset=utf-8", ""),
        ('Text/Plain; format=flowed; Charset="ISO-8859-1"', "iso-8859-1"),
        ("text/plain;charset=Shift_JIS", "shift_jis"),
        ("text/plain; charset=utf-16le", "utf-16le"),
        ("text/plain; charset=UTF-16", "utf-16-be"),
        ("text/plain; charset=iso-10646-ucs-2", "utf-16-be"),
        # No alphabets, or none at all.
        ("text/plain; charset=unicode_escape", ""),
        ("text/plain; charset=idna", ""),
        ("text/plain; charset=zip", ""),
        ("text/plain; charset=gbkx", ""),
        ("text/plain; xcharset=gbk", ""),
        ("text/plain; charset=", ""),
    ],
)
def test_in_which_alphabet_words_are_written_is_as_the_host_tells(twilio: SmallTwilio, told: str, charset: str) -> None:
    twilio.host_says = one_answer(200, b"words", Content_Type=told)
    opened = twilio.media().open(MESSAGE, FILE, timeout_seconds=SECONDS)
    opened.chunks.close()
    assert (opened.content_type, opened.charset) == ("text/plain", charset)


def test_a_part_is_asked_of_the_host_that_has_the_file(twilio: SmallTwilio) -> None:
    opened = twilio.media().open(MESSAGE, FILE, part="bytes=2-", timeout_seconds=SECONDS)
    assert (opened.part, opened.length, b"".join(opened.chunks)) == ("bytes 2-8/9", 7, b"picture")
    with pytest.raises(NoSuchPart):
        fetch(twilio.media(), "bytes=9-")
    fetch(twilio.media(), "bytes=0-1,3-4")
    assert [headers_of(request).get("range") for request in twilio.host.requests] == ["bytes=2-", "bytes=9-", None]


def test_nothing_is_logged_of_where_a_file_is(
    twilio: SmallTwilio, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whoever has such an address has the file for four hours."""

    def talk(connection: Connection) -> None:
        connection.read_request()
        # urllib3 warns of headers that are none, and names the address.
        connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nno header at all\r\n\r\nhalf")

    twilio.host_says = talk
    caplog.set_level(logging.DEBUG)
    refused(twilio.media())
    said = caplog.text + "".join(capfd.readouterr())
    assert len(twilio.host.requests) == 1
    assert not any(secret in said for secret in ("Signature", FILE, MESSAGE, TOKEN))
