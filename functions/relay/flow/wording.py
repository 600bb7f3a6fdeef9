"""`compose` makes what the handler reads: the customer's number and words, in no more SMS segments than they had.

What files came with them, and the link to these, are the last thing in it.

One extra segment costs more than a thousand times all the cloud operations of a relay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache

from relay.core.comparing import smart_encoded
from relay.core.model import Attachment, Attempt, Relay
from relay.flow.segments import BODY_MAX_CHARACTERS, excess, is_gsm, segments

# Letters that GSM lacks and that are read the same without their accent (Spanish, Portuguese, French, Italian).
_WITHOUT_ACCENT = str.maketrans("áíóúâêîôûãõëïçÁÀÂÃÈÊÍÓÒÔÕÚÙ", "aiouaeiouaoeicAAAAEEIOOOOUU")
CUT = "... [cut]"
# From when on it is said how long ago a text was written: of one that is forwarded late, and of one that an operator
# sends again.
LONG_AGO, _SENT_AGAIN = timedelta(minutes=15), timedelta(minutes=1)
# What a file is called by its type, in the order in which a text counts them. Of what is none of these little more is
# known than that it is a file, and of a file without a type not even that it is no photo.
_FILE, _UNKNOWN = "file", "attachment"
_BY_KIND = {"image": "photo", "video": "video", "audio": "voice note"}
_CONTACT_CARD = "contact card"
_CONTACT_CARDS = frozenset({"text/vcard", "text/x-vcard", "text/directory", "application/vcard"})
_CALLED = (*_BY_KIND.values(), _CONTACT_CARD, _FILE, _UNKNOWN)


# An attempt's text is composed for its digest and right after that to be sent.
@lru_cache(maxsize=32)
def compose(
    sender_phone: str, our_phone: str, body: str, files: str = "", code: str = "", link: str = "", written: str = ""
) -> str:
    """Returns the text to the handler, in the fullest form that costs no more segments than the original.

    The thread's `code` is its first word, where there is one, and the `link` to its files its last: neither is ever
    left out, nor is `written`, how long ago it was written. `files` says in words which came with it.

    Where every form costs more, the fullest of the cheapest ones. At most BODY_MAX_CHARACTERS; what is cut stays in the
    record.
    """
    body = body.strip()
    affordable = segments(body)
    dearer: list[tuple[int, str]] = []
    for form in _forms(_named(code), sender_phone, our_phone, body, _mentions(files, link), written):
        cost = segments(form)
        if cost <= affordable:
            return form
        dearer.append((cost, form))
    return min(dearer, key=lambda costed: costed[0])[1]


def forwarded(relay: Relay, words: str, link: str = "", written: str = "") -> str:
    """Returns what a handler reads of this relay, with these words for the customer's own."""
    files = files_in_words(relay)
    return compose(relay.sender_phone, relay.recipient_phone, words, files, relay.code, link, written)


def written_ago(relay: Relay, attempt: Attempt) -> str:
    """Returns how long before this attempt the text was written, in words; "" where that need not be said.

    A time of day would need to know the reader's clock. The same for every try of the attempt, so that each is known
    by its words: counted to the first one, from which on the provider may keep the text queued.
    """
    is_redrive = bool(relay.redrive_ids) and attempt.number >= relay.first_attempt_of_drive
    patience = timedelta(seconds=relay.policy.patience_seconds(attempt.tier))
    begun_at = attempt.starts_at if attempt.queued_until is None else attempt.queued_until - patience
    age = begun_at - (relay.written_at or relay.timestamp)
    return ago(age) if age >= (_SENT_AGAIN if is_redrive else LONG_AGO) else ""


def ago(age: timedelta) -> str:
    """Returns how long ago something was, in words."""
    minutes = int(age.total_seconds()) // 60
    if minutes < 120:
        return f"{minutes} min ago"
    hours = minutes // 60
    return f"{hours} h ago" if hours < 48 else f"{hours // 24} days ago"


def files_in_words(relay: Relay) -> str:
    """Returns which files there are to see, as "2 photos, 1 video"; "" where there are none."""
    if not relay.files_to_see:
        return ""
    known = [each for each in relay.attachments if not each.is_in_words][: relay.files_to_see]
    counts = Counter(map(called, known))
    counts[_UNKNOWN] += relay.files_to_see - len(known)
    return ", ".join(_counted(counts[name], name) for name in _CALLED if counts[name] > 0)


def called(attachment: Attachment) -> str:
    """Returns what one file is called, as "photo"."""
    kind = attachment.content_type
    if not kind:
        return _UNKNOWN
    return _CONTACT_CARD if kind in _CONTACT_CARDS else _BY_KIND.get(kind.partition("/")[0], _FILE)


def notice_of_filtered(sender_phone: str, our_phone: str, code: str = "", written: str = "") -> str:
    """Returns what a handler reads of a text whose words a carrier filtered: who wrote, and where the words are."""
    return (
        f"{_named(code)}{sender_phone} texted {our_phone}{written and f' {written}'}. "
        "A carrier did not let the words through; please read them in the relay's record or in Twilio's log and answer."
    )


def _at_the_provider(files: str) -> str:
    return f"{files}: in Twilio's log"


def _named(code: str) -> str:
    return f"{code} " if code else ""


def _forms(code: str, sender: str, ours: str, body: str, mentions: tuple[str, str], written: str) -> Iterator[str]:
    long, short = mentions
    for words in _spellings(body):
        for number in _numbers(sender, ours):
            if written:
                gap = " " if words else ""
                yield _fitted(f"{code}{number}, written {written}:{gap}", words, long)
                yield _fitted(f"{code}{number}, {written}:{gap}", words, long)
                yield _fitted(f"{code}{number}, {written}:{gap}", words, short)
                continue
            plain = code + (f"{number} " if words else number)
            yield _fitted(code + (f"{number}: " if words else f"{number}:"), words, long)
            yield _fitted(plain, words, long)
            yield _fitted(plain, words, short)


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


def _mentions(files: str, link: str) -> tuple[str, str]:
    """Returns what stands below the words of the files that came with them, long and short.

    A phone makes a link of an address that stands by itself; without its https:// many would ask for it unencrypted,
    where nothing answers.
    """
    if link:
        return f"\n[{files}] {link}", f"\n{link}"
    return (f"\n[{_at_the_provider(files)}]", f"\n[{files}]") if files else ("", "")


def _counted(count: int, called: str) -> str:
    return f"{count} {called}{'' if count == 1 else 's'}"


def _fitted(head: str, body: str, mention: str) -> str:
    text = head + body + mention
    if not excess(text):
        return text
    kept = body[:BODY_MAX_CHARACTERS]
    while over := excess(head + kept + CUT + mention):
        # No character counts for more than three.
        kept = kept[: -max(1, over // 3)]
    return head + kept + CUT + mention
