"""`opened` makes a file of a media host's answer: bounded in bytes and in time, read a few bytes at a time."""

from __future__ import annotations

import re
import time
from typing import Any

from relay.errors import MediaUnavailable, NoSuchPart
from relay.outgoing import REDIRECTS
from relay.ports import OpenedFile

# Twilio takes 5 MB at most, however it counts them.
FILE_MAX_BYTES = 5 * 1024 * 1024 + 64 * 1024
# From the request on until the last byte is read, a slow reader's own time included. Less than the 75 s of the deployed
# function (terraform/functions.tf), so that it is ended here and said.
FILE_SECONDS = 60.0
_CHUNK_BYTES = 64 * 1024
_TOO_LARGE = "the file is larger than 5 MB"
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}")
# Alphabets of letters alone: Python's codecs are more than that. Without a mark at its beginning UTF-16 is big-endian
# (RFC 2781), as is what MMS calls UCS-2.
_CHARSET = re.compile(
    r"; *charset *= *\"?(utf-16(?:[bl]e)?|iso-10646-ucs-2|iso-8859-[0-9]{1,2}|windows-125[0-8]"
    r"|shift_jis|euc-(?:jp|kr)|gb(?:k|2312|18030)|big5|koi8-[ru])(?=[\" ;]|\Z)",
    re.IGNORECASE,
)
_BIG_ENDIAN = dict.fromkeys(("utf-16", "iso-10646-ucs-2"), "utf-16-be")
_PART_GIVEN = re.compile(r"bytes [0-9]{1,15}-[0-9]{1,15}/(?:[0-9]{1,15}|\*)")


def opened(answer: Any, *, for_part: bool, ends_at: float) -> OpenedFile:
    """Returns the file that an answer of `requests` brings. Raises MediaUnavailable, and has closed the answer then."""
    try:
        _check(answer, for_part)
        length = answer.raw.length_remaining
        if length is not None and length > FILE_MAX_BYTES:
            raise MediaUnavailable(_TOO_LARGE)
        part = answer.headers.get("Content-Range", "") if answer.status_code == 206 else ""
        if part and not _PART_GIVEN.fullmatch(part):
            raise MediaUnavailable("the media host's answer was not understood")
    except MediaUnavailable:
        answer.close()
        raise
    told = answer.headers.get("Content-Type", "")
    return OpenedFile(type_of(told), length, part, Body(answer, ends_at), charset_of(told))


def type_of(given: object) -> str:
    """Returns a content type in small letters and without parameters; "" for what is none."""
    name = given.partition(";")[0].strip().lower() if isinstance(given, str) else ""
    return name if _TYPE.fullmatch(name) else ""


def charset_of(given: str) -> str:
    """Returns in which alphabet a content type says that words are written, by Python's name; "" for none known."""
    found = _CHARSET.search(given)
    name = found[1].lower() if found else ""
    return _BIG_ENDIAN.get(name, name)


def check_status(answer: Any) -> None:
    """Raise MediaUnavailable, with the reason in words, unless the status is that of an answer that brings a file."""
    status = answer.status_code
    if status in (404, 410):
        raise MediaUnavailable("Twilio has no such file", is_gone=True)
    if status in (401, 403):
        is_signed_in = "Authorization" in answer.request.headers
        raise MediaUnavailable(f"Twilio refused {'our credentials' if is_signed_in else 'the address that it gave'}")
    if status == 416:
        raise NoSuchPart("the file has no such part")
    if status == 429:
        raise MediaUnavailable("Twilio has too much to do")
    if status in REDIRECTS:
        raise MediaUnavailable("the media host sent us on to yet another address")
    if status not in (200, 206):
        raise MediaUnavailable(f"Twilio answered with HTTP status {status}")


def _check(answer: Any, for_part: bool) -> None:
    check_status(answer)
    if answer.status_code == 206 and not (for_part and answer.headers.get("Content-Range")):
        raise MediaUnavailable("the media host sent a part of the file that was not asked for")
    # It is asked for what it has as it is. A few packed bytes could become any number of them.
    if answer.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity"):
        raise MediaUnavailable("the media host sent the file packed, which was not asked for")


class Body:
    """The bytes of an answer, which ends when they have taken too long or are too many."""

    def __init__(self, answer: Any, ends_at: float, max_bytes: int = FILE_MAX_BYTES) -> None:
        self._answer = answer
        self._ends_at = ends_at
        self._may_come = max_bytes
        self._is_closed = False

    def __iter__(self) -> Body:
        return self

    def __next__(self) -> bytes:
        if self._is_closed:
            raise StopIteration
        try:
            chunk = self._read()
        except MediaUnavailable:
            self.close()
            raise
        if not chunk:
            self.close()
            raise StopIteration
        return chunk

    def _read(self) -> bytes:
        from urllib3.exceptions import HTTPError

        if time.monotonic() > self._ends_at:
            raise MediaUnavailable("the file took too long")
        try:
            chunk: bytes = self._answer.raw.read1(_CHUNK_BYTES, decode_content=False) or b""
        except (HTTPError, OSError) as error:
            raise MediaUnavailable("the file broke off") from error
        self._may_come -= len(chunk)
        if self._may_come < 0:
            raise MediaUnavailable(_TOO_LARGE)
        return chunk

    def close(self) -> None:
        """Read no more, and end the connection unless all of it was read."""
        self._is_closed = True
        self._answer.close()
