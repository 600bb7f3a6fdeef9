"""The moves the machine is made of: each takes a relay and returns a changed one, with its line in the trail.

Apart from machine.py, so that the table reads as one; what becomes of an attempt is in attempts.py. Pure, no I/O.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from relay.core import bounds, fates, links, purposes
from relay.core.changes import changed, log_relay_attempt, with_attempt, with_fates_open, without_claim, without_outage
from relay.core.events import Decision, Effect, Event, RaiseAlarm, SendAttempt, ignored
from relay.core.failures import NO_REASON
from relay.core.model import (
    RETENTION,
    Attempt,
    AttemptStatus,
    FinalStatus,
    InboundText,
    Relay,
    SenderClass,
    Step,
)
from relay.core.policy import LEASE_SECONDS, UNSTARTED_RETRY_SECONDS
from relay.core.routes import Forward, Hold, Record, Route
from relay.core.waiting import pending as pending
from relay.core.waiting import pending_timer as pending_timer
from relay.core.waiting import still_pending as still_pending
from relay.core.waiting import timers_to_cancel as timers_to_cancel


def receive(
    text: InboundText,
    sender_class: SenderClass,
    route: Route,
    now: datetime,
    lease: str | None,
    recovered_by: str = "",
    starts_in: timedelta = timedelta(0),
) -> Decision:
    """Returns the decision to create the relay of a text that came in.

    One to forward has attempt 1 of tier 1 leased to the caller, if the caller gives a token; else its timer begins it
    after `starts_in`. Any other one has ended. So with an answer or a notice, of which `text` has the words, the number
    it goes to and ours. `recovered_by` is "reconcile" when that found the text and no webhook had brought it.
    """
    going = route if isinstance(route, Forward) else Forward(route.policy, thread_id=route.thread_id)
    relay = Relay(
        message_id=text.message_id,
        timestamp=now,
        sender_phone=text.sender_phone,
        recipient_phone=text.recipient_phone,
        recipient_address=text.recipient_address,
        message_body=text.body,
        media_count=text.media_count,
        attachments=text.attachments,
        sender_class=sender_class,
        policy=going.policy,
        expires_at=now + RETENTION,
        recovered=bool(recovered_by),
        purpose=going.purpose,
        thread_id=going.thread_id,
        code=going.code,
        cause_id=going.cause_id,
        asked=going.asked,
        alarm_if_lost=going.alarm_if_lost,
        media_token=text.media_token,
        written_at=text.written_at,
    )
    begins = purposes.ways_of(relay).begins
    if begins:
        relay = planned(relay, new_attempt(relay, 1, now), Step.ATTEMPT_SCHEDULED, now, begins)
        return scheduled(relay) if lease is None else leased(relay, lease, now, by=recovered_by)
    step = Step.RECOVERED if recovered_by else Step.RECEIVED
    relay = log_relay_attempt(relay, step, now, status=sender_class.value, by=recovered_by)
    if not isinstance(route, Forward):
        return _ended_at_once(relay, route, now)
    relay = changed(relay, attempts=(new_attempt(relay, 1, now + starts_in),), due_at=now + starts_in)
    return scheduled(relay) if lease is None else leased(relay, lease, now, by=recovered_by)


def _ended_at_once(relay: Relay, route: Record | Hold, now: datetime) -> Decision:
    """Returns the decision to keep a text that is not forwarded, with its alarm if the route asks for one."""
    if isinstance(route, Hold):
        step, relay = Step.HELD, changed(relay, final_status=FinalStatus.HELD)
    else:
        step, relay = Step.RECORDED, changed(relay, final_status=FinalStatus.RECORDED, asked=route.asked)
    relay = log_relay_attempt(relay, step, now, reason=route.because)
    if not route.is_alarmed:
        return Decision(relay)
    # As with an exhausted one: due at once, until the alarm is on record.
    return Decision(changed(relay, due_at=now, alarm_is_due=True), (RaiseAlarm(),))


def leased(relay: Relay, token: str, now: datetime, by: str, first: tuple[Effect, ...] = ()) -> Decision:
    """Returns the decision that leases the current attempt to the caller with this token, who then sends it.

    The lease lasts LEASE_SECONDS; the deadline is the tier's receipt_timeout_seconds away. `first` are effects that
    come before. What is too late to be sent is returned instead.
    """
    if purposes.is_too_late(relay, now):
        return returned(relay, purposes.TOO_LATE, now, by, first)
    number = relay.current.number
    tier = relay.policy.tier(relay.current.tier)
    deadline = now + timedelta(seconds=tier.receipt_timeout_seconds)
    patience = timedelta(seconds=relay.policy.patience_seconds(relay.current.tier))
    queued_until = relay.current.queued_until or now + patience
    is_same_again = relay.outage_since is not None and relay.current.lease is not None
    relay = with_attempt(
        relay,
        number,
        status=AttemptStatus.LEASED,
        lease=token,
        lease_until=now + timedelta(seconds=LEASE_SECONDS),
        deadline_at=deadline,
        queued_until=min(queued_until, purposes.latest(relay, now) or queued_until),
        had_link=links.carries_link(relay, relay.current),
        # Of an earlier try, in an outage.
        failure=None,
        is_refused=False,
    )
    if not is_same_again:  # an outage is one line, and not one for each try
        relay = log_relay_attempt(relay, Step.ATTEMPT_STARTED, now, number, by=by)
    return Decision(changed(relay, due_at=deadline), (*first, pending_timer(relay), SendAttempt(number)))


def after_failure(relay: Relay, event: Event, now: datetime, number: int, first: tuple[Effect, ...]) -> Decision:
    """Returns what follows when the attempt with this number has failed: its tier again, or what comes after the tier.

    The tier's delays, and whether the failure may pass, decide which. `first` are effects that come before.
    """
    current = relay.attempts[number - 1]
    delays, tries = relay.policy.tier(current.tier).retry_delays_seconds, _tries(relay, current.tier)
    may_pass = current.status is AttemptStatus.FAILED and (current.failure or NO_REASON).is_retried_in_tier
    if not may_pass or tries > len(delays) or _was_queued_for_long(relay, current, now):
        return escalate_on_failure(relay, event, now, first=first, of=number)
    attempt = new_attempt(relay, current.tier, now + timedelta(seconds=delays[tries - 1]), tries + 1)
    if current.tier == relay.policy.last_tier:
        attempt = replace(attempt, queued_until=current.queued_until)  # all its tries share one patience
    reason = f"retry {tries} of {len(delays)} in {delays[tries - 1]:g} s"
    return scheduled(planned(without_outage(relay), attempt, Step.ATTEMPT_SCHEDULED, now, reason), first)


def escalate_on_failure(
    relay: Relay, event: Event, now: datetime, *, first: tuple[Effect, ...] = (), of: int = 0, because: str = ""
) -> Decision:
    """Returns the decision to leave an attempt's tier: the next tier is due at once, or the relay ends as exhausted.

    It is the attempt that the event is about, or the one with the number `of`. `first` are effects that come before;
    `because` is for the trail, where that does not say it yet.
    """
    relay = without_outage(relay)
    current = relay.attempts[(of or event.attempt) - 1]
    following = _following_tier(relay, current.tier)
    if following <= relay.policy.last_tier:
        attempt = new_attempt(relay, following, now)
        reason = f"on to tier {attempt.tier} of {relay.policy.last_tier}" + (because and f"; {because}")
        relay = planned(relay, attempt, Step.ESCALATED, now, reason, event.by)
        return scheduled(relay, first) if event.lease is None else leased(relay, event.lease, now, event.by, first)
    because = because or ("the last outcome is unknown" if current.is_unresolved else "")
    return exhausted(relay, current.tier, "no tiers left" + (because and f"; {because}"), now, event.by, first)


def exhausted(
    relay: Relay, tier: int | None, reason: str, now: datetime, by: str, first: tuple[Effect, ...] = ()
) -> Decision:
    """Returns the decision to end the relay as exhausted, at this tier, with its alarm if people must know."""
    is_alarmed = purposes.is_alarmed(relay)
    relay = with_fates_open(relay, final_status=FinalStatus.EXHAUSTED, alarm_is_due=is_alarmed)
    # Due at once, until the alarm is on record: the sweep finds it if this process dies before raising the alarm.
    relay = changed(relay, due_at=now if is_alarmed else fates.due_after_end(relay, now))
    relay = log_relay_attempt(relay, Step.EXHAUSTED, now, tier=tier, reason=reason, by=by)
    return Decision(relay, (*first, RaiseAlarm()) if is_alarmed else first)


def returned(relay: Relay, reason: str, now: datetime, by: str, first: tuple[Effect, ...] = ()) -> Decision:
    """Returns the decision not to send the current attempt, which is not leased, and to end the relay as exhausted."""
    current = relay.current
    relay = with_attempt(without_outage(relay), current.number, status=AttemptStatus.WITHDRAWN, is_refused=False)
    relay = log_relay_attempt(relay, Step.RETURNED, now, current.number, reason=reason, by=by)
    return exhausted(relay, current.tier, reason, now, by, first)


def _following_tier(relay: Relay, tier: int) -> int:
    """Returns the tier after this one, past those that the drive has tried and that refused the text for good.

    Such are there when an attempt that had been given up turned out to exist, and failed after all.
    """
    refusing = {
        attempt.tier
        for attempt in relay.attempts_of_drive
        if attempt.status is AttemptStatus.FAILED and attempt.failure and not attempt.failure.is_retried_in_tier
    }
    return next(each for each in range(tier + 1, relay.policy.last_tier + 2) if each not in refusing)


def start_later(relay: Relay, event: Event, now: datetime, first: tuple[Effect, ...]) -> Decision:
    """Returns the decision to plan the same try again in UNSTARTED_RETRY_SECONDS, because no send of it was begun."""
    current = relay.attempts[event.attempt - 1]
    starts_at = now + timedelta(seconds=UNSTARTED_RETRY_SECONDS)
    attempt = new_attempt(relay, current.tier, starts_at, current.try_in_tier)
    reason = f"not begun in time; again in {UNSTARTED_RETRY_SECONDS:g} s"
    return scheduled(planned(relay, attempt, Step.ATTEMPT_SCHEDULED, now, reason), first)


def _was_queued_for_long(relay: Relay, attempt: Attempt, now: datetime) -> bool:
    """Whether the tier has had its time, because the provider kept the attempt's text queued: no further try then."""
    if attempt.tier < relay.policy.last_tier:
        return attempt.lookups > 0 and attempt.sent_id is not None
    return attempt.queued_until is not None and now >= attempt.queued_until


def _tries(relay: Relay, tier: int) -> int:
    """Returns how many tries this drive has made at the tier; one that was not begun is made again under its number."""
    drive = relay.attempts_of_drive
    made = [attempt for attempt in drive if attempt.tier == tier and attempt.status is not AttemptStatus.WITHDRAWN]
    return max((attempt.try_in_tier for attempt in made), default=1)


def unstarted_in_tier(relay: Relay, tier: int) -> int:
    """Returns how many attempts of this drive at this tier ended without a send being begun."""
    untouched = (each for each in relay.attempts_of_drive if not (each.failure or NO_REASON).was_started)
    return sum(attempt.tier == tier for attempt in untouched)


def send_again(relay: Relay, event: Event, now: datetime) -> Decision:
    """Returns the decision to send the text to the last tier once more, after the provider had no text of the attempt.

    If that answer was wrong the text arrives twice; a doubled text is better than a lost one.
    """
    current = relay.attempts[event.attempt - 1]
    attempt = new_attempt(relay, current.tier, now, current.try_in_tier + 1)
    reason = "sent once more after a negative look-up at the last tier; it may arrive twice"
    relay = planned(relay, attempt, Step.ATTEMPT_SCHEDULED, now, reason, event.by)
    relay = with_attempt(relay, attempt.number, is_resend=True)
    return scheduled(relay) if event.lease is None else leased(relay, event.lease, now, event.by)


def ask_again(relay: Relay, event: Event, now: datetime, at: datetime) -> Decision:
    """Returns the decision to put the current attempt's deadline off to `at`; the provider is asked again then."""
    current = relay.attempts[event.attempt - 1]
    relay = with_attempt(relay, current.number, deadline_at=at, lookups=current.lookups + 1)
    relay = log_relay_attempt(relay, Step.LOOKUP_REPEATED, now, current.number, reason=event.reason, by=event.by)
    relay = changed(relay, due_at=at)
    return Decision(relay, (pending_timer(relay),))


def redrive(relay: Relay, event: Event, now: datetime) -> Decision:
    """Returns the decision to start a relay that ended under today's policy; its attempts and trail stay.

    An answer goes to its customer again. Ignored when the record would grow too large by it.
    """
    policy = (purposes.ways_of(relay).is_a_customers and event.policy) or relay.policy
    refusal = bounds.why_no_redrive(relay, policy)
    if refusal:
        return ignored(relay, refusal)
    was_delivered = relay.final_status is FinalStatus.DELIVERED
    relay = without_outage(changed(without_claim(relay), policy=policy, final_status=FinalStatus.IN_PROGRESS))
    attempt = new_attempt(relay, min(max(event.tier, 1), relay.policy.last_tier), now)
    relay = changed(
        relay,
        alarm_is_due=False,
        handler_is_told=False,
        outage_seconds=0.0,
        first_attempt_of_drive=attempt.number,
        # Of what is sent again although it was delivered, no earlier delivery ends it once more.
        first_attempt_of_words=attempt.number if was_delivered else relay.first_attempt_of_words,
        redrive_ids=(*relay.redrive_ids, event.request_id),
        # A record that expired in mid-cascade would take the text with it.
        expires_at=max(relay.expires_at, now + RETENTION),
    )
    return scheduled(planned(relay, attempt, Step.REDRIVEN, now, event.reason, event.by))


def new_attempt(relay: Relay, tier: int, starts_at: datetime, try_in_tier: int = 1) -> Attempt:
    """Returns the relay's next attempt, at this tier and not yet part of the relay."""
    reach = relay.policy.tier(tier).reach
    return Attempt(len(relay.attempts) + 1, tier, try_in_tier, AttemptStatus.SCHEDULED, starts_at, reach)


def planned(relay: Relay, attempt: Attempt, step: Step, now: datetime, reason: str, by: str = "") -> Relay:
    """Returns the relay with one more attempt, and due when that starts."""
    relay = changed(relay, attempts=(*relay.attempts, attempt), due_at=attempt.starts_at)
    return log_relay_attempt(relay, step, now, attempt.number, reason=reason, by=by)


def scheduled(relay: Relay, first: tuple[Effect, ...] = ()) -> Decision:
    """Returns the decision in which no process has leased the current attempt: its timer will start it."""
    return Decision(relay, (*first, pending_timer(relay)))
