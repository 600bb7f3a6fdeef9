"""`verified_form` checks that a request is Twilio's, by its signature over the configured URL and the form.

Must not load anything heavy: a forged request is refused before any client library is imported.
"""

from __future__ import annotations

import base64
import functools
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes, urlsplit

from relay.errors import BadRequest
from relay.web import FORM, Request, check_post

_FORM_FIELDS_MAX = 500
# The body of a 403: empty, so that a forger learns nothing and the answer fits into one packet.
_NO_DETAIL = ""

Form = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Whose webhooks are accepted: one account, any of its auth tokens that are valid now."""

    account_sid: str
    auth_tokens: tuple[str, ...] = field(repr=False)
    public_base_url: str


def signature(auth_token: str, url: str, form: Form) -> str:
    """Returns Twilio's signature: base64 of HMAC-SHA1 over the URL and, by name, each parameter's name and value.

    Source: Twilio docs/usage/security. A repeated parameter counts each distinct value once, as Twilio's own
    validator has it.
    """
    return _signature(auth_token, url + _signed_values(form))


def _signed_values(form: Form) -> str:
    parts: list[str] = []
    for name in sorted(form):
        values = form[name]
        if len(values) == 1:
            parts += (name, values[0])
        else:
            for value in sorted(set(values)):
                parts += (name, value)
    return "".join(parts)


def _signature(auth_token: str, signed: str) -> str:
    code = _keyed(auth_token).copy()
    code.update(signed.encode())
    return base64.b64encode(code.digest()).decode()


@functools.lru_cache(maxsize=8)
def _keyed(auth_token: str) -> hmac.HMAC:
    """Returns an HMAC with only the key in it, to be copied for each signature.

    `hmac.digest` would do it all in one call, and let go of the interpreter lock for it each time: with several threads
    that costs several times what the digest does.
    """
    return hmac.new(auth_token.encode(), digestmod="sha1")


def verified_form(account: TwilioAccount, path: str, request: Request) -> Form:
    """Returns the form of a request that Twilio signed.

    The URL is built from configuration and never from Host or X-Forwarded-*: a caller chooses those.
    Raises BadRequest: 405, 413, 415, or 403 without any detail.
    """
    check_post(request, FORM)
    given = request.headers.get("x-twilio-signature", "")
    form = _parsed(request.body)
    if not given or form is None or not given.isascii():
        raise BadRequest(403, _NO_DETAIL)
    # What every candidate signs is put together once: most of what a forgery costs is here.
    rest = path + (f"?{request.query}" if request.query else "")
    values = _signed_values(form)
    accepted = False
    for base in _with_and_without_port(account.public_base_url):
        for token in account.auth_tokens:
            # No early exit: the time taken must not tell which token or form of the URL came close.
            accepted |= hmac.compare_digest(_signature(token, base + rest + values), given)
    if not accepted:
        raise BadRequest(403, _NO_DETAIL)
    if single(form, "AccountSid") != account.account_sid:
        raise BadRequest(400, "AccountSid is not this relay's account.")
    return form


def _parsed(body: bytes) -> Form | None:
    """Returns what parse_qsl makes of the body, blank values kept; None when it is no form.

    At a third of the cost: most fields have nothing to unquote, and every forgery is parsed before it can be refused.
    """
    form: Form = {}
    try:
        fields = body.decode("utf-8").replace("+", " ").split("&")
        if len(fields) > _FORM_FIELDS_MAX:
            return None
        for field in filter(None, fields):
            name, _, value = field.partition("=")
            if "%" in value:
                value = unquote_to_bytes(value).decode("utf-8")
            if "%" in name:
                name = unquote_to_bytes(name).decode("utf-8")
            if name in form:
                form[name].append(value)
            else:
                form[name] = [value]
    except ValueError:
        return None
    return form


@functools.cache
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
