"""Each kind of the wider world, often enough to meet its consequences; and none is left out."""

from __future__ import annotations

import pytest

from tests.simulator.kinds import Kind, kind_of
from tests.simulator.runner import run_seed

RUNS = 40
# Not those of the schedules in the suite.
_FIRST_SEED = 1_000_001


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name.lower())
def test_no_run_of_this_kind_violates_an_invariant(kind: Kind) -> None:
    for seed in range(_FIRST_SEED, _FIRST_SEED + RUNS):
        result = run_seed(seed, kind=kind)
        assert not result.violations, f"--kind {kind.name.lower()} --seeds 1 --seed {seed}: {result.violations[0]}"
        assert result.faults[kind] == 1


def test_every_kind_comes_in_its_turn() -> None:
    drawn = {kind_of(seed) for seed in range(9 * len(Kind))}
    assert drawn == {None, *Kind}


def test_a_run_of_a_kind_repeats_exactly() -> None:
    for kind in Kind:
        first, second = (run_seed(7, kind=kind, traced=True) for _ in range(2))
        assert first.trace == second.trace
