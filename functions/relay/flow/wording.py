"""`compose` makes what the handler reads: the customer's number and words, in no more SMS segments than they had.

One extra segment costs more than a thousand times all the cloud operations of a relay.
"""

from __future__ import annotations

from collections.abc import Iterator

from relay.core.comparing import smart_encoded
from relay.flow.segments import BODY_MAX_CHARACTERS, excess, is_gsm, segments

# Letters that GSM lacks and that are read the same without their accent (Spanish, Portuguese, French, Italian).
_WITHOUT_ACCENT = str.maketrans("áíóúâêîôûãõëïçÁÀÂÃÈÊÍÓÒÔÕÚÙ", "aiouaeiouaoeicAAAAEEIOOOOUU")
_CUT = "... [cut]"


def compose(sender_phone: str, our_phone: str, body: str, media_count: int, code: str = "") -> str:
    """Returns the text to the handler, in the fullest form that costs no more segments than the original.

    The thread's `code` is its first word, where there is one, and is never left out.

    Where every form costs more, the fullest of the cheapest ones. At most BODY_MAX_CHARACTERS; what is cut stays in the
    record.
    """
    body = body.strip()
    affordable = segments(body)
    dearer: list[tuple[int, str]] = []
    for form in _forms(_named(code), sender_phone, our_phone, body, _media_mentions(media_count)):
        cost = segments(form)
        if cost <= affordable:
            return form
        dearer.append((cost, form))
    return min(dearer, key=lambda costed: costed[0])[1]


def notice_of_filtered(sender_phone: str, our_phone: str, code: str = "") -> str:
    """Returns what a handler reads of a text whose words a carrier filtered: who wrote, and where the words are."""
    return (
        f"{_named(code)}{sender_phone} texted {our_phone}. A carrier did not let the words through; "
        "please read them in the relay's record or in Twilio's log and answer."
    )


def attachments_in_words(count: int) -> str:
    """Returns how many attachments there are, and where, for people."""
    return f"{_counted(count)}: in Twilio's log"


def _named(code: str) -> str:
    return f"{code} " if code else ""


def _forms(code: str, sender: str, ours: str, body: str, mentions: tuple[str, str]) -> Iterator[str]:
    long, short = mentions
    for words in _spellings(body):
        for number in _numbers(sender, ours):
            yield _fitted(code + (f"{number}: " if words else f"{number}:"), words, long)
            yield _fitted(code + (f"{number} " if words else number), words, short)


def _spellings(body: str) -> Iterator[str]:
    yield body
    # One accent that GSM 03.38 lacks makes a text take more than twice the room. As the very last resort it is left
    # off, as phones do that are set to reduced character support; the record keeps it.
    reduced = body.translate(_WITHOUT_ACCENT)
    if reduced != body and is_gsm(smart_encoded(reduced)):
        yield reduced


def _numbers(sender: str, ours: str) -> Iterator[str]:
    yield sender
    # Within North America phones dial ten digits; elsewhere the national form is not the end of the international one.
    if sender.startswith("+1") and ours.startswith("+1") and len(sender) == 12:
        yield sender[2:]


def _media_mentions(count: int) -> tuple[str, str]:
    if count == 0:
        return "", ""
    return f"\n[{attachments_in_words(count)}]", f"\n[{_counted(count)}]"


def _counted(count: int) -> str:
    return f"{count} attachment{'' if count == 1 else 's'}"


def _fitted(head: str, body: str, mention: str) -> str:
    text = head + body + mention
    if not excess(text):
        return text
    kept = body[:BODY_MAX_CHARACTERS]
    while over := excess(head + kept + _CUT + mention):
        # No character counts for more than three.
        kept = kept[: -max(1, over // 3)]
    return head + kept + _CUT + mention
