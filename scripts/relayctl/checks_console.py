"""doctor's check of the console: its page and its sign-in are asked for from outside, as a browser asks for them."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from relay.outgoing import open_url

from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding

_NAME = "console"
_TIMEOUT_SECONDS = 15.0
# What the page has, and no other page.
_OURS = b'id="sign-in-digits"'
_WAYS = {"text": "text", "email": "e-mail"}
_SEE = "docs/operations.md, “Who signs in”."


def console(values: Mapping[str, str]) -> Iterator[Finding]:
    """Whether operators reach the console, and can sign in there."""
    name = "CONSOLE_BASE_URL" if values.get("CONSOLE_BASE_URL") else "PUBLIC_BASE_URL"
    base = values.get(name, "").rstrip("/")
    if not base:
        yield Finding(_NAME, SKIPPED, f"the console is not tried without {name}", "Set it here, or in --env-file.")
        return
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        yield Finding(_NAME, BAD, f"{base} is not a web address", f"Change {name}.")
        return
    page = f"{base}/console/"
    try:
        status, body = _asked(urllib.request.Request(page))  # noqa: S310 - checked
        if status != 200 or _OURS not in body:
            yield _no_page(page, status)
            return
        asked = urllib.request.Request(  # noqa: S310 - checked
            f"{page}session",
            b"{}",
            {"Content-Type": "application/json", "Origin": f"{parts.scheme}://{parts.netloc}"},
        )
        yield _signing_in(page, name, *_asked(asked))
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        advice = "If it can be reached from elsewhere, this says nothing; links in alarms lead there."
        yield Finding(_NAME, WARNING, f"{page} cannot be reached from here ({why})", advice)


def _no_page(page: str, status: int) -> Finding:
    if 300 <= status < 400:
        words = f"{page} redirects: a sign-in at the other address is refused"
        return Finding(_NAME, BAD, words, "Make CONSOLE_BASE_URL the address that answers itself.")
    if status >= 500:
        return Finding(_NAME, BAD, f"{page} answers {status}", "Read the relay's log, and that of the proxy before it.")
    advice = f"Let the proxy pass on /console/ to the relay as it is, beside /sms/ and /m/. {_SEE}"
    return Finding(_NAME, BAD, f"{page} answers {status}, which is not the console", advice)


def _signing_in(page: str, name: str, status: int, body: bytes) -> Finding:
    ways = _ways(body) if status == 401 else None
    if status == 403:
        advice = f"Make the relay's {name} the address that browsers show; the proxy must leave Origin as it is. {_SEE}"
        return Finding(_NAME, BAD, f"{page} refuses sign-ins from its own address", advice)
    if ways is None:
        advice = f"Let the proxy pass on POST, and cookies, to /console/ as well. {_SEE}"
        return Finding(_NAME, BAD, f"{page}session answers {status}, which is not the sign-in", advice)
    if not ways:
        words = f"{page} can send no operator a code"
        return Finding(_NAME, WARNING, words, f"Set RELAY_OPERATORS; until then `relayctl link` signs in. {_SEE}")
    return Finding(_NAME, OK, f"{page} signs operators in, by {' and '.join(_WAYS.get(way, way) for way in ways)}")


def _ways(body: bytes) -> list[str] | None:
    """Returns by what codes are sent, as the sign-in says it; None for another program's answer."""
    try:
        told = json.loads(body)["ways"]
    except (ValueError, KeyError, TypeError):
        return None
    return [str(way) for way in told] if isinstance(told, list) else None


def _asked(request: urllib.request.Request) -> tuple[int, bytes]:
    """Returns status and body of the answer. A redirect is not followed."""
    try:
        with open_url(request, _TIMEOUT_SECONDS) as answer:
            return answer.status, answer.read(100_000)
    except urllib.error.HTTPError as other:
        with other:
            return other.code, other.read(10_000)
