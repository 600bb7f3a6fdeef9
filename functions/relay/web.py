"""Requests and answers as plain values, so that every way in can be called without a web framework.

Checks that need no knowledge of who is calling: method, size, content type. main.py translates from and to Flask.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from relay.errors import BadRequest

# Twilio's largest webhook (1600 characters, ten media URLs) stays far below; anything larger is not from Twilio.
BODY_MAX_BYTES = 64 * 1024
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

INBOUND_PATH = "/sms/inbound"
DELIVERY_STATUS_PATH = "/sms/delivery-status"
RELAY_STATE_PATH = "/sms/relay-state"
REDRIVE_PATH = "/sms/redrive"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Headers are asked for in lower case; `query` is the raw query string without question mark."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


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
    """The answer to a request that was the caller's fault."""
    return text_response(error.status, str(error), error.headers)


def text_response(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8", **(headers or {})})


def json_response(status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(status, body, {"Content-Type": JSON, "Cache-Control": "no-store", **(headers or {})})


def try_again(seconds: int = 1) -> Response:
    """503: nothing was lost, ask again. Twilio does so when the webhook's URL says it may."""
    return text_response(503, "Try again in a moment.", {"Retry-After": str(seconds)})
