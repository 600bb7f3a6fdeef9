"""The simulator is itself tested: it finds every deliberately broken protocol within a stated number of runs."""

from __future__ import annotations

import pytest
from relay.flow import sweep

from tests.simulator.mutants import MUTANTS, Mutant
from tests.simulator.mutants.mutant import Patcher
from tests.simulator.runner import run_seed

KILLED = [mutant for mutant in MUTANTS if not mutant.covered_by]
EQUIVALENT = [mutant for mutant in MUTANTS if mutant.covered_by]


def test_there_are_at_least_forty_to_kill() -> None:
    assert len(KILLED) >= 40
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", KILLED, ids=lambda mutant: mutant.name)
def test_it_is_killed_within_its_number_of_runs(mutant: Mutant) -> None:
    killed = mutant.killed_by()
    assert killed is not None, f"{mutant.breaks} Nobody noticed in {mutant.runs} runs from seed {mutant.first_seed}."


@pytest.mark.parametrize("mutant", EQUIVALENT, ids=lambda mutant: mutant.name)
def test_it_is_covered_by_the_redundancy_that_it_names(mutant: Mutant) -> None:
    """If this fails the redundancy is no longer there, or the judges have become sharper: then it can be killed."""
    with mutant.alive():
        assert not [result for result in map(run_seed, range(1, 301)) if result.violations]


def test_taking_a_mutant_out_leaves_the_code_as_it_was() -> None:
    for mutant in KILLED:
        with mutant.alive():
            pass
    assert not any(run_seed(seed).violations for seed in range(1, 101))


def test_a_mutant_breaks_what_a_module_offers_and_not_its_insides() -> None:
    """A redesign of a module's inside would otherwise have to rewrite the mutants that patch it."""
    patcher = Patcher()
    for where, name in ((sweep, "_has_only_fates_to_settle"), (sweep.Run, "_settle")):
        with pytest.raises(ValueError, match="is private to relay"):
            patcher.put(where, name, None)
