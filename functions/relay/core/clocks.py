"""Times that a wrong clock wrote into a relay: how they are known, and how they are put right. Pure, like the machine.

A clock that was hours or months ahead leaves a relay that nothing would go on with until then, one that was behind a
relay that would expire before it has ended.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from relay.core.changes import changed, log_relay_attempt, with_attempt
from relay.core.events import ArmTimer, CancelTimer, Decision, Effect, Event, RaiseAlarm, ignored
from relay.core.model import RETENTION, Attempt, FinalStatus, Relay, Step
from relay.core.moves import pending_timer, still_pending, timers_to_cancel
from relay.core.policy import CLOCKS_DIFFER_SECONDS, FATE_LOOKUP_SECONDS_MAX, LEASE_SECONDS, OFF_BY_SECONDS_MAX

# By how much machines' clocks may differ, and what a relay may wait for besides its tier's own times: anything due
# later than these allow was planned by a clock that was ahead.
TOLERANCE = timedelta(seconds=CLOCKS_DIFFER_SECONDS)
_OTHER_WAITS_SECONDS = 600.0
# The time by which a store removes what has expired follows the clock by at most this a round, one a minute:
# a clock that jumps ahead by months removes nothing before it is noticed and set right.
PURGE_STEP = timedelta(minutes=5)
# No clock that says less is right; this code is younger.
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
# A relay that has not ended is kept at least this long from any moment on.
_KEPT = RETENTION / 2


def are_off(relay: Relay, now: datetime) -> bool:
    """Whether a relay is due later than can be, or the record of an unfinished one would expire before its end."""
    return _is_due_too_late(relay, now) or _expires_too_soon(relay, now)


def purge_until(before: datetime | None, now: datetime) -> datetime:
    """Returns the time by which a store may remove what has expired, from this round on; `before` is that until now.

    It does not go back with a clock: by it a store knows what a clock that is far behind has dated (`kept_until`).
    """
    before = now if before is None else before
    return max(before, min(now, before + PURGE_STEP), EARLIEST)


def kept_until(expires_at: datetime, purged_until: datetime | None) -> datetime:
    """Returns until when a store keeps the record of an ended relay. `purged_until` is what purge_until returned last.

    That is what the record says. But a record that would have been removed already was dated by a clock of months ago,
    or by a dead one of the year 2000: without it its text would be taken in once more, and sent twice.
    """
    if purged_until is None or expires_at > purged_until:
        return expires_at
    return purged_until + RETENTION


def _expires_too_soon(relay: Relay, now: datetime) -> bool:
    return _is_unfinished(relay) and relay.expires_at < now + _KEPT


def _is_due_too_late(relay: Relay, now: datetime) -> bool:
    return relay.due_at is not None and relay.due_at > now + _longest_wait(relay) + TOLERANCE


def _is_unfinished(relay: Relay) -> bool:
    return relay.final_status is FinalStatus.IN_PROGRESS or relay.alarm_is_due


def _longest_wait(relay: Relay) -> timedelta:
    if relay.final_status is not FinalStatus.IN_PROGRESS:
        return timedelta() if relay.alarm_is_due else timedelta(seconds=FATE_LOOKUP_SECONDS_MAX)
    tier = relay.policy.tier(relay.current.tier)
    own = (tier.receipt_timeout_seconds, tier.claim_timeout_seconds)
    seconds = max(*own, *tier.retry_delays_seconds, _OTHER_WAITS_SECONDS)
    return timedelta(seconds=seconds)


def correct(relay: Relay, event: Event, now: datetime) -> Decision:
    """Times that a wrong clock wrote are put right: what waited begins now, what was sent has its tier's time from now.

    Where it is known by how much the clock was set (`event.set_by`), everything waits as long as it would have.
    Returns the decision with the timer armed anew, or with the alarm that is due.
    """
    if event.set_by is not None:
        return _moved(relay, event, event.set_by, now)
    if not are_off(relay, now):
        return ignored(relay, "its times can be right", *still_pending(relay))
    before = timers_to_cancel(relay)
    reason = "its record would have expired before its end"
    if _is_due_too_late(relay, now):
        reason = "a clock that was ahead had put it off"
        relay = changed(relay, attempts=tuple(_corrected(relay, attempt, now) for attempt in relay.attempts))
        if relay.claim_until is not None:
            relay = changed(relay, claim_until=min(relay.claim_until, now + _claim_timeout(relay)))
    relay = changed(relay, expires_at=max(relay.expires_at, now + RETENTION))
    relay = log_relay_attempt(relay, Step.TIMES_CORRECTED, now, reason=reason, by=event.by)
    return _planned_anew(relay, now, before)


def planned_at(relay: Relay) -> datetime:
    """Returns when what the relay waits for was planned, as far as that is on record."""
    current = relay.current_attempt
    if relay.claim_until is not None:
        return relay.claim_until - _claim_timeout(relay)
    lease_until = current.lease_until if current else None
    return relay.timestamp if lease_until is None else lease_until - timedelta(seconds=LEASE_SECONDS)


def _claim_timeout(relay: Relay) -> timedelta:
    return timedelta(seconds=relay.policy.tier_or_last(relay.current.tier).claim_timeout_seconds)


def _moved(relay: Relay, event: Event, set_by: timedelta, now: datetime) -> Decision:
    current, due_at = relay.current_attempt, relay.due_at
    if due_at is None or current is None:
        return ignored(relay, "it waits for nothing")
    before = timers_to_cancel(relay)
    since, until = relay.outage_since, relay.claim_until
    relay = with_attempt(
        changed(relay, outage_since=since and since + set_by, claim_until=until and until + set_by),
        current.number,
        starts_at=current.starts_at + set_by,
        lease_until=current.lease_until and current.lease_until + set_by,
        deadline_at=current.deadline_at and current.deadline_at + set_by,
        queued_until=current.queued_until and current.queued_until + set_by,
        # Which of the two times was right is not known.
        off_by_seconds=min(current.off_by_seconds + abs(set_by.total_seconds()), OFF_BY_SECONDS_MAX),
    )
    direction = "back" if set_by < timedelta() else "forward"
    reason = f"the clock was set {direction} by {abs(set_by).total_seconds():.0f} s; it waits as long as it would have"
    relay = log_relay_attempt(relay, Step.TIMES_CORRECTED, now, reason=reason, by=event.by)
    return _planned_anew(relay, due_at + set_by, before)


def _planned_anew(relay: Relay, due_at: datetime, before: tuple[CancelTimer, ...]) -> Decision:
    """Returns the decision that arms the timer anew in place of those `before`; `due_at` is for one that has ended."""
    if relay.final_status is not FinalStatus.IN_PROGRESS:
        return Decision(changed(relay, due_at=due_at), (RaiseAlarm(),) if relay.alarm_is_due else ())
    armed: ArmTimer = pending_timer(relay)
    superseded: tuple[Effect, ...] = tuple(each for each in before if each.timer != armed.timer)
    return Decision(changed(relay, due_at=armed.timer.due_at), (*superseded, armed))


def _corrected(relay: Relay, attempt: Attempt, now: datetime) -> Attempt:
    # Tiers may be fewer since a redrive.
    tier = relay.policy.tier_or_last(attempt.tier)
    lease_until, deadline_at = attempt.lease_until, attempt.deadline_at
    return replace(
        attempt,
        starts_at=min(attempt.starts_at, now),
        lease_until=lease_until and min(lease_until, now + timedelta(seconds=LEASE_SECONDS)),
        deadline_at=deadline_at and min(deadline_at, now + timedelta(seconds=tier.receipt_timeout_seconds)),
        off_by_seconds=OFF_BY_SECONDS_MAX,
    )
