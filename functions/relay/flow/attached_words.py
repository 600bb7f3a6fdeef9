"""Words that come as a file: phones and carriers send a long text as `text/plain`. They are part of the text.

The text is durable before they are fetched, and waits for them no longer than its webhook has time: its first attempt
begins by a timer, WAIT later, unless `go_on` has it begin at once. Who dies in between leaves that timer. What cannot
be had in time stays a file, and its link is in the text.
"""

from __future__ import annotations

import codecs
import contextlib
from dataclasses import replace
from datetime import timedelta

from relay.core import files, fuller
from relay.core.events import Event, EventKind
from relay.core.model import Attachment, InboundText, Relay
from relay.errors import MediaUnavailable
from relay.flow import conductor
from relay.flow.budget import Budget
from relay.flow.cleaning import cleaned
from relay.flow.segments import BODY_MAX_CHARACTERS
from relay.flow.wording import CUT
from relay.flow.world import SendingWorld
from relay.ports import OpenedFile

# By when a text leaves whose words were not fetched: a webhook has been answered by then.
WAIT = timedelta(seconds=5)
# How long all of a text's words may take, and the least time in which it is tried. In seconds.
_SECONDS, _SECONDS_LEAST = 1.5, 0.2
# How long the list of a text's files may take.
_LIST_SECONDS = 2.0
# Of one file no more is read, and kept with the text.
BYTES_MAX = 16 * 1024
# What a forwarded text has room for, beside who wrote and the link: of more the end is cut off, and the file is shown.
_ROOM = BODY_MAX_CHARACTERS - 150


def may_come(world: SendingWorld, text: InboundText) -> bool:
    """Whether words of this text may be in its files."""
    return world.files is not None and bool(files.hold_words(text))


def read_before(world: SendingWorld, text: InboundText, budget: Budget) -> InboundText:
    """Returns a handler's text with the words of its files, as far as they can be had in time: it is decided by them.

    One that is stored was decided, and is left as it is.
    """
    if not may_come(world, text) or conductor.load(world, text.message_id, budget) is not None:
        return text
    return _with_words(world, text, budget) or text


def go_on(world: SendingWorld, relay: Relay, text: InboundText, budget: Budget, by: str = "") -> None:
    """Have a text sent that is stored and waits for its words: with those that can be had by now.

    `relay` is what was to be stored of it. What goes wrong is left to the text's timer.
    """
    conductor.after_durable(world, relay, lambda: _go_on(world, text, budget, by))


def _go_on(world: SendingWorld, text: InboundText, budget: Budget, by: str) -> None:
    whole = _with_words(world, text, budget)
    stored = conductor.load(world, text.message_id, budget)
    if stored is None or not _waits(stored.relay):
        return  # its timer was faster, or another webhook: words that come now would have it sent twice
    lease = world.new_lease()
    if whole is not None:
        sender_class = stored.relay.sender_class
        more = Event(EventKind.INBOUND_SAYS_MORE, text=whole, lease=lease, sender_class=sender_class, by=by)
        conductor.apply(world, stored, more, budget)
    elif stored.relay.attempts:
        conductor.apply(world, stored, Event(EventKind.ATTEMPT_DUE, 1, lease=lease, by=by), budget)


def _waits(relay: Relay) -> bool:
    """Whether nothing of the text has left; one that is only kept waits for ever."""
    return not relay.attempts or fuller.is_not_begun(relay)


def _with_words(world: SendingWorld, text: InboundText, budget: Budget) -> InboundText | None:
    """Returns the text with the words of its files, as far as they can be had in time; None where there are none."""
    end = world.clock.monotonic() + min(_SECONDS, budget.before_a_send)
    words = {}
    for file in files.hold_words(text):
        try:
            said = _fetched(world, text, file, end)
        except MediaUnavailable as error:
            world.journal.note("INFO", "words of a file were not had", relay=text.message_id, reason=error.reason)
        else:
            if said.strip():
                words[file.media_id] = said
    if not words:
        return None
    whole = cleaned(files.with_words(text, words))
    # What has no room stays a file to see as well.
    return whole if len(whole.body) <= _ROOM else replace(whole, attachments=text.attachments)


def _fetched(world: SendingWorld, text: InboundText, file: Attachment, end: float) -> str:
    """Returns the words of one file. Raises MediaUnavailable."""
    seconds = end - world.clock.monotonic()
    if world.files is None or seconds < _SECONDS_LEAST:
        raise MediaUnavailable("no time was left to ask for them")
    media = world.files.media_of(text.recipient_phone)
    opened = media.open(text.message_id, file.media_id, timeout_seconds=seconds)
    with contextlib.closing(opened.chunks):
        return words_in(_read(world, opened, end), opened.charset)


def _read(world: SendingWorld, opened: OpenedFile, end: float) -> bytes:
    """Returns the file's bytes, one more than BYTES_MAX at most."""
    read = bytearray()
    for chunk in opened.chunks:
        read += chunk
        if len(read) > BYTES_MAX:
            break
        if world.clock.monotonic() >= end:
            raise MediaUnavailable("they came too slowly")
    return bytes(read[: BYTES_MAX + 1])


def words_in(content: bytes, charset: str = "") -> str:
    """Returns the words of a text file, of its first BYTES_MAX bytes: in UTF-16 or UTF-8, else in `charset`.

    Where it is none of these, as Windows wrote them. UTF-8 is tried first: what can be read as that is nothing else,
    whatever is told of it.
    """
    is_cut, content = len(content) > BYTES_MAX, content[:BYTES_MAX]
    for name in filter(None, (_utf_16(content), "utf-8-sig", charset)):
        with contextlib.suppress(UnicodeDecodeError, LookupError):
            # Where it is cut a character may be, too.
            words = codecs.getincrementaldecoder(name)().decode(content, final=not is_cut)
            break
    else:
        words = content.decode("cp1252", "replace")
    return words + CUT if is_cut else words


def _utf_16(content: bytes) -> str:
    """Returns in which kind of UTF-16 it is written, by its mark or by its many zeros; "" when it is in none."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    big, little = content[::2].count(0), content[1::2].count(0)
    if 4 * (big + little) < len(content) or not content:
        return ""
    return "utf-16-be" if big > little else "utf-16-le"


def with_files_listed(world: SendingWorld, text: InboundText, budget: Budget) -> InboundText:
    """Returns a text of the provider's list with the ids of its files, which the list does not tell.

    Where they cannot be had it stays as it is; they are asked for again when its link is opened.
    """
    if world.files is None or len(text.attachments) >= text.media_count:
        return text
    try:
        media = world.files.media_of(text.recipient_phone)
        listed = media.listed(text.message_id, timeout_seconds=budget.at_most(_LIST_SECONDS))
    except MediaUnavailable as error:
        world.journal.note("INFO", "files of a text were not listed", relay=text.message_id, reason=error.reason)
        return text
    return replace(text, attachments=listed, media_count=max(text.media_count, len(listed))) if listed else text
