"""Operators who see to texts by a call, say so, and take it back: what such a run has of them, and what each asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from relay.errors import BadRequest, NewerRecord, StoreUnavailable, Unreadable
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.intake import Intake
from relay.flow.timers import TASK_SECONDS
from relay.flow.world import SendingWorld
from relay.operators.batches import Settled
from relay.operators.marks import mark

from tests.simulator.dice import Dice
from tests.simulator.fleet import Fleet
from tests.simulator.history import Marked
from tests.simulator.kernel import Task
from tests.simulator.kinds import Kind, Mark, Wide
from tests.simulator.plan import Plan, Redrive
from tests.simulator.sim_twilio import Carrier

_OPERATORS = ("Olivia", "Omar")
# What an operator is told of a relay that cannot be marked now, or not at all.
_TOLD = (BadRequest, NewerRecord, StoreUnavailable, Unreadable)


def _seen_to(plan: Plan, wide: Wide, dice: Dice) -> None:
    """Handlers are mostly out of reach, so that texts wait for people, and are started again by some of these."""
    if dice.chance(0.8):
        for tier in plan.policy.tiers:
            plan.carriers[tier.reach.address] = Carrier(delivers=False, fails_with=30003)
        plan.carriers[dice.pick(plan.policy.tiers).reach.address] = Carrier(
            delivers_late_after=dice.between(5.0, 900.0)
        )
    for _ in range(3 + int((1.0 - dice.draw()) * 9)):
        is_handled = dice.chance(0.75)
        note = dice.pick(("", "called her")) if is_handled else ""
        wide.marks.append(Mark(dice.between(5.0, 1500.0), dice.pick(_OPERATORS), is_handled, note, dice.chance(0.3)))
    if not plan.redrives:
        plan.redrives = [Redrive(dice.between(100.0, 1500.0), 1, dice.chance(0.3))]


WITH_MARKS: dict[Kind, Callable[[Plan, Wide, Dice], None]] = {Kind.SEEN_TO: _seen_to}


def prepare_marks(fleet: Fleet, marks: Sequence[Mark]) -> None:
    """Let operators ask for these marks, each at its time."""
    for asked in marks:
        fleet.kernel.at(asked.at, partial(_see_to, fleet), asked)


def _see_to(fleet: Fleet, asked: Mark) -> None:
    """Let an operator mark every relay that there is, twice at once if the first click seems to do nothing."""
    for message_id in list(fleet.store.relays):
        for _ in range(2 if asked.doubled else 1):
            answered = partial(_answered, fleet, Marked(message_id, asked.is_handled, fleet.kernel.now))
            fleet.run(f"{asked.by} sees to …{message_id[-3:]}", partial(_mark, message_id, asked), answered)


def _mark(message_id: str, asked: Mark, world: SendingWorld, _: Intake) -> Settled:
    budget = Budget(world.clock, TASK_SECONDS, TASK_LIMITS)
    return mark(world, message_id, (asked.is_handled, asked.note), asked.by, budget)


def _answered(fleet: Fleet, marked: Marked, task: Task) -> None:
    # An operator sees an error and may ask again; nothing else depends on it.
    if task.result is not None and not task.result.refused_because:
        fleet.history.marked.append(replace(marked, until=fleet.kernel.now))
    if task.error is not None and not isinstance(task.error, _TOLD):
        fleet.history.violated("MARKS", f"{task.name} raised {task.error!r}")
