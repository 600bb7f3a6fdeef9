"""Runs one seed and judges it; and keeps account of which (state, event) pairs the machine was asked about."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from relay.core import machine
from relay.core.events import ABOUT_THE_RELAY, Decision, Event, EventKind, State
from relay.core.model import Relay

from tests.simulator.coexistence import COEXISTENCE
from tests.simulator.faults import Fault
from tests.simulator.judges_of_files import OF_FILES
from tests.simulator.judges_of_marks import OF_MARKS
from tests.simulator.kinds import Kind
from tests.simulator.liveness import (
    DEEP_SECONDS,
    deadline,
    l1_every_text_ends,
    l1_what_is_fresh_waits_for_no_deep_pass,
    l2_every_attempt_is_resolved,
    l3_nothing_is_left_behind,
    l3_what_has_expired_goes,
    l4_only_what_cannot_go_on_is_set_aside,
    s10_replays_change_nothing,
    settling,
    waits_for_a_deep_pass,
)
from tests.simulator.people.judges import PEOPLE
from tests.simulator.promises import PROMISES
from tests.simulator.safety import SAFETY
from tests.simulator.simulation import Simulation
from tests.simulator.wide_promises import WIDE_PROMISES

Pair = tuple[State, EventKind]

# What nobody can tell of an attempt is always followed to its end. What Twilio has and the carrier does not confirm is
# asked about for more than an hour, at the same few places of the code; every so often that is enough.
_SETTLE_EVERY = 8
# Every so often a recorded request is replayed, or all of them.
_REPLAY_ONE_EVERY, _REPLAY_ALL_EVERY = 4, 32


@dataclass(slots=True)
class Result:
    """What one run brought."""

    seed: int
    violations: list[str]
    faults: dict[Fault | Kind, int]
    drawn: int = 0
    trace: list[str] = field(default_factory=list)


def run_seed(
    seed: int,
    calmed: Collection[int] | None = None,
    traced: bool = False,
    two_revisions: bool = False,
    kind: Kind | None = None,
) -> Result:
    """One run, judged. The same arguments give the same result, to the last line of the trace."""
    run = Simulation.of_seed(seed, calmed, traced, two_revisions, kind)
    try:
        violations = judge(
            run,
            settles=seed % _SETTLE_EVERY == 0 or run.people is not None,
            replays=seed % _REPLAY_ONE_EVERY == 0,
            replays_all=seed % _REPLAY_ALL_EVERY == 0,
        )
    finally:
        run.kernel.end()
    return Result(seed, violations, run.faults.counts, run.dice.drawn, run.kernel.trace or [])


def judge(run: Simulation, settles: bool, replays: bool = True, replays_all: bool = True) -> list[str]:
    """Play a run to its end and say what it violates.

    `settles` follows also what Twilio has and the carrier does not confirm to its end; `replays` lets a recorded
    request come again, `replays_all` all of them.
    """
    run.run(deadline(run), settles)
    violations = list(l1_what_is_fresh_waits_for_no_deep_pass(run))
    if waits_for_a_deep_pass(run):
        run.run(deadline(run) + DEEP_SECONDS, settles)
    violations.extend(l1_every_text_ends(run))
    if not violations and (settles or any(l2_every_attempt_is_resolved(run))):
        run.run(settling(run))
        violations.extend(l2_every_attempt_is_resolved(run))
        violations.extend(l3_nothing_is_left_behind(run))
    violations.extend(l4_only_what_cannot_go_on_is_set_aside(run))
    violations.extend(run.history.violations)
    for invariant in (*SAFETY, *PROMISES, *WIDE_PROMISES, *OF_FILES, *OF_MARKS, *COEXISTENCE, *PEOPLE):
        try:
            violations.extend(invariant(run))
        except (IndexError, KeyError) as error:
            # Something was done of which there is no record to judge it by.
            violations.append(f"RECORD: {invariant.__name__} looks in vain for {error!r}")
    replays_all = replays_all or run.people is not None
    if (replays or replays_all) and not violations:
        violations.extend(s10_replays_change_nothing(run, everything=replays_all))
        if replays_all:
            violations.extend(l3_what_has_expired_goes(run))
    return violations


@contextmanager
def counting_pairs() -> Iterator[set[Pair]]:
    """While entered, the set gathers every (state, event) pair that the machine decides on."""
    pairs: set[Pair] = set()
    real = machine.transition

    def transition(relay: Relay, event: Event, now: datetime) -> Decision:
        is_of_table = not relay.is_left_to_newer and event.attempt <= len(relay.attempts)
        if is_of_table and (event.attempt or event.kind in ABOUT_THE_RELAY):
            pairs.add((machine.state_of(relay, event), event.kind))
        return real(relay, event, now)

    machine.transition = transition
    try:
        yield pairs
    finally:
        machine.transition = real
