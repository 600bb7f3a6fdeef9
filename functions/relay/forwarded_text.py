"""What the handler reads: the customer's number, then the customer's words, in no more SMS segments than they had.

One extra segment costs more than a thousand times all the cloud operations of a relay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# GSM 03.38: the basic set costs one septet a character, the extension table two.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_GSM = re.compile(f"[{re.escape(''.join(_BASIC | _EXTENSION))}]*")
_EXTENDED = re.compile(f"[{re.escape(''.join(_EXTENSION))}]")

# What Twilio's SmartEncoded replaces before it counts: typographic characters that have a plain twin.
# Source: Twilio docs/messaging/services/smart-encoding-char-list (those that occur in everyday texts).
_SMART = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201b": "'", "\u02bc": "'", "\u2032": "'", "\u0060": "'", "\u00b4": "'",
        "\u201c": '"', "\u201d": '"', "\u201f": '"', "\u2033": '"', "\u00ab": '"', "\u00bb": '"',
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-", "\u2212": "-",
        "\u2026": "...", "\u2022": ".", "\u201a": ",", "\u2039": "<", "\u203a": ">", "\u2044": "/",
        "\u00a0": " ", "\u2002": " ", "\u2003": " ", "\u2009": " ", "\u200a": " ", "\u202f": " ",
        "\u200b": "", "\ufeff": "",
    }
)  # fmt: skip

_GSM_SINGLE, _GSM_PART = 160, 153  # septets
_UCS2_SINGLE, _UCS2_PART = 70, 67  # UTF-16 code units

# Twilio refuses a longer body with 21617.
BODY_MAX_CHARACTERS = 1600
_CUT = "... [cut]"


def segments(text: str) -> int:
    """How many SMS segments Twilio bills for this text; at least 1."""
    text = text.translate(_SMART)
    if _GSM.fullmatch(text):
        units = len(text) + len(_EXTENDED.findall(text))
        single, part = _GSM_SINGLE, _GSM_PART
    else:
        units = len(text.encode("utf-16-le")) // 2
        single, part = _UCS2_SINGLE, _UCS2_PART
    return 1 if units <= single else -(-units // part)


def comparable(text: str) -> str:
    """What is left of a text however Twilio encodes it: two that differ here are different texts.

    SmartEncoded changes the body that Twilio shows, and which characters it changes is Twilio's to decide; letters and
    digits of ASCII are none of them.
    """
    return "".join(character for character in text.translate(_SMART) if character.isascii() and character.isalnum())


def compose(sender_phone: str, our_phone: str, body: str, media_count: int) -> str:
    """The text to the handler: the fullest form that costs no segment more than the original did, or, where every
    form does, the fullest of those that cost least. At most BODY_MAX_CHARACTERS; what is cut stays in the record."""
    body = body.strip()
    affordable = segments(body)
    dearer: list[tuple[int, str]] = []
    for form in _forms(sender_phone, our_phone, body, media_count):
        cost = segments(form)
        if cost <= affordable:
            return form
        dearer.append((cost, form))
    return min(dearer, key=lambda costed: costed[0])[1]


def _forms(sender: str, ours: str, body: str, media_count: int) -> Iterator[str]:
    long_note, short_note = _media_notes(media_count)
    for number in _numbers(sender, ours):
        yield _fitted(f"{number}: ", body, long_note)
        yield _fitted(f"{number} ", body, short_note)


def _numbers(sender: str, ours: str) -> Iterator[str]:
    yield sender
    # Within North America everybody dials ten digits; elsewhere the national form is not a matter of cutting.
    if sender.startswith("+1") and ours.startswith("+1") and len(sender) == 12:
        yield sender[2:]


def _media_notes(count: int) -> tuple[str, str]:
    if count == 0:
        return "", ""
    noun = "attachment" if count == 1 else "attachments"
    return f"\n[{count} {noun}, see the record]", f"\n[{count} {noun}]"


def _fitted(head: str, body: str, note: str) -> str:
    text = head + body + note
    if len(text) <= BODY_MAX_CHARACTERS:
        return text
    room = BODY_MAX_CHARACTERS - len(head) - len(note) - len(_CUT)
    return head + body[:room] + _CUT + note
