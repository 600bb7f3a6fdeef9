"""doctor compares the relay's clock with this machine's, and says how long the relay takes to answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest

from scripts.relayctl import checks_relay
from scripts.relayctl.findings import BAD, OK, WARNING
from tests.played import Played
from tests.relayctl.conftest import PlayedApi, now

States = Callable[..., dict[str, str]]


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> States:
    """What is found where the relay's clock is so far ahead of ours, which stands, and an answer takes so long."""
    here = now()

    def found(ahead_seconds: float, takes_seconds: float = 0.0) -> dict[str, str]:
        ticks: list[float] = []

        class Api(PlayedApi):
            def search(self, **conditions: object) -> dict[str, object]:
                ticks.append(takes_seconds)
                return super().search(**conditions)

        played = Played(start=here - timedelta(hours=1))
        api = Api(played)
        played.clock.set(here + timedelta(seconds=ahead_seconds))
        monkeypatch.setattr(checks_relay, "time", SimpleNamespace(monotonic=lambda: sum(ticks)))
        monkeypatch.setattr(checks_relay, "datetime", SimpleNamespace(now=lambda _: here))
        return {finding.name: finding.state for finding in checks_relay.relay(api)}  # type: ignore[arg-type]

    return found


@pytest.mark.parametrize(
    ("ahead_seconds", "expected"), [(0, OK), (5, WARNING), (-5, WARNING), (60, BAD), (-60, BAD)]
)  # fmt: skip
def test_clocks_that_differ_are_found(states: States, ahead_seconds: int, expected: str) -> None:
    assert states(ahead_seconds)["clocks"] == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-5, WARNING), (-1, OK), (15, OK), (31, OK), (35, WARNING), (60, BAD)]
)
def test_the_time_that_an_answer_takes_is_told_and_is_no_difference_of_clocks(
    states: States, seconds: int, expected: str
) -> None:
    """The answer is of some moment of these thirty seconds."""
    found = states(seconds, takes_seconds=30)
    assert (found["relay answers"], found["clocks"]) == (WARNING, expected)
