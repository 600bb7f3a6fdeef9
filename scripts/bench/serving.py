"""What an accepted webhook and a refused forgery cost the server, beside a function that does nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Self

from scripts.bench import load, settings, texts
from scripts.bench.rounds import Row, Samples, compare, in_turn
from scripts.bench.servers import FunctionServer

_CLIENTS = 8


class Serving:
    """Both functions run under the production server all the time and are asked in turn, by as many clients.

    Every server is sent the very same requests, so that reading them costs the same.
    """

    name = "serving"

    def __init__(self, requests: int = 1000) -> None:
        """`requests` for each side in each round."""
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
        found: dict[str, float] = {}

        def ask(name: str, server: FunctionServer, requests: list[bytes], status: int) -> float:
            before = server.cpu_seconds()
            done = load.closed_loop(server.port, requests, _CLIENTS)
            if done.count(status) != len(requests):
                raise RuntimeError(f"{name}: not every answer was {status}")
            found[f"{name} cpu"] = (server.cpu_seconds() - before) / len(requests)
            found[f"{name} rate"] = done.per_second
            return 0.0

        in_turn(
            round_number,
            lambda: ask("noop", self._noop, self._genuine, 200),
            lambda: ask("accepted", self._ours, self._genuine, 200),
            lambda: ask("forged", self._ours, self._forged, 403),
        )
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
            ),
            compare(
                samples,
                "accepted webhooks under the production server, doubles",
                "accepted rate",
                "noop rate",
                lambda rate: f"{rate:.0f}/s",
                at_least=0.5,
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
