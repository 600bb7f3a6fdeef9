"""Operators' names in a trail: short, printable, and never those of the relay's own jobs."""

from __future__ import annotations

import pytest
from relay.core.words import AN_OPERATOR, REPAIRERS
from relay.operators.signature import begun, is_a_person, signed, who_did


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Ana", "Ana"),
        ("ana@example.com", "ana@example.com"),
        ("  Ana \n\x1b[31m Silva\t", "Ana [31m Silva"),
        ("א" * 64, "א" * 64),
        ("a" * 65, "a" * 63 + "…"),
        ("", AN_OPERATOR),
        (" \n", AN_OPERATOR),
        ("Sweep", AN_OPERATOR),
        ("reconcile", AN_OPERATOR),
    ],
)
def test_a_name_is_one_short_printable_line(name: str, kept: str) -> None:
    assert signed(name) == kept
    assert signed(kept) == kept


@pytest.mark.parametrize(
    ("by", "is_one", "words"),
    [
        ("Ana", True, "Ana"),
        (AN_OPERATOR, True, "An operator"),
        ("", False, "An operator"),
        *((name, False, "An operator") for name in REPAIRERS),
    ],
)
def test_a_line_names_a_person_or_says_that_one_did_it(by: str, is_one: bool, words: str) -> None:
    assert (is_a_person(by), who_did(by)) == (is_one, words)


def test_a_name_that_begins_a_sentence_stays_as_it_is_written() -> None:
    assert begun("ana@example.com blocked the customer", "ana@example.com") == "ana@example.com blocked the customer"
    assert begun("an operator blocked the customer", AN_OPERATOR) == "An operator blocked the customer"
