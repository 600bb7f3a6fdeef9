"""Every bug that the simulator, or the reading it made necessary, found in the real code: put back in as it was, it is
found again by the very run that is kept for it, and that run violates nothing without it. docs/reliability.md tells of
each; a test holds that list against this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator.exhaustive import CASES
from tests.simulator.kinds import Kind
from tests.simulator.mutants import MUTANTS
from tests.simulator.runner import run_seed

# The mutant that puts the bug back, and the seed, or the exhaustive case, that finds it.
SEEDS: dict[str, int] = {
    "stale look-up resends": 2811,
    "open fates forgotten": 736,
    "unstarted is a try": 153,
    "dead senders waited for": 609,
    "negative look-up is final": 804595,
    "whose it is is guessed": 9041322,
}
# The same of bugs that runs with people found: the mutant names the kind.
WITH_PEOPLE: dict[str, int] = {
    "late delivery is learned": 174,
    "later text hides the machine": 27,
    "notices are no texts of ours": 8,
    "one line a text": 23,
}
# Runs in which a judge blamed the relay for what it may do.
BLAMED_FOR_NOTHING: tuple[tuple[Kind, int], ...] = (
    # Words that came together with their writer's claim, and were decided on before it.
    (Kind.AT_ONCE, 245),
    # A handler who stands at two tiers passed the text before the later one's left.
    (Kind.NEW_TIERS, 1000017),
    # One who was sent another text of the customer's passed all of them, one that had not left among them.
    (Kind.PASSING, 3117),
    (Kind.PASSING, 3162),
    # A person who stood at two tiers was texted at both; the redrive that followed had other tiers.
    (Kind.ANSWERS, 3228),
)
FOUND_IN: dict[str, str] = {
    "lease by time of day": "coincidence: a send, and a clock that is set back",
    "first text found is taken": "coincidence: a deadline, and whose a text is",
    "whose it is is guessed": "coincidence: a deadline, and whose a text is",
    "today's number asked about": "coincidence: an unknown outcome, and other tiers since",
    "stale after a lost reply": "talk: an answer whose reply is lost, and a clock that is ahead",
    "asked under an old lease": "talk: an answer, and a machine that stands still",
}
_DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"


@pytest.mark.parametrize(("name", "seed"), SEEDS.items())
def test_its_seed_finds_the_bug_and_nothing_without_it(name: str, seed: int) -> None:
    mutant = next(each for each in MUTANTS if each.name == name)
    with mutant.alive():
        assert run_seed(seed).violations
    assert not run_seed(seed).violations


@pytest.mark.parametrize(("name", "seed"), WITH_PEOPLE.items())
def test_its_seed_with_people_finds_the_bug_and_nothing_without_it(name: str, seed: int) -> None:
    mutant = next(each for each in MUTANTS if each.name == name)
    with mutant.alive():
        assert run_seed(seed, kind=mutant.kind).violations
    assert not run_seed(seed, kind=mutant.kind).violations


@pytest.mark.parametrize(("kind", "seed"), BLAMED_FOR_NOTHING)
def test_what_the_relay_may_do_is_not_blamed(kind: Kind, seed: int) -> None:
    assert not run_seed(seed, kind=kind).violations


@pytest.mark.parametrize(("name", "case"), FOUND_IN.items())
def test_its_case_finds_the_bug_and_nothing_without_it(name: str, case: str) -> None:
    mutant = next(each for each in MUTANTS if each.name == name)
    found_in = next(each for each in CASES if each.name == case)
    with mutant.alive():
        assert found_in.run().violations
    assert not found_in.run().violations


def test_the_document_tells_of_every_one() -> None:
    text = _DOCUMENT.read_text(encoding="utf-8")
    for name, seed in SEEDS.items():
        assert f"`{name}`, seed {seed}" in text
    for name, seed in WITH_PEOPLE.items():
        assert f"`{name}`, seed {seed} with people" in text
    for name, case in FOUND_IN.items():
        assert f"`{name}`, case `{case}`" in text
