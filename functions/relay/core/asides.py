"""A relay that was set aside: it cannot go on by itself and waits for a person. Pure, like the machine.

The store sets a relay aside (RelayStore.set_aside): it marks the record and takes it out of what is due, without the
machine, because the machine's own writes are what cannot be stored. Whatever can be stored of it again takes it up.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from relay.core import attempts, fates, moves
from relay.core.changes import changed
from relay.core.events import Decision, Event, ignored
from relay.core.model import FinalStatus, Relay


def taken_up(decision: Decision, now: datetime) -> Decision:
    """Returns the decision without the mark, if it changes a relay that was set aside; what is pending is due again."""
    if not decision.changed or not decision.relay.set_aside_because:
        return decision
    relay = changed(decision.relay, set_aside_because="")
    return replace(decision, relay=changed(relay, due_at=relay.due_at or _due_at(relay, now)))


def _due_at(relay: Relay, now: datetime) -> datetime | None:
    if relay.final_status is FinalStatus.IN_PROGRESS:
        timer = moves.pending(relay)
        return timer.due_at if timer else now
    return now if relay.alarm_is_due else fates.due_after_end(relay, now)


def redrive(relay: Relay, event: Event, now: datetime) -> Decision:
    """Returns the decision to start a relay again that was set aside in mid-cascade. What was planned is withdrawn."""
    cancelled = moves.timers_to_cancel(relay)
    withdrawn = (
        attempts.withdraw_scheduled(relay, now, "an operator starts the relay again") if relay.attempts else relay
    )
    decision = moves.redrive(withdrawn, event, now)
    if not decision.changed:
        return ignored(relay, decision.ignored_because)
    return replace(decision, effects=(*cancelled, *decision.effects))
