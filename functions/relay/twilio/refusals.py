"""`refused` answers a request that is not Twilio's, or not for us, and tells operators why: at most one line a minute.

A number whose webhooks are refused loses its texts, and only this line says so. What is in the request is never told,
for strangers write it; of another account's id, the last characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from urllib.parse import urlsplit

from relay.errors import BadRequest
from relay.ports import Alarms, Clock
from relay.twilio.signature import AnotherAccount, TwilioAccount, account_of, holds_for
from relay.web import Request, Response, refusal

_PORTS = (":80", ":443", ":8080", ":8443")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,4})?")


class Reason(StrEnum):
    """Why a webhook was refused; the log's words, and the metric's."""

    NO_SIGNATURE = "no_signature"  # a stranger's, most likely
    SIGNATURE_LOST = "signature_lost"  # no signature, yet it names our account
    NOT_A_WEBHOOK = "not_a_webhook"  # another method, content type or size than a webhook's
    MISMATCH = "signature_mismatch"
    OTHER_URL = "signed_for_another_url"
    ANOTHER_ACCOUNT = "another_account"  # well signed
    MALFORMED = "malformed"  # well signed
    DOUBTFUL = "doubtful"  # well signed, and Twilio does not confirm it


def refused(
    account: TwilioAccount, alarms: Alarms, clock: Clock, path: str, request: Request, error: BadRequest
) -> Response:
    """Returns the answer to a request that was refused with this error, once operators are told of it."""
    reason = _reason(account, request, error)
    if reason is Reason.NO_SIGNATURE and request.method != "POST":
        return refusal(error)  # a browser's, or a probe's
    if reason is Reason.MALFORMED and not any(name in request.body for name in (b"MessageSid", b"SmsSid")):
        return refusal(error)  # it names no text, so that none is lost: relayctl doctor asks so
    # By our account's name too: strangers who do not know it cannot hold back what is told of our own number.
    names_us = account.account_sid.encode() in request.body
    untold = account.told.held_back(f"{path} {reason} {names_us}", clock.monotonic())
    if untold is not None:
        hint = str(error)
        if reason is Reason.MISMATCH:
            reason, hint = _why_mismatched(account, path, request)
        elif reason is Reason.ANOTHER_ACCOUNT:
            hint = f"it is signed with our token and names another account, {account_of(request.body)}"
        elif reason is Reason.SIGNATURE_LOST:
            hint = "it names our account: does a proxy take the header X-Twilio-Signature away?"
        alarms.webhook_refused(reason, path, f"{account.public_base_url}{path}", hint, untold)
    return refusal(error)


def _reason(account: TwilioAccount, request: Request, error: BadRequest) -> Reason:
    if not request.headers.get("x-twilio-signature", ""):
        ours = account.account_sid.encode() in request.body
        return Reason.SIGNATURE_LOST if ours else Reason.NO_SIGNATURE
    if isinstance(error, AnotherAccount):
        return Reason.ANOTHER_ACCOUNT
    if isinstance(error, Doubtful):
        return Reason.DOUBTFUL
    return {400: Reason.MALFORMED, 403: Reason.MISMATCH}.get(error.status, Reason.NOT_A_WEBHOOK)


class Doubtful(BadRequest):
    """Well signed, but perhaps cut anew from what was signed, and Twilio has no such text: reconcile looks it up."""

    def __init__(self) -> None:
        super().__init__(403, "")


def _why_mismatched(account: TwilioAccount, path: str, request: Request) -> tuple[Reason, str]:
    others = other_urls(account.public_base_url, path, request.headers.get("host", ""), request.path)
    for words, url in others:
        if holds_for(account, url, request):
            return Reason.OTHER_URL, f"it is signed for the same address {words}: give Twilio the address above"
    named = account_of(request.body)
    if named and account.account_sid.encode() not in request.body:
        return Reason.MISMATCH, f"it names another account, {named}: a subaccount signs with a token of its own"
    return Reason.MISMATCH, "another auth token, or another address than the one above"


def other_urls(base_url: str, path: str, host: str = "", sent_to: str = "") -> Iterator[tuple[str, str]]:
    """Yields addresses that are often meant, and what is other about each: a handful, for each is signed anew.

    `host` and `sent_to` are the caller's words, which are only computed with: where the signature holds for them,
    Twilio has signed them.
    """
    parts = urlsplit(base_url)
    rest = f"{parts.path}{path}"
    at = parts.netloc
    name = at.rpartition(":")[0] if parts.port else at
    other_scheme = "http" if parts.scheme == "https" else "https"
    without_www = at.removeprefix("www.")
    yield "with a slash at its end", f"{base_url}{path}/"
    yield "with two slashes before its path", f"{base_url}/{path}"
    yield f"with {other_scheme}", f"{other_scheme}://{at}{rest}"
    if at != without_www:
        yield "without www.", f"{parts.scheme}://{without_www}{rest}"
    elif not at.startswith("["):  # an IPv6 address; newer Pythons refuse a name before its bracket
        yield "with www.", f"{parts.scheme}://www.{at}{rest}"
    for port in _PORTS:
        yield f"with port {port[1:]}", f"{parts.scheme}://{name}{port}{rest}"
    yield "without the path", base_url
    yield "without the path, with a slash at its end", f"{base_url}/"
    if sent_to not in ("", path):
        yield "with the path that it was sent to", f"{base_url}{sent_to}"
    for scheme in ("https", "http") if _HOST.fullmatch(host) else ():
        yield "on the host that the request was made to (its Host header)", f"{scheme}://{host}{path}"
