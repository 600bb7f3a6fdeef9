"""`verified_form` checks that a request is Twilio's, by its signature over the configured URL and the form.

Must not load anything heavy: a forged request is refused before any client library is imported.
"""

from __future__ import annotations

import base64
import functools
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import AnyStr
from urllib.parse import unquote_to_bytes, urlsplit

from relay.errors import BadRequest
from relay.log.throttle import Throttle
from relay.web import FORM, Request, check_post

_FORM_FIELDS_MAX = 500
# The body of a 403: empty, so that a forger learns nothing and the answer fits into one packet.
_NO_DETAIL = ""

Form = dict[str, list[str]]
# A form as it came: what Twilio signs are the bytes, whether they are UTF-8 or not.
Bytes = dict[bytes, list[bytes]]


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Whose webhooks are accepted: one account, any of its auth tokens that are valid now.

    `told` holds back what is told of refused ones.
    """

    account_sid: str
    auth_tokens: tuple[str, ...] = field(repr=False)
    public_base_url: str
    told: Throttle = field(default_factory=Throttle, repr=False, compare=False)


class AnotherAccount(BadRequest):
    """Well signed, but of another account than ours."""

    def __init__(self) -> None:
        super().__init__(400, "AccountSid is not this relay's account.")


def signature(auth_token: str, url: str, form: Form) -> str:
    """Returns Twilio's signature: base64 of HMAC-SHA1 over the URL and, by name, each parameter's name and value.

    Source: Twilio docs/usage/security. A repeated parameter counts each distinct value once, as Twilio's own
    validator has it.
    """
    return _signature(auth_token, f"{url}{joined(form)}".encode())


def joined(form: Form) -> str:
    """Returns the form's part of what is signed: by name, each parameter's name and value, with no mark between."""
    return "".join(_signed(form))


def _signed(form: dict[AnyStr, list[AnyStr]]) -> list[AnyStr]:
    """Returns the parts of what is signed. The order of UTF-8's bytes is that of the characters."""
    parts: list[AnyStr] = []
    for name in sorted(form):
        values = form[name]
        if len(values) == 1:
            parts += (name, values[0])
        else:
            for value in sorted(set(values)):
                parts += (name, value)
    return parts


def _signature(auth_token: str, signed: bytes) -> str:
    code = _keyed(auth_token).copy()
    code.update(signed)
    return base64.b64encode(code.digest()).decode()


@functools.lru_cache(maxsize=8)
def _keyed(auth_token: str) -> hmac.HMAC:
    """Returns an HMAC with only the key in it, to be copied for each signature.

    `hmac.digest` would do it all in one call, and let go of the interpreter lock for it each time: with several threads
    that costs several times what the digest does.
    """
    return hmac.new(auth_token.encode(), digestmod="sha1")


def verified_form(account: TwilioAccount, path: str, request: Request) -> Form:
    """Returns the form of a request that Twilio signed; in it U+FFFD stands for what is not UTF-8.

    The URL is built from configuration and never from Host or X-Forwarded-*: a caller chooses those.
    Raises BadRequest: 405, 413, 415, or 403 without any detail.
    """
    check_post(request, FORM)
    given = request.headers.get("x-twilio-signature", "")
    form = _parsed(request.body)
    if not given or form is None or not given.isascii():
        raise BadRequest(403, _NO_DETAIL)
    if not _holds(account, account.public_base_url, _rest(path, request, form), given):
        # A number's plus sign that was not escaped on the way is no blank.
        form = _parsed(request.body.replace(b"=+", b"=%2B")) if b"=+" in request.body else None
        if form is None or not _holds(account, account.public_base_url, _rest(path, request, form), given):
            raise BadRequest(403, _NO_DETAIL)
    told = _decoded(form)
    if single(told, "AccountSid").lower() != account.account_sid.lower():
        raise AnotherAccount
    return told


def holds_for(account: TwilioAccount, url: str, request: Request) -> bool:
    """Returns whether the request is signed for this URL, its own query added. To find out why one was refused."""
    form, given = _parsed(request.body), request.headers.get("x-twilio-signature", "")
    return form is not None and given.isascii() and _holds(account, url, _rest("", request, form), given)


def _rest(path: str, request: Request, form: Bytes) -> bytes:
    """Returns what every candidate signs behind its base URL. Made once: most of what a forgery costs is here."""
    return (path + (f"?{request.query}" if request.query else "")).encode() + b"".join(_signed(form))


def _holds(account: TwilioAccount, base_url: str, rest: bytes, given: str) -> bool:
    accepted = False
    for base in _with_and_without_port(base_url):
        for token in account.auth_tokens:
            # No early exit: the time taken must not tell which token or form of the URL came close.
            accepted |= hmac.compare_digest(_signature(token, base.encode() + rest), given)
    return accepted


def account_of(body: bytes) -> str:
    """Returns the last characters of the account's id in a form that is not to be trusted; "" when it names none."""
    found = re.search(rb"(?:^|&)AccountSid=AC[0-9a-fA-F]{28}([0-9a-fA-F]{4})(?:&|$)", body)
    return f"…{found[1].decode()}" if found else ""


def _parsed(body: bytes) -> Bytes | None:
    """Returns what parse_qsl makes of the body, blank values kept; None when it has more fields than Twilio ever sends.

    At a third of the cost: most fields have nothing to unquote, and every forgery is parsed before it can be refused.
    """
    form: Bytes = {}
    pairs = body.replace(b"+", b" ").split(b"&")
    if len(pairs) > _FORM_FIELDS_MAX:
        return None
    for pair in filter(None, pairs):
        name, _, value = pair.partition(b"=")
        if b"%" in value:
            value = unquote_to_bytes(value)
        if b"%" in name:
            name = unquote_to_bytes(name)
        if name in form:
            form[name].append(value)
        else:
            form[name] = [value]
    return form


def _decoded(form: Bytes) -> Form:
    told: Form = {}
    for name, values in form.items():
        # Two names may be the same one once they are decoded.
        told.setdefault(str(name, "utf-8", "replace"), []).extend([str(each, "utf-8", "replace") for each in values])
    return told


@functools.lru_cache(maxsize=32)
def _with_and_without_port(url: str) -> Sequence[str]:
    """Returns the URL with and without its port: Twilio signs some so and some so, and its own validators try both."""
    parts = urlsplit(url)
    host = parts.netloc
    rest = url[len(f"{parts.scheme}://{host}") :]
    port = 443 if parts.scheme == "https" else 80
    other = host.rsplit(":", 1)[0] if parts.port else f"{host}:{port}"
    return (url, f"{parts.scheme}://{other}{rest}")


def single(form: Form, name: str, default: str | None = None) -> str:
    """Returns the only value of a parameter. Raises BadRequest 400 for a repeated one.

    Twilio's signature cannot tell two values from one that is their concatenation.
    """
    values = form.get(name)
    if values is None:
        if default is None:
            raise BadRequest(400, f"{name} is missing.")
        return default
    if len(values) != 1:
        raise BadRequest(400, f"{name} is given more than once.")
    return values[0]
