"""`refusal` looks once more, under the lease of an answer and after its commit, whether it may still be sent."""

from __future__ import annotations

from datetime import timedelta

from relay.core import failures
from relay.core.model import Attempt, Relay
from relay.errors import StoreUnavailable, Unreadable
from relay.flow import opt_outs
from relay.flow.answers import customer_phone_of
from relay.flow.budget import Budget
from relay.flow.world import World
from relay.ports import Refused

# An answer that leaves within this time after it was written is in order: answers leave at once.
_AT_ONCE = timedelta(seconds=20)


def refusal(world: World, relay: Relay, attempt: Attempt, budget: Budget) -> Refused | None:
    """Returns why this answer may not be sent now; None when it may.

    An opt-out that was stored before is always seen. An answer that was held up is not sent after a later one: the
    customer would read them in the wrong order. While the store does not say, nothing is sent.
    """
    if world.conversations is None:
        return Refused(failures.NOT_STARTED)
    try:
        if opt_outs.holds(world, world.conversations, customer_phone_of(relay), budget):
            return Refused(failures.OPTED_OUT_BY_US)
        was_held_up = attempt.try_in_tier > 1 or world.clock.now() - relay.timestamp > _AT_ONCE
        if was_held_up and _was_answered_since(world, relay, budget):
            return Refused(failures.ANSWERED_SINCE)
    except (StoreUnavailable, Unreadable):
        return Refused(failures.NOT_STARTED)
    return None


def _was_answered_since(world: World, relay: Relay, budget: Budget) -> bool:
    kept = world.store.thread(relay.thread_id, timeout_seconds=budget.store)
    answered_at = kept.record.answered_at if kept is not None else None
    return answered_at is not None and answered_at > relay.timestamp
