"""The moves the machine is made of: each takes a relay and gives back a changed one, with its line in the trail.

Split from machine.py so that the table reads as a table; what becomes of an attempt is in outcomes.py. Same rules:
pure, no I/O.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from relay.core import failures
from relay.core.events import ArmTimer, CancelTimer, Decision, Effect, Event, RaiseAlarm, SendAttempt
from relay.core.immutable import with_changes
from relay.core.model import (
    RETENTION,
    Attempt,
    AttemptStatus,
    FinalStatus,
    InboundText,
    Relay,
    SenderClass,
    Step,
    Timer,
    TimerKind,
    TrailEntry,
)
from relay.core.policy import LEASE_SECONDS, UNSTARTED_RETRY_SECONDS, Policy


def receive(
    text: InboundText,
    sender_class: SenderClass,
    policy: Policy,
    now: datetime,
    claim: str | None,
    recovered_by: str = "",
) -> Decision:
    """A text came in: the relay to create, with attempt 1 of tier 1 claimed for the caller when it is to be forwarded.

    `recovered_by` names who found it when its webhook never arrived.
    """
    relay = Relay(
        message_id=text.message_id,
        timestamp=now,
        sender_phone=text.sender_phone,
        recipient_phone=text.recipient_phone,
        message_body=text.body,
        media_count=text.media_count,
        sender_class=sender_class,
        policy=policy,
        expires_at=now + RETENTION,
        recovered=bool(recovered_by),
    )
    step = Step.RECOVERED if recovered_by else Step.RECEIVED
    relay = log_relay_attempt(relay, step, now, status=sender_class.value, by=recovered_by)
    if sender_class is not SenderClass.CUSTOMER:
        ended = with_changes(relay, final_status=FinalStatus.RECORDED)
        reason = "not from a customer: recorded, not forwarded"
        return Decision(log_relay_attempt(ended, Step.RECORDED, now, reason=reason))
    relay = with_changes(relay, attempts=(_new_attempt(relay, 1, now),), due_at=now)
    return _scheduled(relay) if claim is None else _claimed(relay, claim, now, by=recovered_by)


def log_relay_attempt(
    relay: Relay,
    step: Step,
    now: datetime,
    attempt: int | None = None,
    *,
    tier: int | None = None,
    status: str | None = None,
    error_code: int | None = None,
    reason: str = "",
    by: str = "",
    **changes: Any,
) -> Relay:
    """Append one line to the relay's audit trail, together with the `changes` of the relay that it tells of."""
    if tier is None and attempt:
        tier = changes.get("attempts", relay.attempts)[attempt - 1].tier
    entry = TrailEntry(now, step, tier, attempt or None, status, error_code, reason, by)
    return with_changes(relay, error_log=(*relay.error_log, entry), **changes)


def set_attempt(relay: Relay, number: int, **changes: Any) -> Relay:
    """The relay with these fields of one attempt changed."""
    return with_changes(relay, attempts=attempts_with(relay, number, **changes))


def attempts_with(relay: Relay, number: int, **changes: Any) -> tuple[Attempt, ...]:
    """The relay's attempts with these fields of one of them changed."""
    attempts = list(relay.attempts)
    attempts[number - 1] = with_changes(attempts[number - 1], **changes)
    return tuple(attempts)


def claim(relay: Relay, token: str, now: datetime, by: str) -> Decision:
    """Hand the scheduled attempt to the holder of `token`."""
    return _claimed(relay, token, now, by)


def _claimed(relay: Relay, token: str, now: datetime, by: str, first: tuple[Effect, ...] = ()) -> Decision:
    number = relay.attempts[-1].number
    tier = relay.policy.tier(relay.attempts[-1].tier)
    deadline = now + timedelta(seconds=tier.receipt_timeout_seconds)
    attempts = attempts_with(
        relay,
        number,
        status=AttemptStatus.CLAIMED,
        claim=token,
        lease_until=now + timedelta(seconds=LEASE_SECONDS),
        deadline_at=deadline,
    )
    relay = log_relay_attempt(relay, Step.ATTEMPT_STARTED, now, number, by=by, attempts=attempts, due_at=deadline)
    return Decision(relay, (*first, pending_timer(relay), SendAttempt(number)))


def pending_timer(relay: Relay) -> ArmTimer:
    """The timer that a relay in progress waits for."""
    timer = pending(relay)
    if timer is None:
        raise ValueError("only a relay in progress waits for a timer")
    return ArmTimer(timer)


def pending(relay: Relay) -> Timer | None:
    """What the relay waits for, as a timer; None when it has ended."""
    current = relay.current_attempt
    if relay.final_status is not FinalStatus.IN_PROGRESS or current is None:
        return None
    if current.standing is AttemptStatus.SCHEDULED:
        return Timer(relay.message_id, current.number, TimerKind.ATTEMPT, current.starts_at, current.tier)
    due_at = current.deadline_at or current.starts_at
    # The deadline wakes the tier that acts on it: the next one, if there is one.
    queue_tier = min(current.tier + 1, relay.policy.last_tier)
    return Timer(relay.message_id, current.number, TimerKind.DEADLINE, due_at, queue_tier)


def timers_to_cancel(relay: Relay) -> tuple[CancelTimer, ...]:
    timer = pending(relay)
    return (CancelTimer(timer),) if timer else ()


def escalate_on_failure(
    relay: Relay,
    event: Event,
    now: datetime,
    *,
    may_retry: bool = False,
    first: tuple[Effect, ...] = (),
) -> Decision:
    """The current attempt is over: again at the same tier by its schedule, on to the next tier, or the end.

    `may_retry` says that a retry would make sense; after a deadline none does, the next tier is due at once.
    `first` are effects that come before.
    """
    current = relay.attempts[-1]
    tier = relay.policy.tier(current.tier)
    if may_retry and current.try_in_tier <= len(tier.retry_delays_seconds):
        delay = tier.retry_delays_seconds[current.try_in_tier - 1]
        attempt = _new_attempt(relay, current.tier, now + timedelta(seconds=delay), current.try_in_tier + 1)
        reason = f"retry {current.try_in_tier} of {len(tier.retry_delays_seconds)} in {delay:g} s"
        return _scheduled(_planned(relay, attempt, Step.ATTEMPT_SCHEDULED, now, reason), first)
    if current.tier < relay.policy.last_tier:
        attempt = _new_attempt(relay, current.tier + 1, now)
        reason = f"on to tier {attempt.tier} of {relay.policy.last_tier}"
        relay = _planned(relay, attempt, Step.ESCALATED, now, reason, event.by)
        return _scheduled(relay, first) if event.claim is None else _claimed(relay, event.claim, now, event.by, first)
    # Due at once, until the alarm is on record: the sweep finds it if we die before raising it.
    reason = "no tiers left" + ("; the last outcome is unknown" if current.is_unresolved else "")
    ended: dict[str, Any] = {"final_status": FinalStatus.EXHAUSTED, "due_at": now}
    relay = log_relay_attempt(relay, Step.EXHAUSTED, now, tier=current.tier, reason=reason, by=event.by, **ended)
    return Decision(relay, (*first, RaiseAlarm()))


def start_later(relay: Relay, now: datetime, first: tuple[Effect, ...]) -> Decision:
    """The current attempt could not be begun in time, so it was no try: the same one again in a moment."""
    current = relay.attempts[-1]
    starts_at = now + timedelta(seconds=UNSTARTED_RETRY_SECONDS)
    attempt = _new_attempt(relay, current.tier, starts_at, current.try_in_tier)
    reason = f"not begun in time; again in {UNSTARTED_RETRY_SECONDS:g} s"
    return _scheduled(_planned(relay, attempt, Step.ATTEMPT_SCHEDULED, now, reason), first)


def unstarted_in_tier(relay: Relay) -> int:
    """How many attempts of this drive at the current tier could not be begun in time."""
    drive = relay.attempts[relay.first_attempt_of_drive - 1 :]
    tier = relay.attempts[-1].tier
    return sum(attempt.tier == tier and attempt.error_code == failures.NOT_STARTED for attempt in drive)


def send_again(relay: Relay, event: Event, now: datetime) -> Decision:
    """The last tier's attempt is declared not sent: once more. A doubled text is better than a lost one."""
    current = relay.attempts[-1]
    attempt = with_changes(_new_attempt(relay, current.tier, now, current.try_in_tier + 1), is_resend=True)
    reason = "sent once more after a negative look-up at the last tier; it may arrive twice"
    relay = _planned(relay, attempt, Step.ATTEMPT_SCHEDULED, now, reason, event.by)
    return _scheduled(relay) if event.claim is None else _claimed(relay, event.claim, now, event.by)


def ask_again(relay: Relay, event: Event, now: datetime, at: datetime) -> Decision:
    current = relay.attempts[-1]
    number, reason = current.number, event.reason
    attempts = attempts_with(relay, number, deadline_at=at, lookups=current.lookups + 1)
    step = Step.LOOKUP_REPEATED
    relay = log_relay_attempt(relay, step, now, number, reason=reason, by=event.by, attempts=attempts, due_at=at)
    return Decision(relay, (pending_timer(relay),))


def redrive(relay: Relay, event: Event, now: datetime) -> Decision:
    """Start an exhausted relay again under today's policy; the old story stays."""
    relay = with_changes(relay, policy=event.policy or relay.policy, final_status=FinalStatus.IN_PROGRESS)
    attempt = _new_attempt(relay, min(max(event.tier, 1), relay.policy.last_tier), now)
    relay = with_changes(
        relay,
        first_attempt_of_drive=attempt.number,
        redrive_ids=(*relay.redrive_ids, event.request_id),
        # Near the end of its days the record would be gone, and the text lost, in mid-cascade.
        expires_at=max(relay.expires_at, now + RETENTION),
    )
    return _scheduled(_planned(relay, attempt, Step.REDRIVEN, now, event.reason, event.by))


def _new_attempt(relay: Relay, tier: int, starts_at: datetime, try_in_tier: int = 1) -> Attempt:
    phone = relay.policy.tier(tier).phone
    return Attempt(len(relay.attempts) + 1, tier, try_in_tier, AttemptStatus.SCHEDULED, starts_at, phone=phone)


def _planned(relay: Relay, attempt: Attempt, step: Step, now: datetime, reason: str, by: str = "") -> Relay:
    """The relay with one more attempt, which is due when it starts."""
    planned: dict[str, Any] = {"attempts": (*relay.attempts, attempt), "due_at": attempt.starts_at}
    return log_relay_attempt(relay, step, now, attempt.number, reason=reason, by=by, **planned)


def _scheduled(relay: Relay, first: tuple[Effect, ...] = ()) -> Decision:
    """Nobody has claimed the current attempt: its timer will find somebody."""
    return Decision(relay, (*first, pending_timer(relay)))
