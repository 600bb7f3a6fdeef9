"""What the handler reads: the customer's number, then the customer's words, in no more SMS segments than they had.

One extra segment costs more than a thousand times all the cloud operations of a relay.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

# GSM 03.38: the basic set costs one septet a character, the extension table two.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_GSM = re.compile(f"[{re.escape(''.join(_BASIC | _EXTENSION))}]*")
_EXTENDED = re.compile(f"[{re.escape(''.join(_EXTENSION))}]")

# What Twilio's SmartEncoded replaces before it counts, as far as it occurs in everyday texts: typographic characters
# that have a plain twin. Source: Twilio docs/messaging/services/smart-encoding-char-list, and its segment calculator.
_SMART = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02bd\u00b4\u0060", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u02ba\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2013\u2014\u2015\u2022\u2043", "-"),
        **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a", " "),
        **dict.fromkeys("\u202f\u205f\u2028\u2029", " "),
        **dict.fromkeys("\u200b\u2060\ufeff", ""),
        "\u2026": "...", "\u203c": "!!", "\u201a": ",", "\u2039": "<", "\u203a": ">", "\u2044": "/", "\u00f7": "/",
        "\u00bc": "1/4", "\u00bd": "1/2", "\u00be": "3/4",
    }
)  # fmt: skip

# Letters that GSM lacks and that are read the same without their accent (Spanish, Portuguese, French, Italian).
_WITHOUT_ACCENT = str.maketrans("áíóúâêîôûãõëïçÁÀÂÃÈÊÍÓÒÔÕÚÙ", "aiouaeiouaoeicAAAAEEIOOOOUU")

_GSM_SINGLE, _GSM_PART = 160, 153  # septets
_UCS2_SINGLE, _UCS2_PART = 70, 67  # UTF-16 code units

# Twilio refuses a longer body with 21617, where "emojis, emoticons or non-GSM characters will be counted as multiple
# characters". How many it does not say; UTF-16 code units are what SMS itself counts.
BODY_MAX_CHARACTERS = 1600
_CUT = "... [cut]"

# Where the attachments are, as the long note has it, and as the revision before this one had it.
_WHERE, _WHERE_BEFORE = ": in Twilio's log", ", see the record"


def segments(text: str) -> int:
    """How many SMS segments Twilio bills for this text; at least 1."""
    text = text.translate(_SMART)
    if _GSM.fullmatch(text):
        septets = _EXTENDED.sub("\x1b\\g<0>", text)
        return _parts(len(septets), _GSM_SINGLE, _GSM_PART, lambda index: septets[index] == "\x1b")
    units = text.encode("utf-16-be", "surrogatepass")
    return _parts(len(units) // 2, _UCS2_SINGLE, _UCS2_PART, lambda index: 0xD8 <= units[2 * index] <= 0xDB)


def _parts(units: int, single: int, part: int, begins_a_pair: Callable[[int], bool]) -> int:
    """So many units in parts, none of which ends between the two halves of a character."""
    if units <= single:
        return 1
    parts = end = 0
    while end < units:
        end += part
        parts += 1
        if end < units and begins_a_pair(end - 1):
            end -= 1
    return parts


def comparable(text: str) -> str:
    """What is left of a text however Twilio encodes it: two that differ here are different texts.

    SmartEncoded changes the body that Twilio shows, and which characters it changes is Twilio's to decide: they have a
    plain twin in ASCII. Its own letters and digits are none of them, nor are those of scripts without such twins.
    """
    plain = unicodedata.normalize("NFKC", text.translate(_SMART))
    return "".join(
        character
        for character in plain
        if (character.isalnum() and _has_no_twin(ord(character))) or character > "\U0001f000"
    )


def _has_no_twin(code: int) -> bool:
    # Beyond Latin and its phonetic letters (some of which are capitals in small print); emoji are no letters at all.
    return code < 0x80 or (code >= 0x370 and not 0x1D00 <= code < 0x2000 and not 0xA700 <= code < 0xA800)


def compose(sender_phone: str, our_phone: str, body: str, media_count: int) -> str:
    """The text to the handler: the fullest form that costs no segment more than the original did, or, where every
    form does, the fullest of those that cost least. At most BODY_MAX_CHARACTERS; what is cut stays in the record."""
    return _composed(sender_phone, our_phone, body, _media_notes(media_count, _WHERE))


def composed_before(sender_phone: str, our_phone: str, body: str, media_count: int) -> str:
    """The text to the handler in the words of the revision before this one. Nothing is sent so any more: what that
    revision sent, and whose outcome nobody could tell, is looked for by these words after a deployment."""
    return _composed(sender_phone, our_phone, body, _media_notes(media_count, _WHERE_BEFORE))


def attachments_in_words(count: int) -> str:
    """How many attachments there are, and where."""
    return f"{_counted(count)}{_WHERE}"


def _composed(sender_phone: str, our_phone: str, body: str, notes: tuple[str, str]) -> str:
    body = body.strip()
    affordable = segments(body)
    dearer: list[tuple[int, str]] = []
    for form in _forms(sender_phone, our_phone, body, notes):
        cost = segments(form)
        if cost <= affordable:
            return form
        dearer.append((cost, form))
    return min(dearer, key=lambda costed: costed[0])[1]


def _forms(sender: str, ours: str, body: str, notes: tuple[str, str]) -> Iterator[str]:
    long_note, short_note = notes
    for words in _spellings(body):
        for number in _numbers(sender, ours):
            yield _fitted(f"{number}: " if words else f"{number}:", words, long_note)
            yield _fitted(f"{number} " if words else number, words, short_note)


def _spellings(body: str) -> Iterator[str]:
    yield body
    # One accent that GSM 03.38 lacks makes a text take more than twice the room. As the very last resort it is left
    # off, as phones do that are set to reduced character support; the record keeps it.
    reduced = body.translate(_WITHOUT_ACCENT)
    if reduced != body and _GSM.fullmatch(reduced.translate(_SMART)):
        yield reduced


def _numbers(sender: str, ours: str) -> Iterator[str]:
    yield sender
    # Within North America everybody dials ten digits; elsewhere the national form is not a matter of cutting.
    if sender.startswith("+1") and ours.startswith("+1") and len(sender) == 12:
        yield sender[2:]


def _media_notes(count: int, where: str) -> tuple[str, str]:
    if count == 0:
        return "", ""
    return f"\n[{_counted(count)}{where}]", f"\n[{_counted(count)}]"


def _counted(count: int) -> str:
    return f"{count} attachment{'' if count == 1 else 's'}"


def _fitted(head: str, body: str, note: str) -> str:
    text = head + body + note
    if not _over(text):
        return text
    kept = body[:BODY_MAX_CHARACTERS]
    while over := _over(head + kept + _CUT + note):
        # No character counts for more than three.
        kept = kept[: -max(1, over // 3)]
    return head + kept + _CUT + note


def _over(text: str) -> int:
    """By how many characters Twilio may find a body too long, as it is or as SmartEncoded makes it; 0 when it fits."""
    if 3 * len(text) <= BODY_MAX_CHARACTERS:
        return 0
    forms = (text, text.translate(_SMART))
    longest = max(len(form.encode("utf-16-be", "surrogatepass")) // 2 for form in forms)
    return max(0, longest - BODY_MAX_CHARACTERS)
