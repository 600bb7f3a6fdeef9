"""What the judges of liveness excuse where a clock was ahead by days or months: it waits until that time has come."""

from __future__ import annotations

from datetime import datetime, timedelta

from relay.core.fates import settled_at
from relay.core.model import Attempt, FinalStatus, Relay
from relay.core.policy import FATE_LOOKUP_SECONDS_MAX
from relay.flow.matching import CALLBACKS_COME, TOLERANCE

from tests.simulator.history import time_of
from tests.simulator.simulation import Simulation


def ahead(run: Simulation) -> float:
    """By how many seconds a clock of this run is ahead at most, days or months."""
    return max([error for _, _, error in run.plan.wide.clocks] if run.plan.wide is not None else [0.0], default=0.0)


def waits_for_a_clocks_time(run: Simulation, relay: Relay) -> bool:
    """Whether it was delivered while a clock was ahead: what became of its other attempts is asked at that time. Or
    which text is its own cannot be told yet, because a clock wrote wrong times into an attempt."""
    if any(_is_looked_for_longer(run, attempt) for attempt in relay.attempts):
        return True
    return relay.final_status is FinalStatus.DELIVERED and is_late_by_a_clock(
        run, relay.due_at, ahead(run) + FATE_LOOKUP_SECONDS_MAX
    )


def _is_looked_for_longer(run: Simulation, attempt: Attempt) -> bool:
    """Whether another text with the same words may be this attempt's, for as long as its times may be off and callbacks
    may come; what is found then is found at the next look-up."""
    if not attempt.is_unresolved or not attempt.off_by_seconds or len(run.plan.texts) == 1:
        return False
    until = settled_at(attempt) + TOLERANCE + timedelta(seconds=attempt.off_by_seconds) + CALLBACKS_COME
    return time_of(run.kernel.now) < until + timedelta(seconds=FATE_LOOKUP_SECONDS_MAX)


def is_late_by_a_clock(run: Simulation, due_at: datetime | None, at_most: float = FATE_LOOKUP_SECONDS_MAX) -> bool:
    """Whether a clock that was ahead by days planned it; a look-up not later than the longest wait between two."""
    wide = run.plan.wide
    if wide is None or not wide.clocks or due_at is None:
        return False
    return time_of(run.kernel.now) < due_at < time_of(run.kernel.now + at_most)
