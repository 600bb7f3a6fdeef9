"""Who took a customer's text: a person claims it or passes it on, an operator releases it, or its time is over. Pure.

The thread alone says who has a customer (core/threads); a relay is told, by the events that are answered here. Ends
climb: exhausted, delivered, claimed. No receipt takes back what a person said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from relay.core import again, attempts, bounds, fates, moves, purposes
from relay.core.changes import changed, log_relay_attempt, with_fates_open, without_claim, without_outage
from relay.core.events import Decision, Effect, Event, ignored
from relay.core.model import RETENTION, Attempt, AttemptStatus, FinalStatus, Relay, Step

_NO_CUSTOMERS = "it is no customer's text"
_LEFT = "a tier already left"
_NOT_CLAIMED_IN_TIME = "delivered, and not claimed in time"


def claim(relay: Relay, event: Event, now: datetime) -> Decision:
    """A person took the text: the relay ends as claimed, whatever it was; what is planned or under way is withdrawn."""
    if not purposes.ways_of(relay).is_a_customers:
        return ignored(relay, _NO_CUSTOMERS, *moves.still_pending(relay))
    if not event.person:
        return ignored(relay, "it does not say who took it", *moves.still_pending(relay))
    effects: tuple[Effect, ...] = (*moves.timers_to_cancel(relay), *attempts.to_withdraw(relay))
    if relay.final_status is FinalStatus.IN_PROGRESS:
        relay = attempts.withdraw_scheduled(without_outage(relay), now, "a person took the text")
    relay = with_fates_open(
        relay,
        final_status=FinalStatus.CLAIMED,
        claimed_by=event.person,
        claimed_at=now,
        claim_until=None,
        alarm_is_due=False,
    )
    relay = changed(relay, due_at=fates.due_after_end(relay, now))
    reason = event.reason or f"by {event.person}"
    return Decision(log_relay_attempt(relay, Step.CLAIMED, now, reason=reason, by=event.by), effects)


def told_after_claim(relay: Relay, event: Event, now: datetime) -> Decision:
    """What is told is learned, the tier that delivered first included; a claim stays."""
    decision = attempts.learn(relay, event, now)
    relay = decision.relay
    attempt = relay.attempts[event.attempt - 1]
    counts = event.attempt >= relay.first_attempt_of_words and attempt.status is AttemptStatus.DELIVERED
    if not decision.changed or relay.delivered_tier is not None or not counts:
        return decision
    if relay.policy.tier_or_last(attempt.tier).asks_for_a_claim:
        return decision
    return Decision(changed(relay, delivered_tier=attempt.tier, delivery_confirmed_at=now), decision.effects)


def due(relay: Relay, event: Event, now: datetime) -> Decision:
    """No person took the text in time: the next tier is due at once, or the end as exhausted."""
    current = relay.current
    relay = changed(relay, claim_until=None)
    return moves.escalate_on_failure(relay, event, now, of=current.number, because=_NOT_CLAIMED_IN_TIME)


def pass_on(relay: Relay, event: Event, now: datetime) -> Decision:
    """The person at whose tier the relay stands does not take the text: the next tier is due at once, or the end."""
    if not purposes.ways_of(relay).is_a_customers:
        return ignored(relay, _NO_CUSTOMERS, *moves.still_pending(relay))
    current = relay.current
    if not _stands_at(relay, min(current.tier, relay.policy.last_tier), event.person):
        return replace(again.resume(relay, event, now), ignored_because=_LEFT)
    cancelled = moves.timers_to_cancel(relay)
    relay = _passed(relay, event, now, current.tier)
    relay = attempts.without_current(relay, event, now, "the handler passed the text on")
    relay = changed(relay, claim_until=None, first_attempt_of_words=len(relay.attempts) + 1)
    return moves.escalate_on_failure(relay, event, now, of=current.number, first=cancelled)


def pass_on_again(relay: Relay, event: Event, now: datetime) -> Decision:
    """The person who got or claimed the text passes it on: a new drive begins at the next tier, or the end."""
    if not purposes.ways_of(relay).is_a_customers:
        return ignored(relay, _NO_CUSTOMERS)
    left = _tier_left(relay, event.person)
    if left is None:
        return ignored(relay, _LEFT)
    following = left + 1
    relay = without_outage(without_claim(_passed(relay, event, now, left)))
    relay = changed(relay, first_attempt_of_words=len(relay.attempts) + 1)
    if following > relay.policy.last_tier or bounds.why_no_redrive(relay, relay.policy):
        return moves.exhausted(relay, left, "no tiers left", now, event.by)
    relay = changed(
        relay,
        final_status=FinalStatus.IN_PROGRESS,
        outage_seconds=0.0,
        first_attempt_of_drive=len(relay.attempts) + 1,
        expires_at=max(relay.expires_at, now + RETENTION),
    )
    reason = f"on to tier {following} of {relay.policy.last_tier}"
    relay = moves.planned(relay, moves.new_attempt(relay, following, now), Step.ESCALATED, now, reason, event.by)
    return moves.scheduled(relay) if event.lease is None else moves.leased(relay, event.lease, now, event.by)


def release(relay: Relay, event: Event, now: datetime) -> Decision:
    """An operator takes the claim back: the relay ended as delivered if it was, else as exhausted, with its alarm."""
    reason = event.reason or f"it was {relay.claimed_by}'s"
    relay = log_relay_attempt(relay, Step.RELEASED, now, reason=reason, by=event.by)
    tier, confirmed_at = relay.delivered_tier, relay.delivery_confirmed_at
    relay = without_claim(relay)
    if tier is None:
        return moves.exhausted(relay, None, "an operator released it", now, event.by)
    relay = changed(relay, final_status=FinalStatus.DELIVERED, delivered_tier=tier, delivery_confirmed_at=confirmed_at)
    return Decision(fates.at_rest(relay, now))


def give_back(relay: Relay, event: Event, now: datetime) -> Decision:
    """What waits to be sent is not sent, for the reason that the event tells: the relay ends as exhausted."""
    if purposes.ways_of(relay).is_a_customers:
        return ignored(relay, "a customer's text is always sent", *moves.still_pending(relay))
    cancelled = moves.timers_to_cancel(relay)
    return moves.returned(relay, event.reason or "not to be sent any more", now, event.by, cancelled)


def _passed(relay: Relay, event: Event, now: datetime, tier: int) -> Relay:
    reason = event.reason or f"by {event.person}"
    return log_relay_attempt(relay, Step.PASSED, now, tier=tier, reason=reason, by=event.by)


def _stands_at(relay: Relay, tier: int, person: str) -> bool:
    return 1 <= tier <= relay.policy.last_tier and relay.policy.tier(tier).name == person


def _tier_left(relay: Relay, person: str) -> int | None:
    """Returns the tier that a pass of this person leaves, at an end; None where the person may not pass it on.

    That is the last one at which the person stands of those that were tried and the one that is next. An owner who
    stands at none of these leaves the last one that was tried, so that no tier is skipped. A tier at which the claim
    withdrew a try is the next one, unless one of its tries may have come.
    """
    drive, last = relay.attempts_of_drive, relay.policy.last_tier
    if relay.final_status is FinalStatus.CLAIMED:
        if relay.claimed_by != person:
            return None
        tried = min(drive[-1].tier - _is_left_unfinished(drive), last) if drive else 0
        own = [tier for tier in range(1, tried + 2) if _stands_at(relay, tier, person)]
        return max(own, default=tried)
    made = [each.tier for each in drive if each.status is not AttemptStatus.WITHDRAWN]
    tried = min(made[-1] if made else 0, last)
    own = [tier for tier in (relay.delivered_tier or 0, tried) if _stands_at(relay, tier, person)]
    return max(own, default=None)


def _is_left_unfinished(drive: Sequence[Attempt]) -> bool:
    """Whether the last try was withdrawn, and all that was sent at its tier before had failed."""
    tries = [each.status for each in drive if each.tier == drive[-1].tier]
    is_withdrawn = tries[-1] is AttemptStatus.WITHDRAWN
    return is_withdrawn and set(tries) <= {AttemptStatus.FAILED, AttemptStatus.WITHDRAWN}
