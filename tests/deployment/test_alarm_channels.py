"""A smoke test has each recipient of alarms sent a test, and says what became of it."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.deployment import alarm_channels
from scripts.deployment.smoke_target import Target
from scripts.deployment.tools import Problem
from scripts.relayctl import alarms
from scripts.relayctl.api import ApiError, RelayApi


def _target(*, is_behind_gateway: bool = True) -> Target:
    url = "http://127.0.0.1:1"
    return Target(url, f"{url}/sms/relay-state", "AC", "token", "+15551234567", {}, lambda: "token", is_behind_gateway)


def _answers(monkeypatch: pytest.MonkeyPatch, *states: tuple[str, str]) -> None:
    def answered(_api: RelayApi, _request_id: str) -> list[dict[str, Any]]:
        return [{"channel": "email", "to": "ana@example.com", "state": state, "reason": why} for state, why in states]

    monkeypatch.setattr(RelayApi, "test_alarms", answered)
    monkeypatch.setattr(alarms, "_LOOK_SECONDS", 0.01)


@pytest.mark.parametrize(
    ("states", "is_good", "said"),
    [
        ((("told", ""), ("told", "")), True, "alarm by ✓ e-mail to ana@example.com: taken"),
        ((("told", ""), ("failed", "it answers 550")), False, "✕ e-mail to ana@example.com: given up, it answers 550"),
        ((("waiting", ""),), False, "not tried yet; is the relay running?"),
        ((), True, "no channel is set by which operators are told"),
    ],
    ids=["all take it", "one does not", "none tells", "none is set"],
)
def test_it_is_good_when_each_channel_takes_its_own(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    states: tuple[tuple[str, str], ...],
    is_good: bool,
    said: str,
) -> None:
    _answers(monkeypatch, *states)
    assert alarm_channels.try_channels(_target(), 0.05) is is_good
    assert said in capsys.readouterr().out


def test_without_the_gateway_it_says_who_can_try_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert alarm_channels.try_channels(_target(is_behind_gateway=False), 0)
    assert "relayctl alarm test" in capsys.readouterr().out


def test_a_relay_that_does_not_answer_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_api: RelayApi, _request_id: str) -> list[dict[str, Any]]:
        raise ApiError("the relay answers 403")

    monkeypatch.setattr(RelayApi, "test_alarms", refused)
    with pytest.raises(Problem, match="The alarms could not be tried: the relay answers 403"):
        alarm_channels.try_channels(_target(), 0)
