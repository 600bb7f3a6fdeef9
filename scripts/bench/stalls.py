"""Does every webhook get a definite answer in time while what it needs hangs for ten seconds?

Both homes with their real adapters; the servers behind them take the request and say nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import grpc

from scripts.bench import load, settings, texts
from scripts.bench.google_home import GoogleHome
from scripts.bench.rounds import NotMeasurable, Row, Samples, percentile
from scripts.bench.servers import FunctionServer
from scripts.bench.twilio_double import TwilioDouble

HANG_SECONDS = 10.0
ANSWER_SECONDS = 4.5
# New texts per second while something hangs: some 80 are then waiting at any time.
_RATE = 25.0
# More than are ever waiting, so that none waits for a thread.
_THREADS = 150
_MAIN = settings.FUNCTIONS / "main.py"


@dataclass
class _Kind:
    name: str
    environ: dict[str, str]
    hang: contextlib.AbstractContextManager[object]


class Stalls:
    """All stalls are in the first round; the others have nothing to add."""

    name = "stalls"

    def __init__(self, stalls: int = 1000) -> None:
        self._wanted = stalls
        self._answers: dict[str, list[load.Answer]] = {}
        self._missing = ""

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="relay-bench-")))
            silent_twilio = stack.enter_context(TwilioDouble(HANG_SECONDS)).url
            quick_twilio = stack.enter_context(TwilioDouble()).url
            locked = folder / "locked.db"
            self._kinds = [
                _Kind("embedded: the store", settings.embedded(locked, quick_twilio), _held(locked)),
                _Kind(
                    "embedded: Twilio", settings.embedded(folder / "free.db", silent_twilio), contextlib.nullcontext()
                ),
            ]
            try:
                home = stack.enter_context(GoogleHome())
            except NotMeasurable as error:
                self._missing = f"the embedded home only: {error}"
            else:
                silent = stack.enter_context(_SilentGrpc()).address
                services = {"firestore": home.firestore.host, "tasks": home.tasks.address, "twilio": home.twilio.url}
                hanging = {"firestore": silent, "tasks": silent, "twilio": silent_twilio}
                for name, hangs in (
                    ("google: the store", ("firestore",)),
                    ("google: the timers", ("tasks",)),
                    ("google: Twilio", ("twilio",)),
                    ("google: timers and Twilio", ("tasks", "twilio")),
                ):
                    environ = settings.google(**{**services, **{service: hanging[service] for service in hangs}})
                    self._kinds.append(_Kind(name, environ, contextlib.nullcontext()))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def sample(self, round_number: int) -> Mapping[str, float]:
        if round_number == 1:
            each = -(-self._wanted // len(self._kinds))
            for series, kind in enumerate(self._kinds):
                self._answers[kind.name] = _stall(kind, each, 0x57A11 + series)
        return {}

    def rows(self, samples: Samples) -> Sequence[Row]:  # noqa: ARG002 - answers are kept one by one
        answers = [answer for each in self._answers.values() for answer in each]
        definite = sum(answer.status in (200, 503) and answer.seconds <= ANSWER_SECONDS for answer in answers)
        words = [_words(name, found) for name, found in self._answers.items()]
        slowest = max(answer.seconds for answer in answers)
        return [
            Row(
                f"definite answer in {ANSWER_SECONDS:g} s while store, timers or Twilio hang for {HANG_SECONDS:g} s",
                f"{definite} of {len(answers)}",
                "",
                f"slowest {slowest:.2f} s",
                f"all of {self._wanted}",
                definite == len(answers) >= self._wanted,
                note="; ".join(filter(None, [*words, self._missing])),
            )
        ]


def _words(name: str, answers: list[load.Answer]) -> str:
    seconds = [answer.seconds for answer in answers]
    statuses = " and ".join(str(status) for status in sorted({answer.status for answer in answers}))
    return f"{name}: {statuses}, median {percentile(seconds, 50):.2f} s, slowest {max(seconds):.2f} s"


def _stall(kind: _Kind, count: int, series: int) -> list[load.Answer]:
    first, *others = texts.inbound(1 + count, series)
    with FunctionServer(_MAIN, kind.environ, threads=_THREADS) as server, kind.hang:
        # The first text loads the clients, which is not what is asked here.
        load.closed_loop(server.port, [first], 1)
        done = load.open_loop(server.port, others, count / _RATE)
    if len(done.answers) < count:
        done.answers += [load.Answer(0, float("inf"))] * (count - len(done.answers))
    return done.answers


@contextlib.contextmanager
def _held(database: Path) -> Iterator[None]:
    """Another process's transaction on the embedded home's file, for as long as this lasts."""
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
    finally:
        connection.close()


class _SilentGrpc(grpc.GenericRpcHandler):  # type: ignore[misc]
    """A gRPC server that takes every call and says nothing for ten seconds."""

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        ready.wait()
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def service(self, _details: object) -> Any:
        return grpc.stream_stream_rpc_method_handler(_silence)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        ready.set()
        self._loop.run_forever()

    async def _start(self) -> None:
        self._server = grpc.aio.server()
        self._server.add_generic_rpc_handlers((self,))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        await self._server.start()


async def _silence(_requests: object, context: Any) -> None:
    await asyncio.sleep(HANG_SECONDS)
    await context.abort(grpc.StatusCode.UNAVAILABLE, "late")
