"""The operator's command, run in this process against a running stack."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scripts.relayctl.__main__ import main
from scripts.relayctl.api import ApiError, RelayApi
from tests.operators.operator_calls import redrive, state, told
from tests.played import Played
from tests.stack_fixtures import RunningStack


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Ctl = Callable[..., Ran]


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[str, tuple[str, ...]], Ran]:
    """Runs the command against the relay at an address, with nothing of this machine's own settings."""
    for name in ("RELAYCTL_URL", "RELAYCTL_PROJECT", "RELAYCTL_TOKEN", "RELAYCTL_TOKEN_COMMAND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    # As wide as a terminal usually is; never cut, as in a file.
    monkeypatch.setenv("COLUMNS", "100")

    def ran(url: str, arguments: tuple[str, ...]) -> Ran:
        capsys.readouterr()
        code = main(["--url", url, *arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return ran


@pytest.fixture
def ctl(run: Callable[[str, tuple[str, ...]], Ran], stack: RunningStack) -> Ctl:
    """`ctl("list", "--json")` against the running stack."""
    return lambda *arguments: run(stack.address, arguments)


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> Played:
    """A played relay that `run_played` talks to, without a network."""
    played = Played()
    played.clock.set(now() - timedelta(minutes=5))

    def post(_self: RelayApi, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = {"/sms/redrive": redrive, "/sms/relay-state": state}[path](played, body)
        if response.status != 200:
            raise ApiError(told(response)["error"], response.status)
        return told(response)

    monkeypatch.setattr(RelayApi, "_post", post)
    return played


@pytest.fixture
def run_played(run: Callable[[str, tuple[str, ...]], Ran]) -> Ctl:
    """`run_played("failed", "--json")` against the relay that is `spoken` to."""
    return lambda *arguments: run("http://127.0.0.1:1", arguments)


class PlayedApi:
    """RelayApi over a played relay; `skew` is how far its clock is ahead of ours."""

    url = "https://relay.example.com"

    def __init__(self, played: Played, skew: timedelta = timedelta()) -> None:
        self._played, self._skew = played, skew
        self.go_on()

    def go_on(self) -> None:
        """Its clock stands still but for this."""
        self._played.clock.set(now() + self._skew)

    def search(self, **conditions: Any) -> dict[str, Any]:
        return told(state(self._played, {"view": "summary", **conditions}))

    def one(self, message_id: str) -> dict[str, Any]:
        return told(state(self._played, {"message_id": message_id}))

    def rows(self, limit: int | None = None, **conditions: Any) -> Iterator[dict[str, Any]]:
        yield from self.search(limit=min(limit or 200, 200), **conditions)["relays"]


class GoingApi(PlayedApi):
    """The same over a relay whose clock goes on as ours does."""

    def search(self, **conditions: Any) -> dict[str, Any]:
        self.go_on()
        return super().search(**conditions)


def now() -> datetime:
    return datetime.now(UTC)
