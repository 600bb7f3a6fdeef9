"""What comes again, and what comes after the end: alarms that are still due, redrives, and what is pending. Pure.

A process that dies between a commit and its effects makes the relay late; the event that comes again repairs that.
"""

from __future__ import annotations

from datetime import datetime

from relay.core import asides, fates, moves, purposes
from relay.core.changes import changed, log_relay_attempt
from relay.core.events import Decision, Event, RaiseAlarm, SendAttempt, ignored
from relay.core.model import AttemptStatus, Relay, Step

_REDRIVE_IS_DONE = "this redrive was already done"


def resume(relay: Relay, event: Event, now: datetime) -> Decision:
    """The relay does not change; the effects that the record says are pending are returned again.

    An event that comes again thereby repairs what a process lost that died between commit and effects.
    """
    current = relay.current
    pending = (moves.pending_timer(relay),)
    own = event.lease is not None and event.lease == current.lease and relay.claim_until is None
    if own and current.status is AttemptStatus.LEASED:
        return ignored(relay, "the lease is already the caller's own", *pending, SendAttempt(current.number))
    return ignored(relay, "already known; what is pending was armed again", *pending)


def alarm_again(relay: Relay, event: Event, now: datetime) -> Decision:
    """Any event has the alarm raised, until ALARM_RAISED is on record."""
    if not relay.alarm_is_due:
        return ignored(relay, "it has ended, and no alarm is due")
    return ignored(relay, "it has ended; the alarm is still due", RaiseAlarm())


def alarm_raised(relay: Relay, event: Event, now: datetime) -> Decision:
    """The alarm was raised: from now on the relay is due only to ask the provider about its open attempts."""
    if not relay.alarm_is_due:
        return ignored(relay, "the alarm was already recorded")
    is_told, due_at = bool(event.person), fates.due_after_end(relay, now)
    relay = changed(relay, alarm_is_due=False, handler_is_told=is_told, due_at=due_at)
    return Decision(log_relay_attempt(relay, Step.ALARM_RAISED, now, reason=event.reason, by=event.by))


def redrive(relay: Relay, event: Event, now: datetime) -> Decision:
    """An operator starts an exhausted or held relay, at the tier asked for; once per `request_id`."""
    if event.request_id in relay.redrive_ids:
        return ignored(relay, _REDRIVE_IS_DONE)
    if not purposes.ways_of(relay).redriven:
        return ignored(relay, "a notice is not sent again", *moves.still_pending(relay))
    return moves.redrive(relay, event, now)


def redrive_delivered(relay: Relay, event: Event, now: datetime) -> Decision:
    """An operator starts a delivered text of a thread again; any other one was delivered, and that is its end."""
    if not relay.thread_id or not purposes.ways_of(relay).is_a_customers:
        return ignored(relay, "the text was delivered")
    return redrive(relay, event, now)


def redrive_claimed(relay: Relay, event: Event, now: datetime) -> Decision:
    """A redrive of a relay that a person took is refused: an operator has to release it first."""
    because = _REDRIVE_IS_DONE if event.request_id in relay.redrive_ids else "a person took it; release it first"
    return ignored(relay, because)


def redrive_resumed(relay: Relay, event: Event, now: datetime) -> Decision:
    """A redrive of a relay in progress is refused, unless it was set aside; a repeated one returns what is pending."""
    if event.request_id in relay.redrive_ids:
        return resume(relay, event, now)
    if relay.set_aside_because:
        return asides.redrive(relay, event, now)
    return ignored(relay, "the relay is still in progress")
