"""Twilio's error codes, written out a second time: a row changed by mistake is a text sent to nobody or twice."""

from __future__ import annotations

import pytest
from relay.core.failures import FailureClass
from relay.twilio.codes import TABLE, failure_of

# Class, its codes, whether the same tier is tried again by its schedule.
CLASSES = (
    (FailureClass.NOT_PROCESSED, (20429, 20503), True),
    (FailureClass.AMBIGUOUS, (20500,), False),
    (FailureClass.TRANSIENT, (30001, 30003, 30008, 30017, 30022, 30036, 30410, 30500), True),
    (FailureClass.RECIPIENT, (21211, 21612, 21614, 30004, 30005, 30006), False),
    (FailureClass.OPTED_OUT, (21610,), False),
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
    failure = failure_of(code)
    assert (failure.failure_class, failure.is_retried_in_tier, failure.code) == (failure_class, retried, code)


def test_the_table_holds_exactly_these_codes() -> None:
    assert set(TABLE) == {code for code, _, _ in ROWS}


@pytest.mark.parametrize("code", [1, 12345, 30009, 99999, 2**31, -2])
def test_an_unknown_code_is_transient_and_says_that_it_is_unknown(code: int) -> None:
    failure = failure_of(code)
    assert failure.failure_class is FailureClass.UNKNOWN_CODE
    assert failure.is_retried_in_tier
    assert "does not know" in failure.words


def test_a_failure_without_a_code_is_transient() -> None:
    assert failure_of(None).failure_class is FailureClass.TRANSIENT
    assert failure_of(None).is_retried_in_tier


@pytest.mark.parametrize("code", [None, 1, *sorted(TABLE)])
def test_every_failure_has_words_and_advice_for_an_operator(code: int | None) -> None:
    failure = failure_of(code)
    assert len(failure.words) > 10
    assert failure.words[0] == failure.words[0].lower() or failure.words.startswith("Twilio")
    assert not failure.words.endswith(".")
    assert failure.advice.endswith(".")


def test_every_class_has_a_code() -> None:
    assert {failure_of(code).failure_class for code in (None, 1, *TABLE)} == set(FailureClass) - {
        FailureClass.NOT_STARTED
    }
