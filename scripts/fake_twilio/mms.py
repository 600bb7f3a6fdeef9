"""Outbound MMS: the files that a message names, fetched and judged as Twilio does once it has accepted the message.

Limits and types: https://www.twilio.com/docs/messaging/guides/accepted-mime-types. That the first bytes of a picture
must be those of its type stands there too.
"""

from collections.abc import Sequence

from scripts.fake_twilio.media import File
from scripts.fake_twilio.transport import Transport

FETCH_FAILED, WRONG_TYPE, EMPTY, TOO_LARGE, TOO_LARGE_FOR_CARRIERS, NOT_HERE = 11200, 12300, 63019, 11751, 30019, 30011
_ALL_MAX_BYTES = 5 * 1024 * 1024
# Of what Twilio does not make smaller by itself.
_OTHER_MAX_BYTES = 500 * 1024
_FETCH_SECONDS = 15.0
_BEGINS_WITH = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n", "image/gif": b"GIF8"}
_ACCEPTED = frozenset(
    {
        *_BEGINS_WITH,
        *("image/bmp", "image/tiff", "image/webp", "image/heic", "image/heif"),
        *("video/mp4", "video/mpeg", "video/quicktime", "video/webm", "video/3gpp", "video/3gpp2", "video/h264"),
        *("audio/mpeg", "audio/mp4", "audio/ogg", "audio/amr", "audio/3gpp", "audio/aac", "audio/wav", "audio/webm"),
        *("text/plain", "text/vcard", "text/x-vcard", "text/csv", "text/rtf", "text/calendar", "application/pdf"),
    }
)


class Unfit(Exception):
    """A message with files that fails, with Twilio's code of why."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(str(code))


def fetched(urls: Sequence[str], to: str, transport: Transport) -> tuple[File, ...]:
    """Returns the files at these addresses, for a phone. Raises Unfit where Twilio or a carrier would not take them."""
    if not to.startswith("+1"):
        raise Unfit(NOT_HERE)
    files: list[File] = []
    left = _ALL_MAX_BYTES
    for url in urls:
        files.append(_fetched(url, left, transport))
        left -= len(files[-1].content)
    return tuple(files)


def _fetched(url: str, most_bytes: int, transport: Transport) -> File:
    head = transport.fetch("HEAD", url, 0, _FETCH_SECONDS)
    whole = transport.fetch("GET", url, most_bytes + 1, _FETCH_SECONDS)
    if head.status != 200 or whole.status != 200:
        raise Unfit(FETCH_FAILED)
    kind = _kind(whole.content_type)
    if kind not in _ACCEPTED or _kind(head.content_type) != kind:
        raise Unfit(WRONG_TYPE)
    if not whole.content:
        raise Unfit(EMPTY)
    if len(whole.content) > most_bytes:
        raise Unfit(TOO_LARGE)
    if not whole.content.startswith(_BEGINS_WITH.get(kind, b"")):
        raise Unfit(WRONG_TYPE)
    if kind not in _BEGINS_WITH and len(whole.content) > _OTHER_MAX_BYTES:
        raise Unfit(TOO_LARGE_FOR_CARRIERS)
    return File(kind, whole.content)


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
