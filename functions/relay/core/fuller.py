"""What becomes of a relay when its text comes in again and says more than the record has. Pure, like the machine.

A text can be found in the provider's list before it is whole; its webhook then brings the words, or more of them.
"""

from __future__ import annotations

from datetime import datetime

from relay.core import attempts
from relay.core.changes import changed, log_relay_attempt, without_claim, without_outage
from relay.core.events import Decision, Event
from relay.core.model import (
    RETENTION,
    Attachment,
    FinalStatus,
    InboundText,
    Relay,
    SenderClass,
    Step,
)
from relay.core.moves import leased, new_attempt, planned, scheduled, still_pending, timers_to_cancel

# What stands for a character that could not be read or stored.
_UNREADABLE = "\N{REPLACEMENT CHARACTER}"


def says_more(relay: Relay, text: InboundText) -> bool:
    """Whether the text has more attachments than the record, the ids of more of them, or more words."""
    return _is_to_be_forwarded(relay, text) or bool(_further_files(relay, text))


def _is_to_be_forwarded(relay: Relay, text: InboundText) -> bool:
    """Whether it has more attachments than the record, or words that the record has only the beginning of."""
    return text.media_count > relay.media_count or _has_more_words(relay, text)


def _further_files(relay: Relay, text: InboundText) -> tuple[Attachment, ...]:
    """Returns those of its attachments of which the record has no id: a list tells their number alone."""
    known = {attachment.media_id for attachment in relay.attachments}
    return tuple(each for each in text.attachments if each.media_id not in known)


def _has_more_words(relay: Relay, text: InboundText) -> bool:
    known, told = relay.message_body.strip(), text.body.strip()
    readable = known.partition(_UNREADABLE)[0].rstrip()
    return len(told) > len(known) and told.startswith(readable)


def take_more(relay: Relay, event: Event, text: InboundText, now: datetime) -> Decision:
    """The record takes what `text` says more. A relay that is or was forwarded begins a new drive, at tier 1.

    What earlier attempts still deliver is less than the text: it is learned and ends nothing. Ids of attachments alone
    are put on record; the handler was told how many came.
    """
    cancelled = timers_to_cancel(relay)
    is_to_be_forwarded = _is_to_be_forwarded(relay, text)
    relay = _with_more(relay, text)
    if not is_to_be_forwarded:
        reason = "which files came with it"
        return Decision(log_relay_attempt(relay, Step.SAID_MORE, now, reason=reason, by=event.by), still_pending(relay))
    if relay.final_status in (FinalStatus.RECORDED, FinalStatus.HELD):
        if event.sender_class is SenderClass.HANDLER_OPT_OUT and relay.sender_class is SenderClass.HANDLER:
            relay = changed(relay, sender_class=event.sender_class)
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


def _with_more(relay: Relay, text: InboundText) -> Relay:
    return changed(
        relay,
        message_body=text.body if _has_more_words(relay, text) else relay.message_body,
        media_count=max(relay.media_count, text.media_count),
        attachments=(*relay.attachments, *_further_files(relay, text)),
    )
