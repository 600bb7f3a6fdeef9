"""The walks over every relay that the machine can bring about, taken once for all that is to be seen on them."""

from __future__ import annotations

import functools
from collections import defaultdict

from relay.core import machine
from relay.core.events import EventKind, State

from scripts.make_states_doc import Changes
from scripts.walk_machine import SMALLEST, Cascade, Walked
from tests.core.machine_rules import rules_of
from tests.quick import IS_QUICK

# What the smallest hold in small, in full: retries before and beside an escalation, a redrive of a text that says more,
# a third tier.
LARGER = (
    Cascade(1, (2.0, 4.0)),
    Cascade(1, redrives=1, may_say_more=True),
    Cascade(2, (2.0,)),
    Cascade(3),
)


class Walks:
    """What was seen: the steps that break a rule, the pairs of state and event, and where each change leads.

    `changes` are those of the smallest cascades, which docs/states.md shows; `beyond` those of the larger ones.
    """

    def __init__(self) -> None:
        self.violations: dict[str, list[Walked]] = defaultdict(list)
        self.pairs: set[tuple[State, EventKind]] = set()
        self.changes, self.beyond = Changes(), Changes()
        self.steps = 0

    def take(self, cascade: Cascade, changes: Changes) -> None:
        for step in cascade.walk():
            self.steps += 1
            if step.event.attempt <= len(step.before.attempts):
                self.pairs.add((machine.state_of(step.before, step.event), step.event.kind))
            for rule in rules_of(step):
                if not rule(step):
                    self.violations[rule.__name__].append(step)
            changes.meet(step)


@functools.cache
def walks() -> Walks:
    """Returns what was seen on all walks; under `make quick` on those of the smallest cascades."""
    walks = Walks()
    for cascade in SMALLEST:
        walks.take(cascade, walks.changes)
    for cascade in () if IS_QUICK else LARGER:
        walks.take(cascade, walks.beyond)
    return walks
