"""Twilio's HTTP: signature, forms, its words for statuses, TwiML. Twilio's vocabulary stops at this module.

Must not load anything heavy: a forged request is refused before any client library is imported.
"""

from __future__ import annotations

import base64
import functools
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from relay.errors import BadRequest
from relay.model import Attachment, InboundText
from relay.web import DELIVERY_STATUS_PATH, FORM, Request, Response, check_post

TWIML = Response(
    200,
    b'<?xml version="1.0" encoding="UTF-8"?><Response/>',
    {"Content-Type": "text/xml; charset=utf-8"},
)
NO_CONTENT = Response(204)

# Without these Twilio retries a connection failure once and nothing else. All tries share its 15 s budget: our answer
# is definite within 4.5 s, so a read timeout of 5 s leaves room for three. The fragment is not part of what is signed.
# Source: Twilio docs/usage/webhooks/webhooks-connection-overrides.
CONNECTION_OVERRIDES = "#rc=5&rp=all&ct=3000&rt=5000"

_MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-f]{32}")
# Customers may write from short codes or alphanumeric senders; only what cannot be a sender at all is refused.
_SENDER = re.compile(r"[!-~][ -~]{0,63}")
# A media URL is …/Messages/{SM…|MM…}/Media/{ME…}; its id is all that is taken from it.
_MEDIA_SID = re.compile(r"/(ME[0-9A-Fa-f]{32})\Z")
# RFC 6838's names, without parameters.
_CONTENT_TYPE = re.compile(r"[0-9A-Za-z][0-9A-Za-z!#$&^_.+-]{0,126}/[0-9A-Za-z][0-9A-Za-z!#$&^_.+-]{0,126}")
_FORM_FIELDS_MAX = 500
# A forger learns nothing, and his answer fits into one packet: servers send a body in one of its own.
_NO_DETAIL = ""

Form = dict[str, list[str]]


class Word(StrEnum):
    """What a message status means for the attempt it belongs to."""

    PROGRESS = "progress"  # Twilio has it, and nothing is decided
    SENT = "sent"  # the carrier took it; may be the last word ever
    DELIVERED = "delivered"
    FAILED = "failed"
    NONE = "none"  # says nothing of an outgoing text


# Twilio's statuses (docs/messaging/api/message-resource#message-status-values). An unknown one counts as progress:
# new words must neither crash a receipt nor fail an attempt.
STATUSES: dict[str, Word] = {
    "accepted": Word.PROGRESS,
    "scheduled": Word.PROGRESS,
    "queued": Word.PROGRESS,
    "sending": Word.PROGRESS,
    "sent": Word.SENT,
    "delivered": Word.DELIVERED,
    "read": Word.DELIVERED,
    # Some parts are missing, so nobody can say that the handler has the text; not a failure either.
    "partially_delivered": Word.SENT,
    "undelivered": Word.FAILED,
    "failed": Word.FAILED,
    "canceled": Word.FAILED,
    "receiving": Word.NONE,
    "received": Word.NONE,
}


def word_for(status: str) -> Word:
    return STATUSES.get(status, Word.PROGRESS)


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """One status callback. `attempt` numbers are the relay's own; `code` only where Twilio's is meaningful."""

    message_id: str
    attempt: int
    message_sid: str
    status: str
    code: int | None


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Whose webhooks are accepted: one account, any of its auth tokens that are valid now."""

    account_sid: str
    auth_tokens: tuple[str, ...] = field(repr=False)
    public_base_url: str


def signature(auth_token: str, url: str, form: Form) -> str:
    """Twilio's signature: base64 of HMAC-SHA1 over the URL and, by name, each parameter's name and value.

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
    """The code with nothing but the key in it. `hmac.digest` would do it all in one call, and let go of the interpreter
    lock for it each time: with several threads that costs several times what the digest does."""
    return hmac.new(auth_token.encode(), digestmod="sha1")


def verified_form(account: TwilioAccount, path: str, request: Request) -> Form:
    """The form of a request that Twilio signed.

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
    if _single(form, "AccountSid") != account.account_sid:
        raise BadRequest(400, "AccountSid is not this relay's account.")
    return form


def _parsed(body: bytes) -> Form | None:
    """What parse_qsl makes of it, blank values kept, at a third of the cost: most fields have nothing to unquote, and
    every forgery has to be parsed before it can be refused."""
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
    """Twilio signs some URLs with the port it connects to and some without; its own validators try both."""
    parts = urlsplit(url)
    host = parts.netloc
    rest = url[len(f"{parts.scheme}://{host}") :]
    port = 443 if parts.scheme == "https" else 80
    other = host.rsplit(":", 1)[0] if parts.port else f"{host}:{port}"
    return (url, f"{parts.scheme}://{other}{rest}")


def _single(form: Form, name: str, default: str | None = None) -> str:
    """The only value of a parameter. A repeated one signs like a shifted boundary would, so it is refused."""
    values = form.get(name)
    if values is None:
        if default is None:
            raise BadRequest(400, f"{name} is missing.")
        return default
    if len(values) != 1:
        raise BadRequest(400, f"{name} is given more than once.")
    return values[0]


def inbound_text(form: Form) -> InboundText:
    """The customer's message in a verified form. Raises BadRequest 400 when it is malformed."""
    message_id = _single(form, "MessageSid")
    if not _MESSAGE_SID.fullmatch(message_id):
        raise BadRequest(400, "MessageSid is not SM or MM followed by 32 hexadecimal digits.")
    phones = {name: _single(form, name) for name in ("From", "To")}
    for name, value in phones.items():
        if not _SENDER.fullmatch(value):
            raise BadRequest(400, f"{name} is not a phone number or sender name.")
    media = _single(form, "NumMedia", "0")
    if not re.fullmatch(r"[0-9]{1,2}", media):
        raise BadRequest(400, "NumMedia is not a number from 0 to 99.")
    body = _single(form, "Body", "")
    return InboundText(message_id, phones["From"], phones["To"], body, int(media), _attachments(form, int(media)))


def _attachments(form: Form, count: int) -> tuple[Attachment, ...]:
    """The attachments whose ids the form tells. No text is refused for one whose id it does not tell."""
    given = ((_media_sid(form, index), _content_type(form, index)) for index in range(count))
    return tuple(Attachment(media_sid, content_type) for media_sid, content_type in given if media_sid)


def _media_sid(form: Form, index: int) -> str:
    """Twilio's id of a file, or "". Nothing else of the URL is believed: where a file is fetched is ours to say."""
    try:
        path = urlsplit(_only(form, f"MediaUrl{index}")).path
    except ValueError:
        return ""
    found = _MEDIA_SID.search(path)
    return found[1] if found else ""


def _content_type(form: Form, index: int) -> str:
    """What a file is said to be, in lower case and without parameters, or ""."""
    name = _only(form, f"MediaContentType{index}").partition(";")[0].strip(" ")
    return name.lower() if _CONTENT_TYPE.fullmatch(name) else ""


def _only(form: Form, name: str) -> str:
    """The only value of a parameter; "" when there is none, or more than one and so none to be believed."""
    values = form.get(name, ())
    return values[0] if len(values) == 1 else ""


def delivery_status(form: Form, query: str) -> DeliveryStatus:
    """The status callback in a verified form and its signed query. Raises BadRequest 400 when it is malformed."""
    try:
        pairs = parse_qsl(query, strict_parsing=True, max_num_fields=10)
    except ValueError:
        pairs = []
    given = dict(pairs)
    if len(given) < len(pairs):
        raise BadRequest(400, "The query names something more than once.")
    message_id, attempt = given.get("relay", ""), given.get("attempt", "")
    if not _MESSAGE_SID.fullmatch(message_id) or not re.fullmatch(r"[1-9][0-9]{0,3}", attempt):
        raise BadRequest(400, "The query does not name a relay and an attempt.")
    message_sid = _single(form, "MessageSid")
    if not _MESSAGE_SID.fullmatch(message_sid):
        raise BadRequest(400, "MessageSid is not SM or MM followed by 32 hexadecimal digits.")
    status = _single(form, "MessageStatus")
    if not re.fullmatch(r"[a-z_]{1,32}", status):
        raise BadRequest(400, "MessageStatus is not a status.")
    return DeliveryStatus(
        message_id, int(attempt), message_sid, status, meaningful_code(status, _single(form, "ErrorCode", ""))
    )


def meaningful_code(status: str, code: str) -> int | None:
    """Twilio's error code where it means something: stale codes have been seen on statuses that are no failure."""
    if word_for(status) is not Word.FAILED or not re.fullmatch(r"[0-9]{1,6}", code):
        return None
    return int(code) or None


def status_callback_url(public_base_url: str, message_id: str, tier: int, attempt: int) -> str:
    """Where Twilio reports an attempt's fate. Its query names the attempt, so a callback finds it even when our own
    record of Twilio's id was lost."""
    # A message's id is letters and digits: nothing here needs quoting.
    query = f"relay={message_id}&tier={tier}&attempt={attempt}"
    return f"{public_base_url}{DELIVERY_STATUS_PATH}?{query}{CONNECTION_OVERRIDES}"
