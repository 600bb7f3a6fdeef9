"""What the console's questions cost when a thousand times as many relays are stored."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from google.cloud import firestore
from relay.embedded.store import SqliteStore
from relay.google.store import FirestoreStore
from relay.homes import SystemClock
from relay.operators.identity import Caller
from relay.operators.state_api import handle_relay_state
from relay.ports import RelayStore
from relay.record.documents import to_document
from relay.web import JSON, RELAY_STATE_PATH, Request

from scripts.bench.rounds import NotMeasurable, Row, Samples, in_turn, median, spread
from scripts.bench.stored import FEW, StoredFiles, relays
from scripts.local_google.emulators import EmulatorFailed, EmulatorsUnavailable, FirestoreEmulator

_PAGE = 50
_BATCH = 400


def _questions() -> dict[str, dict[str, Any]]:
    """What the page asks: as its views and filters do, and each index is used once."""
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    page = {"view": "summary", "limit": _PAGE}
    return {
        "newest": page,
        "last 24 hours": page | {"since": since},
        "unreached": page | {"final_status": "exhausted"},
        "one number": page | {"sender_phone": "+12025550050"},
        "one number, unreached": page | {"sender_phone": "+12025550050", "final_status": "exhausted"},
    }


class _Operator:
    """Lets everybody in: checking a token costs the same however much is stored."""

    def caller(self, _request: Request) -> Caller:
        return Caller("bench")


def _seconds(store: RelayStore, question: Mapping[str, Any]) -> float:
    request = Request("POST", RELAY_STATE_PATH, headers={"content-type": JSON}, body=json.dumps(question).encode())
    operator: Any = _Operator()
    began = time.perf_counter()
    answer = handle_relay_state(store, SystemClock(), operator, (), "", request)
    seconds = time.perf_counter() - began
    if answer.status != 200:
        raise RuntimeError(f"the search was answered {answer.status}")
    return seconds


class _Searching:
    """Two stores, one with many more relays, asked the same questions in turn."""

    name: str
    _home: str
    _count: int
    _most_seconds: float | None = None
    _few: RelayStore
    _many: RelayStore

    def sample(self, round_number: int) -> Mapping[str, float]:
        found: dict[str, float] = {}
        for name, question in _questions().items():
            few, many = in_turn(round_number, self._asking(self._few, question), self._asking(self._many, question))
            found |= {f"few: {name}": few, f"many: {name}": many}
        return found

    @staticmethod
    def _asking(store: RelayStore, question: Mapping[str, Any]) -> Callable[[], float]:
        return lambda: _seconds(store, question)

    def rows(self, samples: Samples) -> Sequence[Row]:
        return [self._row(samples, name) for name in _questions()]

    def _row(self, samples: Samples, name: str) -> Row:
        few, many = median(samples[f"few: {name}"]), median(samples[f"many: {name}"])
        return Row(
            measure=f"{self._home}: console asks for {name}, {self._count:,} stored",
            ours=f"{many * 1000:.1f} ms",
            baseline=f"{few * 1000:.1f} ms",
            result=f"{many / few:.2f}x",
            goal=f"at most {self._most_seconds * 1000:.0f} ms" if self._most_seconds else "",
            reached=many <= self._most_seconds if self._most_seconds else None,
            spread=spread(samples, f"many: {name}", f"few: {name}"),
            note=f"the baseline is the same with {FEW:,} stored",
        )


class Searching(_Searching):
    """The embedded home."""

    name = "console"
    _home = "embedded"
    _most_seconds = 0.05

    def __init__(self, files: StoredFiles) -> None:
        self._files = files
        self._count = files.count

    def __enter__(self) -> Self:
        self._files.__enter__()
        self._few = SqliteStore(self._files.few, SystemClock())
        self._many = SqliteStore(self._files.many, SystemClock())
        return self

    def __exit__(self, *error: object) -> None:
        self._files.__exit__(*error)


class SearchingGoogle(_Searching):
    """The google home, on an emulator of its own, which keeps everything in memory and has no real indexes."""

    name = "console on the emulator"
    _home = "emulator"

    def __init__(self, count: int) -> None:
        self._count = count

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            try:
                emulator = stack.enter_context(FirestoreEmulator())
            except (EmulatorsUnavailable, EmulatorFailed) as error:
                raise NotMeasurable(str(error)) from error
            before = {name: os.environ.get(name) for name in emulator.environment}
            os.environ.update(emulator.environment)
            self._few, self._many = _filled("bench-few", FEW), _filled("bench-many", self._count)
            # The clients have found their emulator; other benches have another.
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()


def _filled(project: str, count: int) -> FirestoreStore:
    client = firestore.Client(project=project)
    batch, waiting = client.batch(), 0
    for relay in relays(count):
        batch.set(client.collection("relays").document(relay.message_id), to_document(relay))
        waiting += 1
        if waiting == _BATCH:
            batch.commit()
            batch, waiting = client.batch(), 0
    if waiting:
        batch.commit()
    no_timers: Any = None
    return FirestoreStore(
        project=project,
        database="(default)",
        collection="relays",
        clock=SystemClock(),
        timers=no_timers,
        make_client=lambda: client,
    )
