"""The port Media: one suite for the double and for Twilio's adapter, which asks a Twilio of the test's own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from relay.core.model import Attachment
from relay.errors import MediaUnavailable, NoSuchPart
from relay.ports import Media

from tests.fakes import MemoryMedia
from tests.twilio.small_twilio import SmallTwilio

MESSAGE, OTHER = "MM" + "2" * 32, "SM" + "4" * 32
FIRST, SECOND = "ME" + "3" * 32, "ME" + "5" * 32
_SECONDS = 60.0


@dataclass
class MediaRig:
    """Media, and the provider's side of it: `put` gives it a file, and from `fail` on it does not answer."""

    media: Media
    put: Callable[[str, str, str, bytes], object]
    fail: Callable[[], None]


@pytest.fixture(params=["double", "twilio"])
def rig(request: pytest.FixtureRequest) -> Iterator[MediaRig]:
    if request.param == "double":
        double = MemoryMedia()
        yield MediaRig(double, double.put, lambda: setattr(double, "is_down", True))
        return
    with SmallTwilio() as twilio:

        def put(message_id: str, media_id: str, content_type: str, content: bytes) -> None:
            twilio.files[message_id, media_id] = (content_type, content)

        yield MediaRig(twilio.media(), put, lambda: setattr(twilio, "is_down", True))


def test_a_file_comes_whole_with_its_type_and_its_length(rig: MediaRig) -> None:
    content = bytes(range(256)) * 1000
    rig.put(MESSAGE, FIRST, "image/jpeg", content)
    opened = rig.media.open(MESSAGE, FIRST, timeout_seconds=_SECONDS)
    assert (opened.content_type, opened.length, opened.part) == ("image/jpeg", len(content), "")
    chunks = list(opened.chunks)
    assert b"".join(chunks) == content
    assert all(0 < len(chunk) <= 64 * 1024 for chunk in chunks)


def test_an_empty_file_is_a_file(rig: MediaRig) -> None:
    rig.put(MESSAGE, FIRST, "image/png", b"")
    opened = rig.media.open(MESSAGE, FIRST, timeout_seconds=_SECONDS)
    assert (opened.length, list(opened.chunks)) == (0, [])


def test_a_file_that_the_provider_does_not_have_is_gone(rig: MediaRig) -> None:
    rig.put(MESSAGE, FIRST, "image/jpeg", b"here")
    for message_id, media_id in ((MESSAGE, SECOND), (OTHER, FIRST), ("no id", FIRST), (MESSAGE, "../Recordings")):
        with pytest.raises(MediaUnavailable) as error:
            rig.media.open(message_id, media_id, timeout_seconds=_SECONDS)
        assert error.value.is_gone


def test_the_list_has_what_the_provider_has_by_now(rig: MediaRig) -> None:
    assert rig.media.listed(MESSAGE, timeout_seconds=_SECONDS) == ()
    rig.put(MESSAGE, FIRST, "image/jpeg", b"one")
    rig.put(MESSAGE, SECOND, "text/vcard", b"two")
    rig.put(OTHER, "ME" + "6" * 32, "image/png", b"of another text")
    listed = rig.media.listed(MESSAGE, timeout_seconds=_SECONDS)
    assert listed == (Attachment(FIRST, "image/jpeg"), Attachment(SECOND, "text/vcard"))
    assert rig.media.listed("no id", timeout_seconds=_SECONDS) == ()


@pytest.mark.parametrize(
    ("part", "told", "expected"),
    [
        ("bytes=0-3", "bytes 0-3/10", b"0123"),
        ("bytes=4-", "bytes 4-9/10", b"456789"),
        ("bytes=-2", "bytes 8-9/10", b"89"),
    ],
)
def test_a_part_is_that_part_or_else_the_whole(rig: MediaRig, part: str, told: str, expected: bytes) -> None:
    rig.put(MESSAGE, FIRST, "video/mp4", b"0123456789")
    opened = rig.media.open(MESSAGE, FIRST, part=part, timeout_seconds=_SECONDS)
    got = b"".join(opened.chunks)
    assert (opened.part, got, opened.length) in [(told, expected, len(expected)), ("", b"0123456789", 10)]


def test_a_part_outside_of_the_file_is_no_part_unless_the_whole_comes(rig: MediaRig) -> None:
    rig.put(MESSAGE, FIRST, "video/mp4", b"0123456789")
    with contextlib.suppress(NoSuchPart):
        opened = rig.media.open(MESSAGE, FIRST, part="bytes=10-", timeout_seconds=_SECONDS)
        assert (opened.part, b"".join(opened.chunks)) == ("", b"0123456789")


@pytest.mark.parametrize(
    "part", ["bytes=0-1,4-5", "bytes=-", "lines=1-2", "bytes=1", "bytes=1 -2", "bytes=0-1\r\nX: y"]
)
def test_what_is_no_one_part_is_the_whole(rig: MediaRig, part: str) -> None:
    rig.put(MESSAGE, FIRST, "video/mp4", b"0123456789")
    opened = rig.media.open(MESSAGE, FIRST, part=part, timeout_seconds=_SECONDS)
    assert (opened.part, b"".join(opened.chunks)) == ("", b"0123456789")


def test_a_file_may_be_closed_before_its_end_and_twice(rig: MediaRig) -> None:
    rig.put(MESSAGE, FIRST, "image/jpeg", b"x" * 300_000)
    opened = rig.media.open(MESSAGE, FIRST, timeout_seconds=_SECONDS)
    assert next(opened.chunks)
    opened.chunks.close()
    opened.chunks.close()
    assert list(opened.chunks) == []
    unread = rig.media.open(MESSAGE, FIRST, timeout_seconds=_SECONDS)
    unread.chunks.close()


def test_a_provider_that_does_not_answer_has_not_lost_the_file(rig: MediaRig) -> None:
    rig.put(MESSAGE, FIRST, "image/jpeg", b"here")
    rig.fail()
    for call in (
        lambda: rig.media.open(MESSAGE, FIRST, timeout_seconds=_SECONDS),
        lambda: rig.media.listed(MESSAGE, timeout_seconds=_SECONDS),
    ):
        with pytest.raises(MediaUnavailable) as error:
            call()
        assert not error.value.is_gone
        assert error.value.reason
