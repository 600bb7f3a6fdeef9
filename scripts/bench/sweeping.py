"""What the sweep costs when a thousand times as many relays are stored."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from relay.core import moves
from relay.core.model import SenderClass
from relay.core.routes import Forward
from relay.embedded.database import Database
from relay.embedded.store import SqliteStore
from relay.flow.sweep import sweep
from relay.flow.world import SendingWorld
from relay.homes import SystemClock
from relay.ports import Accepted, OutgoingText
from relay.wiring import channels, new_lease

from scripts.bench import texts
from scripts.bench.rounds import Row, Samples, compare, in_turn
from scripts.bench.stored import FEW, POLICY, StoredFiles, inbound_text

_OVERDUE = 20


class Sweeping:
    """Two files, one with many more relays. In each round both get as many overdue ones, and the sweep resumes them."""

    name = "sweep"

    def __init__(self, files: StoredFiles) -> None:
        self._files = files
        self._series = itertools.count(0x5EE9)

    def __enter__(self) -> Self:
        self._files.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._files.__exit__(*error)

    def sample(self, round_number: int) -> Mapping[str, float]:
        files = self._files
        small, large = in_turn(round_number, lambda: self._seconds(files.few), lambda: self._seconds(files.many))
        return {"few": small, "many": large}

    def rows(self, samples: Samples) -> Sequence[Row]:
        return [
            compare(
                samples,
                f"embedded: a sweep with {_OVERDUE} relays overdue, {self._files.count:,} stored",
                "many",
                "few",
                lambda seconds: f"{seconds * 1000:.1f} ms",
                at_most=1.2,
                note=f"the baseline is the same with {FEW:,} stored",
            )
        ]

    def _seconds(self, database: Database) -> float:
        series = next(self._series)
        store = SqliteStore(database, SystemClock())
        for number in range(_OVERDUE):
            since = datetime.now(UTC) - timedelta(minutes=5)
            relay = moves.receive(
                inbound_text(texts.message_id(number, series)), SenderClass.CUSTOMER, Forward(POLICY), since, None
            )
            store.create(relay.relay, [], timeout_seconds=30.0)
        started_at = time.perf_counter()
        report = sweep(_world(store))
        seconds = time.perf_counter() - started_at
        if report.resumed != _OVERDUE:
            raise RuntimeError(f"the sweep resumed {report.resumed} of {_OVERDUE} relays")
        return seconds


class _Silent:
    """A Twilio that takes every text at once, timers that never fire, and a journal that keeps nothing."""

    def send(self, text: OutgoingText, *, timeout_seconds: float) -> Accepted:  # noqa: ARG002 - the port's
        return Accepted("SM" + "a" * 32)

    def __getattr__(self, name: str) -> Any:
        return lambda *_arguments, **_options: None


def _world(store: SqliteStore) -> SendingWorld:
    silent: Any = _Silent()

    def provider_of(_our_phone: str) -> Any:
        return silent

    clock = SystemClock()
    return SendingWorld(
        store, silent, clock, silent, silent, channels(provider_of, store, clock, ""), provider_of, new_lease
    )
