"""The watchman: every minute it resumes relays whose next step is overdue, because a timer or a process was lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from relay import escalation, shell, steps
from relay.errors import StoreUnavailable
from relay.events import Event, EventKind
from relay.ports import Stored
from relay.shell import TASK_LIMITS, Budget, World

# Timers get a head start, so that the sweep does not compete with the ones that are merely a little late.
GRACE = timedelta(seconds=10)
RUN_LIMIT = 200
RUN_SECONDS = 50.0
_BY = "sweep"


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What one run did. `more` says that the limit was reached and the rest waits for the next run."""

    resumed: int
    failed: int
    purged: int
    more: bool


def sweep(world: World, limit: int = RUN_LIMIT) -> SweepReport:
    """Resume what is overdue; costs in proportion to that, and not to what is stored. Raises StoreUnavailable."""
    budget = Budget(world.clock, RUN_SECONDS, TASK_LIMITS)
    now = world.clock.now()
    overdue = world.store.due(now - GRACE, limit, timeout_seconds=budget.store)
    resumed = failed = 0
    for stored in overdue:
        if budget.is_used_up:
            break
        try:
            resumed += resume(world, stored, budget)
        except StoreUnavailable:
            failed += 1
    purged = world.store.purge_expired(now, limit, timeout_seconds=budget.store)
    report = SweepReport(resumed, failed, purged, more=len(overdue) == limit or budget.is_used_up)
    severity = "WARNING" if resumed or failed else "INFO"
    world.journal.note(severity, "sweep", resumed=resumed, failed=failed, purged=purged, more=report.more)
    return report


def resume(world: World, stored: Stored, budget: Budget) -> bool:
    """Take one overdue relay a step on; whether anything changed."""
    timer = steps.pending(stored.relay)
    if timer is None:
        # Exhausted with its alarm still due: any event about the relay as a whole raises it.
        return bool(shell.apply(world, stored, Event(EventKind.INBOUND_REPEATED, by=_BY), budget).stored)
    return not escalation.act(world, stored, timer, budget, by=_BY).ignored_because
