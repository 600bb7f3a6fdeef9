"""TwilioMedia fetches the files that came with texts, from Twilio, which keeps them.

A file's address is made of our account and the record's ids, never of what a webhook said. Twilio answers with a
redirect to a host for media, which is asked without our credentials. Nothing here is logged: such an address opens a
file to everybody for hours.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from relay.addresses import is_loopback
from relay.core.model import Attachment
from relay.errors import MediaUnavailable
from relay.outgoing import REDIRECTS
from relay.ports import OpenedFile
from relay.twilio.exchange import Connections, signed_in
from relay.twilio.fetched import FILE_SECONDS, Body, check_status, opened, type_of
from relay.twilio.in_time import in_time
from relay.twilio.texts import MESSAGE_SID

T = TypeVar("T")

_TWILIO_URL = "https://api.twilio.com"
_MEDIA_SID = re.compile(r"ME[0-9a-fA-F]{32}")
# Where a redirect may lead, spelt exactly so: any other spelling of a host may mean another one to another reader.
_HOSTS = re.compile(
    r"(https://(?:mms\.twiliocdn\.com|media\.twiliocdn\.com|s3-external-1\.amazonaws\.com))/[!-~]{0,4000}"
)
# Where that of a Twilio on this machine may lead, which the fake one is.
_THIS_MACHINE = re.compile(r"(http://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?)/[!-~]{0,4000}")
# One range of bytes. A header of any other form is left out, as HTTP allows: the whole file is the answer then.
_PART = re.compile(r"bytes=(?:[0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})")
# For the answer to begin, and for each read of what it brings.
_READ_SECONDS = 10.0
_LIST_MAX_BYTES = 256 * 1024
_NO_FILE = "Twilio has no such file"
_ODD_LIST = "Twilio's list of files was not understood"


class TwilioMedia:
    """Implements ports.media.Media. Safe to share between threads; connections are kept open between calls."""

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        api_key_sid: str = "",
        api_key_secret: str = "",
        base_url: str = "",
    ) -> None:
        """Signs in as sending does: with the API key when one is given, else with the auth token.

        `base_url` "" is Twilio itself.
        """
        base = (base_url or _TWILIO_URL).rstrip("/")
        self._messages_url = f"{base}/2010-04-01/Accounts/{account_sid}/Messages"
        self._sign_in = signed_in(account_sid, auth_token, api_key_sid, api_key_secret)
        self._may_lead_to = _THIS_MACHINE if is_loopback(urlsplit(base).hostname or "") else _HOSTS
        self._base = base
        self._lock = threading.Lock()
        self._connections: dict[str, Connections] = {}

    def listed(self, message_id: str, *, timeout_seconds: float) -> tuple[Attachment, ...]:
        if not MESSAGE_SID.fullmatch(message_id):
            return ()
        ends_at = time.monotonic() + timeout_seconds

        def ask() -> tuple[Attachment, ...]:
            url = f"{self._messages_url}/{message_id}/Media.json?PageSize=50"
            with self._asked(self._base, url, timeout_seconds, self._sign_in) as answer:
                if answer.status_code == 404:
                    return ()  # nor has it the text, for some seconds
                check_status(answer)
                body = Body(answer, ends_at, _LIST_MAX_BYTES)
                return _files_in(b"".join(body))

        return _in_time(ask, timeout_seconds)

    def open(self, message_id: str, media_id: str, *, part: str = "", timeout_seconds: float) -> OpenedFile:
        if not MESSAGE_SID.fullmatch(message_id) or not _MEDIA_SID.fullmatch(media_id):
            raise MediaUnavailable(_NO_FILE, is_gone=True)
        ends_at = time.monotonic() + FILE_SECONDS
        headers = {"Range": part} if _PART.fullmatch(part) else {}

        def ask() -> OpenedFile:
            answer = self._found(f"{self._messages_url}/{message_id}/Media/{media_id}", headers, timeout_seconds)
            return opened(answer, for_part=bool(headers), ends_at=ends_at)

        return _in_time(ask, timeout_seconds, lambda late: late.chunks.close())

    def _found(self, url: str, headers: dict[str, str], timeout_seconds: float) -> Any:
        """Returns the answer of the host that has the file: Twilio's own, or of the one place that it points to."""
        answer = self._asked(self._base, url, timeout_seconds, self._sign_in, headers)
        if answer.status_code not in REDIRECTS:
            return answer
        answer.close()
        place = answer.headers.get("Location", "")
        allowed = self._may_lead_to.fullmatch(place)
        if allowed is None:
            raise MediaUnavailable("Twilio sent us to an address that is none of its hosts for media")
        return self._asked(allowed[1], place, timeout_seconds, None, headers)

    def _asked(
        self,
        host: str,
        url: str,
        timeout_seconds: float,
        sign_in: tuple[str, str] | None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Returns the answer to a GET, with its body to be read. Each host has connections of its own."""
        with self._lock:
            if host not in self._connections:
                self._connections[host] = Connections(host)
            connections = self._connections[host]
        return connections.session().request(
            "GET",
            url,
            headers={"Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})},
            auth=sign_in,
            timeout=(timeout_seconds, _READ_SECONDS),
            allow_redirects=False,
            stream=True,
        )


def _in_time(ask: Callable[[], T], timeout_seconds: float, drop: Callable[[T], object] | None = None) -> T:
    """Returns what `ask` returns. Raises MediaUnavailable, in words, for whatever else becomes of it."""
    ended = in_time(ask, timeout_seconds, drop)
    if ended.value is not None:
        return ended.value
    if isinstance(ended.error, MediaUnavailable):
        raise ended.error
    if ended.error is None:
        raise MediaUnavailable("Twilio did not answer in time")
    is_network = isinstance(ended.error, OSError)  # all of the HTTP client's errors, and timeouts
    why = "Twilio could not be reached" if is_network else "Twilio's answer was not understood"
    raise MediaUnavailable(why) from ended.error


def _files_in(content: bytes) -> tuple[Attachment, ...]:
    """Returns the files of a list, without rows that are none."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise MediaUnavailable(_ODD_LIST) from error
    rows = answer.get("media_list") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise MediaUnavailable(_ODD_LIST)
    found: dict[str, Attachment] = {}
    for row in rows:
        media_id = row.get("sid") if isinstance(row, dict) else None
        if isinstance(media_id, str) and _MEDIA_SID.fullmatch(media_id):
            found[media_id] = Attachment(media_id, type_of(row.get("content_type")))
    return tuple(found.values())
