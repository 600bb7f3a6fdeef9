"""Every interleaving of two handlers on one relay, switched at each call of the store and of Twilio."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from tests.simulator.exhaustive.case import TEXT, CalmDice, Case, ScriptedFaults, plan, policy
from tests.simulator.exhaustive.choosing import Makes, Prepare, every_order
from tests.simulator.exhaustive.handlers import comparison, operator, receipt, timer, watchman, webhook
from tests.simulator.faults import Does, Fault
from tests.simulator.kernel import Kernel
from tests.simulator.plan import Plan
from tests.simulator.sim_twilio import Carrier
from tests.simulator.simulation import Simulation

_SILENT = Carrier(delivers=False)
_FAILS = Carrier(delivers=False, fails_with=30006)


def prepared(
    story: Callable[[], Plan],
    until: float,
    world: dict[Fault, int],
    kernel: Kernel,
    script: Mapping[int, Fault] | None = None,
) -> Simulation:
    """A relay's life up to the moment at which the two handlers meet."""
    dice = CalmDice()
    run = Simulation(story(), dice, ScriptedFaults(dice, script or {}, world), kernel)
    run.kernel.run(until)
    return run


def _alarm_lost(kernel: Kernel) -> Simulation:
    """Exhausted by the sweep, which died between committing that and putting the alarm on record. Nobody else comes by:
    the callback was lost too, and no attempt's fate is open."""
    world = {Fault.TIMER_LOST: 9, Fault.CALLBACK_LOST: 9}
    story = partial(plan, policy(1), (_FAILS,))
    undisturbed = prepared(story, 125.0, world, Kernel())
    assert isinstance(undisturbed.faults, ScriptedFaults)
    kinds = undisturbed.faults.kinds
    recorded = max(number for number, does in enumerate(kinds, start=1) if does is Does.WRITE)
    undisturbed.kernel.end()
    run = prepared(story, 135.0, world, kernel, {recorded: Fault.CRASH_BEFORE})
    assert run.fleet.store.relays[TEXT.message_id].relay.alarm_is_due
    return run


def _silent() -> Plan:
    return plan(policy(2), (_SILENT,))


def _refused() -> Plan:
    return plan(policy(2), (_FAILS,))


def _exhausted() -> Plan:
    return plan(policy(1), (_FAILS,))


def _later() -> Plan:
    """The text is there, and nobody has told the relay of it yet."""
    return replace(plan(policy(2)), texts=[(30.0, TEXT)])


# When the handlers meet. All timers are lost where the sweep has to find something overdue.
_NOTHING_YET = partial(prepared, _later, 0.5, {})
_TEXT_UNKNOWN = partial(prepared, lambda: plan(policy(2)), 40.0, {Fault.WEBHOOK_LOST: 1})
_SENT_AND_SILENT = partial(prepared, _silent, 61.9, {Fault.TIMER_LOST: 9, Fault.CALLBACK_LOST: 9})
_OVERDUE = partial(prepared, _silent, 115.0, {Fault.TIMER_LOST: 9, Fault.CALLBACK_LOST: 9})
_ATTEMPT_OVERDUE = partial(prepared, _refused, 17.0, {Fault.TIMER_LOST: 9})
_UNKNOWN_AT_LAST = partial(
    prepared, lambda: plan(policy(1)), 115.0, {Fault.TIMER_LOST: 9, Fault.SEND_5XX: 1, Fault.SWEEP_LOST: 9}
)
_ENDED = partial(prepared, _exhausted, 20.0, {})

_PAIRS: tuple[tuple[str, Prepare, Makes, Makes], ...] = (
    ("webhook and webhook", _NOTHING_YET, webhook, webhook),
    ("webhook and reconcile", _TEXT_UNKNOWN, webhook, comparison),
    ("reconcile and reconcile", _TEXT_UNKNOWN, comparison, comparison),
    ("deadline and delivery", _SENT_AND_SILENT, timer, receipt("delivered")),
    ("deadline and failure", _SENT_AND_SILENT, timer, receipt("undelivered")),
    ("deadline and deadline", _SENT_AND_SILENT, timer, timer),
    ("attempt and attempt", _ATTEMPT_OVERDUE, timer, timer),
    ("attempt and delivery", _ATTEMPT_OVERDUE, timer, receipt("delivered")),
    ("unknown at the last tier, twice", _UNKNOWN_AT_LAST, timer, timer),
    ("delivery and failure", _SENT_AND_SILENT, receipt("delivered"), receipt("undelivered")),
    ("sweep and webhook", _OVERDUE, watchman, webhook),
    ("sweep and delivery", _OVERDUE, watchman, receipt("delivered")),
    ("sweep and failure", _OVERDUE, watchman, receipt("undelivered")),
    ("sweep and deadline", _OVERDUE, watchman, timer),
    ("sweep and attempt", _ATTEMPT_OVERDUE, watchman, timer),
    ("sweep and sweep", _OVERDUE, watchman, watchman),
    ("sweep and reconcile", _OVERDUE, watchman, comparison),
    ("sweep and lost alarm, twice", _alarm_lost, watchman, watchman),
    ("sweep and redrive before the alarm", _alarm_lost, watchman, operator),
    ("sweep and delivery before the alarm", _alarm_lost, watchman, receipt("delivered")),
    ("sweep and redrive", _ENDED, watchman, operator),
    ("redrive and redrive", _ENDED, operator, operator),
    ("redrive and delivery", _ENDED, operator, receipt("delivered")),
)

# Those with so many orders that the suite plays but the ones with few switches.
_MANY = ("sweep and reconcile", "reconcile and reconcile")
_SWITCHES = 4

INTERLEAVINGS = (
    *(
        Case(f"interleaved: {name}", partial(every_order, prepare, one, other), is_quick=name not in _MANY)
        for name, prepare, one, other in _PAIRS
    ),
    *(
        Case(f"interleaved: {name}, with few switches", partial(every_order, prepare, one, other, _SWITCHES))
        for name, prepare, one, other in _PAIRS
        if name in _MANY
    ),
)
