"""What is still worth asking the provider about: attempts that decide nothing any more and whose true fate is not told.

A relay that has ended stays due until they are settled, so that whoever looks after due relays finds them by the same
index and nothing has to be searched for. Pure, like the machine it belongs to.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from relay.core.changes import changed, log_relay_attempt, with_attempt
from relay.core.events import Decision, Event, EventKind, RaiseAlarm, ignored
from relay.core.model import Attempt, AttemptStatus, FinalStatus, Relay, Step
from relay.core.policy import (
    FATE_LOOKUP_SECONDS,
    FATE_LOOKUP_SECONDS_MAX,
    FATE_LOOKUPS,
    LEASE_SECONDS,
    SEND_SECONDS_MAX,
)

_UNANSWERED = "unanswered"
_AWAITED = frozenset({AttemptStatus.ACCEPTED, AttemptStatus.UNCONFIRMED})


def open_attempts(relay: Relay) -> tuple[Attempt, ...]:
    """The attempts of which the provider may know more than the record: of unknown outcome, or, while no delivery is on
    record, taken by the provider and not told of since."""
    wanted = relay.final_status is not FinalStatus.DELIVERED
    return tuple(
        attempt for attempt in relay.attempts if attempt.is_unresolved or (wanted and attempt.standing in _AWAITED)
    )


def settled_at(attempt: Attempt) -> datetime:
    """When the holder of its lease can no longer be sending: before, "no such text" proves nothing."""
    lease_until = attempt.lease_until or attempt.starts_at + timedelta(seconds=LEASE_SECONDS)
    return lease_until + timedelta(seconds=SEND_SECONDS_MAX)


def due_after_end(relay: Relay, now: datetime) -> datetime | None:
    """When to ask the provider (again) about the open attempts of a relay that has ended; None when none is left."""
    attempts = open_attempts(relay)
    if not attempts:
        return None
    if relay.fate_lookups_answered >= FATE_LOOKUPS and not any(attempt.is_unresolved for attempt in attempts):
        return None
    return now + timedelta(seconds=min(FATE_LOOKUP_SECONDS * 2 ** min(relay.fate_lookups, 16), FATE_LOOKUP_SECONDS_MAX))


def at_rest(relay: Relay) -> Relay:
    """The relay, due no longer if it has ended and the last open attempt was just settled."""
    if relay.final_status is FinalStatus.IN_PROGRESS or relay.alarm_is_due or open_attempts(relay):
        return relay
    return changed(relay, due_at=None)


def never_sent(relay: Relay, event: Event, now: datetime) -> Decision:
    """An attempt of unknown outcome is declared not sent, once nobody can be sending it; nothing else moves."""
    attempt = relay.attempts[event.attempt - 1]
    if not attempt.is_unresolved:
        return ignored(relay, "its outcome is known by now")
    if now < settled_at(attempt):
        return ignored(relay, "its POST may still be under way")
    failed = AttemptStatus.FAILED
    relay = with_attempt(relay, attempt.number, status=failed)
    relay = log_relay_attempt(
        relay, Step.LATE_STATUS, now, attempt.number, status=failed.value, reason=event.reason, by=event.by
    )
    return Decision(at_rest(relay))


def looked_up(relay: Relay, event: Event, now: datetime) -> Decision:
    """Asked again later about what is still open, while that can tell something; the alarm comes first."""
    if relay.alarm_is_due:
        return ignored(relay, "exhausted; the alarm is still due", RaiseAlarm())
    if relay.due_at is None:
        return ignored(relay, "nothing is left to ask about")
    answered = event.kind is not EventKind.LOOKUP_UNANSWERED
    relay = changed(
        relay,
        fate_lookups=relay.fate_lookups + 1,
        fate_lookups_answered=relay.fate_lookups_answered + answered,
    )
    status = None if answered else _UNANSWERED
    relay = log_relay_attempt(relay, Step.LOOKUP_REPEATED, now, status=status, reason=event.reason, by=event.by)
    return Decision(changed(relay, due_at=due_after_end(relay, now)))
