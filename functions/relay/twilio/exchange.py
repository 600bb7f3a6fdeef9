"""An Exchange is one HTTP exchange with Twilio: it knows whether its request may have left, and ends in time.

It is the `http_client` of twilio.rest.Client. It knows HTTP and time; what an answer means is messenger.py's business.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode

from relay.loading import http_library
from relay.twilio import client_library

# How many bytes of an answer are read; a longer one is TimeoutError. A page of a thousand messages stays below 2 MB.
_ANSWER_MAX_BYTES = 8 * 1024 * 1024
_READ_BYTES = 64 * 1024
# After this long without use a connection is closed instead of used. A proxy may have dropped it without telling us,
# above all while a cloud function is frozen; a POST on it would get no answer, so that its outcome was unknown. A new
# connection costs a handshake.
_IDLE_SECONDS_MAX = 20.0
# Statuses after which no body comes, as HTTP has it: whatever comes all the same would be taken for the answer to the
# next request on that connection. So would be the answer itself that follows one of 1xx, of which http.client skips
# none but 100.
_BODILESS = frozenset({204, 205, 304})
# As many connections as requests that one instance may have under way.
_CONNECTIONS = 100


def signed_in(account_sid: str, auth_token: str, api_key_sid: str, api_key_secret: str) -> tuple[str, str]:
    """Returns user name and password: the API key's own two when one is given, else the account's; never of both."""
    return (api_key_sid, api_key_secret) if api_key_sid else (account_sid, auth_token)


class Withdrawn(Exception):
    """The caller gave up before the request had left: it never will."""


class Connections:
    """Keep-alive connections, shared by all threads; none is used after it was idle for long."""

    def __init__(self, base_url: str) -> None:
        requests = http_library()

        self._session = requests.Session()
        # What the environment says of proxies and certificates is read once: requests would go through all of it for
        # every call, at a fifth of the call's processor time.
        environment = self._session.merge_environment_settings(base_url, {}, None, None, None)
        self._session.proxies, self._session.verify = environment["proxies"], environment["verify"]
        self._session.trust_env = False
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=_CONNECTIONS, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._lock = threading.Lock()
        self._used_at = time.monotonic()
        # A cookie of one answer would be a credential of the next request.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        # Its lines show the whole URL, whose query holds phone numbers or the signature of a file's address.
        logging.getLogger("urllib3").setLevel(logging.ERROR)

    def session(self) -> Any:
        with self._lock:
            now = time.monotonic()
            if now - self._used_at > _IDLE_SECONDS_MAX:
                self._session.close()  # closes what is idle; the session itself stays usable
            self._used_at = now
            return self._session

    def used(self) -> None:
        with self._lock:
            self._used_at = time.monotonic()


class Exchange:
    """The requests of one call of ours; `timeout_seconds` bounds them all together.

    `withdraw` and the moment when the request's body is handed to the connection (`leave`) exclude each other: a caller
    that gives up waiting knows for certain whether Twilio can have got the request. Without its body no POST is ever
    processed.
    """

    is_async = False  # the Twilio client asks its http_client

    def __init__(self, connections: Connections, timeout_seconds: float) -> None:
        self._connections = connections
        self._ends_at = time.monotonic() + timeout_seconds
        self._lock = threading.Lock()
        self._has_left = False
        self._is_withdrawn = False
        # Of the latest answer that came in whole: its HTTP status, Twilio's code where it is an error with one, and how
        # long it asks us to wait.
        self.last_status: int | None = None
        self.last_code: object = None
        self.retry_after_seconds: float | None = None

    def withdraw(self) -> bool:
        """Stop the request from being sent. Returns True when Twilio never gets it, False when Twilio may have it."""
        with self._lock:
            self._is_withdrawn = True
            return not self._has_left

    def leave(self) -> None:
        """Record that the body is about to be sent. Raises Withdrawn when the caller has given up by now."""
        with self._lock:
            if self._is_withdrawn or self._remaining_seconds <= 0:
                raise Withdrawn
            self._has_left = True

    @property
    def _remaining_seconds(self) -> float:
        return self._ends_at - time.monotonic()

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the client's parameter; the exchange has its own time
        allow_redirects: bool = False,  # noqa: ARG002 - never: a text must not be sent to where an answer points
    ) -> Any:
        """Send a request of twilio.rest.Client. Raises what requests raises, TimeoutError and Withdrawn."""
        response_class = client_library.response_class()
        patience = self._remaining_seconds
        if patience <= 0:
            raise TimeoutError("no time is left")
        response = self._connections.session().request(
            method,
            url,
            params=params,
            data=_Body(self, urlencode(data, doseq=True).encode()) if data else None,
            headers=headers,
            auth=auth,
            timeout=patience,
            allow_redirects=False,
            stream=True,
        )
        if response.status_code < 200 or response.status_code in _BODILESS:
            response.raw.close()  # the connection, too
            raise ConnectionError("no answer that is one")
        with response:
            text = self._read(response)
        self._connections.used()
        self.last_status = response.status_code
        self.last_code = _code_in(text) if response.status_code >= 400 else None
        self.retry_after_seconds = seconds_of(response.headers.get("Retry-After", ""), datetime.now(UTC))
        return response_class(response.status_code, text, response.headers)

    def _read(self, response: Any) -> str:
        """Returns the whole body. The HTTP client's timeout is per read; a body that comes byte by byte ends here."""
        from urllib3.exceptions import HTTPError

        parts: list[bytes] = []
        size = 0
        try:
            while part := response.raw.read1(_READ_BYTES, decode_content=True):
                parts.append(part)
                size += len(part)
                if size > _ANSWER_MAX_BYTES or self._remaining_seconds <= 0:
                    raise TimeoutError("the answer does not end")
        except HTTPError as error:
            raise ConnectionError("the answer broke off") from error
        return b"".join(parts).decode("utf-8", errors="replace")


def _code_in(text: str) -> object:
    """Returns what an error's body has as its code: the client's own errors of a list do not tell it."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return body.get("code") if isinstance(body, dict) else None


def seconds_of(retry_after: str, now: datetime) -> float | None:
    """Returns the seconds that a Retry-After header asks for, as a number or as a time of day; None for nonsense."""
    text = retry_after.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # whatever its parser stumbles over
        return None
    # A time without a zone is one of Greenwich too.
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


class _Body:
    """A form that asks its exchange for leave at the moment it is read."""

    def __init__(self, exchange: Exchange, content: bytes) -> None:
        self._exchange = exchange
        self._content = content

    def __len__(self) -> int:
        return len(self._content)

    def __iter__(self) -> Iterator[bytes]:
        self._exchange.leave()
        yield self._content
