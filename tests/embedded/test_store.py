"""What is special to relays in SQLite: documents of other revisions, and timers that go with their relay."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from relay.core.model import Relay
from relay.embedded import timer_rows
from relay.embedded.database import Database
from relay.embedded.store import SqliteStore
from relay.ports import Search

from tests.fakes import FakeClock, MemoryJournal
from tests.strategies import a_policy, a_relay, a_timer

TIMEOUT = 60.0


def _document(database: Database, relay: Relay) -> dict[str, Any]:
    def read(connection: Any) -> dict[str, Any]:
        row = connection.execute("SELECT document FROM relays WHERE message_id = ?", (relay.message_id,)).fetchone()
        found: dict[str, Any] = json.loads(row[0])
        return found

    return database.read(read, timeout_seconds=TIMEOUT)


def _armed_for(database: Database) -> set[str]:
    return {timer.message_id for timer in database.read(timer_rows.all_armed, timeout_seconds=TIMEOUT)}


def test_an_update_keeps_fields_of_a_newer_revision(database: Database, store: SqliteStore) -> None:
    relay = a_relay()
    version = store.create(relay, [], timeout_seconds=TIMEOUT)
    newer = _document(database, relay) | {"priority": {"level": 3, "since": "2026-03-01"}}

    def write(connection: Any) -> None:
        values = (json.dumps(newer), relay.message_id)
        connection.execute("UPDATE relays SET document = ? WHERE message_id = ?", values)

    database.write(write, timeout_seconds=TIMEOUT)
    stored = store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert stored is not None
    store.update(replace(stored.relay, message_body="changed"), version, [], timeout_seconds=TIMEOUT)
    document = _document(database, relay)
    assert document["priority"] == newer["priority"]
    assert document["message_body"] == "changed"


def test_a_tier_that_is_no_longer_there_leaves_no_status_behind(database: Database, store: SqliteStore) -> None:
    relay = a_relay(policy=a_policy(3))
    version = store.create(relay, [], timeout_seconds=TIMEOUT)
    store.update(replace(relay, policy=a_policy(2)), version, [], timeout_seconds=TIMEOUT)
    statuses = [name for name in _document(database, relay) if name.startswith("tier_")]
    assert statuses == ["tier_1_status", "tier_2_status"]


def test_what_can_change_is_found_by_its_new_value_whatever_it_is(store: SqliteStore, clock: FakeClock) -> None:
    relay = a_relay()
    version = store.create(relay, [], timeout_seconds=TIMEOUT)
    moved = replace(relay, expires_at=clock.now() + timedelta(seconds=1))
    store.update(moved, version, [], timeout_seconds=TIMEOUT)
    clock.advance(1)
    assert store.get(relay.message_id, timeout_seconds=TIMEOUT) is None


def test_a_deleted_relay_takes_its_timers_along(database: Database, store: SqliteStore) -> None:
    deleted, kept = a_relay(), a_relay()
    for relay in (deleted, kept):
        store.create(relay, [a_timer(relay.message_id)], timeout_seconds=TIMEOUT)
    store.delete(deleted.message_id, timeout_seconds=TIMEOUT)
    assert _armed_for(database) == {kept.message_id}


def test_a_purged_relay_takes_its_timers_along(database: Database, store: SqliteStore, clock: FakeClock) -> None:
    expired = a_relay(expires_at=clock.now())
    kept = a_relay()
    for relay in (expired, kept):
        store.create(relay, [a_timer(relay.message_id)], timeout_seconds=TIMEOUT)
    assert store.purge_expired(clock.now(), 10, timeout_seconds=TIMEOUT) == 1
    assert _armed_for(database) == {kept.message_id}


def test_a_document_that_cannot_be_read_hides_no_other_from_the_sweep_or_a_search(
    database: Database, clock: FakeClock
) -> None:
    journal = MemoryJournal()
    store = SqliteStore(database, clock, journal)
    readable, unreadable = a_relay(message_id="SM" + "a" * 32), a_relay(message_id="SM" + "b" * 32)
    for relay in (readable, unreadable):
        store.create(replace(relay, due_at=clock.now()), (), timeout_seconds=10.0)
    database.write(
        lambda connection: connection.execute(
            "UPDATE relays SET document = '{}' WHERE message_id = ?", (unreadable.message_id,)
        ),
        timeout_seconds=10.0,
    )
    due = store.due(clock.now() + timedelta(seconds=1), 10, timeout_seconds=10.0)
    page = store.search(Search(), timeout_seconds=10.0)
    assert [stored.relay.message_id for stored in due] == [readable.message_id]
    assert [relay.message_id for relay in page.relays] == [readable.message_id]
    assert [labels["relay"] for _, _, labels in journal.notes] == [unreadable.message_id] * 2
