"""doctor's check of the links to photos: a made-up one is tried from outside, and has to be told that it is over."""

from __future__ import annotations

import http.client
import secrets
import urllib.error
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from relay.media.answering import OVER
from relay.outgoing import open_url
from relay.web import media_link

from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding

_NAME = "photos"
_TIMEOUT_SECONDS = 15.0


def links(values: Mapping[str, str]) -> Iterator[Finding]:
    """Whether what handlers are sent as a link reaches the relay."""
    name = "MEDIA_BASE_URL" if values.get("MEDIA_BASE_URL") else "PUBLIC_BASE_URL"
    base = values.get(name, "").rstrip("/")
    if not base:
        yield Finding(_NAME, SKIPPED, f"links are not tried without {name}", "Set it here, or in --env-file.")
        return
    shown = f"{base}/m/"
    if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).hostname:
        yield Finding(_NAME, BAD, f"{base} is not a web address", f"Change {name}.")
        return
    try:
        status, body = _asked(media_link(base, secrets.token_urlsafe(16)))
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        advice = "If it can be reached from elsewhere, this says nothing; handlers' phones need it to be public."
        yield Finding(_NAME, WARNING, f"{shown} cannot be reached from here ({why})", advice)
        return
    yield _judged(shown, status, OVER.encode() in body)


def _judged(shown: str, status: int, is_ours: bool) -> Finding:
    if status == 404 and is_ours:
        return Finding(_NAME, OK, f"links to photos reach the relay at {shown}")
    if 300 <= status < 400:
        words = f"{shown} redirects: not every phone's preview follows that, and the link is told to one more server"
        return Finding(_NAME, WARNING, words, "Make MEDIA_BASE_URL the address that answers itself.")
    if status >= 500:
        advice = "Read the relay's log, and that of the proxy before it; does it pass on /m/?"
        return Finding(_NAME, BAD, f"{shown} answers {status}", advice)
    advice = "Another program or a proxy answers there: let it pass on /m/ to the relay, beside /sms/."
    return Finding(_NAME, BAD, f"{shown} answers {status}, which is not the relay's answer", advice)


def _asked(url: str) -> tuple[int, bytes]:
    """Returns status and body of the answer. A redirect is not followed."""
    try:
        with open_url(url, _TIMEOUT_SECONDS) as answer:
            return answer.status, answer.read(10_000)
    except urllib.error.HTTPError as other:
        with other:
            return other.code, other.read(10_000)
