"""Open attempts: those of which the provider may know more than the record, so that it is worth asking about them.

A relay that has ended stays due (`due_at`) until its open attempts are settled: the sweep, which reads due relays by
one index, then finds it without a search of its own. Pure, like the machine it belongs to.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from relay.core import purposes
from relay.core.changes import changed, log_relay_attempt, with_attempt
from relay.core.events import Decision, Event, EventKind, RaiseAlarm, ignored
from relay.core.model import Attempt, AttemptStatus, FinalStatus, Relay, Step
from relay.core.policy import (
    CLOCKS_DIFFER_SECONDS,
    FATE_LOOKUP_SECONDS,
    FATE_LOOKUP_SECONDS_MAX,
    FATE_LOOKUPS,
    LEASE_SECONDS,
    OFF_BY_SECONDS_MAX,
    SEND_SECONDS_MAX,
)

_UNANSWERED = "unanswered"
_HAS_IT = frozenset({FinalStatus.DELIVERED, FinalStatus.CLAIMED})
_AWAITED = frozenset({AttemptStatus.ACCEPTED, AttemptStatus.UNCONFIRMED})


def open_attempts(relay: Relay) -> tuple[Attempt, ...]:
    """Returns the attempts of which the provider may know more than the record.

    These are the ones of unknown outcome; while no delivery is on record those that the provider took and has sent no
    final receipt for; and those that count as delivered because their carrier took them.
    """
    wanted = relay.final_status not in _HAS_IT
    return tuple(
        attempt
        for attempt in relay.attempts
        if attempt.is_unresolved or attempt.is_handed_over or (wanted and attempt.standing in _AWAITED)
    )


def as_of(attempt: Attempt, now: datetime) -> Attempt:
    """Returns the attempt as it is to be asked about now; one that a clock ahead leased with its times put right.

    No lease is so long. Else its text would be looked for when the time comes that this clock had shown, and at it.
    """
    latest = now + timedelta(seconds=LEASE_SECONDS + CLOCKS_DIFFER_SECONDS)
    if attempt.lease_until is None or attempt.lease_until <= latest:
        return attempt
    over = now - timedelta(seconds=SEND_SECONDS_MAX)
    starts_at = min(attempt.starts_at, now)
    return replace(attempt, starts_at=starts_at, lease_until=over, off_by_seconds=OFF_BY_SECONDS_MAX)


def settled_at(attempt: Attempt) -> datetime:
    """Returns the time from which the process that leased the attempt can no longer be sending it.

    That is when its lease and one whole POST are over. Before, the provider's "no such text" proves nothing.
    """
    lease_until = attempt.lease_until or attempt.starts_at + timedelta(seconds=LEASE_SECONDS)
    return lease_until + timedelta(seconds=SEND_SECONDS_MAX)


def last_leased(relay: Relay) -> int:
    """Returns the number of the last attempt that has been leased; the last one's, where the record holds no lease."""
    leased = (attempt.number for attempt in relay.attempts if attempt.lease is not None)
    return max(leased, default=len(relay.attempts))


def due_after_end(relay: Relay, now: datetime) -> datetime | None:
    """Returns when to ask the provider (again) about the open attempts of a relay that has ended.

    None when there are none, or when the provider has answered often enough and none is of unknown outcome: once where
    a carrier took the text and a failure would be news, else FATE_LOOKUPS times. A purpose may have its own number.
    """
    attempts = open_attempts(relay)
    at_most = purposes.ways_of(relay).fate_lookups
    if at_most is not None and relay.fate_lookups_answered >= at_most:
        return None
    enough = 1 if all(attempt.is_handed_over for attempt in attempts) else FATE_LOOKUPS
    if relay.fate_lookups_answered >= enough and not any(attempt.is_unresolved for attempt in attempts):
        return None
    if not attempts:
        return None
    return now + timedelta(seconds=min(FATE_LOOKUP_SECONDS * 2 ** min(relay.fate_lookups, 16), FATE_LOOKUP_SECONDS_MAX))


def at_rest(relay: Relay, now: datetime) -> Relay:
    """Returns the relay with the `due_at` of one that has ended: none, once there is nothing more to ask about.

    One in progress stays as it is, and one whose alarm is not on record yet.
    """
    if relay.final_status is FinalStatus.IN_PROGRESS or relay.alarm_is_due:
        return relay
    due_at = due_after_end(relay, now)
    return changed(relay, due_at=due_at and (relay.due_at or due_at))


def never_sent(relay: Relay, event: Event, now: datetime) -> Decision:
    """An attempt of unknown outcome is declared not sent; the relay does nothing else for it.

    Ignored before `settled_at`, while the process that leased the attempt can still be sending it.
    """
    attempt = relay.attempts[event.attempt - 1]
    if not attempt.is_unresolved:
        return ignored(relay, "its outcome is known by now")
    if now < settled_at(as_of(attempt, now)):
        return ignored(relay, "its POST may still be under way")
    failed = AttemptStatus.FAILED
    relay = with_attempt(relay, attempt.number, status=failed)
    relay = log_relay_attempt(
        relay, Step.LATE_STATUS, now, attempt.number, status=failed.value, reason=event.reason, by=event.by
    )
    return Decision(at_rest(relay, now))


def looked_up(relay: Relay, event: Event, now: datetime) -> Decision:
    """The round of look-ups is counted and the next one planned; while an alarm is due it is raised instead."""
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
