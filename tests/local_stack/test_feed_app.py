"""The embedded home's stream of relay events, as a reader sees it who comes again where it left off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from relay.embedded.database import Database
from relay.embedded.feed import SqliteFeed
from relay.embedded.store import SqliteStore
from relay.record.relay_events import events_of
from werkzeug.test import Client

from scripts.local_stack.feed_app import FeedApp
from tests.fakes.clock import FakeClock
from tests.record.test_relay_events import exhausted, received

SECONDS = 60.0
IDS = [event.event_id for event in events_of(exhausted())]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FeedApp]:
    """The stream of two writes, which brought two events and five."""
    database = Database(tmp_path / "relay.db")
    store = SqliteStore(database, FakeClock(datetime(2026, 2, 1, tzinfo=UTC)))
    version = store.create(received(), (), timeout_seconds=SECONDS)
    store.update(exhausted(), version, (), timeout_seconds=SECONDS)
    yield FeedApp(SqliteFeed(database))
    database.close()


def _read(app: FeedApp, last_id: str, position: str = "0", query: str = "") -> tuple[list[str], str]:
    """The events' ids up to this one, and where to read on: what a browser would send as Last-Event-ID."""
    answer = Client(app).get(f"/local/events?{query}", headers={"Last-Event-ID": position}, buffered=False)
    assert answer.status_code == 200
    ids: list[str] = []
    for part in answer.response:
        assert isinstance(part, bytes)
        fields = dict(line.split(": ", 1) for line in part.decode().splitlines() if line and line[0] != ":")
        if "data" in fields:
            ids.append(json.loads(fields["data"])["event_id"])
            position = fields.get("id", position)
        if ids[-1:] == [last_id]:
            break
    answer.close()
    return ids, position


@pytest.mark.parametrize("count", range(1, len(IDS)))
def test_wherever_a_reader_is_cut_off_reading_on_misses_nothing(app: FeedApp, count: int) -> None:
    before, position = _read(app, IDS[count - 1])
    after, _ = _read(app, IDS[-1], position)
    assert before == IDS[:count]
    assert after == IDS[-len(after) :]
    assert len(before) + len(after) >= len(IDS)


def test_where_to_read_on_is_told_of_a_write_of_which_only_a_part_was_wanted(app: FeedApp) -> None:
    assert _read(app, IDS[2], query="type=attempt_failed")[1] == "0"
    assert _read(app, IDS[-1], query="type=exhausted") == ([IDS[-1]], "2")
