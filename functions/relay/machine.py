"""The protocol of a relay as a table. Pure: no I/O, no clock, no randomness.

Rules this file keeps:
1. `transition` and `receive` are the only writers of a relay's state.
2. Every (state, event) pair has an answer: an action, or the reason why the event is ignored.
3. Effects are data, performed only after the relay is committed. A crash in between costs lateness: whoever
   repeats the event is handed what is still pending.
4. A status only climbs. Any order and any number of receipts ends the same; a delivery outranks everything.
5. An attempt is handed out for sending once, to the holder of its claim.
6. No tier is skipped: the next attempt is at the same tier or the one after it.

Must not know: storage, Twilio's wire format, configuration, logging.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from relay import failures, steps
from relay.events import Decision, Event, EventKind, RaiseAlarm, SendAttempt, State
from relay.model import AttemptStatus, FinalStatus, Relay, Step
from relay.policy import LOOKUP_RETRIES_MAX, LOOKUP_RETRY_SECONDS, SEND_SECONDS_MAX

_STATE_OF_ATTEMPT = {
    AttemptStatus.SCHEDULED: State.SCHEDULED,
    AttemptStatus.CLAIMED: State.CLAIMED,
    AttemptStatus.UNKNOWN: State.UNKNOWN,
    AttemptStatus.ACCEPTED: State.ACCEPTED,
}
_STATE_OF_END = {
    FinalStatus.DELIVERED: State.DELIVERED,
    FinalStatus.EXHAUSTED: State.EXHAUSTED,
    FinalStatus.RECORDED: State.RECORDED,
}


def transition(relay: Relay, event: Event, now: datetime) -> Decision:
    """Decide what `event` does to `relay` at `now` (UTC). Never raises for an event that a faulty world can bring."""
    if event.attempt > len(relay.attempts):
        return Decision(relay, (), "it names an attempt that this relay never made")
    answer = TABLE[state_of(relay, event)][event.kind]
    if isinstance(answer, str):
        return Decision(relay, (), answer)
    return answer(relay, event, now)


def state_of(relay: Relay, event: Event) -> State:
    """Where the relay stands as seen by this event: the row of the table."""
    if relay.final_status is not FinalStatus.IN_PROGRESS:
        return _STATE_OF_END[relay.final_status]
    current = relay.attempts[-1]
    if event.attempt and event.attempt != current.number:
        return State.EARLIER
    return _STATE_OF_ATTEMPT[current.status]


def _resume(relay: Relay, event: Event, now: datetime) -> Decision:
    """Nothing new, but whoever repeats an event also repairs: hand out what the record says is pending."""
    current = relay.attempts[-1]
    pending = (steps.pending_timer(relay),)
    if current.status is AttemptStatus.CLAIMED and event.claim is not None and event.claim == current.claim:
        return Decision(relay, (*pending, SendAttempt(current.number)), "the claim is already the caller's own")
    return Decision(relay, pending, "already known; what is pending was armed again")


def _claim(relay: Relay, event: Event, now: datetime) -> Decision:
    if event.claim is None:
        return _resume(relay, event, now)
    return steps.claim(relay, event.claim, now, by=event.by)


def _accepted(relay: Relay, event: Event, now: datetime) -> Decision:
    changed = steps.set_attempt(relay, event.attempt, status=AttemptStatus.ACCEPTED, message_sid=event.message_sid)
    return Decision(
        steps.log_relay_attempt(changed, Step.ATTEMPT_ACCEPTED, now, event.attempt, reason=event.reason, by=event.by)
    )


def _unknown(relay: Relay, event: Event, now: datetime) -> Decision:
    changed = steps.set_attempt(relay, event.attempt, status=AttemptStatus.UNKNOWN)
    return Decision(
        steps.log_relay_attempt(changed, Step.ATTEMPT_UNKNOWN, now, event.attempt, reason=event.reason, by=event.by)
    )


def _failed(relay: Relay, event: Event, now: datetime) -> Decision:
    """Refused, or accepted and then undelivered: the same tier by its schedule, or the next."""
    cancelled = steps.timers_to_cancel(relay)
    changed = steps.fail(relay, event, now)
    may_retry = failures.is_retried_in_tier(event.code)
    return steps.escalate_on_failure(changed, event, now, may_retry=may_retry, first=cancelled)


def _delivered(relay: Relay, event: Event, now: datetime) -> Decision:
    return steps.deliver(relay, event, now)


def _old_deadline(relay: Relay, event: Event, now: datetime) -> Decision:
    """A deadline of an attempt already given up; but perhaps by the caller itself, in a commit whose reply was lost."""
    current = relay.attempts[-1]
    if current.status is AttemptStatus.CLAIMED and event.claim is not None and event.claim == current.claim:
        return _resume(relay, event, now)
    return Decision(relay, (), _OLD_TIMER)


def _note(relay: Relay, event: Event, now: datetime) -> Decision:
    """Word on an attempt that no longer decides anything: the record learns its true fate, nothing else moves."""
    return steps.note(relay, event, now)


def _deadline_unconfirmed(relay: Relay, event: Event, now: datetime) -> Decision:
    changed = steps.give_up(relay, event, now, AttemptStatus.UNCONFIRMED)
    return steps.escalate_on_failure(changed, event, now)


def _deadline_not_found(relay: Relay, event: Event, now: datetime) -> Decision:
    """Twilio answers that it never had the text. Only at the last tier, and only once, is it sent again."""
    current = relay.attempts[-1]
    changed = steps.give_up(relay, event, now, AttemptStatus.FAILED)
    drive = relay.attempts[relay.first_attempt_of_drive - 1 :]
    if current.tier == relay.policy.last_tier and not any(attempt.is_resend for attempt in drive):
        return steps.send_again(changed, event, now)
    return steps.escalate_on_failure(changed, event, now)


def _not_found_while_claimed(relay: Relay, event: Event, now: datetime) -> Decision:
    """Its holder never reported. While its POST could still be under way, Twilio's "no such text" proves nothing."""
    current = relay.attempts[-1]
    settled_at = (current.lease_until or now) + timedelta(seconds=SEND_SECONDS_MAX)
    if now < settled_at and current.lookups < LOOKUP_RETRIES_MAX:
        return steps.ask_again(relay, event, now, settled_at)
    return _deadline_not_found(relay, event, now)


def _deadline_unanswered(relay: Relay, event: Event, now: datetime) -> Decision:
    """Nobody can tell what became of the attempt. At the last tier it is worth asking again before giving up."""
    current = relay.attempts[-1]
    if current.tier == relay.policy.last_tier and current.lookups < LOOKUP_RETRIES_MAX:
        return steps.ask_again(relay, event, now, now + timedelta(seconds=LOOKUP_RETRY_SECONDS))
    changed = steps.give_up(relay, event, now, current.status)
    return steps.escalate_on_failure(changed, event, now)


def _alarm_again(relay: Relay, event: Event, now: datetime) -> Decision:
    """Somebody must be told; until that is on record, whoever comes by is asked to."""
    if not relay.alarm_is_due:
        return Decision(relay, (), "exhausted, and the alarm was raised")
    return Decision(relay, (RaiseAlarm(),), "exhausted; the alarm is still due")


def _alarm_raised(relay: Relay, event: Event, now: datetime) -> Decision:
    if not relay.alarm_is_due:
        return Decision(relay, (), "the alarm was already recorded")
    changed = replace(relay, due_at=None)
    return Decision(steps.log_relay_attempt(changed, Step.ALARM_RAISED, now, reason=event.reason, by=event.by))


def _redrive(relay: Relay, event: Event, now: datetime) -> Decision:
    if event.request_id in relay.redrive_ids:
        return Decision(relay, (), "this redrive was already done")
    return steps.redrive(relay, event, now)


def _redrive_resumed(relay: Relay, event: Event, now: datetime) -> Decision:
    if event.request_id in relay.redrive_ids:
        return _resume(relay, event, now)
    return Decision(relay, (), "the relay is still in progress")


Action = Callable[[Relay, Event, datetime], Decision]
Answer = Action | str

_NOT_SENT = "this attempt has not been handed out for sending"
_TWILIO_TOLD = "Twilio has already told of this text, which outranks the POST's own reply"
_OLD_TIMER = "a timer of an attempt that was already given up"
_TIMER_AFTER_END = "the relay has ended"
_NO_ALARM = "no alarm is due"
_NEVER_FORWARDED = "it was recorded only, never forwarded"

_DEADLINES = {
    EventKind.DEADLINE_UNCONFIRMED: _deadline_unconfirmed,
    EventKind.DEADLINE_NOT_FOUND: _deadline_not_found,
    EventKind.DEADLINE_UNANSWERED: _deadline_unanswered,
}
_RECEIPTS_DECIDE: dict[EventKind, Answer] = {
    EventKind.RECEIPT_PROGRESS: _accepted,
    EventKind.RECEIPT_DELIVERED: _delivered,
    EventKind.RECEIPT_FAILED: _failed,
}
_NOTED: dict[EventKind, Answer] = {
    EventKind.SEND_ACCEPTED: _note,
    EventKind.SEND_REFUSED: _note,
    EventKind.SEND_UNKNOWN: _note,
    EventKind.RECEIPT_PROGRESS: _note,
    EventKind.RECEIPT_FAILED: _note,
}
_LIVE: dict[EventKind, Answer] = {
    EventKind.INBOUND_REPEATED: _resume,
    EventKind.ATTEMPT_DUE: _resume,
    EventKind.ALARM_RAISED: _NO_ALARM,
    EventKind.REDRIVE_REQUESTED: _redrive_resumed,
}
_SENT: dict[EventKind, Answer] = {
    EventKind.SEND_ACCEPTED: _accepted,
    EventKind.SEND_REFUSED: _failed,
    EventKind.SEND_UNKNOWN: _unknown,
}

TABLE: dict[State, dict[EventKind, Answer]] = {
    State.SCHEDULED: {
        **_LIVE,
        **dict.fromkeys((*_SENT, *_RECEIPTS_DECIDE), _NOT_SENT),
        **dict.fromkeys(_DEADLINES, _NOT_SENT),
        EventKind.ATTEMPT_DUE: _claim,
    },
    State.CLAIMED: {
        **_LIVE,
        **_SENT,
        **_RECEIPTS_DECIDE,
        **_DEADLINES,
        EventKind.DEADLINE_NOT_FOUND: _not_found_while_claimed,
    },
    State.UNKNOWN: {
        **_LIVE,
        **_SENT,
        **_RECEIPTS_DECIDE,
        **_DEADLINES,
        EventKind.SEND_UNKNOWN: "its outcome is already recorded as unknown",
    },
    State.ACCEPTED: {
        **_LIVE,
        **dict.fromkeys(_SENT, _TWILIO_TOLD),
        **_RECEIPTS_DECIDE,
        **_DEADLINES,
        EventKind.RECEIPT_PROGRESS: "progress without consequence: only a delivery or a failure decides",
    },
    State.EARLIER: {
        **_LIVE,
        **_NOTED,
        **dict.fromkeys(_DEADLINES, _old_deadline),
        EventKind.ATTEMPT_DUE: _OLD_TIMER,
        EventKind.RECEIPT_DELIVERED: _delivered,
    },
    State.DELIVERED: {
        **dict.fromkeys(EventKind, _TIMER_AFTER_END),
        **_NOTED,
        EventKind.RECEIPT_DELIVERED: _note,
        EventKind.INBOUND_REPEATED: "already delivered",
        EventKind.ALARM_RAISED: _NO_ALARM,
        EventKind.REDRIVE_REQUESTED: "the text was delivered",
    },
    State.EXHAUSTED: {
        **dict.fromkeys(EventKind, _alarm_again),
        **_NOTED,
        EventKind.RECEIPT_DELIVERED: _delivered,
        EventKind.ALARM_RAISED: _alarm_raised,
        EventKind.REDRIVE_REQUESTED: _redrive,
    },
    State.RECORDED: dict.fromkeys(EventKind, _NEVER_FORWARDED),
}
