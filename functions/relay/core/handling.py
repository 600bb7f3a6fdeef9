"""Handled: an operator saw to a relay that needs a person, by a call or otherwise, and every operator is shown that.

It changes nothing of what the relay does, and holds until something new comes of the relay. Pure, like the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from relay.core import purposes
from relay.core.changes import changed, log_relay_attempt
from relay.core.events import Decision, Event, EventKind, ignored
from relay.core.model import FinalStatus, Relay, SenderClass, Step

# Whose texts people must know of although they are only recorded.
_ALARMED_SENDERS = frozenset({SenderClass.CUSTOMER, SenderClass.HANDLER_OPT_OUT})


def is_for_people(relay: Relay) -> bool:
    """Whether the relay stands where only people can do anything, whether or not they have."""
    if relay.set_aside_because:
        return True
    if relay.is_left_to_newer:
        return False
    match relay.final_status:
        case FinalStatus.EXHAUSTED:
            return purposes.is_alarmed(relay)
        case FinalStatus.RECORDED:
            return relay.sender_class in _ALARMED_SENDERS
        case status:
            return status is FinalStatus.HELD


def handle(relay: Relay, event: Event, now: datetime) -> Decision:
    """An operator saw to it. The first one counts, who alone may change the note."""
    if not is_for_people(relay):
        return ignored(relay, "it does not wait for a person")
    is_own = relay.handled_by == event.by
    if relay.is_handled and not (is_own and event.note not in ("", relay.handled_note)):
        return ignored(relay, f"{relay.handled_by or 'an operator'} has seen to it already")
    relay = changed(
        relay,
        handled_by=event.by,
        handled_note=event.note,
        handled_at=now,
        handled_attempts=len(relay.attempts),
    )
    return Decision(log_relay_attempt(relay, Step.HANDLED, now, by=event.by))


def undo(relay: Relay, event: Event, now: datetime) -> Decision:
    """An operator says that it was not seen to after all: it needs a person again."""
    if not relay.is_handled:
        return ignored(relay, "no operator has seen to it")
    return Decision(log_relay_attempt(_unhandled(relay), Step.UNHANDLED, now, by=event.by))


def ended_by(decision: Decision, before: Relay) -> Decision:
    """Returns the decision with the mark taken off, if by it the relay stands otherwise than when it was handled."""
    relay = decision.relay
    if before.handled_at is None or not decision.changed or _standing(relay) == _standing(before):
        return decision
    return replace(decision, relay=_unhandled(relay))


def _standing(relay: Relay) -> tuple[object, ...]:
    return (
        relay.final_status,
        len(relay.attempts),
        relay.set_aside_because,
        relay.sender_class,
        relay.message_body,
        relay.media_count,
    )


def _unhandled(relay: Relay) -> Relay:
    return changed(relay, handled_by="", handled_note="", handled_at=None, handled_attempts=0)


# What happens in any state. It neither takes a relay up that was set aside nor is anything new of it.
ANSWERS: dict[EventKind, Callable[[Relay, Event, datetime], Decision]] = {
    EventKind.HANDLED: handle,
    EventKind.UNHANDLED: undo,
}
