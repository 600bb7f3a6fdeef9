"""What becomes of the current attempt when its deadline has passed and it was asked about. Pure, as machine.py is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from relay.core import attempts, fates, moves
from relay.core.events import Decision, Event, EventKind
from relay.core.model import AttemptStatus, Relay
from relay.core.policy import LOOKUP_RETRIES_MAX, LOOKUP_RETRY_SECONDS


def unconfirmed(relay: Relay, event: Event, now: datetime) -> Decision:
    """Given up, but it may still be delivered: the next tier at once, or the end."""
    relay = attempts.give_up(relay, event, now, AttemptStatus.UNCONFIRMED)
    return moves.escalate_on_failure(relay, event, now)


def not_found(relay: Relay, event: Event, now: datetime) -> Decision:
    """Declared not sent: the next tier at once; at the last tier, and only once, it is sent again."""
    current = relay.attempts[-1]
    relay = attempts.give_up(relay, event, now, AttemptStatus.FAILED)
    drive = relay.attempts[relay.first_attempt_of_drive - 1 :]
    if current.tier == relay.policy.last_tier and not any(attempt.is_resend for attempt in drive):
        return moves.send_again(relay, event, now)
    return moves.escalate_on_failure(relay, event, now)


def not_found_while_leased(relay: Relay, event: Event, now: datetime) -> Decision:
    """Asked again while its POST could still be under way, for then "no such text" proves nothing; then as unsent."""
    current = relay.attempts[-1]
    settled_at = fates.settled_at(current)
    if now < settled_at and current.lookups < LOOKUP_RETRIES_MAX:
        return moves.ask_again(relay, event, now, settled_at)
    return not_found(relay, event, now)


def not_found_after_unknown(relay: Relay, event: Event, now: datetime) -> Decision:
    """The next tier at once; at the last tier asked again while its POST could be under way, then sent once more."""
    if relay.attempts[-1].tier == relay.policy.last_tier:
        return not_found_while_leased(relay, event, now)
    return not_found(relay, event, now)


def unanswered(relay: Relay, event: Event, now: datetime) -> Decision:
    """Its fate cannot be told: the next tier at once; at the last tier the provider is asked again, ten times."""
    current = relay.attempts[-1]
    if current.tier == relay.policy.last_tier and current.lookups < LOOKUP_RETRIES_MAX:
        return moves.ask_again(relay, event, now, now + timedelta(seconds=LOOKUP_RETRY_SECONDS))
    relay = attempts.give_up(relay, event, now, current.status)
    return moves.escalate_on_failure(relay, event, now)


def looked_up_before_accepted(relay: Relay, event: Event, now: datetime) -> Decision:
    """A receipt came since it was looked up: only unconfirmed, so the next tier at once, or the end."""
    silent = " and could not be asked for its fate" if event.kind is EventKind.DEADLINE_UNANSWERED else ""
    reason = f"no delivery confirmed in time; the provider has the text{silent}"
    return unconfirmed(relay, replace(event, reason=reason), now)


# The usual answers; the machine's table has others where more is known of the attempt.
ANSWERS = {
    EventKind.DEADLINE_UNCONFIRMED: unconfirmed,
    EventKind.DEADLINE_NOT_FOUND: not_found,
    EventKind.DEADLINE_UNANSWERED: unanswered,
}
