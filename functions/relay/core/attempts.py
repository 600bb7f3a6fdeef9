"""What becomes of an attempt: failed, given up, delivered, or told of later. Pure, like the machine it belongs to."""

from __future__ import annotations

from datetime import datetime

from relay.core import fates, moves
from relay.core.changes import (
    changed,
    log_relay_attempt,
    with_accepted,
    with_attempt,
    with_fates_open,
    without_outage,
)
from relay.core.events import Decision, Effect, Event, EventKind, WithdrawAttempt, ignored
from relay.core.failures import NO_REASON
from relay.core.model import Attempt, AttemptStatus, FinalStatus, Relay, Step


def accept(relay: Relay, event: Event, now: datetime) -> Decision:
    """The provider has the text: the relay waits for its receipt until the deadline."""
    number = event.attempt
    waited = (
        "" if relay.outage_since is None else f"after an outage of {(now - relay.outage_since).total_seconds():.0f} s"
    )
    relay = with_accepted(relay, number, sent_id=event.sent_id)
    reason = event.reason or waited
    return Decision(log_relay_attempt(relay, Step.ATTEMPT_ACCEPTED, now, number, reason=reason, by=event.by))


def exists_after_all(relay: Relay, event: Event, now: datetime, first: tuple[Effect, ...]) -> Decision:
    """The provider has the text although it refused it: the relay waits for its receipt like for any other's.

    `first` are the effects that come before the timer's.
    """
    number = event.attempt
    reason = event.reason or "it was refused, and exists all the same"
    relay = with_accepted(relay, number, sent_id=event.sent_id)
    relay = log_relay_attempt(relay, Step.ATTEMPT_ACCEPTED, now, number, reason=reason, by=event.by)
    timer = moves.pending_timer(relay)
    return Decision(changed(relay, due_at=timer.timer.due_at), (*first, timer))


def lose(relay: Relay, event: Event, now: datetime) -> Decision:
    """The provider's answer was lost: nothing is sent again before the provider was asked at the deadline."""
    number = event.attempt
    relay = with_attempt(relay, number, status=AttemptStatus.UNKNOWN, failure=None, is_refused=False)
    return Decision(log_relay_attempt(relay, Step.ATTEMPT_UNKNOWN, now, number, reason=event.reason, by=event.by))


def fail(relay: Relay, event: Event, now: datetime) -> Relay:
    """Returns the relay whose attempt the event declares failed, with the reason if the event tells one."""
    number = event.attempt
    failure = event.failure or NO_REASON
    sent_id = event.sent_id or relay.attempts[number - 1].sent_id
    relay = with_attempt(
        relay,
        number,
        status=AttemptStatus.FAILED,
        failure=failure,
        sent_id=sent_id,
        is_refused=event.kind is EventKind.SEND_REFUSED,
        is_handed_over=False,
    )
    return log_relay_attempt(
        relay,
        Step.ATTEMPT_FAILED,
        now,
        number,
        status=failure.failure_class.value,
        error_code=failure.code,
        reason=event.reason or failure.words,
        by=event.by,
    )


def give_up(relay: Relay, event: Event, now: datetime, status: AttemptStatus) -> Relay:
    """Returns the relay whose current attempt has `status` from now on, because its deadline passed.

    The attempt keeps what is known of it and no longer decides what the relay does.
    """
    sent_id = event.sent_id or relay.attempts[event.attempt - 1].sent_id
    step = Step.ATTEMPT_FAILED if status is AttemptStatus.FAILED else Step.ATTEMPT_UNCONFIRMED
    relay = with_attempt(relay, event.attempt, status=status, sent_id=sent_id)
    return log_relay_attempt(relay, step, now, event.attempt, status=status.value, reason=event.reason, by=event.by)


def without_current(relay: Relay, event: Event, now: datetime, reason: str) -> Relay:
    """Returns the relay with its current attempt given up, if it is in progress and that attempt is alive.

    One that is planned is withdrawn; one of unknown outcome stays so, and the provider is asked about it.
    """
    if relay.final_status is not FinalStatus.IN_PROGRESS or not relay.current.is_alive:
        return relay
    current = relay.current
    if current.standing is AttemptStatus.SCHEDULED:
        return withdraw_scheduled(relay, now, reason, event.by)
    status = current.status if current.is_unresolved else AttemptStatus.UNCONFIRMED
    return give_up(relay, Event(event.kind, current.number, reason=reason, by=event.by), now, status)


def deliver(relay: Relay, event: Event, now: datetime) -> Decision:
    """The relay ends as delivered at this attempt's tier; an attempt that is planned is withdrawn.

    Ignored where the carrier no more than took the text and a failure of it was told before.
    """
    if adds_nothing(relay, event):
        return learn(relay, event, now)
    effects: tuple[Effect, ...] = (*moves.timers_to_cancel(relay), *to_withdraw(relay, event.attempt))
    late = "after the relay was given up as exhausted" if relay.final_status is FinalStatus.EXHAUSTED else ""
    relay = with_delivered(relay, event, now)
    attempt = relay.attempts[event.attempt - 1]
    relay = with_fates_open(
        relay,
        final_status=FinalStatus.DELIVERED,
        delivered_tier=attempt.tier,
        delivery_confirmed_at=now,
        alarm_is_due=False,
    )
    relay = changed(relay, due_at=fates.due_after_end(relay, now))
    relay = log_relay_attempt(relay, Step.DELIVERED, now, attempt.number, reason=event.reason or late, by=event.by)
    return Decision(relay, effects)


def has_another_text(attempt: Attempt, sent_id: str) -> bool:
    """Whether the provider has told of another text of this attempt than the one with this id."""
    return attempt.sent_id not in (None, sent_id) and not attempt.is_adopted


def adds_nothing(relay: Relay, event: Event) -> bool:
    """Whether what is on record of the attempt is no weaker than what the event tells of it."""
    return rank_of(relay.attempts[event.attempt - 1]) >= _RANK_LEARNED[event.kind]


def with_delivered(relay: Relay, event: Event, now: datetime) -> Relay:
    """Returns the relay with the event's attempt delivered and what was planned withdrawn, outside of an outage."""
    relay = without_outage(relay)
    if relay.current.number != event.attempt:
        relay = withdraw_scheduled(relay, now)
    attempt = relay.attempts[event.attempt - 1]
    # A failure that an earlier receipt recorded is removed, so that every order of receipts leaves the same attempt.
    return with_attempt(
        relay,
        attempt.number,
        status=AttemptStatus.DELIVERED,
        sent_id=event.sent_id or attempt.sent_id,
        failure=None,
        is_refused=False,
        is_handed_over=event.kind is EventKind.RECEIPT_HANDED_OVER,
        is_contradicted=rank_of(attempt) == RANK[AttemptStatus.FAILED],
    )


def to_withdraw(relay: Relay, delivered: int = 0) -> tuple[WithdrawAttempt, ...]:
    """Returns the effect that takes the current attempt back, if it is under way and not the one that was delivered."""
    current = relay.current
    is_under_way = relay.final_status is FinalStatus.IN_PROGRESS and current.status in _UNDER_WAY
    return (WithdrawAttempt(current.number),) if is_under_way and current.number != delivered else ()


_UNDER_WAY = frozenset({AttemptStatus.LEASED, AttemptStatus.UNKNOWN, AttemptStatus.ACCEPTED})


def withdraw_scheduled(
    relay: Relay, now: datetime, reason: str = "an earlier attempt was delivered after all", by: str = ""
) -> Relay:
    """Returns the relay with its current attempt withdrawn if no process has leased it, else the relay as it is."""
    current = relay.current
    if current.standing is not AttemptStatus.SCHEDULED:
        return relay
    relay = with_attempt(relay, current.number, status=AttemptStatus.WITHDRAWN, is_refused=False)
    return log_relay_attempt(relay, Step.ATTEMPT_WITHDRAWN, now, current.number, reason=reason, by=by)


# The status that each of these events reports of the attempt it is about.
LEARNED = {
    EventKind.SEND_ACCEPTED: AttemptStatus.ACCEPTED,
    EventKind.RECEIPT_PROGRESS: AttemptStatus.ACCEPTED,
    EventKind.SEND_REFUSED: AttemptStatus.FAILED,
    EventKind.SEND_UNKNOWN: AttemptStatus.UNKNOWN,
    EventKind.RECEIPT_FAILED: AttemptStatus.FAILED,
    EventKind.RECEIPT_HANDED_OVER: AttemptStatus.DELIVERED,
    EventKind.RECEIPT_DELIVERED: AttemptStatus.DELIVERED,
}
# A status only climbs: an event changes the status only to one of a higher rank than the one on record.
RANK = {
    AttemptStatus.SCHEDULED: 0,
    AttemptStatus.LEASED: 1,
    AttemptStatus.UNKNOWN: 2,
    AttemptStatus.ACCEPTED: 4,
    AttemptStatus.UNCONFIRMED: 4,
    AttemptStatus.WITHDRAWN: 6,
    AttemptStatus.FAILED: 6,
    AttemptStatus.DELIVERED: 7,
}
# Two words that are weaker than the status they bring: an answer that refuses a text is outranked by any sign that the
# text exists, and that a carrier took it, by an explicit failure.
_REFUSED, _HANDED_OVER = 3, 5
_RANK_LEARNED = {kind: RANK[status] for kind, status in LEARNED.items()} | {
    EventKind.SEND_REFUSED: _REFUSED,
    EventKind.RECEIPT_HANDED_OVER: _HANDED_OVER,
}
_NOTHING_NEW = "nothing new about an attempt that no longer decides anything"


def rank_of(attempt: Attempt) -> int:
    """Returns the rank of what is on record of the attempt: only an event of a higher one changes its status."""
    if attempt.is_refused:
        return _REFUSED
    if attempt.status is AttemptStatus.DELIVERED and attempt.is_handed_over:
        return _HANDED_OVER
    # Declared not sent is no word on the text, only the end of waiting for one.
    was_given_up = attempt.status is AttemptStatus.FAILED and attempt.failure is None
    return RANK[AttemptStatus.UNCONFIRMED if was_given_up else attempt.standing]


def learn(relay: Relay, event: Event, now: datetime) -> Decision:
    """Record what is learned of an attempt that no longer decides anything; ignore it if it adds nothing.

    What adds nothing may be the very event that ended the attempt, repeated because the process that committed it died
    before the effects: what is pending is returned again.
    """
    attempt = relay.attempts[event.attempt - 1]
    learned = LEARNED[event.kind]
    climbs = _RANK_LEARNED[event.kind] > rank_of(attempt) and not _would_decide(relay, attempt, learned)
    if not climbs and (event.sent_id is None or attempt.sent_id is not None):
        return ignored(relay, _NOTHING_NEW, *moves.still_pending(relay))
    failure = (event.failure or NO_REASON) if learned is AttemptStatus.FAILED else None
    relay = with_attempt(
        relay,
        attempt.number,
        status=learned if climbs else attempt.status,
        sent_id=attempt.sent_id or event.sent_id,
        failure=failure if climbs else attempt.failure,
        is_refused=event.kind is EventKind.SEND_REFUSED if climbs else attempt.is_refused,
        is_handed_over=event.kind is EventKind.RECEIPT_HANDED_OVER if climbs else attempt.is_handed_over,
        is_contradicted=attempt.is_contradicted or (climbs and rank_of(attempt) == RANK[AttemptStatus.FAILED]),
    )
    return Decision(fates.at_rest(log_late(relay, event, now), now))


def _would_decide(relay: Relay, attempt: Attempt, learned: AttemptStatus) -> bool:
    """Whether the attempt was given up for an earlier one that decides, and would by this status decide again."""
    is_later = relay.final_status is FinalStatus.IN_PROGRESS and attempt.number > relay.current.number
    return is_later and learned is AttemptStatus.ACCEPTED


def log_late(relay: Relay, event: Event, now: datetime) -> Relay:
    """Returns the relay with a line that tells what the event says of an attempt that no longer decides anything."""
    failure = (event.failure or NO_REASON) if LEARNED[event.kind] is AttemptStatus.FAILED else None
    return log_relay_attempt(
        relay,
        Step.LATE_STATUS,
        now,
        event.attempt,
        status=LEARNED[event.kind].value,
        error_code=failure.code if failure else None,
        reason=event.reason or (failure.words if failure else ""),
        by=event.by,
    )
