"""Twilio's forms as the relay's values: a text that came in, a receipt, and the URL that receipts come back to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from relay.core.events import Receipt
from relay.core.model import Attachment, InboundText
from relay.errors import BadRequest
from relay.twilio.rows import number_of
from relay.twilio.signature import Form, single
from relay.twilio.statuses import receipt_of
from relay.twilio.texts import MESSAGE_SID, canonical, text_of
from relay.web import DELIVERY_STATUS_PATH

# Without these Twilio retries a connection failure once and nothing else. All tries share its 15 s budget: our answer
# is definite within 4.5 s, so a read timeout of 5 s leaves room for three. The fragment is not part of what is signed.
# Source: Twilio docs/usage/webhooks/webhooks-connection-overrides.
CONNECTION_OVERRIDES = "#rc=5&rp=all&ct=3000&rt=5000"

# Customers may write from short codes or alphanumeric senders; only what cannot be a sender at all is refused.
_SENDER = re.compile(r"[!-~][ -~]{0,63}")
# A media URL is …/Messages/{SM…|MM…}/Media/{ME…}; its id is all that is taken from it.
_MEDIA_SID = re.compile(r"/(ME[0-9A-Fa-f]{32})\Z")
# RFC 6838's names, without parameters.
_CONTENT_TYPE = re.compile(r"[0-9A-Za-z][0-9A-Za-z!#$&^_.+-]{0,126}/[0-9A-Za-z][0-9A-Za-z!#$&^_.+-]{0,126}")


def inbound_text(form: Form) -> InboundText:
    """Returns the customer's message in a verified form. Raises BadRequest 400 when it is malformed."""
    message_id = single(form, "MessageSid")
    if not MESSAGE_SID.fullmatch(message_id):
        raise BadRequest(400, "MessageSid is not SM or MM followed by 32 hexadecimal digits.")
    phones = {name: single(form, name) for name in ("From", "To")}
    for name, value in phones.items():
        if not _SENDER.fullmatch(value):
            raise BadRequest(400, f"{name} is not a phone number or sender name.")
    media = single(form, "NumMedia", "0")
    if not re.fullmatch(r"[0-9]{1,2}", media):
        raise BadRequest(400, "NumMedia is not a number from 0 to 99.")
    body = single(form, "Body", "")
    return text_of(message_id, phones["From"], phones["To"], body, int(media), _attachments(form, int(media)))


def _attachments(form: Form, count: int) -> tuple[Attachment, ...]:
    """Returns the attachments whose ids the form gives. A text is not refused when an id is missing."""
    given = ((_media_sid(form, index), _content_type(form, index)) for index in range(count))
    return tuple(Attachment(media_sid, content_type) for media_sid, content_type in given if media_sid)


def _media_sid(form: Form, index: int) -> str:
    """Returns Twilio's id of a file, or "". The rest of the URL must not decide where a file is fetched."""
    try:
        path = urlsplit(_only(form, f"MediaUrl{index}")).path
    except ValueError:
        return ""
    found = _MEDIA_SID.search(path)
    return found[1] if found else ""


def _content_type(form: Form, index: int) -> str:
    """Returns a file's content type as the form gives it, in lower case and without parameters, or ""."""
    name = _only(form, f"MediaContentType{index}").partition(";")[0].strip(" ")
    return name.lower() if _CONTENT_TYPE.fullmatch(name) else ""


def _only(form: Form, name: str) -> str:
    """Returns the only value of a parameter; "" when there is none or more than one."""
    values = form.get(name, ())
    return values[0] if len(values) == 1 else ""


@dataclass(frozen=True, slots=True)
class StatusCallback:
    """One status callback: the relay and the attempt that its query names, and what it says of the attempt's text.

    Attributes:
        tier: the tier that its query names; None when it names none.
        to: to which number the text went; "" when that is not shown.
        receipt: None when the status says nothing of an outgoing text.
    """

    message_id: str
    attempt: int
    tier: int | None
    to: str
    receipt: Receipt | None


def delivery_status(form: Form, query: str) -> StatusCallback:
    """Returns the status callback in a verified form and its query. Raises BadRequest 400 when it is malformed."""
    try:
        pairs = parse_qsl(query, strict_parsing=True, max_num_fields=10)
    except ValueError:
        pairs = []
    given = dict(pairs)
    if len(given) < len(pairs):
        raise BadRequest(400, "The query names something more than once.")
    message_id, attempt = given.get("relay", ""), given.get("attempt", "")
    if not MESSAGE_SID.fullmatch(message_id) or not re.fullmatch(r"[1-9][0-9]{0,3}", attempt):
        raise BadRequest(400, "The query does not name a relay and an attempt.")
    message_sid = single(form, "MessageSid")
    if not MESSAGE_SID.fullmatch(message_sid):
        raise BadRequest(400, "MessageSid is not SM or MM followed by 32 hexadecimal digits.")
    status = single(form, "MessageStatus")
    if not re.fullmatch(r"[a-z_]{1,32}", status):
        raise BadRequest(400, "MessageStatus is not a status.")
    code = single(form, "ErrorCode", "")
    tier = given.get("tier", "")
    return StatusCallback(
        message_id,
        int(attempt),
        int(tier) if re.fullmatch(r"[1-9][0-9]{0,3}", tier) else None,
        number_of(_only(form, "To")),
        receipt_of(canonical(message_sid), status, code),
    )


def status_callback_url(public_base_url: str, message_id: str, tier: int, attempt: int) -> str:
    """Returns the URL to which Twilio reports what becomes of an attempt.

    Its query names the attempt, so a callback finds it even when the relay never learned Twilio's id of the text.
    """
    # A message's id is letters and digits: nothing here needs quoting.
    query = f"relay={message_id}&tier={tier}&attempt={attempt}"
    return f"{public_base_url}{DELIVERY_STATUS_PATH}?{query}{CONNECTION_OVERRIDES}"
