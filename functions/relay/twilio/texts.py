"""`text_of` makes a text of ours of what Twilio says of one that came in: in a webhook, in its list, or when asked."""

from __future__ import annotations

import base64
import binascii
import re

from relay.core.model import Attachment, InboundText

# Twilio's OpenAPI allows both cases of the digits, and it writes small ones.
MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")

# A channel's name, in any case of letters, and the address there: rcs, whatsapp, messenger and what may follow.
_ON_A_CHANNEL = re.compile(r"([A-Za-z]{2,20}):(.+)", re.DOTALL)
# A number whose plus sign was read as the blank that it stands for in a form.
_PLUS_LOST = re.compile(r" (?=[1-9][0-9]{6,14}\Z)")
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")

# MIME's base64, perhaps in several lines.
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}|\r?\n)*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)\s*")
_BASE64_LEAST = 16
# Unicode categories of what no text that a person wrote holds: control characters, halves of pairs, private and unused.
_UNREADABLE = frozenset({"Cc", "Cs", "Co", "Cn"})


def text_of(
    message_sid: str, sender: str, recipient: str, body: str, media_count: int, attachments: tuple[Attachment, ...] = ()
) -> InboundText:
    """Returns the text that Twilio describes so, with id and addresses in the one form that all comparisons use.

    A text is known by its id: the same id in another spelling is the same text.
    """
    words = readable(message_sid, body)
    ours = address(recipient)
    as_written = recipient if _ON_A_CHANNEL.fullmatch(recipient) else ""
    return InboundText(
        canonical(message_sid), address(sender), ours, words, media_count, attachments, recipient_address=as_written
    )


def canonical(sid: str) -> str:
    """Returns an id of Twilio's with small digits: the form in which two spellings of one id are equal."""
    return sid[:2] + sid[2:].lower()


def address(given: str) -> str:
    """Returns an address without the prefix of its channel where a phone number stands behind it.

    `rcs:+1…` and `WhatsApp:+1…` are the person with that number. What is no number (an agent of ours, a visitor of a
    page, a sender's name) stays as it is, its prefix in small letters.
    """
    given = _PLUS_LOST.sub("+", given)
    found = _ON_A_CHANNEL.fullmatch(given)
    if found is None:
        return given
    there = _PLUS_LOST.sub("+", found[2])
    return there if _E164.fullmatch(there) else f"{found[1].lower()}:{there}"


def readable(message_sid: str, body: str) -> str:
    """Returns the words of a body that came as base64, as some long texts that travel as MMS do; else the body.

    Only an MM… message's of 16 characters or more that is base64 throughout and decodes to readable UTF-8: what merely
    looks like it stays as it was written.
    """
    if not message_sid.startswith("MM") or len(body) < _BASE64_LEAST or not _BASE64.fullmatch(body):
        return body
    try:
        words = base64.b64decode(body).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return body
    return words if _is_readable(words) else body


def _is_readable(text: str) -> bool:
    from unicodedata import category  # hardly ever needed

    return bool(text.strip()) and all(each in "\t\r\n" or category(each) not in _UNREADABLE for each in text)
