"""What the webhook waits for before its 200, one after the other: the customer's text waits with it."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from relay.core.model import Timer
from relay.embedded.database import Database
from relay.embedded.store import SqliteStore
from relay.google.store import FirestoreStore

from tests.budgets.journeys import Journey
from tests.fakes import FakeClock, MemoryTimers
from tests.relays import received

_PATIENCE_SECONDS = 60.0


def test_the_webhook_stores_and_arms_then_sends_then_writes_down_how_that_went() -> None:
    """Nothing is read. The last write goes beyond "store and timer, then Twilio"; docs/performance.md says why."""
    journey = Journey()
    journey.comes_in()
    assert journey.calls == ["create", "arm deadline 1", "send", "update"]


def test_a_handlers_own_text_takes_one_write_and_nothing_else() -> None:
    journey = Journey()
    journey.comes_in(sender=received().relay.policy.tier(1).reach.address)
    assert journey.calls == ["create"]


def test_a_callback_that_decides_takes_one_read_and_one_write_and_withdraws_the_timer() -> None:
    journey = Journey()
    journey.comes_in()
    journey.calls.clear()
    journey.is_reported("delivered")
    assert journey.calls == ["get", "update", "cancel deadline 1"]


class _MeetingPoint:
    """Passes only when two are there at the same time."""

    def __init__(self) -> None:
        self._barrier = threading.Barrier(2, timeout=_PATIENCE_SECONDS)
        self.met = 0

    def meet(self) -> None:
        self._barrier.wait()
        self.met += 1


def test_google_stores_the_relay_and_arms_its_timer_at_the_same_time() -> None:
    point = _MeetingPoint()

    class Timers(MemoryTimers):
        def arm(self, timer: Timer, *, timeout_seconds: float) -> bool:
            point.meet()
            return super().arm(timer, timeout_seconds=timeout_seconds)

    class Client:
        def collection(self, name: str) -> Client:
            return self

        document = collection

        def batch(self) -> Client:
            return self

        def create(self, document: object, content: dict[str, Any]) -> None:
            """Part of the batch."""

        def commit(self, **options: object) -> list[SimpleNamespace]:
            point.meet()
            return [SimpleNamespace(update_time=1)]

    timers = Timers()
    store = FirestoreStore(
        project="p", database="(default)", collection="c", clock=FakeClock(), timers=timers, make_client=Client
    )
    decision = received()
    timer = decision.effects[0].timer  # type: ignore[union-attr]
    store.create(decision.relay, [timer], timeout_seconds=_PATIENCE_SECONDS)
    assert point.met == 2
    assert timers.armed == [timer]


def test_embedded_a_relay_and_its_timer_share_one_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(tmp_path / "relay.db")
    writes: list[object] = []
    write = database.write

    def counted(work: Any, *, timeout_seconds: float) -> Any:
        writes.append(work)
        return write(work, timeout_seconds=timeout_seconds)

    monkeypatch.setattr(database, "write", counted)
    decision = received()
    timer = decision.effects[0].timer  # type: ignore[union-attr]
    SqliteStore(database, FakeClock()).create(decision.relay, [timer], timeout_seconds=_PATIENCE_SECONDS)
    database.close()
    assert len(writes) == 1
