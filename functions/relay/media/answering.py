"""`handle_media` answers those who open a text's link: GET or HEAD /m/{token} and /m/{token}/{n}."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from relay.core import files
from relay.core.model import Attachment, Purpose, Relay
from relay.errors import MediaUnavailable, NoSuchPart, StoreUnavailable, Unreadable
from relay.media.kinds import UNKNOWN, kind_of
from relay.media.page import HEADERS, page, sentence
from relay.ports import Clock, Journal, Media, OpenedFile, RelayStore
from relay.web import MEDIA_PATH, Request, Response, text_response

_PATH = re.compile(re.escape(MEDIA_PATH) + r"([A-Za-z0-9_-]{22})(?:/([1-9][0-9]?))?")
# For wrong, expired and revoked links alike. doctor (scripts/relayctl/checks_media.py) knows it.
OVER = "This link is over; ask the office."
_ON_THEIR_WAY = "The photos are still on their way. Open the link again in a moment."
_MORE_ON_THEIR_WAY = "More are still on their way. Open the link again in a moment."
_NOT_THERE = "The photos are not to be had any more; ask the office."
_LATER = "This cannot be shown just now. Try again in a moment."
_NOT_YET = "This may still be on its way. Try again in a moment."
# For so long after a text the provider may not have its files yet, nor list them; it takes seconds.
_FILES_COME_FOR = timedelta(minutes=10)
_STORE_SECONDS = 3.0
_LIST_SECONDS = 5.0
_OPEN_SECONDS = 8.0
_RETRY_AFTER = {"Retry-After": "3"}


def handle_media(store: RelayStore, media: Media, clock: Clock, journal: Journal, request: Request) -> Response:
    """Returns the page of a text's files, one of its files, or a sentence that says why not.

    200 also where the files are still on their way: a person reads it, and browsers may show a page of their own in
    place of a 503. 404 for what no link opens, any more or ever; 405; 416; 503 where the store or the provider is out
    of order.
    """
    if request.method not in ("GET", "HEAD"):
        return text_response(405, "Only GET is answered here.", {"Allow": "GET, HEAD", **HEADERS})
    asked = _PATH.fullmatch(request.path)
    if asked is None:
        return sentence(404, OVER)
    token, number = asked[1], int(asked[2] or 0)
    now = clock.now()
    try:
        relay = store.with_media_token(token, timeout_seconds=_STORE_SECONDS)
    except (StoreUnavailable, Unreadable):
        return sentence(503, _LATER, _RETRY_AFTER)
    if relay is None or files.are_over(relay, now) or not relay.files_to_see:
        return sentence(404, OVER)
    try:
        found = _files(relay, media)
        if not number:
            return _page(relay, found, now)
        if number > max(len(found), relay.files_to_see):
            return sentence(404, OVER)
        if number > len(found):
            is_late = now - relay.timestamp <= _FILES_COME_FOR
            return sentence(503, _ON_THEIR_WAY, _RETRY_AFTER) if is_late else sentence(404, _NOT_THERE)
        return _file(relay, media, found[number - 1], number, request)
    except NoSuchPart as error:
        return sentence(416, _said(error))
    except MediaUnavailable as error:
        if error.is_gone:
            is_late = now - relay.timestamp <= _FILES_COME_FOR
            return sentence(503, _NOT_YET, _RETRY_AFTER) if is_late else sentence(404, _said(error))
        journal.note("WARNING", "a file of a text could not be had", relay=relay.message_id, reason=error.reason)
        return sentence(503, _said(error), _RETRY_AFTER)


def _said(error: MediaUnavailable) -> str:
    return f"This cannot be shown: {error.reason}."


def _provider_id(relay: Relay) -> str:
    """Returns the id of the text that the provider keeps the files of: those of an answer came with its cause."""
    return relay.cause_id if relay.purpose is Purpose.ANSWER else relay.message_id


def _files(relay: Relay, media: Media) -> tuple[Attachment, ...]:
    """Returns the files to see, those that are on record first: their numbers stay when the list grows."""
    found = {each.media_id: each for each in relay.attachments}
    if len(found) < relay.media_count:
        try:
            listed = media.listed(_provider_id(relay), timeout_seconds=_LIST_SECONDS)
        except MediaUnavailable:
            if not found:
                raise
            listed = ()
        found |= {each.media_id: each for each in listed if each.media_id not in found}
    return tuple(each for each in found.values() if not each.is_in_words)


def _page(relay: Relay, found: tuple[Attachment, ...], now: datetime) -> Response:
    kinds = [kind_of(each.content_type or "image/jpeg") for each in found]  # nearly all that came without are photos
    if len(found) >= relay.files_to_see:
        return page(relay.media_token, kinds)
    if now - relay.timestamp > _FILES_COME_FOR:
        return page(relay.media_token, kinds) if found else sentence(404, _NOT_THERE)
    return page(relay.media_token, kinds, _MORE_ON_THEIR_WAY if found else _ON_THEIR_WAY)


def _file(relay: Relay, media: Media, file: Attachment, number: int, request: Request) -> Response:
    is_head = request.method == "HEAD"
    part = "" if is_head else request.headers.get("range", "")
    opened = media.open(_provider_id(relay), file.media_id, part=part, timeout_seconds=_OPEN_SECONDS)
    headers = _headers(opened, file, number)
    if is_head:
        opened.chunks.close()
        return Response(200, b"", headers)
    return Response(206 if opened.part else 200, b"", headers, opened.chunks)


def _headers(opened: OpenedFile, file: Attachment, number: int) -> dict[str, str]:
    # Where the provider does not know, what was said of it when it came in; where it says something else, that.
    told = opened.content_type
    kind = kind_of(file.content_type if told in ("", UNKNOWN, "binary/octet-stream") else told)
    disposition = "inline" if kind.is_shown else "attachment"
    headers = {
        **HEADERS,
        "Content-Type": kind.content_type,
        "Content-Disposition": f'{disposition}; filename="{kind.file_name(number)}"',
        "Accept-Ranges": "bytes",
    }
    if opened.length is not None:
        headers["Content-Length"] = str(opened.length)
    if opened.part:
        headers["Content-Range"] = opened.part
    return headers
