"""Twilio's forms as the relay's values: a text that came in, a receipt, and the URL that receipts come back to."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

from relay.core.events import Receipt
from relay.core.model import Attachment, Consent, InboundText
from relay.errors import BadRequest
from relay.twilio.cuts import Doubt, doubt_of
from relay.twilio.locations import location_in_words
from relay.twilio.rows import number_of
from relay.twilio.signature import Form, single
from relay.twilio.statuses import receipt_of
from relay.twilio.texts import MESSAGE_SID, address, canonical, text_of
from relay.web import DELIVERY_STATUS_PATH

# Without these Twilio retries a connection failure once and nothing else. All tries share its 15 s budget: our answer
# is definite within 4.5 s, so a read timeout of 5 s leaves room for three. The fragment is not part of what is signed.
# Source: Twilio docs/usage/webhooks/webhooks-connection-overrides.
CONNECTION_OVERRIDES = "#rc=5&rp=all&ct=3000&rt=5000"

# Customers may write from short codes or names in any script; only what cannot be a sender at all is none.
_SENDER = re.compile(r"[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f\u2028\u2029]{0,63}")
# A relay's own id: a message's, or of an answer or a notice what caused it and which of those it is (flow/answers.py).
_RELAY_ID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}(?:-[a-z][0-9]{0,2}){0,3}")
_NUM_MEDIA = re.compile(r"[0-9]{1,2}")
# What a webhook calls the text's id, the usual name first: those of before MMS know only the last.
_IDS = ("MessageSid", "SmsMessageSid", "SmsSid")
_LOCATION = ("Latitude", "Longitude", "Address", "Label")
CONSENTS = {consent.name: consent for consent in Consent}
# A media URL is …/Messages/{SM…|MM…}/Media/{ME…}; its id is all that is taken from it.
_MEDIA_SID = re.compile(r"/(ME[0-9A-Fa-f]{32})\Z")
# RFC 6838's names, without parameters.
_CONTENT_TYPE = re.compile(r"[0-9A-Za-z][0-9A-Za-z!#$&^_.+-]{0,126}/[0-9A-Za-z][0-9A-Za-z!#$&^_.+-]{0,126}")


@dataclass(frozen=True, slots=True)
class InboundForm:
    """What one webhook about a text says.

    Attributes:
        sid: the text's id as Twilio spells it.
        text: None when a parameter that it is read from is missing, repeated or malformed; `flaw` then says which.
        doubt: how far the form can be taken at its word.
    """

    sid: str
    text: InboundText | None
    doubt: Doubt
    flaw: str = ""


def inbound_form(form: Form) -> InboundForm:
    """Returns what a verified form says of a text. Raises BadRequest 400 when it gives no id to ask for the text by."""
    sid, doubt = _text_sid(form), doubt_of(form)
    try:
        return InboundForm(sid, inbound_text(form), doubt)
    except BadRequest as error:
        return InboundForm(sid, None, max(doubt, Doubt.CUT), str(error))


def inbound_text(form: Form) -> InboundText:
    """Returns the customer's text in a form, taken at its word. Raises BadRequest 400 when it is malformed."""
    sid = _text_sid(form)
    # As they are written: the text keeps by which channel it came.
    phones = {name: single(form, name) for name in ("From", "To")}
    for name, value in phones.items():
        if not _SENDER.fullmatch(address(value)):
            raise BadRequest(400, f"{name} is not a phone number or sender name.")
    body = single(form, "Body", "")
    count = _media_count(form)
    text = text_of(sid, phones["From"], phones["To"], body, count, _attachments(form, count))
    location = location_in_words(*(_only(form, name) for name in _LOCATION))
    words = "\n".join(filter(None, (text.body.rstrip(), location))) if location else text.body
    return replace(text, body=words, consent=CONSENTS.get(_only(form, "OptOutType").upper()))


def _text_sid(form: Form) -> str:
    """Returns the text's id as Twilio spells it."""
    sid = single(form, next((name for name in _IDS if name in form), _IDS[0]))
    if not MESSAGE_SID.fullmatch(sid):
        raise BadRequest(400, "MessageSid is not SM or MM followed by 32 hexadecimal digits.")
    return sid


def _media_count(form: Form) -> int:
    """Returns how many files came with the text: as many as are told of, when the number itself is malformed."""
    given = _only(form, "NumMedia")
    if _NUM_MEDIA.fullmatch(given):
        return int(given)
    return sum(name.startswith("MediaUrl") for name in form)


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
    if any(name[:1].isdigit() for name in form):
        # Signed without a mark between them: the name's digits may be the end of the query's.
        raise BadRequest(400, "A parameter's name begins with a digit.")
    message_id, attempt = given.get("relay", ""), given.get("attempt", "")
    if not _RELAY_ID.fullmatch(message_id) or not re.fullmatch(r"[1-9][0-9]{0,3}", attempt):
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
