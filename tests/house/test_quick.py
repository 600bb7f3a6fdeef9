"""`make quick` plays less of what is made up; the whole suite plays all of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests import quick

ROOT = Path(__file__).parents[2]


def test_the_whole_suite_plays_every_case_and_quick_a_fifth_but_one_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "IS_QUICK", False)
    assert [quick.some_of(count) for count in (1, 25, 10_000)] == [1, 25, 10_000]
    monkeypatch.setattr(quick, "IS_QUICK", True)
    assert [quick.some_of(count) for count in (1, 25, 10_000)] == [1, 5, 2_000]


def test_examples_are_drawn_in_that_number() -> None:
    assert settings().max_examples == (20 if quick.IS_QUICK else 100)


def test_nothing_but_make_quick_asks_for_less() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert [line for line in makefile.splitlines() if "QUICK_TESTS" in line] == ["quick: export QUICK_TESTS := 1"]
    assert "QUICK" not in (ROOT / ".ci/run").read_text()
