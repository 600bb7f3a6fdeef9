"""Twenty thousand made-up disasters on every change, on all cores."""

from __future__ import annotations

import pytest

from tests.simulator.campaign import Tally, campaign, cores, possible_pairs
from tests.simulator.faults import Fault
from tests.simulator.kinds import Kind

SEEDS = 20_000
# How often each kind of the wider world is met at least: often enough to meet its consequences as well.
RUNS_OF_A_KIND = 50


@pytest.fixture(scope="module")
def tally() -> Tally:
    return campaign(Tally(1, 1), SEEDS, cores(), lambda tally: None)


def test_no_schedule_violates_an_invariant(tally: Tally) -> None:
    assert tally.runs == SEEDS
    assert not tally.violations, (
        f"{tally.violating} runs do; replay: make simulate SEEDS=1 SEED={tally.violations[0][0]}"
    )


def test_every_kind_of_fault_was_injected(tally: Tally) -> None:
    assert {fault.value for fault in Fault} | {kind.value for kind in Kind} == set(tally.faults)


def test_every_kind_of_the_wider_world_was_met_often(tally: Tally) -> None:
    assert min(tally.faults[kind.value] for kind in Kind) >= RUNS_OF_A_KIND


def test_the_schedules_reach_what_the_machine_can_be_asked(tally: Tally) -> None:
    """What is missing takes a coincidence rarer than one in twenty thousand, or cannot be."""
    assert len(tally.pairs & possible_pairs()) >= 75
