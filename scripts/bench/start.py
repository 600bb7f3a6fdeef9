"""From the start of the process to the first accepted text, with the real clients, and what memory that takes.

The same process then serves some more texts, for the processor time of a text with the real clients.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from scripts.bench import load, settings, texts
from scripts.bench.google_home import GoogleHome
from scripts.bench.rounds import Row, Samples, compare, in_turn, median
from scripts.bench.servers import FunctionServer

_OURS = settings.FUNCTIONS / "main.py"
_OBVIOUS = settings.BENCH / "baselines" / "obvious.py"
_MIB = 2**20
_CLIENTS = 8
# Measured one by one with baselines/timed_import.py and /proc, on the machine that docs/performance.md names.
_WHY_SO_LONG = (
    "Both load gRPC, protobuf and Firestore's client before the first text. Left out here are aiohttp (85 ms), which "
    "only twilio asks for, Pub/Sub (45 ms), which the webhook does not need, the asynchronous halves of Google's "
    "clients and their REST transports, Twilio's resources but messages, and what guesses letters for requests. What "
    "is left are the clients themselves, gRPC, protobuf and cryptography, which the credentials of Google's machines "
    "load. Their REST transports load gRPC and protobuf all the same. What would reach it: our own requests to "
    "Firestore and Cloud Tasks in place of Google's clients, some 140 ms less. That is not wanted, to save a fraction "
    "of a second when an instance starts."
)
_WHY_SO_MUCH = (
    "Firestore's client with gRPC takes 23 MiB, Cloud Tasks' 3; the framework in gunicorn's two processes most of the "
    "rest. What would reach it: as above, no gRPC, some 20 MiB. At 512 MiB an instance, the smallest that goes with a "
    "whole vCPU, it would change no bill."
)


class Start:
    """Each round starts both functions anew, one after the other."""

    name = "start"

    def __init__(self, requests: int = 200) -> None:
        """`requests`: further texts for each function in each round."""
        self._requests = requests
        self._series = itertools.count(0x57A27)

    def __enter__(self) -> Self:
        self._home = GoogleHome().__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._home.__exit__(*error)

    def sample(self, round_number: int) -> Mapping[str, float]:
        found: dict[str, float] = {}

        def measure(name: str, source: Path) -> float:
            first, *others = texts.inbound(1 + self._requests, next(self._series))
            with_server = FunctionServer(source, self._home.environ())
            started_at = time.perf_counter()
            with with_server as server:
                _accept(server, [first])
                found[f"{name} start"] = time.perf_counter() - started_at
                found[f"{name} memory"] = server.memory_bytes()
                before = server.cpu_seconds()
                _accept(server, others)
                found[f"{name} cpu"] = (server.cpu_seconds() - before) / len(others)
            return 0.0

        in_turn(round_number, lambda: measure("obvious", _OBVIOUS), lambda: measure("relay", _OURS))
        return found

    def rows(self, samples: Samples) -> Sequence[Row]:
        return [
            compare(
                samples,
                "process start to first accepted text, real clients",
                "relay start",
                "obvious start",
                lambda seconds: f"{seconds * 1000:.0f} ms",
                at_most=0.7,
                note=_WHY_SO_LONG,
            ),
            compare(
                samples,
                "memory after the first accepted text",
                "relay memory",
                "obvious memory",
                lambda amount: f"{amount / _MIB:.0f} MiB",
                at_most=0.7,
                note=_WHY_SO_MUCH,
            ),
            Row(
                "processor time of an accepted text, real clients",
                f"{median(samples['relay cpu']) * 1000:.1f} ms",
                f"{median(samples['obvious cpu']) * 1000:.1f} ms",
                f"{median(samples['relay cpu']) / median(samples['obvious cpu']):.2f}x",
                "",
                None,
            ),
        ]


def _accept(server: FunctionServer, requests: list[bytes]) -> None:
    done = load.closed_loop(server.port, requests, _CLIENTS)
    if done.count(200) != len(requests):
        statuses = sorted({answer.status for answer in done.answers})
        raise RuntimeError(f"{server.source.name}: not every text was accepted: {statuses}")
