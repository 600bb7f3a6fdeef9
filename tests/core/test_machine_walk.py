"""The machine over every relay it can bring about: what must hold at each single step of the walk."""

from __future__ import annotations

import pytest
from relay.core import machine
from relay.core.events import ABOUT_THE_RELAY, Event, EventKind, State
from relay.core.machine import TABLE

from scripts.walk_machine import Walked, policy_of, walk
from tests.core.machine_rules import RULES, Rule
from tests.core.walks import walks

_NEVER_SENT = (State.RECORDED, State.HELD)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_it_holds_at_every_step(rule: Rule) -> None:
    found = walks().violations[rule.__name__]
    assert not found, f"{len(found)} of {walks().steps} steps, the first: {_shown(found[0])}"


def _shown(step: Walked) -> str:
    relay = step.before
    attempts = ", ".join(f"{each.number}:t{each.tier} {each.status}" for each in relay.attempts)
    after = ", ".join(f"{each.number}:t{each.tier} {each.status}" for each in step.decision.relay.attempts)
    return (
        f"{relay.final_status} [{attempts}] on {step.event.kind} of {step.event.attempt} "
        f"→ {step.decision.relay.final_status} [{after}] {step.decision.effects}"
    )


def test_every_state_and_event_has_an_answer() -> None:
    for state in State:
        for kind in EventKind:
            answer = TABLE[state][kind]
            assert callable(answer) or (isinstance(answer, str) and answer), (state, kind)


def test_the_walk_meets_every_pair_that_can_occur() -> None:
    """A relay that was never forwarded has no attempts, and what is about the relay is never about an earlier one."""
    impossible = {(State.EARLIER, kind) for kind in ABOUT_THE_RELAY}
    impossible |= {(state, kind) for state in _NEVER_SENT for kind in EventKind if kind not in ABOUT_THE_RELAY}
    everything = {(state, kind) for state in State for kind in EventKind}
    assert everything - walks().pairs == impossible


def test_larger_cascades_lead_nowhere_that_the_smallest_do_not() -> None:
    for pair, states in walks().beyond.targets.items():
        assert states <= walks().changes.targets[pair], pair


@pytest.mark.parametrize("number", [-1, 0, 2, 9999])
@pytest.mark.parametrize("kind", sorted(set(EventKind) - ABOUT_THE_RELAY))
def test_a_foreign_attempt_number_is_ignored(kind: EventKind, number: int) -> None:
    relay = next(iter(walk(policy_of(2)))).before
    decision = machine.transition(relay, Event(kind, number, lease="lease 0"), relay.timestamp)
    assert decision.relay is relay
    assert decision.effects == ()
    assert decision.ignored_because
