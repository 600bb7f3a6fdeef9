"""A call that takes too long is given up, and what it still brings is closed."""

from __future__ import annotations

import threading

import pytest
from relay.twilio.in_time import Ended, in_time


def test_what_comes_in_time_is_the_callers() -> None:
    dropped: list[str] = []
    assert in_time(lambda: "here", 120.0, dropped.append) == Ended(value="here")
    error = ValueError("odd")

    def fail() -> str:
        raise error

    assert in_time(fail, 30.0, dropped.append) == Ended(error=error)
    assert dropped == []


@pytest.mark.parametrize("ends_in", ["a value", "an error"])
def test_what_comes_too_late_is_dropped(ends_in: str) -> None:
    may_end, is_over = threading.Event(), threading.Event()
    dropped: list[str] = []

    def drop(late: str) -> None:
        dropped.append(late)
        is_over.set()

    def take_long() -> str:
        may_end.wait(120)
        if ends_in == "an error":
            is_over.set()
            raise ValueError("odd")
        return "late"

    assert in_time(take_long, 0.01, drop) == Ended()
    may_end.set()
    assert is_over.wait(120)
    assert dropped == (["late"] if ends_in == "a value" else [])
