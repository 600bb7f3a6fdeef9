"""A thousand texts within a second against one embedded instance: is any lost, and how long do they wait?"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from scripts.bench import load, settings, texts
from scripts.bench.rounds import Row, Samples, median
from scripts.bench.servers import FunctionServer
from scripts.bench.twilio_double import TwilioDouble

_MAIN = settings.FUNCTIONS / "main.py"
# As Twilio's API takes from a data centre. A Twilio that answers at once would make the unloaded answer a matter of
# milliseconds that no customer ever sees.
TWILIO_SECONDS = 0.15
# As many as the local stack gives its worker.
THREADS = 48
_UNLOADED = 20


def _ms(seconds: Sequence[float]) -> str:
    return f"{median(seconds) * 1000:.0f} ms"


class Burst:
    """One function under the production server on a file of its own, real adapters, a Twilio that takes its time."""

    name = "burst"

    def __init__(self, requests: int = 1000) -> None:
        self._requests = requests
        self._series = itertools.count(0xB0057)
        self._lost = 0

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="relay-bench-")))
            twilio = stack.enter_context(TwilioDouble(TWILIO_SECONDS))
            self._database = folder / "relay.db"
            environ = settings.embedded(self._database, twilio.url)
            self._server = stack.enter_context(FunctionServer(_MAIN, environ, threads=THREADS))
            environ = settings.embedded(folder / "instant.db", stack.enter_context(TwilioDouble()).url)
            self._instant = stack.enter_context(FunctionServer(_MAIN, environ, threads=THREADS))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def sample(self, round_number: int) -> Mapping[str, float]:  # noqa: ARG002 - one side only, so no turns
        calm = load.closed_loop(self._server.port, texts.inbound(_UNLOADED, next(self._series)), 1)
        series = next(self._series)
        before = self._server.cpu_seconds()
        burst = load.open_loop(self._server.port, list(texts.inbound(self._requests, series)), 1.0)
        cpu = self._server.cpu_seconds() - before
        self._lost += self._requests - self._stored(series)
        return {
            **self._with_an_instant_twilio(),
            "unloaded": median(calm.latencies()),
            "burst": median(burst.latencies()),
            "slowest": max(burst.latencies()),
            "rate": burst.count(200) / burst.seconds,
            "refused": float(self._requests - burst.count(200)),
            "cpu": cpu / self._requests,
        }

    def rows(self, samples: Samples) -> Sequence[Row]:
        growth = median(samples["burst"]) / median(samples["unloaded"])
        refused = int(sum(samples["refused"]))
        rounds = len(samples["burst"])
        return [
            Row(
                f"embedded: {self._requests} webhooks within a second, median answer",
                f"{median(samples['burst']) * 1000:.0f} ms",
                f"{median(samples['unloaded']) * 1000:.0f} ms unloaded",
                f"{growth:.1f}x",
                "below 15x, nothing lost",
                growth < 15 and self._lost == 0 and refused == 0,
                note=f"{rounds} bursts: {self._lost} texts lost, {refused} not answered 200; the slowest answer took "
                f"{max(samples['slowest']):.1f} s. Twilio takes {TWILIO_SECONDS * 1000:.0f} ms for each. With one that "
                f"answers at once (there is none) the unloaded answer takes {_ms(samples['instant unloaded'])} and the "
                f"burst's median {_ms(samples['instant burst'])}: it is the processor that they wait for.",
            ),
            Row(
                "embedded: whole webhooks a second under a burst, real adapters",
                f"{median(samples['rate']):.0f}/s",
                "",
                f"{median(samples['cpu']) * 1000:.1f} ms of processor each",
                "",
                None,
            ),
        ]

    def _with_an_instant_twilio(self) -> Mapping[str, float]:
        """How long the same takes where nothing is waited for but ourselves."""
        calm = load.closed_loop(self._instant.port, texts.inbound(_UNLOADED, next(self._series)), 1)
        requests = list(texts.inbound(self._requests, next(self._series)))
        burst = load.open_loop(self._instant.port, requests, 1.0)
        return {"instant unloaded": median(calm.latencies()), "instant burst": median(burst.latencies())}

    def _stored(self, series: int) -> int:
        first, last = texts.message_id(0, series), texts.message_id(self._requests, series)
        with contextlib.closing(sqlite3.connect(self._database)) as connection:
            rows = connection.execute(
                "SELECT count(*) FROM relays WHERE message_id >= ? AND message_id < ?", (first, last)
            )
            return int(rows.fetchone()[0])
