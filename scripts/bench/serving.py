"""What an accepted webhook and a refused forgery cost the server, beside a function that does nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Self

from scripts.bench import load, settings, texts
from scripts.bench.rounds import Row, Samples, compare, in_turn
from scripts.bench.servers import FunctionServer

_CLIENTS = 8
# Many short turns in each round: what else the machine does then falls on all sides.
_TURNS = 4
_WHY_MORE = (
    "Since conversations, photos and real traffic came, a text is also held against other ways to cut its form, "
    "against the brake and the other spellings of its numbers, and its digest is stored with the lease: some 200 µs. "
    "tests/budgets/test_calls.py holds the number of calls. The real clients take 8 ms beside it."
)


class _Side:
    """One of the three, and what all its turns in a round took."""

    def __init__(self, server: FunctionServer, requests: list[bytes], status: int) -> None:
        self._server, self._requests, self._status = server, requests, status
        self.answers = 0
        self.seconds = self.cpu_seconds = 0.0

    def ask(self) -> float:
        before = self._server.cpu_seconds()
        done = load.closed_loop(self._server.port, self._requests, _CLIENTS)
        if done.count(self._status) != len(self._requests):
            raise RuntimeError(f"not every answer was {self._status}")
        self.answers += len(done.answers)
        self.seconds += done.seconds
        self.cpu_seconds += self._server.cpu_seconds() - before
        return done.seconds


class Serving:
    """Both functions run under the production server all the time and are asked in turn, by as many clients.

    Every server is sent the very same requests, so that reading them costs the same.
    """

    name = "serving"

    def __init__(self, requests: int = 500) -> None:
        """`requests` for each side in each of a round's turns."""
        self._genuine = list(texts.inbound(requests))
        self._forged = list(texts.forged(requests))

    def __enter__(self) -> Self:
        self._stack = contextlib.ExitStack()
        environ = settings.google()
        self._noop = self._stack.enter_context(FunctionServer(settings.BENCH / "baselines" / "noop.py", environ))
        self._ours = self._stack.enter_context(FunctionServer(settings.BENCH / "doubled.py", environ))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def sample(self, round_number: int) -> Mapping[str, float]:
        sides = {
            "noop": _Side(self._noop, self._genuine, 200),
            "accepted": _Side(self._ours, self._genuine, 200),
            "forged": _Side(self._ours, self._forged, 403),
        }
        for turn in range(_TURNS):
            in_turn(round_number + turn, *(side.ask for side in sides.values()))
        found: dict[str, float] = {}
        for name, side in sides.items():
            found |= {f"{name} cpu": side.cpu_seconds / side.answers, f"{name} rate": side.answers / side.seconds}
        return found

    def rows(self, samples: Samples) -> Sequence[Row]:
        return [
            compare(
                samples,
                "processor time of a whole accepted webhook, doubles",
                "accepted cpu",
                "noop cpu",
                lambda seconds: f"{seconds * 1e6:.0f} µs",
                at_most=2.5,
                note=_WHY_MORE,
            ),
            compare(
                samples,
                "accepted webhooks under the production server, doubles",
                "accepted rate",
                "noop rate",
                lambda rate: f"{rate:.0f}/s",
                at_least=0.5,
                note=_WHY_MORE,
            ),
            compare(
                samples,
                "refused forgeries under the production server",
                "forged rate",
                "noop rate",
                lambda rate: f"{rate:.0f}/s",
                at_least=0.75,
            ),
        ]
