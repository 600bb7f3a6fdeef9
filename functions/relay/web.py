"""Request and Response: HTTP as plain values, so that every way in can be called without a web framework.

Its checks need no knowledge of the caller: method, size, content type. serving.py translates from and to Flask.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from relay.errors import BadRequest

# A larger body is refused with 413. Twilio's largest webhook (1600 characters, ten media URLs) stays far below.
BODY_MAX_BYTES = 64 * 1024
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

INBOUND_PATH = "/sms/inbound"
DELIVERY_STATUS_PATH = "/sms/delivery-status"
RELAY_STATE_PATH = "/sms/relay-state"
REDRIVE_PATH = "/sms/redrive"
THREADS_PATH = "/sms/threads"
MEDIA_PATH = "/m/"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Headers are asked for in lower case; `query` is the raw query string without question mark."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Stream(Iterator[bytes], Protocol):
    """A body that is sent as it comes. An error that it raises breaks the connection off."""

    def close(self) -> None:
        """Let go of where it comes from. Called once the answer is over, however it ended."""
        ...


class Streamed:
    """A stream as a server takes it, which closes it in the end, also when its peer has left.

    An error is given to `note` and breaks the connection off: without its end, what came is not taken for the whole.
    Servers keep silent about a connection that was reset; of any other error they would log the request's address.
    """

    def __init__(self, stream: Stream, note: Callable[[Exception], None]) -> None:
        self._stream = stream
        self._note = note

    def __iter__(self) -> Streamed:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._stream)
        except StopIteration:
            raise
        except Exception as error:
            self._note(error)
            raise ConnectionResetError(errno.ECONNRESET, "broken off") from None

    def close(self) -> None:
        self._stream.close()


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. Its body is `stream`, if there is one, and else `body`. Each of `cookies` is a Set-Cookie header.

    `unavailable` is why the store could not do what was asked: for the log, not for the caller.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: Stream | None = None
    cookies: tuple[str, ...] = ()
    unavailable: str = ""


def media_link(base_url: str, token: str) -> str:
    """Returns the link by which a person sees the files of the relay with this token."""
    return f"{base_url}{MEDIA_PATH}{token}"


def check_post(request: Request, content_type: str | None = None, *, allow: str = "POST, OPTIONS") -> None:
    """Refuse what is not a POST of a sane size and, if one is named, of this content type.

    `allow` names the methods that the route answers. Raises BadRequest 405, 413 or 415.
    """
    if request.method != "POST":
        raise BadRequest(405, "Only POST is answered here.", {"Allow": allow})
    if len(request.body) > BODY_MAX_BYTES:
        raise BadRequest(413, f"The body is larger than {BODY_MAX_BYTES} bytes.")
    given = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type is not None and given != content_type:
        raise BadRequest(415, f"Send {content_type}.")


def refusal(error: BadRequest) -> Response:
    """Returns the answer to a request that was the caller's fault."""
    return text_response(error.status, str(error), error.headers)


def text_response(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Returns an answer in plain text."""
    return Response(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8", **(headers or {})})


def json_response(status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
    """Returns an answer in JSON, which no cache may keep."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(status, body, {"Content-Type": JSON, "Cache-Control": "no-store", **(headers or {})})


def try_again(seconds: int = 1) -> Response:
    """Returns 503: nothing was lost, ask again. Twilio does so when the webhook's URL allows it (#rc=…)."""
    return text_response(503, "Try again in a moment.", {"Retry-After": str(seconds)})
