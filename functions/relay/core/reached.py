"""What a text that reached its handler means: the end, a claim of the customer's owner, or a wait for a claim. Pure.

A tier that asks for no claim (`Tier.asks_for_a_claim`) is done by a delivery. At any other one the relay goes on in
State.WAITING until a person takes the text or the tier's time for it is over (core/claims.py).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from relay.core import attempts, moves
from relay.core.changes import changed, log_relay_attempt
from relay.core.events import Decision, Event
from relay.core.model import AttemptStatus, FinalStatus, Relay, Step


def reached(relay: Relay, event: Event, now: datetime) -> Decision:
    """The relay ends as delivered, is claimed for its owner, or waits for a claim: by what the attempt's tier asks.

    What an attempt delivered that does not count (`first_attempt_of_words`) is learned, and so is what one delivered at
    a tier that asks for a claim and that the relay has left.
    """
    attempt = relay.attempts[event.attempt - 1]
    if event.attempt < relay.first_attempt_of_words:
        return attempts.learn(relay, event, now)
    tier = relay.policy.tier_or_last(attempt.tier)
    if not tier.asks_for_a_claim:
        return attempts.deliver(relay, event, now)
    if not _is_at(relay, event.attempt) or attempts.adds_nothing(relay, event):
        return attempts.learn(relay, event, now)
    if tier.delivery_claims_for:
        return _claimed_by_delivery(relay, event, now, tier.delivery_claims_for)
    return _wait_for_a_claim(relay, event, now, tier.claim_timeout_seconds)


def another_reached(relay: Relay, event: Event, now: datetime) -> Decision:
    """A delivery at a tier that asks for no claim ends the relay, also while it waits at another; any other is learned.

    So the order of receipts decides nothing.
    """
    tier = relay.policy.tier_or_last(relay.attempts[event.attempt - 1].tier)
    if event.attempt < relay.first_attempt_of_words or tier.asks_for_a_claim or attempts.adds_nothing(relay, event):
        return attempts.learn(relay, event, now)
    decision = attempts.deliver(relay, event, now)
    return replace(decision, relay=changed(decision.relay, claim_until=None))


def _is_at(relay: Relay, number: int) -> bool:
    """Whether the relay is in progress and at this attempt's tier: none of this drive was leased at a later one.

    What was withdrawn there does not count: it had met an outage, and was not sent.
    """
    if relay.final_status is not FinalStatus.IN_PROGRESS or number < relay.first_attempt_of_drive:
        return False
    tier = relay.attempts[number - 1].tier
    later = (each for each in relay.attempts[number:] if each.status is not AttemptStatus.WITHDRAWN)
    return all(each.tier == tier or each.lease is None for each in later)


def _claimed_by_delivery(relay: Relay, event: Event, now: datetime, person: str) -> Decision:
    decision = attempts.deliver(relay, event, now)
    relay = changed(decision.relay, final_status=FinalStatus.CLAIMED, claimed_by=person, claimed_at=now)
    reason = f"by {person}, who has the customer and got the text"
    return Decision(log_relay_attempt(relay, Step.CLAIMED, now, event.attempt, reason=reason), decision.effects)


def _wait_for_a_claim(relay: Relay, event: Event, now: datetime, seconds: float) -> Decision:
    """What is planned and not leased is withdrawn; what is under way goes on, and is learned of."""
    cancelled = moves.timers_to_cancel(relay)
    relay = attempts.with_delivered(relay, event, now)
    until = now + timedelta(seconds=seconds)
    relay = changed(relay, claim_until=until, due_at=until)
    reason = f"a person has {seconds:g} s to take it"
    relay = log_relay_attempt(relay, Step.CLAIM_AWAITED, now, event.attempt, reason=reason, by=event.by)
    return Decision(relay, (*cancelled, moves.pending_timer(relay)))


def is_by_delivery(relay: Relay) -> bool:
    """Whether the relay counts as claimed because its text reached the owner, who has not said a word of it."""
    if relay.claimed_at is None or relay.delivered_tier is None or relay.claimed_at != relay.delivery_confirmed_at:
        return False
    return relay.policy.tier_or_last(relay.delivered_tier).delivery_claims_for == relay.claimed_by


def is_reached_by_another(relay: Relay) -> bool:
    """Whether a relay that waits for a claim has an attempt of this drive delivered at the tier where it stands."""
    tier = relay.current.tier
    drive = relay.attempts[max(relay.first_attempt_of_drive, relay.first_attempt_of_words) - 1 :]
    return any(each.tier == tier and each.status is AttemptStatus.DELIVERED for each in drive)
