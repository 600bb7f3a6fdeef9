"""Every port call of whole lives of a relay fails in every way it can; every pair of them by crash or lost reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from relay.core.model import Attachment, InboundText

from tests.simulator.exhaustive.case import TEXT, CalmDice, Case, Report, ScriptedFaults, plan, policy, violations_of
from tests.simulator.faults import BEFALLS, Does, Fault
from tests.simulator.plan import BODY_MARK, HANDLERS, Plan, Redrive
from tests.simulator.sim_twilio import Carrier
from tests.simulator.simulation import Simulation

_FAILS = Carrier(delivers=False, fails_with=30006)
_FAILS_FOR_NOW = Carrier(delivers=False, fails_with=30003)
_SILENT = Carrier(delivers=False)
_LATE = Carrier(delivers_late_after=100.0)
_PAIRED = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.LOST_REPLY)

Story = Callable[[], Plan]
_World = dict[Fault, int]


def _redriven() -> Plan:
    return replace(plan(policy(1), (_FAILS,)), redrives=[Redrive(200.0, 1, doubled=True)])


def _from_a_handler() -> Plan:
    return plan(policy(2), text=InboundText(TEXT.message_id, HANDLERS[0], TEXT.recipient_phone, TEXT.body, 0))


def _with_words_in_a_file() -> Plan:
    file = Attachment("ME" + "e" * 32, "text/plain")
    text = replace(TEXT, media_count=1, attachments=(file,))
    return replace(plan(policy(2), text=text), held={(text.message_id, file.media_id): f"{BODY_MARK} is long".encode()})


# Between them these lives call every handler: webhook, receipt, both timers, sweep, reconcile, redrive.
_STORIES: tuple[tuple[str, Story, _World], ...] = (
    ("delivered at once", lambda: plan(policy(2)), {}),
    ("refused by the carrier, then tier 2", lambda: plan(policy(2), (_FAILS,)), {}),
    ("failed for now, then retried", lambda: plan(policy(1, (2.0,)), (_FAILS_FOR_NOW,)), {}),
    ("silent, then tier 2 at the deadline", lambda: plan(policy(2), (_SILENT,)), {}),
    ("callback lost, told at the deadline", lambda: plan(policy(1)), {Fault.CALLBACK_LOST: 9}),
    ("outcome unknown, sent once more", lambda: plan(policy(1)), {Fault.SEND_5XX: 1}),
    ("refused by Twilio, then retried", lambda: plan(policy(1, (2.0,))), {Fault.SEND_REFUSED: 1}),
    ("exhausted, then delivered late", lambda: plan(policy(1), (_LATE,)), {}),
    ("exhausted, then redriven twice", _redriven, {}),
    ("webhook lost, then reconciled", lambda: plan(policy(1)), {Fault.WEBHOOK_LOST: 1}),
    ("all timers lost, then swept", lambda: plan(policy(2), (_SILENT,)), {Fault.TIMER_LOST: 99}),
    ("from a handler, only recorded", _from_a_handler, {}),
    ("words in a file", _with_words_in_a_file, {}),
    ("words in a file, webhook lost", _with_words_in_a_file, {Fault.WEBHOOK_LOST: 1}),
)


def _play(story: Story, world: _World, script: dict[int, Fault]) -> tuple[ScriptedFaults, Simulation]:
    dice = CalmDice()
    faults = ScriptedFaults(dice, script, world)
    return faults, Simulation(story(), dice, faults)


def _faults_after(
    first: int, kinds: list[Does], faults: tuple[Fault, ...] = tuple(Fault)
) -> Iterator[tuple[int, Fault]]:
    """Returns every fault, of these, that can befall a call later than the first so many of a life with these calls."""
    for number, does in enumerate(kinds[first:], start=first + 1):
        # What is likely is there several times.
        yield from ((number, fault) for fault in dict.fromkeys(BEFALLS[does]) if fault in faults)


def _played(report: Report, story: Story, world: _World, script: dict[int, Fault]) -> list[Does]:
    """Play and judge a life with these faults. Returns the kinds of its calls, in order."""
    faults, run = _play(story, world, script)
    report.cases += 1
    where = ", ".join(f"call {number}: {fault.value}" for number, fault in script.items()) or "without a fault"
    report.violations += violations_of(run, where)
    if not script and not all(_has_words(run, *file) for file in run.plan.held):
        report.violations.append(f"{where}: words in a file were not had")
    return faults.kinds


def _has_words(run: Simulation, message_id: str, media_id: str) -> bool:
    words = run.plan.held[message_id, media_id].decode()
    return words in run.fleet.store.relays[message_id].relay.message_body


def _singles(story: Story, world: _World) -> Report:
    report = Report()
    for number, fault in _faults_after(0, _played(report, story, world, {})):
        _played(report, story, world, {number: fault})
    return report


def _pairs(story: Story, world: _World) -> Report:
    """The first fault makes others do the work again: what can befall the second call is seen in the life with it."""
    report = Report()
    for first, one in _faults_after(0, _played(report, story, world, {}), _PAIRED):
        kinds = _played(report, story, world, {first: one})
        for second, other in _faults_after(first, kinds, _PAIRED):
            _played(report, story, world, {first: one, second: other})
    return report


CRASHES = (
    *(Case(f"one fault: {name}", partial(_singles, story, world)) for name, story, world in _STORIES),
    *(Case(f"two faults: {name}", partial(_pairs, story, world)) for name, story, world in _STORIES),
)
