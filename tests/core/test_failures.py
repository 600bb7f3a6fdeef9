"""What a failed attempt means for the cascade, whatever the provider."""

from __future__ import annotations

import pytest
from relay.core.failures import ADVICE, NO_REASON, NOT_STARTED, UNREACHABLE, Failure, FailureClass
from relay.core.foreign import foreign


def test_every_class_has_its_advice() -> None:
    assert set(ADVICE) == set(FailureClass)


@pytest.mark.parametrize("failure", [UNREACHABLE, NOT_STARTED])
def test_our_own_failures_say_that_nothing_was_sent_and_take_no_providers_code(failure: Failure) -> None:
    assert failure.failure_class in (FailureClass.NOT_PROCESSED, FailureClass.NOT_STARTED)
    assert failure.is_retried_in_tier
    assert failure.code is not None
    assert failure.code < 10


def test_the_codes_of_our_own_failures_are_those_that_documents_have() -> None:
    assert (UNREACHABLE.code, NOT_STARTED.code) == (0, -1)


def test_a_class_of_a_newer_revision_has_advice_too() -> None:
    assert Failure(foreign(FailureClass, "a new one"), "made up").advice.endswith(".")


def test_a_failure_without_a_reason_is_transient() -> None:
    assert NO_REASON.failure_class is FailureClass.TRANSIENT
    assert NO_REASON.code is None
