"""`refusal` looks once more, under the lease of an answer and after its commit, whether it may still be sent."""

from __future__ import annotations

from datetime import timedelta

from relay.core import failures
from relay.core.model import Attempt, Relay
from relay.core.policy import LEASE_SECONDS
from relay.errors import StoreUnavailable, Unreadable
from relay.flow import opt_outs
from relay.flow.answers import customer_phone_of
from relay.flow.budget import Budget
from relay.flow.world import World
from relay.ports import Refused


def refusal(world: World, relay: Relay, attempt: Attempt, budget: Budget) -> Refused | None:
    """Returns why this answer may not be sent now; None when it may.

    An opt-out that was stored before is always seen. An answer that was held up is not sent after a later one: the
    customer would read them in the wrong order. One that is started again goes to an open thread only. While the
    store does not say, nothing is sent.
    """
    if world.conversations is None:
        return Refused(failures.NOT_STARTED)
    try:
        if opt_outs.holds(world, world.conversations, customer_phone_of(relay), budget):
            return Refused(failures.OPTED_OUT_BY_US)
        if not _is_held_up(relay, attempt):
            return None
        kept = world.store.thread(relay.thread_id, timeout_seconds=budget.store)
        if relay.redrive_ids and (kept is None or not kept.record.is_open(world.clock.now())):
            return Refused(failures.THREAD_CLOSED)
        answered_at = kept.record.answered_at if kept is not None else None
        if answered_at is not None and answered_at > relay.timestamp:
            return Refused(failures.ANSWERED_SINCE)
    except (StoreUnavailable, Unreadable):
        return Refused(failures.NOT_STARTED)
    return None


def _is_held_up(relay: Relay, attempt: Attempt) -> bool:
    """Whether it is sent otherwise than at once by who stored it: in an outage the same attempt is leased again."""
    return attempt.number > 1 or attempt.lease_until != relay.timestamp + timedelta(seconds=LEASE_SECONDS)
