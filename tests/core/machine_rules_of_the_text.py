"""What must hold at every step of the machine for the text itself: whose it is, its words, how long it is kept."""

from __future__ import annotations

from relay.core.events import EventKind, RaiseAlarm
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
    ends = (FinalStatus.DELIVERED, FinalStatus.CLAIMED)
    if step.before.final_status in ends or relay.final_status is not FinalStatus.DELIVERED:
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


def a_recorded_relay_never_moves(step: Walked) -> bool:
    """It may take more words and have its alarm raised, and stays what it is."""
    before, after = step.before, step.decision.relay
    if before.final_status is not FinalStatus.RECORDED:
        return True
    asked = step.decision.effects in ((), (RaiseAlarm(),) if before.alarm_is_due else ())
    return after.final_status is FinalStatus.RECORDED and after.attempts == () and asked


def a_held_relay_goes_on_by_a_redrive_alone(step: Walked) -> bool:
    if step.before.final_status is not FinalStatus.HELD:
        return True
    is_redriven = step.decision.relay.final_status is FinalStatus.IN_PROGRESS
    return is_redriven == (step.event.kind is EventKind.REDRIVE_REQUESTED and step.decision.changed)
