"""What waits is moved when the time of day is set: it goes on by elapsed time, as if the clock had not been touched."""

from __future__ import annotations

from datetime import timedelta

from relay.core import clocks
from relay.core.events import Event, EventKind
from relay.errors import NewerRecord, StoreRefused, StoreUnavailable, Unreadable
from relay.flow import conductor
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.world import World
from relay.ports import UnreadableRelay

# More than a small machine ever has under way; whatever is beyond is put right by the comparison with Twilio's list.
_LIMIT = 2000
RUN_SECONDS = 50.0
# Longer than anything waits.
_LONGEST_WAIT = timedelta(days=2)


def move(world: World, set_by: timedelta, within: timedelta) -> int:
    """Move what each relay waits for by `set_by`, for a time of day that was set within this time. Returns how many.

    What was planned since then is left: it was planned by the new time of day. Raises StoreUnavailable when the store
    did not answer what waits.
    """
    budget = Budget(world.clock, RUN_SECONDS, TASK_LIMITS)
    now = world.clock.now()
    waiting = world.store.due(now + abs(set_by) + _LONGEST_WAIT, _LIMIT, timeout_seconds=budget.store)
    event = Event(EventKind.TIMES_ARE_OFF, set_by=set_by)
    moved = 0
    for stored in waiting:
        if isinstance(stored, UnreadableRelay) or now - within <= clocks.planned_at(stored.relay) <= now:
            continue
        try:
            moved += bool(conductor.apply(world, stored, event, budget).stored)
        except (NewerRecord, StoreRefused, Unreadable, StoreUnavailable):
            continue  # the sweep, or the comparison with the provider's list, goes on with it
    return moved
