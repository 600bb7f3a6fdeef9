"""`send` makes one attempt, once and under its lease, and turns how it went into the machine's event."""

from __future__ import annotations

from dataclasses import replace

from relay.core import failures, links
from relay.core.changes import with_attempt
from relay.core.events import Decision, Event, EventKind, SendAttempt
from relay.core.model import Purpose, Relay
from relay.core.policy import LEASE_SECONDS
from relay.flow import under_lease
from relay.flow.budget import Budget
from relay.flow.world import SendingWorld, World
from relay.ports import Accepted, Refused, SendOutcome


def remembered(world: World, decision: Decision) -> Decision:
    """Returns the decision with the digest of what will be sent in each attempt that it hands out for sending.

    It is stored with the lease, so that a text whose answer is lost is recognised by what was sent, whatever a later
    revision would send in its place.
    """
    relay = decision.relay
    for effect in decision.effects:
        if isinstance(effect, SendAttempt):
            attempt = relay.attempts[effect.number - 1]
            channel = world.channels.get(attempt.reach.kind)
            digest = channel.digest(relay, attempt) if channel is not None else None
            has_link = links.carries_link(relay, attempt)
            relay = with_attempt(relay, effect.number, sent_digest=digest, had_link=has_link)
    return decision if relay is decision.relay else replace(decision, relay=relay)


def send(world: SendingWorld, relay: Relay, number: int, budget: Budget, began: float) -> Event:
    """Make the attempt with this number if its lease still holds. Returns the machine's event for how it went."""
    attempt = relay.attempts[number - 1]
    # Before the lease is looked at: what is read for it takes time.
    refusal = under_lease.refusal(world, relay, attempt, budget) if relay.purpose is Purpose.ANSWER else None
    # By both clocks: the time of day may have been set back since the lease began.
    is_late = world.clock.monotonic() - began >= LEASE_SECONDS
    lease_is_over = is_late or attempt.lease_until is None or world.clock.now() >= attempt.lease_until
    if lease_is_over or not budget.has_time_to_send:
        # This process was paused or slow: another one may have gone on with the relay, so nothing is sent. NOT_STARTED
        # records that the text certainly did not leave.
        return event_of(Refused(failures.NOT_STARTED), number, attempt.lease)
    if refusal is not None:
        return event_of(refusal, number, attempt.lease)
    return event_of(attempt_forward(world, relay, number, budget), number, attempt.lease)


def attempt_forward(world: SendingWorld, relay: Relay, number: int, budget: Budget) -> SendOutcome:
    """Forward the text to the handler of one attempt, once. Returns how it went; never raises for the provider."""
    attempt = relay.attempts[number - 1]
    channel = world.channels.get(attempt.reach.kind)
    # A tier that a newer revision wrote, before a rollback: this one has no such channel, and the text must go on.
    return channel.send(relay, attempt, budget) if channel is not None else Refused(failures.NO_CHANNEL)


def withdraw(world: World, relay: Relay, number: int, budget: Budget) -> None:
    """Take back the attempt with this number, which is still under way; only some channels can."""
    attempt = relay.attempts[number - 1]
    channel = world.channels.get(attempt.reach.kind)
    if channel is not None:
        channel.withdraw(relay, attempt, budget)


def event_of(outcome: SendOutcome, number: int, under: str | None = None) -> Event:
    """Returns what the machine is told of the outcome of an attempt that was made under this lease."""
    if isinstance(outcome, Accepted):
        return Event(EventKind.SEND_ACCEPTED, number, sent_id=outcome.sent_id, under=under)
    if isinstance(outcome, Refused):
        wait = outcome.retry_after_seconds
        return Event(EventKind.SEND_REFUSED, number, failure=outcome.failure, retry_after_seconds=wait, under=under)
    return Event(EventKind.SEND_UNKNOWN, number, reason=outcome.reason, under=under)
