"""A clock that was set back while a text was under way: no length of time that is shown is less than nothing."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from relay.core import machine
from relay.core.events import Event, EventKind
from relay.log import JsonJournal
from relay.operators import story

from tests.relays import T0, accepted, after, at, delivered, received

BACK = timedelta(hours=-2)


@pytest.fixture
def told() -> tuple[dict[str, object], str]:
    """The story of a text that came, was sent, and was delivered 30 s after the clock was set back; and its log."""
    relay = after(received().relay, accepted(1))
    relay = machine.transition(relay, Event(EventKind.TIMES_ARE_OFF, set_by=BACK), T0 + BACK).relay
    relay = machine.transition(relay, delivered(1), at(30) + BACK).relay
    log = io.StringIO()
    JsonJournal(log).steps(relay, relay.error_log)
    return story.story(relay, at(31) + BACK), log.getvalue()


def test_the_trail_grows_by_the_time_that_passed(told: tuple[dict[str, object], str]) -> None:
    trail = told[0]["trail"]
    assert isinstance(trail, list)
    seconds = [line["seconds"] for line in trail]
    assert seconds == sorted(seconds)
    assert (seconds[0], seconds[-1]) == (0.0, 31.0)  # the second until it was sent, and the 30 s after


def test_the_time_to_delivery_is_never_less_than_nothing(told: tuple[dict[str, object], str]) -> None:
    assert told[0]["seconds_to_delivery"] == 0.0
    assert '"seconds_to_delivery": 0.0' in told[1]
    assert '"seconds_to_delivery": -' not in told[1]


def test_the_trail_says_that_the_clock_was_set(told: tuple[dict[str, object], str]) -> None:
    trail = told[0]["trail"]
    assert isinstance(trail, list)
    (line,) = [line for line in trail if line["step"] == "times_corrected"]
    assert "the clock was set back by 7200 s; it waits as long as it would have" in line["words"]
