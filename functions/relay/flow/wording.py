"""What the handler reads: the customer's number, then the customer's words, in no more SMS segments than they had.

One extra segment costs more than a thousand times all the cloud operations of a relay.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from relay.flow.segments import BODY_MAX_CHARACTERS, excess, is_gsm, segments, smart_encoded

# Letters that GSM lacks and that are read the same without their accent (Spanish, Portuguese, French, Italian).
_WITHOUT_ACCENT = str.maketrans("áíóúâêîôûãõëïçÁÀÂÃÈÊÍÓÒÔÕÚÙ", "aiouaeiouaoeicAAAAEEIOOOOUU")
_CUT = "... [cut]"


def comparable(text: str) -> str:
    """What is left of a text however Twilio encodes it: two that differ here are different texts.

    SmartEncoded changes the body that Twilio shows, and which characters it changes is Twilio's to decide: they have a
    plain twin in ASCII. Its own letters and digits are none of them, nor are those of scripts without such twins.
    """
    plain = unicodedata.normalize("NFKC", smart_encoded(text))
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
    for words in _spellings(body):
        for number in _numbers(sender, ours):
            yield _fitted(f"{number}: " if words else f"{number}:", words, long_note)
            yield _fitted(f"{number} " if words else number, words, short_note)


def _spellings(body: str) -> Iterator[str]:
    yield body
    # One accent that GSM 03.38 lacks makes a text take more than twice the room. As the very last resort it is left
    # off, as phones do that are set to reduced character support; the record keeps it.
    reduced = body.translate(_WITHOUT_ACCENT)
    if reduced != body and is_gsm(smart_encoded(reduced)):
        yield reduced


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
    if not excess(text):
        return text
    kept = body[:BODY_MAX_CHARACTERS]
    while over := excess(head + kept + _CUT + note):
        # No character counts for more than three.
        kept = kept[: -max(1, over // 3)]
    return head + kept + _CUT + note
