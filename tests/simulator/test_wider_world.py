"""The kinds of the wider world: none is left out of the schedules, and each repeats exactly."""

from __future__ import annotations

from tests.simulator.kinds import Kind, kind_of
from tests.simulator.runner import run_seed


def test_every_kind_comes_in_its_turn() -> None:
    drawn = {kind_of(seed) for seed in range(9 * len(Kind))}
    assert drawn == {None, *Kind}


def test_a_run_of_a_kind_repeats_exactly() -> None:
    for kind in Kind:
        first, second = (run_seed(7, kind=kind, traced=True) for _ in range(2))
        assert first.trace == second.trace
