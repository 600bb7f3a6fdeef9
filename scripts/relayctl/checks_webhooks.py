"""doctor's check of the webhooks from end to end: it signs a request as Twilio does, sends it, and reads the answer.

Nothing comes of these requests: a receipt of a relay that there is not, and a text's webhook that names no text. They
are not logged as refused either.
"""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from relay.outgoing import open_url
from relay.twilio.refusals import other_urls
from relay.twilio.signature import signature
from relay.web import DELIVERY_STATUS_PATH, FORM, INBOUND_PATH

from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding

_NAME = "webhooks"
_NEEDED = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "PUBLIC_BASE_URL")
_SID = re.compile(r"AC[0-9a-fA-F]{32}")
_TIMEOUT_SECONDS = 15.0
_NO_RELAY = "SM" + "0" * 32
_SEE = "docs/operations.md, “Webhooks are refused”."


@dataclass(frozen=True)
class _Route:
    """A route, what is sent there, and what the relay answers when the signature holds."""

    words: str
    path: str
    query: str
    fields: Mapping[str, str]
    accepted: int


_ROUTES = (
    _Route("a text's webhook", INBOUND_PATH, "", {}, 400),  # well signed, but it names no text
    _Route(
        "a receipt",
        DELIVERY_STATUS_PATH,
        f"?relay={_NO_RELAY}&tier=1&attempt=1",
        {"MessageSid": _NO_RELAY, "MessageStatus": "delivered"},
        204,
    ),
)


def signatures(values: Mapping[str, str]) -> Iterator[Finding]:
    """Whether what is signed as Twilio signs reaches the relay as it was signed, at the address that Twilio has."""
    missing = [needed for needed in _NEEDED if not values.get(needed)]
    if missing or not _SID.fullmatch(values["TWILIO_ACCOUNT_SID"]):
        words = f"not checked without {', '.join(missing) or 'a valid TWILIO_ACCOUNT_SID'}"
        yield Finding(_NAME, SKIPPED, words, "Set them here, or in --env-file.")
        return
    for route in _ROUTES:
        base = values["PUBLIC_BASE_URL"]
        if route.path == DELIVERY_STATUS_PATH:
            base = values.get("CALLBACK_BASE_URL") or base
        yield _examined(route, base.rstrip("/"), values)


def _examined(route: _Route, base_url: str, values: Mapping[str, str]) -> Finding:
    url = f"{base_url}{route.path}"
    if urlsplit(base_url).scheme not in ("http", "https") or not urlsplit(base_url).hostname:
        return Finding(_NAME, BAD, f"{base_url} is not a web address", "Change PUBLIC_BASE_URL.")
    try:
        status, body, place = _sent(url, route, values, signed_for=url)
        if status == 403 and not body:
            return _refused(url, route, base_url, values)
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        advice = "If it can be reached from elsewhere, this says nothing; Twilio needs it to be public."
        return Finding(_NAME, WARNING, f"{url} cannot be reached from here ({why})", advice)
    if status == route.accepted and (status == 204 or b"MessageSid" in body):
        return Finding(_NAME, OK, f"{route.words}, signed as Twilio signs it, is accepted at {url}")
    if 300 <= status < 400:
        words = f"{url} redirects (to {place}): Twilio's signature is lost on the way"
        return Finding(
            _NAME, BAD, words, "Make PUBLIC_BASE_URL, and the number's URL, the address that answers itself."
        )
    if status >= 500:
        return Finding(_NAME, BAD, f"{url} answers {status}", "Read the relay's log, and that of the proxy before it.")
    advice = "Another program or a proxy answers there: does it pass on /sms/ to the relay as it is?"
    return Finding(_NAME, BAD, f"{url} answers {status}, which is not the relay's answer", advice)


def _refused(url: str, route: _Route, base_url: str, values: Mapping[str, str]) -> Finding:
    """Returns why the relay does not accept the signature, as far as a few other addresses tell."""
    for words, other in other_urls(base_url, route.path):
        if _sent(url, route, values, signed_for=other)[0] == route.accepted:
            advice = f"Twilio signs for the address that it has: make the relay's PUBLIC_BASE_URL the same. {_SEE}"
            return Finding(_NAME, BAD, f"{url}: the relay checks signatures against the same {words}", advice)
    advice = (
        "Either TWILIO_AUTH_TOKEN here is not the relay's, or the relay's PUBLIC_BASE_URL is another, or a proxy "
        f"changes the request. The relay's log says which address it checked (webhook_refused). {_SEE}"
    )
    return Finding(_NAME, BAD, f"{url} refuses {route.words} that is signed as Twilio signs it", advice)


def _sent(url: str, route: _Route, values: Mapping[str, str], signed_for: str) -> tuple[int, bytes, str]:
    """Returns status, body and Location of the answer. A redirect is not followed."""
    fields = {"AccountSid": values["TWILIO_ACCOUNT_SID"], **route.fields}
    form = {name: [value] for name, value in fields.items()}
    headers = {
        "Content-Type": FORM,
        "X-Twilio-Signature": signature(values["TWILIO_AUTH_TOKEN"], signed_for + route.query, form),
    }
    request = urllib.request.Request(url + route.query, urlencode(fields).encode(), headers)  # noqa: S310 - checked
    try:
        with open_url(request, _TIMEOUT_SECONDS) as answer:
            return answer.status, answer.read(1000), ""
    except urllib.error.HTTPError as other:
        with other:
            place = urlsplit(other.headers.get("Location", "")).netloc or "another path"
            return other.code, other.read(1000), place
