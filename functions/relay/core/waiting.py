"""What a relay waits for: the one timer of a relay in progress, or an alarm that is due. Read from the record. Pure."""

from __future__ import annotations

from relay.core.events import ArmTimer, CancelTimer, Effect, RaiseAlarm
from relay.core.model import AttemptStatus, FinalStatus, Relay, Timer, TimerKind


def pending_timer(relay: Relay) -> ArmTimer:
    """Returns the effect that arms the timer of a relay in progress."""
    timer = pending(relay)
    if timer is None:
        raise ValueError("only a relay in progress waits for a timer")
    return ArmTimer(timer)


def pending(relay: Relay) -> Timer | None:
    """Returns the timer that the relay waits for: a claim, its attempt's start or its deadline; None at its end."""
    current = relay.current_attempt
    if relay.final_status is not FinalStatus.IN_PROGRESS or current is None:
        return None
    # The deadline, as the end of a claim's window, wakes the tier that acts on it: the next one, if there is one.
    queue_tier = min(current.tier + 1, relay.policy.last_tier)
    if relay.claim_until is not None:
        # The last attempt stays the last one while the window runs, so that this timer keeps its name.
        return Timer(relay.message_id, len(relay.attempts), TimerKind.CLAIM, relay.claim_until, queue_tier)
    if current.standing is AttemptStatus.SCHEDULED:
        return Timer(relay.message_id, current.number, TimerKind.ATTEMPT, current.starts_at, current.tier)
    due_at = current.deadline_at or current.starts_at
    return Timer(relay.message_id, current.number, TimerKind.DEADLINE, due_at, queue_tier)


def still_pending(relay: Relay) -> tuple[Effect, ...]:
    """Returns what the record says must still be done: the timer of a relay in progress, an alarm that is due."""
    if relay.final_status is FinalStatus.IN_PROGRESS:
        return (pending_timer(relay),)
    return (RaiseAlarm(),) if relay.alarm_is_due else ()


def timers_to_cancel(relay: Relay) -> tuple[CancelTimer, ...]:
    """Returns the effect that cancels the timer that the relay waits for; nothing when it has ended."""
    timer = pending(relay)
    return (CancelTimer(timer),) if timer else ()
