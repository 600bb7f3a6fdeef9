"""What is right in each situation of `cases` is held by tests."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.house.cases import CASES

TESTS = Path(__file__).resolve().parent.parent


@cache
def _tests_of(file: str) -> frozenset[str]:
    return frozenset(re.findall(r"^(?:async )?def (test_\w+)\(", (TESTS / file).read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("case", CASES)
def test_what_is_right_in_a_case_is_held_by_tests_that_exist(case: str) -> None:
    _, *tests = CASES[case]
    assert tests
    assert [test for test in tests if test.partition("::")[2] not in _tests_of(test.partition("::")[0])] == []


def test_no_case_is_left_out() -> None:
    last = {"L": 13, "N": 5, "W": 6, "T": 7, "A": 3, "O": 10, "M": 8}
    assert CASES.keys() == {f"{kind}{number}" for kind, count in last.items() for number in range(1, count + 1)}
