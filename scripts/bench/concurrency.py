"""How many requests one instance should serve at once: what more threads bring, until the processor is used up."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Self

from scripts.bench import load, settings, texts
from scripts.bench.rounds import Row, Samples, median
from scripts.bench.servers import FunctionServer

THREADS = (1, 8, 20, 40, 80)
# A text in the cloud: two writes of some 10 ms, Twilio's POST, and what the real clients take of the processor.
STORE_SECONDS = 0.010
TWILIO_SECONDS = 0.150
CLIENTS_CPU_SECONDS = 0.004
_ROUNDS = 5


class Concurrency:
    """As many clients as threads, each with its next text ready. Only the first rounds: the figures hardly move."""

    name = "concurrency"

    def __init__(self, requests: int = 300) -> None:
        self._requests = requests

    def __enter__(self) -> Self:
        environ = settings.google() | {
            "RELAY_LOCAL_BENCH_STORE_SECONDS": str(STORE_SECONDS),
            "RELAY_LOCAL_BENCH_TWILIO_SECONDS": str(TWILIO_SECONDS),
            "RELAY_LOCAL_BENCH_CPU_SECONDS": str(CLIENTS_CPU_SECONDS),
        }
        with contextlib.ExitStack() as stack:
            self._servers = {
                threads: stack.enter_context(FunctionServer(settings.BENCH / "doubled.py", environ, threads=threads))
                for threads in THREADS
            }
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def sample(self, round_number: int) -> Mapping[str, float]:
        if not 0 < round_number <= _ROUNDS:
            return {}
        found: dict[str, float] = {}
        for threads, server in self._servers.items():
            count = min(self._requests, threads * 15)
            done = load.closed_loop(server.port, texts.inbound(count), threads)
            found[f"rate {threads}"] = done.per_second
            found[f"answer {threads}"] = median(done.latencies())
            found[f"memory {threads}"] = server.memory_bytes()
        return found

    def rows(self, samples: Samples) -> Sequence[Row]:
        return [
            Row(
                f"one instance with {threads} thread{'s' if threads > 1 else ''}, a Twilio that takes "
                f"{TWILIO_SECONDS * 1000:.0f} ms",
                f"{median(samples[f'rate {threads}']):.0f}/s",
                f"{median(samples[f'rate {THREADS[0]}']):.0f}/s with one",
                f"{median(samples[f'answer {threads}']) * 1000:.0f} ms an answer",
                "",
                None,
            )
            for threads in THREADS
        ]
