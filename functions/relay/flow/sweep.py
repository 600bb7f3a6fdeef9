"""The sweep: every minute it goes on with relays that are overdue because a timer or a process was lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from relay.core import moves
from relay.core.events import Event, EventKind
from relay.core.model import FinalStatus
from relay.errors import NewerRecord, StoreUnavailable
from relay.flow import conductor, lookup, timers
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.world import SendingWorld
from relay.ports import Stored

# How long a relay must be overdue before the sweep takes it: a timer that is merely late should fire itself.
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


def sweep(world: SendingWorld, limit: int = RUN_LIMIT) -> SweepReport:
    """Go on with at most `limit` overdue relays, remove expired ones. Returns what was done. Raises StoreUnavailable.

    A run costs in proportion to what is overdue, and not to what is stored.
    """
    budget = Budget(world.clock, RUN_SECONDS, TASK_LIMITS)
    now = world.clock.now()
    overdue = world.store.due(now - GRACE, limit, timeout_seconds=budget.store)
    run = _Run(world, budget)
    # Texts still under way come first: look-ups of ended relays can take long when Twilio does not answer.
    for stored in sorted(overdue, key=_has_only_fates_to_settle):
        if budget.is_used_up:
            break
        run.take_on(stored)
    purged = world.store.purge_expired(now, limit, timeout_seconds=budget.store)
    report = SweepReport(run.resumed, run.failed, purged, more=len(overdue) == limit or budget.is_used_up)
    severity = "WARNING" if report.resumed or report.failed else "INFO"
    labels = {"resumed": report.resumed, "failed": report.failed, "purged": report.purged, "more": report.more}
    world.journal.note(severity, "sweep", **labels)
    return report


class _Run:
    """One run's work and its counts."""

    def __init__(self, world: SendingWorld, budget: Budget) -> None:
        self._world = world
        self._budget = budget
        self._silence = lookup.Silence()
        self.resumed = 0
        self.failed = 0

    def take_on(self, stored: Stored) -> None:
        """Go on with one relay. An error is counted and logged, and the run goes on to the next relay."""
        try:
            if _has_only_fates_to_settle(stored):
                self.resumed += self._settle(stored)
            else:
                self.resumed += resume(self._world, stored, self._budget)
        except NewerRecord:
            pass  # since it was read a newer revision took it over; the store has raised the alarm
        except StoreUnavailable:
            self.failed += 1
        except Exception as error:
            self.failed += 1
            reason, relay = type(error).__name__, stored.relay.message_id
            self._world.journal.note("ERROR", "sweep could not resume a relay", relay=relay, reason=reason)

    def _settle(self, stored: Stored) -> bool:
        if self._silence.is_certain:
            lookup.put_off(self._world, stored, self._budget, _BY)
            return False
        settled = lookup.settle(self._world, stored, self._budget, _BY)
        self._silence.note(settled)
        return settled.repaired > 0


def _has_only_fates_to_settle(stored: Stored) -> bool:
    return stored.relay.final_status is not FinalStatus.IN_PROGRESS and not stored.relay.alarm_is_due


def resume(world: SendingWorld, stored: Stored, budget: Budget) -> bool:
    """Go on with one overdue relay as its lost timer would have. Returns whether anything changed."""
    timer = moves.pending(stored.relay)
    if timer is None:
        # Exhausted with its alarm still due: any event about the relay as a whole raises it.
        return bool(conductor.apply(world, stored, Event(EventKind.INBOUND_REPEATED, by=_BY), budget).stored)
    return not timers.act(world, stored, timer, budget, by=_BY).ignored_because
