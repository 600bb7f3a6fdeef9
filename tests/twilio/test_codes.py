"""Twilio's error codes, written out a second time: a row changed by mistake is a text sent to nobody or twice."""

from __future__ import annotations

import pytest
from relay.core.failures import FailureClass
from relay.twilio.codes import TABLE, failure_of, refusal_of

# Class, its codes, whether the same tier is tried again by its schedule.
CLASSES = (
    (FailureClass.NOT_PROCESSED, (20429,), True),
    (FailureClass.AMBIGUOUS, (20500, 20503), False),
    (FailureClass.TRANSIENT, (30001, 30003, 30008, 30017, 30022, 30036, 30410, 30500, 63017, 63018), True),
    (FailureClass.RECIPIENT, (21211, 21265, 21612, 21614, 21635, 30004, 30005, 30006), False),
    (FailureClass.OPTED_OUT, (21610,), False),
    (
        FailureClass.SENDER,
        (
            *(10001, 20003, 20005, 20403, 20404, 21212, 21606, 21611, 21659, 21660, 21661, 30002, 30024),
            *(30032, 30033, 30034, 30035, 30037, 63038, 70051),
        ),
        True,
    ),
    (FailureClass.SENDER_HERE, (21408, 21608, 30023, 572002, 572006), False),
    (FailureClass.SETTINGS, (21609, 21910), False),
    (FailureClass.CONTENT, (11200, 11751, 12300, 21617, 21620, 21623, 30011, 30019, 63019, 63034), False),
    (FailureClass.FILTERED, (30007,), False),
)
ROWS = [(code, failure_class, retried) for failure_class, codes, retried in CLASSES for code in codes]


@pytest.mark.parametrize(("code", "failure_class", "retried"), ROWS)
def test_a_known_code_has_its_class_wherever_it_came_from(
    code: int, failure_class: FailureClass, retried: bool
) -> None:
    failure = failure_of(code)
    assert (failure.failure_class, failure.is_retried_in_tier, failure.code) == (failure_class, retried, code)
    assert {refusal_of(status, code) for status in (400, 403, 404, 422)} == {failure}


def test_the_table_holds_exactly_these_codes() -> None:
    assert set(TABLE) == {code for code, _, _ in ROWS}


@pytest.mark.parametrize("code", [1, 12345, 30009, 99999, 2**31, -2])
def test_an_unknown_code_in_a_receipt_is_transient_and_says_that_it_is_unknown(code: int) -> None:
    failure = failure_of(code)
    assert failure.failure_class is FailureClass.UNKNOWN_CODE
    assert failure.is_retried_in_tier
    assert "does not know" in failure.words


@pytest.mark.parametrize("status", range(400, 405))
@pytest.mark.parametrize("code", [None, 10000, 21699, 99999, 999999])
def test_an_unknown_code_in_an_answer_would_be_the_same_in_two_seconds_and_goes_to_the_next_tier(
    status: int, code: int | None
) -> None:
    failure = refusal_of(status, code)
    if code is None and status in (401, 403, 404):
        assert failure.failure_class is FailureClass.SENDER
        return
    assert failure.failure_class is FailureClass.REFUSED_UNKNOWN
    assert not failure.is_retried_in_tier
    assert failure.code == (code or status)
    assert "does not know" in failure.words


@pytest.mark.parametrize(("status", "code"), [(405, None), (409, 99999), (422, None), (451, 21699)])
def test_an_unknown_code_in_any_other_refusal_is_tried_again(status: int, code: int | None) -> None:
    failure = refusal_of(status, code)
    assert (failure.failure_class, failure.is_retried_in_tier) == (FailureClass.UNKNOWN_CODE, True)


def test_too_many_requests_is_never_processed_whatever_the_code() -> None:
    assert refusal_of(429, None) == TABLE[20429]
    assert refusal_of(429, 63038) == TABLE[63038]
    assert {refusal_of(429, code) for code in (20429, 20500, 20503, 63017, 63018, 99999)} == {TABLE[20429]}


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
    told = {failure_of(code).failure_class for code in (None, 1, *TABLE)} | {refusal_of(400, None).failure_class}
    assert told == set(FailureClass) - {FailureClass.NOT_STARTED}
