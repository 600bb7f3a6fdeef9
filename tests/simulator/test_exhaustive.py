"""Every crash point and every pair, every order of callbacks, every interleaving of two handlers."""

from __future__ import annotations

import pytest

from tests.simulator.exhaustive import CASES, Case
from tests.simulator.exhaustive.interleavings import INTERLEAVINGS
from tests.simulator.mutants import MUTANTS

QUICK = [case for case in CASES if case.is_quick]


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_no_case_violates_an_invariant(case: Case) -> None:
    report = case.run()
    assert report.cases > 0
    assert not report.violations, f"{len(report.violations)} of {report.cases} do, the first: {report.violations[0]}"


@pytest.mark.parametrize(
    ("mutant", "case"),
    [
        ("no compare-and-set", "interleaved: deadline and delivery"),
        ("lease stolen", "interleaved: attempt and attempt"),
        ("all leases alike", "interleaved: deadline and deadline"),
        ("create overwrites", "interleaved: webhook and webhook"),
    ],
)
def test_an_interleaving_finds_what_a_broken_protocol_does(mutant: str, case: str) -> None:
    broken = next(each for each in MUTANTS if each.name == mutant)
    interleaved = next(each for each in INTERLEAVINGS if each.name == case)
    with broken.alive():
        assert interleaved.run().violations
