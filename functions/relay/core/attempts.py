"""What becomes of an attempt: failed, given up, delivered, or told of later. Pure, like the machine it belongs to."""

from __future__ import annotations

from datetime import datetime

from relay.core import failures, fates
from relay.core.events import Decision, Event, EventKind
from relay.core.immutable import with_changes
from relay.core.model import AttemptStatus, FinalStatus, Relay, Step
from relay.core.moves import attempts_with, log_relay_attempt, set_attempt, timers_to_cancel


def fail(relay: Relay, event: Event, now: datetime) -> Relay:
    """The current attempt failed for good, with a code or without."""
    sid = event.message_sid or relay.attempts[-1].message_sid
    failure = failures.classify(event.code)
    return log_relay_attempt(
        relay,
        Step.ATTEMPT_FAILED,
        now,
        event.attempt,
        status=failure.failure_class.value,
        error_code=event.code,
        reason=event.reason or failure.words,
        by=event.by,
        attempts=attempts_with(
            relay, event.attempt, status=AttemptStatus.FAILED, error_code=event.code, message_sid=sid
        ),
    )


def give_up(relay: Relay, event: Event, now: datetime, status: AttemptStatus) -> Relay:
    """The deadline passed: the attempt keeps what is known of it and no longer decides anything."""
    sid = event.message_sid or relay.attempts[-1].message_sid
    step = Step.ATTEMPT_FAILED if status is AttemptStatus.FAILED else Step.ATTEMPT_UNCONFIRMED
    return log_relay_attempt(
        relay,
        step,
        now,
        event.attempt,
        status=status.value,
        reason=event.reason,
        by=event.by,
        attempts=attempts_with(relay, event.attempt, status=status, message_sid=sid),
    )


def deliver(relay: Relay, event: Event, now: datetime) -> Decision:
    """The relay ends as delivered; the first tier to say so stays on record, and what was planned is withdrawn."""
    cancelled = timers_to_cancel(relay)
    was = relay.final_status
    relay = _withdraw_scheduled(relay, now)
    sid = event.message_sid or relay.attempts[event.attempt - 1].message_sid
    late = "after the relay was given up as exhausted" if was is FinalStatus.EXHAUSTED else ""
    relay = log_relay_attempt(
        relay,
        Step.DELIVERED,
        now,
        event.attempt,
        reason=event.reason or late,
        by=event.by,
        # A failure told before it is taken back, so that every order of receipts leaves the same attempt.
        attempts=attempts_with(relay, event.attempt, status=AttemptStatus.DELIVERED, message_sid=sid, error_code=None),
        final_status=FinalStatus.DELIVERED,
        delivered_tier=relay.attempts[event.attempt - 1].tier,
        delivery_confirmed_at=now,
    )
    return Decision(with_changes(relay, due_at=fates.due_after_end(relay, now)), cancelled)


def _withdraw_scheduled(relay: Relay, now: datetime) -> Relay:
    current = relay.attempts[-1]
    if current.standing is not AttemptStatus.SCHEDULED:
        return relay
    relay = set_attempt(relay, current.number, status=AttemptStatus.WITHDRAWN)
    reason = "an earlier attempt was delivered after all"
    return log_relay_attempt(relay, Step.ATTEMPT_WITHDRAWN, now, current.number, reason=reason)


_LEARNED = {
    EventKind.SEND_ACCEPTED: AttemptStatus.ACCEPTED,
    EventKind.RECEIPT_PROGRESS: AttemptStatus.ACCEPTED,
    EventKind.SEND_REFUSED: AttemptStatus.FAILED,
    EventKind.SEND_UNKNOWN: AttemptStatus.UNKNOWN,
    EventKind.RECEIPT_FAILED: AttemptStatus.FAILED,
    EventKind.RECEIPT_DELIVERED: AttemptStatus.DELIVERED,
}
# A status only climbs: what is learned later never takes back what a stronger word said before.
_RANK = {
    AttemptStatus.SCHEDULED: 0,
    AttemptStatus.CLAIMED: 1,
    AttemptStatus.UNKNOWN: 2,
    AttemptStatus.ACCEPTED: 3,
    AttemptStatus.UNCONFIRMED: 3,
    AttemptStatus.WITHDRAWN: 4,
    AttemptStatus.FAILED: 4,
    AttemptStatus.DELIVERED: 5,
}


def note(relay: Relay, event: Event, now: datetime) -> Decision:
    """Record what is learned of an attempt that no longer decides anything; ignore it if it adds nothing."""
    attempt = relay.attempts[event.attempt - 1]
    learned = _LEARNED[event.kind]
    tells_sid = event.message_sid is not None and attempt.message_sid is None
    rank = _RANK[attempt.standing]
    if _RANK[learned] <= rank and not tells_sid:
        return Decision(relay, (), "nothing new about an attempt that no longer decides anything")
    climbs = _RANK[learned] > rank
    attempts = attempts_with(
        relay,
        event.attempt,
        status=learned if climbs else attempt.status,
        message_sid=attempt.message_sid or event.message_sid,
        error_code=event.code if climbs else attempt.error_code,
    )
    relay = log_relay_attempt(
        relay,
        Step.LATE_STATUS,
        now,
        event.attempt,
        status=learned.value,
        error_code=event.code,
        reason=event.reason,
        by=event.by,
        attempts=attempts,
    )
    return Decision(fates.at_rest(relay))
