"""A run is a seed: it repeats exactly, campaigns can be resumed, and what violates is shrunk to something readable."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator.campaign import Tally, campaign
from tests.simulator.mutants import MUTANTS
from tests.simulator.runner import run_seed
from tests.simulator.shrink import shrink

# Runs from one look at the progress to the next.
_CHUNK = 100
_ROOT = Path(__file__).resolve().parents[2]
_TRACE = """
from tests.simulator.runner import run_seed
for seed in (3, 5, 8):
    print("\\n".join(run_seed(seed, traced=True).trace))
"""


def _nothing(tally: Tally) -> None:
    """Progress is of no interest here."""


@pytest.mark.parametrize("seed", [1, 7, 42, 1000])
def test_the_same_seed_gives_the_same_trace(seed: int) -> None:
    first, second = run_seed(seed, traced=True), run_seed(seed, traced=True)
    assert first.trace
    assert first.trace == second.trace
    assert first.faults == second.faults


def test_a_trace_does_not_depend_on_the_process_it_is_made_in() -> None:
    """Python's hashes of strings differ from process to process, and with them the order of sets."""
    traces = {
        subprocess.run(
            [sys.executable, "-c", _TRACE],
            cwd=_ROOT,
            env={"PYTHONPATH": f"{_ROOT / 'functions'}:{_ROOT}", "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(traces) == 1


def test_being_traced_changes_nothing() -> None:
    assert run_seed(11).faults == run_seed(11, traced=True).faults


def test_other_seeds_give_other_runs() -> None:
    assert len({tuple(run_seed(seed, traced=True).trace) for seed in range(20)}) == 20


def test_a_resumed_campaign_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    path = tmp_path / "campaign.json"
    whole = campaign(Tally(1, 1), 3 * _CHUNK, 1, _nothing, chunk=_CHUNK)

    def interrupt(tally: Tally) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        campaign(Tally(1, 1), 3 * _CHUNK, 1, interrupt, path, chunk=_CHUNK)
    resumed = Tally.load(path)
    assert resumed.runs == _CHUNK
    campaign(resumed, 3 * _CHUNK, 1, _nothing, path, chunk=_CHUNK)
    again = Tally.load(path)
    assert (again.runs, again.faults, again.pairs) == (whole.runs, whole.faults, whole.pairs)


def test_runs_of_other_code_are_not_added_to(tmp_path: Path) -> None:
    path = tmp_path / "campaign.json"
    Tally(1, 1001, "other code").save(path)
    before = path.read_text()
    command = [sys.executable, "-m", "tests.simulator", "--seeds", "2000", "--resume", str(path)]
    refused = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "begin anew" in refused.stderr
    assert path.read_text() == before


def test_several_processes_bring_what_one_does() -> None:
    one, two = (campaign(Tally(1, 1), 4 * _CHUNK, jobs, _nothing, chunk=_CHUNK) for jobs in (1, 2))
    assert (one.runs, one.faults, one.pairs) == (two.runs, two.faults, two.pairs)


def test_a_violation_is_shrunk_to_what_matters() -> None:
    mutant = next(each for each in MUTANTS if each.name == "ambiguous is refused")
    with mutant.alive():
        killed = mutant.killed_by()
        assert killed is not None
        seed = mutant.first_seed + killed.number - 1
        before = run_seed(seed, traced=True)
        shrunk = shrink(seed)
        assert shrunk.result.violations
        assert shrunk.mattered < shrunk.choices / 2
        assert len(shrunk.result.trace) <= len(before.trace)
        assert shrink(seed).result.trace == shrunk.result.trace


def test_the_command_replays_a_seed_with_its_trace() -> None:
    command = [sys.executable, "-m", "tests.simulator", "--seeds", "1", "--seed", "5"]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)
    assert "webhook" in done.stdout
    assert "seed 5: 0 violations" in done.stdout
