"""The protocol of a relay as a table. Pure: no I/O, no clock, no randomness.

Rules this file keeps:
1. `transition` and `receive` are the only writers of a relay's state; no state is read from the trail.
2. Every (state, event) pair has an answer: an action, or the reason why the event is ignored.
3. Effects are data, performed only after the relay is committed. A process that dies in between makes the relay
   late: the event that comes again (a webhook, a timer, the sweep) returns the effects that are still pending.
4. A status only climbs. Any order and any number of receipts ends the same; a delivery outranks everything.
5. SendAttempt is returned only to the caller whose token is the attempt's lease, and there is one lease per attempt.
6. No tier is skipped: the next attempt is at the same tier or the one after it.

Must not know: storage, a provider's wire format, configuration, logging.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from relay.core import (
    again,
    asides,
    attempts,
    claims,
    clocks,
    deadlines,
    fates,
    files,
    fuller,
    handling,
    moves,
    outages,
    reached,
    reversals,
)
from relay.core.events import ABOUT_THE_RELAY, Decision, Event, EventKind, State, ignored
from relay.core.failures import NO_REASON
from relay.core.model import AttemptStatus, FinalStatus, Relay
from relay.core.policy import UNSTARTED_RETRIES_MAX

_STATE_OF_ATTEMPT = {
    AttemptStatus.SCHEDULED: State.SCHEDULED,
    AttemptStatus.LEASED: State.LEASED,
    AttemptStatus.UNKNOWN: State.UNKNOWN,
    AttemptStatus.ACCEPTED: State.ACCEPTED,
}
_STATE_OF_END = {
    FinalStatus.DELIVERED: State.DELIVERED,
    FinalStatus.EXHAUSTED: State.EXHAUSTED,
    FinalStatus.RECORDED: State.RECORDED,
    FinalStatus.HELD: State.HELD,
    FinalStatus.CLAIMED: State.CLAIMED,
}


def transition(relay: Relay, event: Event, now: datetime) -> Decision:
    """Decide what `event` does to `relay` at `now` (UTC). Never raises for an event that a faulty world can bring."""
    first = 0 if event.kind in ABOUT_THE_RELAY else 1
    if not first <= event.attempt <= len(relay.attempts):
        return ignored(relay, "it names an attempt that this relay never made")
    if relay.is_left_to_newer:
        return ignored(relay, "only a newer revision knows how it ended, or what it is for")
    if because := reversals.why_not_believed(relay, event):
        return ignored(relay, because, *moves.still_pending(relay))
    answer = TABLE[state_of(relay, event)][event.kind]
    decision = ignored(relay, answer) if isinstance(answer, str) else answer(relay, event, now)
    decision = outages.told_over(relay, event, reversals.with_its_id(relay, event, decision, now))
    if event.kind in handling.ANSWERS:
        return decision
    decision = asides.taken_up(decision, now) if relay.set_aside_because else decision
    return handling.ended_by(decision, relay)


def state_of(relay: Relay, event: Event) -> State:
    """Returns the state of the relay as seen by this event: the row of TABLE."""
    if relay.final_status is not FinalStatus.IN_PROGRESS:
        return _STATE_OF_END[relay.final_status]
    if relay.claim_until is not None:
        return State.WAITING
    current = relay.current
    if event.attempt and event.attempt != current.number:
        return State.EARLIER
    return _STATE_OF_ATTEMPT[current.standing]


def _told_before(relay: Relay, event: Event, now: datetime) -> Decision:
    """Ignored: only a delivery or a failure decides; the deadline is armed again where a planned try was withdrawn."""
    was_planned_again = relay.current.number < len(relay.attempts) or relay.outage_seconds > 0
    pending = moves.still_pending(relay) if was_planned_again else ()
    return ignored(relay, "the provider is known to have this text: only a delivery or a failure decides", *pending)


def lease(relay: Relay, event: Event, now: datetime) -> Decision:
    """The attempt is leased to the caller, who sends it; for a caller without a token its timer is armed again."""
    if event.lease is None:
        return again.resume(relay, event, now)
    return moves.leased(relay, event.lease, now, by=event.by)


def failed(relay: Relay, event: Event, now: datetime) -> Decision:
    """The attempt was refused or undelivered; its class decides: the same attempt or tier again, or the next.

    What would have met every handler alike is an outage, and waited out (core/outages.py). An attempt that was never
    begun (NOT_STARTED) does not count as a try: the same try is planned again, up to UNSTARTED_RETRIES_MAX times per
    tier, and from then on it counts like any other failure.
    """
    failure = event.failure or NO_REASON
    current = relay.attempts[event.attempt - 1]
    if event.kind is EventKind.SEND_REFUSED:
        if event.under not in (None, current.lease):
            return ignored(relay, "an earlier try of this attempt ended so", *moves.still_pending(relay))
        if failure.is_outage and outages.may_wait(relay):
            return outages.lease_again_later(relay, event, now)
    cancelled = moves.timers_to_cancel(relay)
    relay = attempts.fail(relay, event, now)
    if (decision := reversals.waits_for_earlier(relay, event, now, cancelled)) is not None:
        return decision
    if not failure.was_started and moves.unstarted_in_tier(relay, current.tier) <= UNSTARTED_RETRIES_MAX:
        return moves.start_later(relay, event, now, cancelled)
    return files.after_failure(relay, event, now, event.attempt, cancelled)


def _told_while_waiting(relay: Relay, event: Event, now: datetime) -> Decision:
    """What is told of an attempt that waits in an outage counts: its text exists. Ignored of one never handed out."""
    was_leased = relay.attempts[event.attempt - 1].lease is not None
    decide = failed if was_leased and event.kind is EventKind.RECEIPT_FAILED else outages.told_while_waiting
    return decide(relay, event, now)


def _learn(relay: Relay, event: Event, now: datetime) -> Decision:
    """Record what the event tells of an attempt that no longer decides anything; the relay does nothing else for it.

    When the record knew it already, what is pending is returned again.
    """
    return attempts.learn(relay, event, now)


def _said_more(relay: Relay, event: Event, now: datetime) -> Decision:
    """The record takes what the text says more and begins a new drive with it; once it has it, the text is known."""
    if event.text is None or not fuller.says_more(relay, event):
        return transition(relay, replace(event, kind=EventKind.INBOUND_REPEATED), now)
    return fuller.take_more(relay, event, event.text, now)


Action = Callable[[Relay, Event, datetime], Decision]
Answer = Action | str

_NOT_SENT = "this attempt has not been handed out for sending"
_RECEIPT_OUTRANKS = "the provider has already told of this text, which outranks the POST's own reply"
_TIMER_AFTER_END = "the relay has ended"
_NO_ALARM = "no alarm is due"
_NOT_CLAIMED = "no person has claimed it"
_TAKEN = "a person took it"

_LOOK_UPS: dict[EventKind, Answer] = {
    EventKind.NEVER_SENT: fates.never_sent,
    EventKind.LOOKED_UP: fates.looked_up,
    EventKind.LOOKUP_UNANSWERED: fates.looked_up,
}
_RECEIPTS_DECIDE: dict[EventKind, Answer] = {
    EventKind.RECEIPT_PROGRESS: attempts.accept,
    EventKind.RECEIPT_HANDED_OVER: reached.reached,
    EventKind.RECEIPT_DELIVERED: reached.reached,
    EventKind.RECEIPT_FAILED: failed,
}
_LEARNED: dict[EventKind, Answer] = {
    EventKind.SEND_ACCEPTED: _learn,
    EventKind.SEND_REFUSED: _learn,
    EventKind.SEND_UNKNOWN: _learn,
    EventKind.RECEIPT_PROGRESS: _learn,
    EventKind.RECEIPT_FAILED: _learn,
}
_LIVE: dict[EventKind, Answer] = {
    EventKind.INBOUND_REPEATED: again.resume,
    EventKind.INBOUND_SAYS_MORE: _said_more,
    EventKind.ATTEMPT_DUE: again.resume,
    EventKind.ALARM_RAISED: _NO_ALARM,
    EventKind.REDRIVE_REQUESTED: again.redrive_resumed,
    EventKind.TIMES_ARE_OFF: clocks.correct,
    EventKind.CLAIM_DUE: again.resume,
    EventKind.CLAIMED: claims.claim,
    EventKind.PASSED: claims.pass_on,
    EventKind.RELEASED: _NOT_CLAIMED,
    EventKind.RETURNED: "it is being sent, or was",
    **dict.fromkeys(_LOOK_UPS, "its own deadline decides"),
}
_SENT: dict[EventKind, Answer] = {
    EventKind.SEND_ACCEPTED: attempts.accept,
    EventKind.SEND_REFUSED: failed,
    EventKind.SEND_UNKNOWN: attempts.lose,
}
_ALARMED: dict[EventKind, Answer] = {
    EventKind.INBOUND_REPEATED: again.alarm_again,
    EventKind.INBOUND_SAYS_MORE: _said_more,
    EventKind.ALARM_RAISED: again.alarm_raised,
    EventKind.TIMES_ARE_OFF: clocks.correct,
}

# Where each answer leads is in docs/states.md, found by walking through all reachable relays.
TABLE: dict[State, dict[EventKind, Answer]] = {
    State.SCHEDULED: {
        **_LIVE,
        **dict.fromkeys((*_SENT, *_RECEIPTS_DECIDE), _told_while_waiting),
        **dict.fromkeys(deadlines.ANSWERS, _NOT_SENT),
        EventKind.ATTEMPT_DUE: lease,
        EventKind.RETURNED: claims.give_back,
    },
    State.LEASED: {
        **_LIVE,
        **_SENT,
        **_RECEIPTS_DECIDE,
        **deadlines.ANSWERS,
        EventKind.DEADLINE_NOT_FOUND: deadlines.not_found_while_leased,
    },
    State.UNKNOWN: {
        **_LIVE,
        **_SENT,
        **_RECEIPTS_DECIDE,
        **deadlines.ANSWERS,
        EventKind.SEND_UNKNOWN: "its outcome is already recorded as unknown",
        EventKind.DEADLINE_NOT_FOUND: deadlines.not_found_after_unknown,
    },
    State.ACCEPTED: {
        **_LIVE,
        **dict.fromkeys(_SENT, _RECEIPT_OUTRANKS),
        **_RECEIPTS_DECIDE,
        **deadlines.ANSWERS,
        EventKind.SEND_ACCEPTED: _told_before,
        EventKind.RECEIPT_PROGRESS: _told_before,
        EventKind.DEADLINE_NOT_FOUND: deadlines.looked_up_before_accepted,
        EventKind.DEADLINE_UNANSWERED: deadlines.silent_about_accepted,
        EventKind.DEADLINE_UNDECIDED: deadlines.looked_up_before_accepted,
        EventKind.DEADLINE_UNTOLD: deadlines.looked_up_before_accepted,
    },
    State.EARLIER: {
        **_LIVE,
        **_LEARNED,
        # The caller itself may have given this attempt up, in a commit whose reply was lost: it gets what is pending.
        **dict.fromkeys(deadlines.ANSWERS, again.resume),
        EventKind.ATTEMPT_DUE: "a timer of an attempt that was already given up",
        EventKind.SEND_ACCEPTED: reversals.exists_after_all,
        EventKind.RECEIPT_PROGRESS: reversals.exists_after_all,
        EventKind.RECEIPT_HANDED_OVER: reached.reached,
        EventKind.RECEIPT_DELIVERED: reached.reached,
        EventKind.NEVER_SENT: fates.never_sent,
    },
    State.DELIVERED: {
        **dict.fromkeys(EventKind, _TIMER_AFTER_END),
        **_LEARNED,
        EventKind.RECEIPT_HANDED_OVER: _learn,
        EventKind.RECEIPT_DELIVERED: _learn,
        EventKind.RECEIPT_FAILED: reversals.failed_after_delivery,
        EventKind.INBOUND_REPEATED: "already delivered",
        EventKind.INBOUND_SAYS_MORE: _said_more,
        EventKind.ALARM_RAISED: _NO_ALARM,
        EventKind.REDRIVE_REQUESTED: again.redrive_delivered,
        EventKind.CLAIMED: claims.claim,
        EventKind.PASSED: claims.pass_on_again,
        EventKind.RELEASED: _NOT_CLAIMED,
        **_LOOK_UPS,
    },
    State.EXHAUSTED: {
        **dict.fromkeys(EventKind, again.alarm_again),
        **_LEARNED,
        **_ALARMED,
        EventKind.RECEIPT_HANDED_OVER: reached.reached,
        EventKind.RECEIPT_DELIVERED: reached.reached,
        EventKind.REDRIVE_REQUESTED: again.redrive,
        EventKind.CLAIMED: claims.claim,
        **_LOOK_UPS,
    },
    State.RECORDED: {**dict.fromkeys(EventKind, "it was recorded only, never forwarded"), **_ALARMED},
    State.HELD: {**dict.fromkeys(EventKind, again.alarm_again), **_ALARMED, EventKind.REDRIVE_REQUESTED: again.redrive},
    # A handler got it; whether other attempts of that tier fail changes nothing while a person may take it.
    State.WAITING: {
        **_LIVE,
        **_LEARNED,
        **dict.fromkeys(deadlines.ANSWERS, again.resume),
        EventKind.RECEIPT_HANDED_OVER: reached.another_reached,
        EventKind.RECEIPT_DELIVERED: reached.another_reached,
        EventKind.RECEIPT_FAILED: reversals.failed_after_delivery,
        EventKind.NEVER_SENT: fates.never_sent,
        EventKind.CLAIM_DUE: claims.due,
    },
    State.CLAIMED: {
        **dict.fromkeys(EventKind, _TAKEN),
        **_LEARNED,
        EventKind.RECEIPT_HANDED_OVER: claims.told_after_claim,
        EventKind.RECEIPT_DELIVERED: claims.told_after_claim,
        EventKind.RECEIPT_FAILED: reversals.failed_after_delivery,
        EventKind.INBOUND_SAYS_MORE: _said_more,
        EventKind.REDRIVE_REQUESTED: again.redrive_claimed,
        EventKind.PASSED: claims.pass_on_again,
        EventKind.RELEASED: claims.release,
        **_LOOK_UPS,
    },
}
for _row in TABLE.values():
    _row |= {EventKind.LINK_REVOKED: files.revoke, **handling.ANSWERS}
