"""What TwilioMedia makes of answers: files that are too large, too slow, packed or broken, and lists that are none."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable

import pytest
from relay.core.model import Attachment
from relay.errors import MediaUnavailable
from relay.twilio import fetched

from tests.twilio.raw_server import Connection, Talk, one_answer
from tests.twilio.small_twilio import FILE, MESSAGE, SmallTwilio, fetch, refused

SECONDS = 60.0


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


HOSTS_ANSWERS = {
    "the file broke off": one_answer(200, b"half", length=8),
    "the file is larger than 5 MB": one_answer(200, b"", length=6_000_000),
    "the media host sent the file packed, which was not asked for": one_answer(
        200, gzip.compress(bytes(1_000_000)), Content_Encoding="gzip"
    ),
    "the media host sent a part of the file that was not asked for": one_answer(
        206, b"part", Content_Range="bytes 0-3/9"
    ),
    "Twilio refused the address that it gave": one_answer(403, b"<Error>Request has expired</Error>"),
    "Twilio has too much to do": one_answer(429, b""),
    "Twilio answered with HTTP status 500": one_answer(500, b""),
    "Twilio answered with HTTP status 204": one_answer(204, b""),
    "Twilio could not be reached": lambda connection: connection.reset(),
}


@pytest.mark.parametrize(("words", "says"), HOSTS_ANSWERS.items(), ids=HOSTS_ANSWERS)
def test_what_brings_no_file_is_said_in_words(twilio: SmallTwilio, words: str, says: Talk) -> None:
    twilio.host_says = says
    assert refused(twilio.media()) == words


def test_a_part_that_is_told_wrongly_is_no_part(twilio: SmallTwilio) -> None:
    twilio.host_says = one_answer(206, b"part", Content_Range="bytes 0-3/9, and more")
    assert refused(twilio.media(), "bytes=0-3") == "the media host's answer was not understood"


@pytest.mark.parametrize(
    ("ending", "words"), [(b"0\r\n\r\n", ""), (b"", "the file broke off"), (b"zz\r\n", "the file broke off")]
)
def test_a_body_in_chunks_is_whole_only_with_its_end(twilio: SmallTwilio, ending: bytes, words: str) -> None:
    def talk(connection: Connection) -> None:
        connection.read_request()
        connection.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n" + ending)

    twilio.host_says = talk
    assert refused(twilio.media()) == words if words else fetch(twilio.media()) == b"half"


@pytest.mark.parametrize("headers", [b"Transfer-Encoding: chunked\r\n", b""])
def test_an_endless_body_ends(twilio: SmallTwilio, headers: bytes) -> None:
    def talk(connection: Connection) -> None:
        connection.read_request()
        connection.write(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n")
        while not twilio.host.is_over.is_set():
            connection.write((b"10000\r\n" if headers else b"") + bytes(65536) + (b"\r\n" if headers else b""))

    twilio.host_says = talk
    got: list[int] = []
    chunks = twilio.media().open(MESSAGE, FILE, timeout_seconds=SECONDS).chunks
    with pytest.raises(MediaUnavailable, match="larger than 5 MB"):
        got.extend(len(chunk) for chunk in chunks)
    assert 0 < sum(got) <= fetched.FILE_MAX_BYTES
    wait_until(lambda: twilio.host.ended == 1)


def test_a_file_of_a_little_over_five_megabytes_is_still_taken(twilio: SmallTwilio) -> None:
    twilio.files[MESSAGE, FILE] = ("video/mp4", bytes(5 * 1024 * 1024 + 10))
    assert len(fetch(twilio.media())) == 5 * 1024 * 1024 + 10


def test_a_body_that_drips_ends_in_time(twilio: SmallTwilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.twilio.media.FILE_SECONDS", 0.5)

    def talk(connection: Connection) -> None:
        connection.read_request()
        connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n")
        connection.drip(bytes(5_000_000))

    twilio.host_says = talk
    assert refused(twilio.media()) == "the file took too long"
    wait_until(lambda: twilio.host.ended == 1)


@pytest.mark.parametrize("who", ["api_says", "host_says"])
def test_headers_that_drip_end_in_time_and_what_comes_too_late_is_closed(twilio: SmallTwilio, who: str) -> None:
    may_go_on = threading.Event()

    def talk(connection: Connection) -> None:
        connection.read_request()
        connection.write(b"HTTP/1.1 200 OK\r\nX: ")
        may_go_on.wait(SECONDS)
        connection.write(b"x\r\nContent-Length: 1000\r\n\r\nlate")
        while connection.read_request():
            pass

    setattr(twilio, who, talk)
    with pytest.raises(MediaUnavailable, match="did not answer in time"):
        twilio.media().open(MESSAGE, FILE, timeout_seconds=0.3)
    may_go_on.set()
    server = twilio.api if who == "api_says" else twilio.host
    wait_until(lambda: server.ended == 1)


def test_closing_ends_the_connection_of_a_file_that_was_not_read(twilio: SmallTwilio) -> None:
    ends = []

    def talk(connection: Connection) -> None:
        connection.read_request()
        connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n")
        ends.append(connection.read_request())

    twilio.host_says = talk
    opened = twilio.media().open(MESSAGE, FILE, timeout_seconds=SECONDS)
    opened.chunks.close()
    wait_until(lambda: ends == [False])


LISTS: dict[str, tuple[object, tuple[Attachment, ...]]] = {
    "rows of odd shape": (
        [
            None,
            7,
            {},
            {"sid": 7},
            {"sid": "../x", "content_type": "image/png"},
            {"sid": FILE, "content_type": "image/png"},
        ],
        (Attachment(FILE, "image/png"),),
    ),
    "a row twice": ([{"sid": FILE, "content_type": "image/png"}] * 2, (Attachment(FILE, "image/png"),)),
    "types that are none": (
        [{"sid": FILE, "content_type": "image/png\r\nX: y"}, {"sid": "ME" + "8" * 32, "content_type": None}],
        (Attachment(FILE), Attachment("ME" + "8" * 32)),
    ),
    "none": ([], ()),
}


@pytest.mark.parametrize(("rows", "expected"), LISTS.values(), ids=LISTS)
def test_rows_of_a_list_that_are_no_files_are_passed_over(
    twilio: SmallTwilio, rows: object, expected: tuple[Attachment, ...]
) -> None:
    twilio.rows[MESSAGE] = rows
    assert twilio.media().listed(MESSAGE, timeout_seconds=SECONDS) == expected


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"media_list": {}}', b"[" * 100_000, b"\xff"])
def test_what_is_no_list_is_said_in_words(twilio: SmallTwilio, body: bytes) -> None:
    twilio.api_says = one_answer(200, body)
    with pytest.raises(MediaUnavailable, match="list of files was not understood"):
        twilio.media().listed(MESSAGE, timeout_seconds=SECONDS)


def test_a_list_without_end_ends(twilio: SmallTwilio) -> None:
    twilio.api_says = one_answer(200, b" " * 300_000)
    with pytest.raises(MediaUnavailable, match="larger than"):
        twilio.media().listed(MESSAGE, timeout_seconds=SECONDS)


def test_a_list_that_leads_elsewhere_is_not_followed(twilio: SmallTwilio) -> None:
    twilio.api_says = one_answer(307, b"", Location=f"{twilio.host.base_url}/x")
    with pytest.raises(MediaUnavailable):
        twilio.media().listed(MESSAGE, timeout_seconds=SECONDS)
    assert twilio.host.requests == []
