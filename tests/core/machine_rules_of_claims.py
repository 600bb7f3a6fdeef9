"""What must hold at every step of the machine for a text that people claim, pass on or are waited for."""

from __future__ import annotations

from relay.core.events import EventKind
from relay.core.model import AttemptStatus, FinalStatus, Relay

from scripts.walk_machine import Walked

# By these a relay may leave an end that was better than the one it comes to: people say so.
BY_PEOPLE = frozenset({EventKind.CLAIMED, EventKind.PASSED, EventKind.RELEASED, EventKind.REDRIVE_REQUESTED})
_CLIMB = {FinalStatus.EXHAUSTED: 1, FinalStatus.DELIVERED: 2, FinalStatus.CLAIMED: 3}


def who_took_it_is_on_record_exactly_while_it_is_claimed(step: Walked) -> bool:
    relay = step.decision.relay
    is_claimed = relay.final_status is FinalStatus.CLAIMED
    return is_claimed == bool(relay.claimed_by) == (relay.claimed_at is not None)


def a_claim_is_waited_for_only_where_a_handler_got_the_text(step: Walked) -> bool:
    relay = step.decision.relay
    if relay.claim_until is None:
        return True
    if relay.final_status is not FinalStatus.IN_PROGRESS:
        return False
    tier = relay.current.tier
    got = [each for each in relay.attempts_of_drive if each.tier == tier and each.status is AttemptStatus.DELIVERED]
    return bool(got) and relay.policy.tier(tier).claim_timeout_seconds > 0


def the_time_for_a_claim_begins_once(step: Walked) -> bool:
    """Only a clock that was wrong moves it."""
    before, after = step.before.claim_until, step.decision.relay.claim_until
    return before is None or after in (None, before) or step.event.kind is EventKind.TIMES_ARE_OFF


def what_waits_for_a_claim_ends_by_a_person_or_when_the_time_is_over(step: Walked) -> bool:
    """Or by a later word that no handler got it after all."""
    if step.before.claim_until is None or step.decision.relay.final_status is FinalStatus.IN_PROGRESS:
        return True
    told = step.before.attempt(step.event.attempt)
    is_taken_back = told is not None and told.is_handed_over and step.event.kind is EventKind.RECEIPT_FAILED
    return is_taken_back or step.event.kind in (EventKind.CLAIM_DUE, EventKind.CLAIMED, EventKind.PASSED)


def only_a_tier_that_asks_for_no_claim_ends_a_relay_as_delivered(step: Walked) -> bool:
    relay = step.decision.relay
    if relay.final_status is not FinalStatus.DELIVERED or relay.delivered_tier is None:
        return True
    asked = relay.policy.tier(relay.delivered_tier)
    return not asked.claim_timeout_seconds or bool(asked.delivery_claims_for)


def ends_only_climb(step: Walked) -> bool:
    """Unless people say otherwise, or a word that counts takes a delivery back."""
    before, after = _CLIMB.get(step.before.final_status), _CLIMB.get(step.decision.relay.final_status)
    told = step.before.attempt(step.event.attempt)
    is_taken_back = told is not None and told.is_handed_over and step.event.kind is EventKind.RECEIPT_FAILED
    return before is None or after is None or after >= before or is_taken_back or step.event.kind in BY_PEOPLE


def no_receipt_takes_back_what_a_person_claimed(step: Walked) -> bool:
    before, after = step.before, step.decision.relay
    if before.final_status is not FinalStatus.CLAIMED or _is_by_delivery(before):
        return True
    may_end = (EventKind.PASSED, EventKind.RELEASED, EventKind.INBOUND_SAYS_MORE)
    return step.event.kind in may_end or (after.claimed_by, after.claimed_at) == (before.claimed_by, before.claimed_at)


def _is_by_delivery(relay: Relay) -> bool:
    return relay.delivered_tier is not None and bool(relay.policy.tier(relay.delivered_tier).delivery_claims_for)


def a_person_who_passed_it_on_ends_it_by_no_receipt(step: Walked) -> bool:
    """Whatever was sent before a pass counts for nothing: its person does not take the text."""
    if step.event.kind is not EventKind.PASSED or not step.decision.changed:
        return True
    after = step.decision.relay
    return after.first_attempt_of_words > len(step.before.attempts) and after.final_status in (
        FinalStatus.IN_PROGRESS,
        FinalStatus.EXHAUSTED,
    )


RULES_OF_CLAIMS = (
    who_took_it_is_on_record_exactly_while_it_is_claimed,
    a_claim_is_waited_for_only_where_a_handler_got_the_text,
    the_time_for_a_claim_begins_once,
    what_waits_for_a_claim_ends_by_a_person_or_when_the_time_is_over,
    only_a_tier_that_asks_for_no_claim_ends_a_relay_as_delivered,
    ends_only_climb,
    no_receipt_takes_back_what_a_person_claimed,
    a_person_who_passed_it_on_ends_it_by_no_receipt,
)
