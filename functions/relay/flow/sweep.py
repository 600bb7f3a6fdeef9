"""The sweep: every minute it goes on with relays that are overdue because a timer or a process was lost."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from relay.core import moves
from relay.core.events import Event, EventKind
from relay.core.model import FinalStatus, Relay
from relay.errors import NewerRecord, StoreRefused, StoreUnavailable, Unreadable, VersionConflict
from relay.flow import conductor, incidents, lookup, timers
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.world import SendingWorld
from relay.ports import Stored, UnreadableRelay

# How long a relay must be overdue before the sweep takes it: a timer that is merely late should fire itself.
GRACE = timedelta(seconds=10)
# A timer fires within a minute or the sweep does: what has been due for longer than this waited for both in vain. So do
# the operators' pages say (operators/words.py).
LONG_OVERDUE = timedelta(minutes=3)
# How long a relay must be overdue before it is set aside because of an error that no code foresees: such an error may
# pass. What the store refuses for good, or cannot read, is set aside at the first failure: the next would be the same.
UNFORESEEN_FOR = timedelta(minutes=5)
RUN_LIMIT = 200
RUN_SECONDS = 50.0
_BY = "sweep"


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What one run did.

    Attributes:
        resumed: relays that went on.
        failed: relays that did not, for whatever reason; each comes up again in the next run, or is set aside.
        overdue: relays that had been due for more than LONG_OVERDUE when they were met.
        set_aside: of those that failed, the relays that cannot go on by themselves; each has raised the alarm.
        purged: expired records that were removed.
        more: the limit was reached, or the time was used up, and the rest waits for the next run.
    """

    resumed: int
    failed: int
    overdue: int
    set_aside: int
    purged: int
    more: bool


def sweep(world: SendingWorld, limit: int = RUN_LIMIT) -> SweepReport:
    """Go on with at most `limit` overdue relays, remove expired ones. Returns what was done. Raises StoreUnavailable.

    Relays that fail do not count towards `limit`: however many they are, the others go on in the same run while it has
    time. A run costs in proportion to what is overdue, and not to what is stored.
    """
    budget = Budget(world.clock, RUN_SECONDS, TASK_LIMITS)
    now = world.clock.now()
    run = Run(world, budget)
    more = run.take_on_overdue(now - GRACE, limit)
    purged = world.store.purge_expired(now, limit, timeout_seconds=budget.store)
    incidents.look_after(world, budget)
    report = SweepReport(run.resumed, run.failed, run.overdue, run.set_aside, purged, more)
    severity = "WARNING" if report.resumed or report.failed else "INFO"
    world.journal.note(severity, "sweep", **asdict(report), alert="overdue" if report.overdue else "")
    return report


class Run:
    """One run's work and its counts."""

    def __init__(self, world: SendingWorld, budget: Budget) -> None:
        self._world = world
        self._budget = budget
        self._silence = lookup.Silence()
        self.resumed = 0
        self.failed = 0
        self.overdue = 0
        self.set_aside = 0

    def take_on_overdue(self, before: datetime, limit: int) -> bool:
        """Go on with overdue relays until `limit` of them did, none is left, or the time is used up.

        Returns whether more may be left. Raises StoreUnavailable when the store did not answer what is due.
        """
        met: set[str] = set()
        while True:
            left = limit - (len(met) - self.failed)
            # Those that failed are still due, and the longest overdue: they must not take the place of others.
            wanted = limit + self.failed
            overdue = self._world.store.due(before, wanted, timeout_seconds=self._budget.store)
            fresh = [one for one in overdue if one.message_id not in met][:left]
            failed_before = self.failed
            # Texts still under way come first: look-ups of ended relays can take long when the provider is silent.
            for one in sorted(fresh, key=_has_only_fates_to_settle):
                if self._budget.is_used_up:
                    return True
                met.add(one.message_id)
                self._take_on(one)
            if len(overdue) < wanted:
                return False
            if self.failed == failed_before or self._budget.is_used_up:
                return True

    def _take_on(self, one: Stored | UnreadableRelay) -> None:
        """Go on with one relay. An error is counted, and the run goes on to the next relay."""
        if isinstance(one, UnreadableRelay):
            self.put_aside(one.message_id, one.version, one.reason)
            return
        is_under_way = not _has_only_fates_to_settle(one)
        self.overdue += is_under_way and self._is_long_overdue(one.relay)
        try:
            self.resumed += resume(self._world, one, self._budget) if is_under_way else self._settle(one)
        except NewerRecord:
            pass  # since it was read a newer revision took it over; the store has raised the alarm
        except StoreRefused as error:
            self.put_aside(one.message_id, one.version, error.reason)
        except (StoreUnavailable, Unreadable):
            self.failed += 1
        except Exception as error:
            self._failed_unforeseen(one, error)

    def _is_long_overdue(self, relay: Relay) -> bool:
        return relay.due_at is not None and relay.due_at < self._world.clock.now() - LONG_OVERDUE

    def _failed_unforeseen(self, stored: Stored, error: Exception) -> None:
        relay, reason = stored.relay, type(error).__name__
        self._world.journal.note("ERROR", "sweep could not resume a relay", relay=relay.message_id, reason=reason)
        if relay.due_at is not None and relay.due_at < self._world.clock.now() - UNFORESEEN_FOR:
            self.put_aside(relay.message_id, stored.version, f"going on with it fails every time ({reason})")
        else:
            self.failed += 1

    def put_aside(self, message_id: str, version: object, because: str) -> None:
        """Raise the alarm, then take the relay out of what is due. If that fails, the next run does it again."""
        self.failed += 1
        self._world.alarms.set_aside(message_id, because)
        with contextlib.suppress(VersionConflict, StoreUnavailable, StoreRefused):
            self._world.store.set_aside(message_id, version, because, timeout_seconds=self._budget.store)
            self.set_aside += 1

    def _settle(self, stored: Stored) -> bool:
        if self._silence.is_certain:
            lookup.put_off(self._world, stored, self._budget, _BY)
            return False
        settled = lookup.settle(self._world, stored, self._budget, _BY)
        self._silence.note(settled)
        return settled.repaired > 0


def _has_only_fates_to_settle(stored: Stored | UnreadableRelay) -> bool:
    if isinstance(stored, UnreadableRelay):
        return False
    return stored.relay.final_status is not FinalStatus.IN_PROGRESS and not stored.relay.alarm_is_due


def resume(world: SendingWorld, stored: Stored, budget: Budget) -> bool:
    """Go on with one overdue relay as its lost timer would have. Returns whether anything changed."""
    timer = moves.pending(stored.relay)
    if timer is None:
        # Exhausted with its alarm still due: any event about the relay as a whole raises it.
        return bool(conductor.apply(world, stored, Event(EventKind.INBOUND_REPEATED, by=_BY), budget).stored)
    return not timers.act(world, stored, timer, budget, by=_BY).ignored_because
