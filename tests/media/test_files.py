"""One file, as the link hands it out: its type, its name, its parts, and what a browser is to do with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from relay.core.model import Attachment
from relay.errors import NoSuchPart
from relay.media.kinds import kind_of
from relay.ports import OpenedFile

from tests.media.links import ME, TOKEN, Office, body_of


@pytest.fixture
def office() -> Office:
    return Office()


SHOWN = {
    "image/jpeg": "photo-1.jpg",
    "image/png": "photo-1.png",
    "image/gif": "photo-1.gif",
    "image/webp": "photo-1.webp",
    "image/heic": "photo-1.heic",
    "video/mp4": "video-1.mp4",
    "video/3gpp": "video-1.3gp",
    "video/x-odd": "video-1.bin",
    "audio/amr": "sound-1.amr",
    "audio/mpeg": "sound-1.mp3",
}


@pytest.mark.parametrize(("content_type", "name"), SHOWN.items(), ids=SHOWN)
def test_pictures_videos_and_sounds_are_shown_with_their_type(office: Office, content_type: str, name: str) -> None:
    office.text((content_type, b"0123456789"))
    answer = office.file()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Content-Length"] == "10"
    assert answer.headers["Content-Disposition"] == f'inline; filename="{name}"'
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert body_of(answer) == b"0123456789"


DOWNLOADED = {
    "text/html": ("application/octet-stream", "file-1.bin"),
    "application/xhtml+xml": ("application/octet-stream", "file-1.bin"),
    "image/svg+xml": ("application/octet-stream", "file-1.bin"),
    "video/x-odd+xml": ("application/octet-stream", "file-1.bin"),
    "audio/svg+xml": ("application/octet-stream", "file-1.bin"),
    "image/x-odd": ("application/octet-stream", "file-1.bin"),
    "text/xml": ("application/octet-stream", "file-1.bin"),
    "text/javascript": ("application/octet-stream", "file-1.bin"),
    "multipart/x-mixed-replace": ("application/octet-stream", "file-1.bin"),
    "application/zip": ("application/octet-stream", "file-1.bin"),
    "": ("application/octet-stream", "file-1.bin"),
    "text/vcard": ("text/vcard", "contact-1.vcf"),
    "text/x-vcard": ("text/x-vcard", "contact-1.vcf"),
    "application/pdf": ("application/pdf", "file-1.pdf"),
    "text/plain": ("text/plain", "file-1.txt"),
}


@pytest.mark.parametrize(("content_type", "expected"), DOWNLOADED.items(), ids=DOWNLOADED)
def test_everything_else_is_a_download(office: Office, content_type: str, expected: tuple[str, str]) -> None:
    office.text((content_type, b"<script>alert(1)</script>"))
    headers = office.file().headers
    assert (headers["Content-Type"], headers["Content-Disposition"]) == (
        expected[0],
        f'attachment; filename="{expected[1]}"',
    )


@pytest.mark.parametrize("content_type", [*SHOWN, *DOWNLOADED])
def test_a_name_has_at_most_twenty_characters(content_type: str) -> None:
    assert len(kind_of(content_type).file_name(99)) <= 20


def _told(office: Office, on_record: str, by_provider: str) -> tuple[str, str]:
    relay = office.text((by_provider, b"<html>"))
    office.store.relay = replace(relay, attachments=(Attachment(ME[0], on_record),))
    headers = office.file().headers
    return headers["Content-Type"], headers["Content-Disposition"].partition(";")[0]


def test_what_the_provider_says_of_a_file_now_counts_and_the_record_where_it_does_not_know(office: Office) -> None:
    assert _told(office, "image/jpeg", "text/html") == ("application/octet-stream", "attachment")
    assert _told(office, "text/html", "image/jpeg") == ("image/jpeg", "inline")
    for unknown in ("", "application/octet-stream", "binary/octet-stream"):
        assert _told(office, "image/jpeg", unknown) == ("image/jpeg", "inline")


@dataclass
class _Part:
    """A provider that heeds a request for a part. `closed` counts the files that were closed."""

    content: bytes = b"0123456789"
    closed: int = 0
    asked: str = ""

    def listed(self, message_id: str, *, timeout_seconds: float) -> tuple[Attachment, ...]:
        return ()

    def open(self, message_id: str, media_id: str, *, part: str = "", timeout_seconds: float) -> OpenedFile:
        self.asked = part
        if part == "bytes=10-":
            raise NoSuchPart("the file has no such part")
        if not part:
            return OpenedFile("video/mp4", None, "", _Chunks(self, self.content))
        return OpenedFile("video/mp4", 4, "bytes 2-5/10", _Chunks(self, self.content[2:6]))


class _Chunks:
    def __init__(self, provider: _Part, content: bytes) -> None:
        self._provider, self._left = provider, [content]

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._left:
            raise StopIteration
        return self._left.pop()

    def close(self) -> None:
        self._provider.closed += 1


@pytest.fixture
def provider(office: Office) -> _Part:
    office.text(("video/mp4", b""))
    office.media = part = _Part()  # type: ignore[assignment]
    return part


def test_html_that_is_called_a_picture_stays_a_picture(office: Office) -> None:
    """It is shown as a broken one: browsers do not look inside, because they are told not to."""
    office.text(("image/jpeg", b"<html><script>alert(1)</script>"))
    headers = office.file().headers
    assert (headers["Content-Type"], headers["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert "script-src" not in headers["Content-Security-Policy"]


def test_opening_a_file_asks_the_store_once_and_the_provider_for_nothing_else(office: Office) -> None:
    relay = office.text(("image/jpeg", b"a picture"))
    office.media.listed = None  # type: ignore[assignment,method-assign]
    office.file()
    assert (office.store.asked, office.media.opened) == ([TOKEN], [(relay.message_id, ME[0])])


def test_a_part_is_handed_on_as_a_part(office: Office, provider: _Part) -> None:
    answer = office.file(range="bytes=2-5")
    assert (answer.status, answer.headers["Content-Range"], answer.headers["Content-Length"]) == (
        206,
        "bytes 2-5/10",
        "4",
    )
    assert (body_of(answer), provider.closed) == (b"2345", 1)


def test_a_part_that_there_is_not_is_said_in_words(office: Office, provider: _Part) -> None:
    answer = office.file(range="bytes=10-")
    assert (answer.status, b"no such part" in answer.body) == (416, True)


def test_a_length_that_is_not_known_is_not_told(office: Office, provider: _Part) -> None:
    answer = office.file()
    assert "Content-Length" not in answer.headers
    assert body_of(answer) == b"0123456789"


def test_a_head_is_answered_like_a_get_and_the_file_is_closed_at_once(office: Office, provider: _Part) -> None:
    head = office.file(1, "HEAD", range="bytes=2-5")
    assert (head.status, head.body, head.stream, provider.closed, provider.asked) == (200, b"", None, 1, "")
    whole = office.file()
    assert whole.headers == head.headers


def test_a_file_that_is_gone_or_cannot_be_had_is_said_in_words(office: Office) -> None:
    relay = office.text(("image/jpeg", b"a picture"))
    office.media.is_down = True
    down = office.file()
    assert (down.status, down.headers["Retry-After"]) == (503, "3")
    assert b"This cannot be shown: the provider does not answer." in down.body
    note = ("WARNING", "a file of a text could not be had")
    assert office.journal.notes == [(*note, {"relay": relay.message_id, "reason": "the provider does not answer"})]
    office.media.is_down = False
    office.media.files.clear()
    early = office.file()
    assert (early.status, early.headers["Retry-After"], b"still be on its way" in early.body) == (503, "3", True)
    office.clock.advance(601)
    gone = office.file()
    assert (gone.status, b"there is no such file" in gone.body, len(office.journal.notes)) == (404, True, 1)
