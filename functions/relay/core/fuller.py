"""What becomes of a relay when its text comes in again and says more than the record has. Pure, like the machine.

A text can be found in the provider's list before it is whole; its webhook then brings the words, or more of them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from relay.core import attempts
from relay.core.changes import changed, log_relay_attempt, without_claim, without_outage
from relay.core.comparing import comparable
from relay.core.events import Decision, Event
from relay.core.model import (
    RETENTION,
    Attachment,
    AttemptStatus,
    FinalStatus,
    InboundText,
    Relay,
    SenderClass,
    Step,
)
from relay.core.moves import leased, new_attempt, planned, scheduled, still_pending, timers_to_cancel

# What stands for a character that could not be read or stored: one for each of its bytes, or one for all of them.
_UNREADABLE = "\N{REPLACEMENT CHARACTER}"
_UNREADABLES = re.compile(f"{_UNREADABLE}+")


def says_more(relay: Relay, event: Event) -> bool:
    """Whether the event's text has more attachments than the record, the ids of more of them, or more words.

    Also whether only it tells that a handler opted out, which a list does not show.
    """
    text = event.text
    return text is not None and (
        _is_to_be_forwarded(relay, event, text) or bool(_further_files(relay, text)) or _opts_out(relay, event)
    )


def _is_to_be_forwarded(relay: Relay, event: Event, text: InboundText) -> bool:
    """Whether it has more attachments than the record, or words that the record lacks."""
    return text.media_count > relay.media_count or _has_more_words(relay, event, text)


def _further_files(relay: Relay, text: InboundText) -> tuple[Attachment, ...]:
    """Returns those of its attachments of which the record has no id: a list tells their number alone."""
    known = {attachment.media_id for attachment in relay.attachments}
    return tuple(each for each in text.attachments if each.media_id not in known)


def _has_more_words(relay: Relay, event: Event, text: InboundText) -> bool:
    """Whether the record has only the beginning of its words, or such as a list showed in their place.

    A list may redact and shorten words; what a webhook says is what was written.
    """
    known, told = (_UNREADABLES.sub(_UNREADABLE, words.strip()) for words in (relay.message_body, text.body))
    readable = known.partition(_UNREADABLE)[0].rstrip()
    if len(told) > len(known) and told.startswith(readable):
        return True
    is_only_listed = relay.recovered and not event.by
    has_them = known.startswith(told.partition(_UNREADABLE)[0].rstrip()) or comparable(told) == comparable(known)
    return is_only_listed and not has_them


def _opts_out(relay: Relay, event: Event) -> bool:
    return event.sender_class is SenderClass.HANDLER_OPT_OUT and relay.sender_class is SenderClass.HANDLER


def take_more(relay: Relay, event: Event, text: InboundText, now: datetime) -> Decision:
    """The record takes what `text` says more. A relay that is or was forwarded begins a new drive, at tier 1.

    What earlier attempts still deliver is less than the text: it is learned and ends nothing. Ids of attachments alone
    are put on record; the handler was told how many came.
    """
    cancelled = timers_to_cancel(relay)
    is_to_be_forwarded = _is_to_be_forwarded(relay, event, text)
    opts_out = _opts_out(relay, event)
    relay = _with_more(relay, event, text)
    if opts_out:
        relay = changed(relay, sender_class=SenderClass.HANDLER_OPT_OUT)
    if not is_to_be_forwarded:
        reason = "that it opts out" if opts_out else "which files came with it"
        return Decision(log_relay_attempt(relay, Step.SAID_MORE, now, reason=reason, by=event.by), still_pending(relay))
    if is_not_begun(relay):
        # Nothing of it has left: it goes with all that is known by now.
        relay = log_relay_attempt(relay, Step.SAID_MORE, now, reason="before it was forwarded", by=event.by)
        return scheduled(relay) if event.lease is None else leased(relay, event.lease, now, event.by, cancelled)
    if relay.final_status in (FinalStatus.RECORDED, FinalStatus.HELD):
        return Decision(log_relay_attempt(relay, Step.SAID_MORE, now, reason="it is kept", by=event.by))
    relay = without_claim(attempts.without_current(relay, event, now, "the text says more by now"))
    attempt = new_attempt(relay, 1, now)
    relay = changed(
        without_outage(relay),
        outage_seconds=0.0,
        final_status=FinalStatus.IN_PROGRESS,
        alarm_is_due=False,
        first_attempt_of_drive=attempt.number,
        first_attempt_of_words=attempt.number,
        expires_at=max(relay.expires_at, now + RETENTION),
    )
    relay = planned(relay, attempt, Step.SAID_MORE, now, "it is forwarded once more, from tier 1", event.by)
    return scheduled(relay, cancelled) if event.lease is None else leased(relay, event.lease, now, event.by, cancelled)


def is_not_begun(relay: Relay) -> bool:
    """Whether its first attempt still waits for its time, and no other was made."""
    is_first = relay.final_status is FinalStatus.IN_PROGRESS and len(relay.attempts) == 1
    return is_first and relay.attempts[0].status is AttemptStatus.SCHEDULED and relay.attempts[0].lease is None


def _with_more(relay: Relay, event: Event, text: InboundText) -> Relay:
    in_words = {each.media_id for each in text.attachments if each.is_in_words}
    known = (replace(each, is_in_words=each.is_in_words or each.media_id in in_words) for each in relay.attachments)
    return changed(
        relay,
        message_body=text.body if _has_more_words(relay, event, text) else relay.message_body,
        media_count=max(relay.media_count, text.media_count),
        attachments=(*known, *_further_files(relay, text)),
        # Where there were files before, a missing link was revoked.
        media_token=relay.media_token if relay.media_count else text.media_token,
    )
