"""Twilio's error codes, written out a second time: a row changed by mistake is a text sent to nobody or twice."""

from __future__ import annotations

import pytest
from relay.core import failures
from relay.core.failures import FailureClass, classify, is_retried_in_tier

# Class, its codes, whether the same tier is tried again by its schedule.
CLASSES = (
    (FailureClass.NOT_PROCESSED, (20429, 20503), True),
    (FailureClass.AMBIGUOUS, (20500,), False),
    (FailureClass.TRANSIENT, (30001, 30003, 30008, 30017, 30022, 30036, 30410, 30500), True),
    (FailureClass.RECIPIENT, (21211, 21610, 21612, 21614, 30004, 30005, 30006), False),
    (
        FailureClass.SENDER,
        (20003, 20005, 21212, 21408, 21606, 21611, 30002, 30024, 30032, 30034, 63038),
        True,
    ),
    (FailureClass.CONTENT, (21617, 21620, 30007, 30011, 30019), False),
)
ROWS = [(code, failure_class, retried) for failure_class, codes, retried in CLASSES for code in codes]


@pytest.mark.parametrize(("code", "failure_class", "retried"), ROWS)
def test_a_known_code_has_its_class(code: int, failure_class: FailureClass, retried: bool) -> None:
    assert classify(code).failure_class is failure_class
    assert is_retried_in_tier(code) is retried


def test_the_table_holds_exactly_these_codes() -> None:
    assert set(failures.TABLE) == {code for code, _, _ in ROWS}


@pytest.mark.parametrize("code", [1, 12345, 30009, 99999, 2**31, -2])
def test_an_unknown_code_is_transient_and_says_that_it_is_unknown(code: int) -> None:
    assert classify(code).failure_class is FailureClass.UNKNOWN_CODE
    assert is_retried_in_tier(code)
    assert "does not know" in classify(code).words


def test_a_failure_without_a_code_is_transient() -> None:
    assert classify(None).failure_class is FailureClass.TRANSIENT
    assert is_retried_in_tier(None)


@pytest.mark.parametrize("code", [failures.CONNECTION_REFUSED, failures.NOT_STARTED])
def test_our_own_stand_ins_say_that_nothing_was_sent_and_are_none_of_twilios_codes(code: int) -> None:
    assert classify(code).failure_class is FailureClass.NOT_PROCESSED
    assert is_retried_in_tier(code)
    assert code not in failures.TABLE
    assert code < 10000  # Twilio's begin at 10001


@pytest.mark.parametrize("code", [None, 0, -1, 1, *sorted(failures.TABLE)])
def test_every_failure_has_words_and_advice_for_an_operator(code: int | None) -> None:
    failure = classify(code)
    assert len(failure.words) > 10
    assert failure.words[0] == failure.words[0].lower() or failure.words.startswith("Twilio")
    assert not failure.words.endswith(".")
    assert failure.advice.endswith(".")


def test_every_class_has_a_code_or_a_stand_in() -> None:
    met = {classify(code).failure_class for code in (None, 0, 1, *failures.TABLE)}
    assert met == set(FailureClass)
