"""Outages: no handler can be reached at whatever tier, or nothing can be asked. They are waited out and cost no tier.

Pure, like the machine. All waits of a drive come out of one allowance (OUTAGE_SECONDS_MAX); when it is used up such a
failure is one like any other, so that a relay that ends as exhausted has tried every tier. An outage is one line of the
trail and not one for each try. `Relay.outage_seconds` is what the drive has used of its allowance.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from relay.core import attempts, moves, reached
from relay.core.changes import changed, log_relay_attempt, with_attempt
from relay.core.events import Decision, Effect, Event, EventKind, TellOutage, TellOutageOver, ignored
from relay.core.failures import NO_REASON, Failure, FailureClass
from relay.core.model import AttemptStatus, Relay, Step
from relay.core.policy import (
    LEASE_SECONDS,
    OUTAGE_SECONDS_MAX,
    OUTAGE_TOLD_AFTER_SECONDS,
    OUTAGE_WAITS_SECONDS,
    RETRY_AFTER_SECONDS_MAX,
    SEND_SECONDS_MAX,
)

# An outage in which the provider cannot even be asked what became of an attempt.
SILENT = Failure(FailureClass.AMBIGUOUS, "the provider cannot be asked what became of the text")


def may_wait(relay: Relay) -> bool:
    """Whether enough of the drive's allowance is left for one more wait."""
    return OUTAGE_SECONDS_MAX - relay.outage_seconds >= OUTAGE_WAITS_SECONDS[0]


def lease_again_later(relay: Relay, event: Event, now: datetime) -> Decision:
    """Returns the decision to make the same attempt once more after a wait: its POST certainly sent nothing."""
    cancelled = moves.timers_to_cancel(relay)
    failure = event.failure or NO_REASON
    attempt = relay.attempts[event.attempt - 1]
    leased_at = (attempt.lease_until or now) - timedelta(seconds=LEASE_SECONDS)
    relay, told = _begun(relay, event, now, failure)
    relay = _spent(relay, leased_at, now, LEASE_SECONDS + SEND_SECONDS_MAX)
    relay, wait = _waiting(relay, event)
    starts_at = now + timedelta(seconds=wait)
    relay = with_attempt(
        relay,
        attempt.number,
        status=AttemptStatus.SCHEDULED,
        starts_at=starts_at,
        queued_until=None,
        failure=failure,
        is_refused=True,
    )
    relay = changed(relay, due_at=starts_at)
    return Decision(relay, (*cancelled, moves.pending_timer(relay), *told))


def ask_later(relay: Relay, event: Event, now: datetime) -> Decision:
    """Returns the decision to ask the provider once more after a wait what became of the current attempt."""
    attempt = relay.attempts[event.attempt - 1]
    relay, told = _begun(relay, event, now, SILENT)
    relay = _spent(relay, attempt.deadline_at or now, now, SEND_SECONDS_MAX)
    relay, wait = _waiting(relay, event)
    at = now + timedelta(seconds=wait)
    relay = changed(with_attempt(relay, attempt.number, deadline_at=at), due_at=at)
    return Decision(relay, (moves.pending_timer(relay), *told))


def told_while_waiting(relay: Relay, event: Event, now: datetime) -> Decision:
    """What is told of an attempt that waits for its next try counts: its text exists, although it was refused."""
    attempt = relay.attempts[event.attempt - 1]
    if attempt.lease is None:
        return ignored(relay, "this attempt has not been handed out for sending")
    if event.kind in (EventKind.SEND_REFUSED, EventKind.SEND_UNKNOWN):
        return ignored(relay, "how this try went is on record", *moves.still_pending(relay))
    if event.kind in (EventKind.RECEIPT_DELIVERED, EventKind.RECEIPT_HANDED_OVER):
        return reached.reached(relay, event, now)
    cancelled = moves.timers_to_cancel(relay)
    return attempts.exists_after_all(relay, event, now, cancelled)


# The events that say that the provider has an attempt's text.
_PROVIDER_HAS_IT = frozenset(
    {
        EventKind.SEND_ACCEPTED,
        EventKind.RECEIPT_PROGRESS,
        EventKind.RECEIPT_HANDED_OVER,
        EventKind.RECEIPT_DELIVERED,
        EventKind.DEADLINE_QUEUED,
    }
)


def told_over(before: Relay, event: Event, decision: Decision) -> Decision:
    """Returns the decision; where it ends an outage that people were told of, with the effect that tells them so."""
    has_ended = before.outage_is_told and decision.changed and decision.relay.outage_since is None
    if not has_ended or event.kind not in _PROVIDER_HAS_IT:
        return decision
    return replace(decision, effects=(*decision.effects, TellOutageOver()))


def _spent(relay: Relay, since: datetime, now: datetime, seconds_max: float) -> Relay:
    """Returns the relay with the time that its last try or look-up took counted, but not that a timer came late."""
    spent = min(max(0.0, (now - since).total_seconds()), seconds_max)
    return changed(relay, outage_seconds=min(relay.outage_seconds + spent, OUTAGE_SECONDS_MAX))


def _waiting(relay: Relay, event: Event) -> tuple[Relay, float]:
    """Returns the relay with its next wait counted, and that wait in seconds; less where the allowance ends before."""
    wait = OUTAGE_WAITS_SECONDS[min(relay.outage_waits, len(OUTAGE_WAITS_SECONDS) - 1)]
    asked_for = min(event.retry_after_seconds or 0.0, RETRY_AFTER_SECONDS_MAX)
    wait = min(max(wait, asked_for), OUTAGE_SECONDS_MAX - relay.outage_seconds)
    return changed(relay, outage_waits=relay.outage_waits + 1, outage_seconds=relay.outage_seconds + wait), wait


def _begun(relay: Relay, event: Event, now: datetime, failure: Failure) -> tuple[Relay, tuple[Effect, ...]]:
    """Returns the relay in its outage, with a line in the trail where this one begins, and who must be told of it.

    People are told at once where our account is the trouble, else when the relay has waited OUTAGE_TOLD_AFTER_SECONDS.
    """
    if relay.outage_since is None:
        relay = changed(relay, outage_since=now, outage_waits=0, outage_is_told=False)
        left = OUTAGE_SECONDS_MAX - relay.outage_seconds
        relay = log_relay_attempt(
            relay,
            Step.OUTAGE_BEGAN,
            now,
            event.attempt,
            status=failure.failure_class.value,
            error_code=failure.code,
            reason=f"{event.reason or failure.words}; waited for without using up a tier, {left:g} s at most",
            by=event.by,
        )
    began = relay.outage_since or now
    is_due = failure.failure_class is FailureClass.SENDER or (now - began).total_seconds() >= OUTAGE_TOLD_AFTER_SECONDS
    if relay.outage_is_told or not is_due:
        return relay, ()
    return changed(relay, outage_is_told=True), (TellOutage(failure),)
