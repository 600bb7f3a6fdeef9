"""What the webhook waits for before its 200, one after the other: the customer's text waits with it."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from relay.core.model import Timer
from relay.embedded.database import Database
from relay.embedded.store import SqliteStore
from relay.google.store import FirestoreStore
from relay.record.documents import to_document

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


@pytest.mark.parametrize("is_there", [True, False])
def test_google_a_link_is_opened_by_one_query_for_one_document(is_there: bool) -> None:
    relay = replace(received().relay, media_count=1, media_token="a token")
    asked: list[int] = []

    class Query:
        def collection(self, name: str) -> Query:
            return self

        def where(self, *, filter: object) -> Query:
            return self

        def order_by(self, name: str, *, direction: str) -> Query:
            return self

        def limit(self, count: int) -> Query:
            asked.append(count)
            return self

        def start_after(self, found: object) -> Query:
            return self

        def get(self, **options: object) -> list[SimpleNamespace]:
            asked.append(0)
            found = SimpleNamespace(id=relay.message_id, update_time=1, to_dict=lambda: to_document(relay))
            return [found] if is_there else []

    store = FirestoreStore(
        project="p", database="(default)", collection="c", clock=FakeClock(), timers=MemoryTimers(), make_client=Query
    )
    found = store.with_media_token("a token", timeout_seconds=_PATIENCE_SECONDS)
    assert found == (relay if is_there else None)
    assert asked == [1, 0], "one query, for at most one document"
    store.with_media_token("", timeout_seconds=_PATIENCE_SECONDS)
    assert asked == [1, 0], "without a token nothing is asked"


def test_embedded_a_link_is_opened_by_one_statement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(tmp_path / "relay.db")
    relay = replace(received().relay, media_count=1, media_token="a token")
    store = SqliteStore(database, FakeClock())
    store.create(relay, [], timeout_seconds=_PATIENCE_SECONDS)
    statements: list[str] = []
    read = database.read

    def traced(work: Any, *, timeout_seconds: float) -> Any:
        def observed(connection: sqlite3.Connection) -> Any:
            connection.set_trace_callback(statements.append)
            return work(connection)

        return read(observed, timeout_seconds=timeout_seconds)

    monkeypatch.setattr(database, "read", traced)
    assert store.with_media_token("a token", timeout_seconds=_PATIENCE_SECONDS) == relay
    assert store.with_media_token("", timeout_seconds=_PATIENCE_SECONDS) is None
    database.close()
    assert len(statements) == 1
    assert statements[0].startswith("SELECT")


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
