"""What must hold at every step of the machine for the text itself: whose it is, its words, how long it is kept."""

from __future__ import annotations

from relay.core.model import FinalStatus, Relay

from scripts.walk_machine import Walked


def what_the_relay_is_about_never_changes(step: Walked) -> bool:
    """But for words of which the record had the beginning."""
    return _subject(step.before) == _subject(step.decision.relay)


def words_only_grow(step: Walked) -> bool:
    before, after = step.before, step.decision.relay
    return after.message_body.startswith(before.message_body) and after.media_count >= before.media_count


def less_words_end_nothing(step: Walked) -> bool:
    """A delivery of what was sent before the record had all of the words ends no relay."""
    relay = step.decision.relay
    if step.before.final_status is FinalStatus.DELIVERED or relay.final_status is not FinalStatus.DELIVERED:
        return True
    return step.event.attempt >= relay.first_attempt_of_words


def _subject(relay: Relay) -> tuple[object, ...]:
    return (
        relay.message_id,
        relay.timestamp,
        relay.sender_phone,
        relay.recipient_phone,
        relay.sender_class,
    )


def a_record_is_never_kept_for_less_long(step: Walked) -> bool:
    return step.decision.relay.expires_at >= step.before.expires_at
