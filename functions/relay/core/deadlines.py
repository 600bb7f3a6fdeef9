"""What the machine does at the current attempt's deadline, by what the provider said when it was asked. Pure.

Each function returns the decision for one answer.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from relay.core import attempts, fates, moves, outages, purposes
from relay.core.changes import changed, log_relay_attempt, with_accepted, with_attempt
from relay.core.clocks import TOLERANCE
from relay.core.events import Decision, Event, EventKind
from relay.core.model import AttemptStatus, Relay, Step
from relay.core.policy import (
    LEASE_SECONDS,
    LOOKUP_RETRIES_MAX,
    LOOKUP_RETRY_SECONDS,
    QUEUE_LOOKUP_SECONDS,
    QUEUE_LOOKUP_SECONDS_MAX,
)


def unconfirmed(relay: Relay, event: Event, now: datetime) -> Decision:
    """Delivery was not confirmed: the attempt becomes UNCONFIRMED, the next tier is due at once, or the end."""
    until = relay.attempts[event.attempt - 1].queued_until
    if purposes.ways_of(relay).fails_when_told and until is not None and now < until:
        return queued(relay, event, now)
    relay = attempts.give_up(relay, event, now, AttemptStatus.UNCONFIRMED)
    return moves.escalate_on_failure(relay, event, now)


def not_found(relay: Relay, event: Event, now: datetime) -> Decision:
    """Declared not sent: the next tier at once; at the last tier the text is sent once more, once per drive.

    A resend that was withdrawn does not count, unless its text is known to have left although it was refused.
    """
    current = relay.attempts[event.attempt - 1]
    relay = attempts.give_up(relay, event, now, AttemptStatus.FAILED)
    resends = (attempt for attempt in relay.attempts_of_drive if attempt.is_resend)
    resent = any(each.status is not AttemptStatus.WITHDRAWN or each.sent_id is not None for each in resends)
    may_be_resent = purposes.ways_of(relay).is_resent and not resent
    if current.tier == relay.policy.last_tier and may_be_resent:
        return moves.send_again(relay, event, now)
    return moves.escalate_on_failure(relay, event, now)


def not_found_while_leased(relay: Relay, event: Event, now: datetime) -> Decision:
    """The provider is asked again while the POST can still be under way; then the attempt is declared not sent.

    Until `fates.settled_at` the answer "no such text" proves nothing. The provider is asked again at most
    LOOKUP_RETRIES_MAX times; what a declaration brings about is in `not_found`.

    A lease that ended longer ago than machines' clocks may differ may be that of a clock that is days behind, and its
    holder still sending: it counts as one that begins now, once it has been met.
    """
    current = relay.attempts[event.attempt - 1]
    settled_at = fates.settled_at(current)
    if now > settled_at + TOLERANCE and current.lookups < LOOKUP_RETRIES_MAX:
        relay = with_attempt(relay, current.number, lease_until=now + timedelta(seconds=LEASE_SECONDS))
        settled_at = fates.settled_at(relay.attempts[event.attempt - 1])
    if now < settled_at and current.lookups < LOOKUP_RETRIES_MAX:
        return moves.ask_again(relay, event, now, settled_at)
    return not_found(relay, event, now)


def not_found_after_unknown(relay: Relay, event: Event, now: datetime) -> Decision:
    """Declared not sent: the next tier at once; at the last tier only once the POST can no longer be under way."""
    if relay.attempts[event.attempt - 1].tier == relay.policy.last_tier:
        return not_found_while_leased(relay, event, now)
    return not_found(relay, event, now)


def unanswered(relay: Relay, event: Event, now: datetime) -> Decision:
    """The provider is asked again out of the drive's allowance for outages; then the next tier, or the end."""
    if outages.may_wait(relay):
        return outages.ask_later(relay, event, now)
    relay = attempts.give_up(relay, event, now, relay.attempts[event.attempt - 1].status)
    return moves.escalate_on_failure(relay, event, now)


def undecided(relay: Relay, event: Event, now: datetime) -> Decision:
    """The next tier at once; at the last tier the provider is asked again, LOOKUP_RETRIES_MAX times, then the end."""
    current = relay.attempts[event.attempt - 1]
    if current.tier == relay.policy.last_tier and current.lookups < LOOKUP_RETRIES_MAX:
        return moves.ask_again(relay, event, now, now + timedelta(seconds=LOOKUP_RETRY_SECONDS))
    relay = attempts.give_up(relay, event, now, current.status)
    return moves.escalate_on_failure(relay, event, now)


def untold(relay: Relay, event: Event, now: datetime) -> Decision:
    """The next tier at once, or the end as exhausted: asking the provider again would tell no more."""
    relay = attempts.give_up(relay, event, now, relay.attempts[event.attempt - 1].status)
    return moves.escalate_on_failure(relay, event, now)


def queued(relay: Relay, event: Event, now: datetime) -> Decision:
    """The provider still has it queued: it is asked about at growing distances, until `queued_until`."""
    attempt = relay.attempts[event.attempt - 1]
    until = attempt.queued_until or now
    if now >= until:
        return unconfirmed(relay, event, now)
    distance = min(QUEUE_LOOKUP_SECONDS * 2 ** min(attempt.lookups, 16), QUEUE_LOOKUP_SECONDS_MAX)
    at = min(now + timedelta(seconds=distance), until)
    sent_id = event.sent_id or attempt.sent_id
    relay = with_accepted(relay, attempt.number, sent_id=sent_id, deadline_at=at, lookups=attempt.lookups + 1)
    if not attempt.lookups:
        relay = log_relay_attempt(relay, Step.STILL_QUEUED, now, attempt.number, reason=event.reason, by=event.by)
    relay = changed(relay, due_at=at)
    return Decision(relay, (moves.pending_timer(relay),))


def silent_about_accepted(relay: Relay, event: Event, now: datetime) -> Decision:
    """The next tier at once; at the last tier, where a queue is waited for, the provider is asked again first."""
    if relay.attempts[event.attempt - 1].tier == relay.policy.last_tier and outages.may_wait(relay):
        return outages.ask_later(relay, event, now)
    return looked_up_before_accepted(relay, event, now)


def looked_up_before_accepted(relay: Relay, event: Event, now: datetime) -> Decision:
    """That the provider has the text became known while it was asked, which outranks what it answered.

    The next tier at once; at the last tier the provider is asked again first, as the text may be queued.
    """
    silent = " and could not be asked for its fate" if event.kind is EventKind.DEADLINE_UNANSWERED else ""
    reason = f"no delivery confirmed in time; the provider has the text{silent}"
    current = relay.attempts[event.attempt - 1]
    if current.tier == relay.policy.last_tier and not silent and current.lookups < LOOKUP_RETRIES_MAX:
        return moves.ask_again(relay, replace(event, reason=reason), now, now + timedelta(seconds=LOOKUP_RETRY_SECONDS))
    return unconfirmed(relay, replace(event, reason=reason), now)


# What the machine's table has in most states; State.LEASED, UNKNOWN and ACCEPTED replace some of them.
ANSWERS = {
    EventKind.DEADLINE_UNCONFIRMED: unconfirmed,
    EventKind.DEADLINE_NOT_FOUND: not_found,
    EventKind.DEADLINE_QUEUED: queued,
    EventKind.DEADLINE_UNANSWERED: unanswered,
    EventKind.DEADLINE_UNDECIDED: undecided,
    EventKind.DEADLINE_UNTOLD: untold,
}
