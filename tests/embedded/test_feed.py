"""The embedded home's feed: every committed change, once per position, nothing that was not committed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from relay.embedded.database import Database
from relay.embedded.feed import KEPT, SqliteFeed, trim
from relay.embedded.store import SqliteStore
from relay.errors import AlreadyStored, VersionConflict
from relay.record.relay_events import events_of

from tests.fakes import MemoryJournal
from tests.fakes.clock import FakeClock
from tests.record.test_relay_events import exhausted, received

SECONDS = 60.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "relay.db")
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> SqliteStore:
    return SqliteStore(database, FakeClock(datetime(2026, 2, 1, tzinfo=UTC)))


@pytest.fixture
def feed(database: Database) -> SqliteFeed:
    return SqliteFeed(database)


def test_each_write_is_published_with_what_it_brought(store: SqliteStore, feed: SqliteFeed) -> None:
    version = store.create(received(), (), timeout_seconds=SECONDS)
    store.update(exhausted(), version, (), timeout_seconds=SECONDS)
    first, second = feed.read(0, 10, timeout_seconds=SECONDS)
    assert [*first.events, *second.events] == events_of(exhausted())
    assert list(first.events) == events_of(received())
    assert first.position < second.position == feed.latest(timeout_seconds=SECONDS)


def test_reading_on_from_a_position_leaves_out_what_was_read(store: SqliteStore, feed: SqliteFeed) -> None:
    version = store.create(received(), (), timeout_seconds=SECONDS)
    position = feed.latest(timeout_seconds=SECONDS)
    store.update(exhausted(), version, (), timeout_seconds=SECONDS)
    assert [published.position for published in feed.read(position, 10, timeout_seconds=SECONDS)] == [position + 1]
    assert len(feed.read(0, 1, timeout_seconds=SECONDS)) == 1


def test_what_was_not_committed_is_not_published(store: SqliteStore, feed: SqliteFeed) -> None:
    version = store.create(received(), (), timeout_seconds=SECONDS)
    with pytest.raises(AlreadyStored):
        store.create(received(), (), timeout_seconds=SECONDS)
    store.update(exhausted(), version, (), timeout_seconds=SECONDS)
    with pytest.raises(VersionConflict):
        store.update(exhausted(), version, (), timeout_seconds=SECONDS)
    assert len(feed.read(0, 10, timeout_seconds=SECONDS)) == 2


def test_a_write_without_news_publishes_nothing(store: SqliteStore, feed: SqliteFeed) -> None:
    version = store.create(received(), (), timeout_seconds=SECONDS)
    store.update(received(), version, (), timeout_seconds=SECONDS)
    assert len(feed.read(0, 10, timeout_seconds=SECONDS)) == 1


def test_a_deleted_relay_is_left_out(store: SqliteStore, feed: SqliteFeed) -> None:
    store.create(received(), (), timeout_seconds=SECONDS)
    store.delete(received().message_id, timeout_seconds=SECONDS)
    assert feed.read(0, 10, timeout_seconds=SECONDS) == []


def test_the_feed_forgets_what_lies_too_far_back(database: Database, feed: SqliteFeed) -> None:
    def fill(connection: object) -> None:
        connection.execute(  # type: ignore[attr-defined]
            "INSERT INTO feed (position, message_id, first_line, end_line) VALUES (1, 'a', 0, 1), (?, 'b', 0, 1)",
            (KEPT + 1,),
        )
        trim(connection, 10)  # type: ignore[arg-type]

    database.write(fill, timeout_seconds=SECONDS)
    rows = database.read(
        lambda connection: connection.execute("SELECT message_id FROM feed").fetchall(), timeout_seconds=SECONDS
    )
    assert rows == [("b",)]


def test_a_record_of_a_later_version_has_no_events_and_keeps_no_other_from_being_read(
    database: Database, store: SqliteStore, feed: SqliteFeed
) -> None:
    later = replace(received(), message_id="SM" + "e" * 32)
    for relay in (later, received()):
        store.create(relay, (), timeout_seconds=SECONDS)
    raise_version = "UPDATE relays SET document = json_set(document, '$.schema_version', 2) WHERE message_id = ?"
    database.write(lambda connection: connection.execute(raise_version, (later.message_id,)), timeout_seconds=SECONDS)
    first, second = feed.read(0, 10, timeout_seconds=SECONDS)
    assert first.events == ()
    assert list(second.events) == events_of(received())


def test_a_record_that_cannot_be_read_is_passed_with_an_alarm_and_the_feed_goes_on(
    store: SqliteStore, database: Database
) -> None:
    journal = MemoryJournal()
    feed = SqliteFeed(database, journal)
    store.create(received(), (), timeout_seconds=SECONDS)
    other = replace(received(), message_id="SM" + "9" * 32)
    store.create(other, (), timeout_seconds=SECONDS)
    spoil = "UPDATE relays SET document = '{' WHERE message_id = ?"
    values = (received().message_id,)
    database.write(lambda connection: connection.execute(spoil, values), timeout_seconds=SECONDS)
    first, second = feed.read(0, 10, timeout_seconds=SECONDS)
    assert first.events == ()
    assert {event.relay for event in second.events} == {other.message_id}
    assert [message_id for message_id, _ in journal.aside] == [received().message_id]
