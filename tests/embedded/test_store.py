"""What is special to relays in SQLite: documents of other revisions, and timers that go with their relay."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from relay.core.model import FinalStatus, Relay
from relay.embedded import timer_rows
from relay.embedded.database import Database
from relay.embedded.feed import SqliteFeed
from relay.embedded.store import SqliteStore
from relay.errors import StoreRefused
from relay.ports import Search, UnreadableRelay

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
    ended = FinalStatus.DELIVERED
    moved = replace(relay, expires_at=clock.now() + timedelta(seconds=1), final_status=ended)
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
    expired = a_relay(expires_at=clock.now(), final_status=FinalStatus.DELIVERED)
    kept = a_relay()
    for relay in (expired, kept):
        store.create(relay, [a_timer(relay.message_id)], timeout_seconds=TIMEOUT)
    assert store.purge_expired(clock.now(), 10, timeout_seconds=TIMEOUT) == 1
    assert _armed_for(database) == {kept.message_id}


@pytest.mark.parametrize("broken", ["{", "", "[]", "null", '"a word"', "\\0", '{"a": ' * 2000])
def test_a_document_that_is_no_json_object_is_set_aside_as_it_is(
    database: Database, clock: FakeClock, broken: str
) -> None:
    journal = MemoryJournal()
    store = SqliteStore(database, clock, journal)
    relay = a_relay()
    store.create(relay, [a_timer(relay.message_id)], timeout_seconds=TIMEOUT)
    _overwrite(database, relay.message_id, broken)
    (found,) = store.due(clock.now() + timedelta(seconds=1), 10, timeout_seconds=TIMEOUT)
    assert isinstance(found, UnreadableRelay)
    store.set_aside(found.message_id, found.version, found.reason, timeout_seconds=TIMEOUT)
    assert store.due(clock.now() + timedelta(days=1), 10, timeout_seconds=TIMEOUT) == []
    assert _armed_for(database) == set(), "no timer of it comes again and again"
    select = "SELECT document FROM relays"
    row = database.read(lambda connection: connection.execute(select).fetchone(), timeout_seconds=TIMEOUT)
    assert row[0] == broken, "a person may still make sense of it"
    assert [message_id for message_id, _ in journal.aside] == [relay.message_id]


def test_a_column_that_sqlite_cannot_keep_is_a_refusal_for_good_and_spoils_no_other_write(
    database: Database, store: SqliteStore
) -> None:
    odd = a_relay(sender_phone=None)
    with pytest.raises(StoreRefused):
        store.create(odd, [], timeout_seconds=TIMEOUT)
    store.create(replace(odd, sender_phone="+15550100001"), [], timeout_seconds=TIMEOUT)


def _overwrite(database: Database, message_id: str, document: str) -> None:
    statement = "UPDATE relays SET document = ? WHERE message_id = ?"
    database.write(lambda connection: connection.execute(statement, (document, message_id)), timeout_seconds=TIMEOUT)


# As a person, a program or a disk may have left it; with a text of a customer in it.
_SPOILT = {
    "no UTF-8": "CAST(x'7b2268616c6c6fff227d' AS TEXT)",
    "half of an emoji": "CAST(x'2268656c6c6f20eda0bd22' AS TEXT)",
    "bytes": "x'00ff'",
    "nothing": "''",
    "a number": "17",
    "no end": "'" + "[" * 100_000 + "'",
}


@pytest.mark.parametrize("document", _SPOILT.values(), ids=_SPOILT)
def test_a_spoilt_document_is_set_aside_and_hides_no_other(database: Database, clock: FakeClock, document: str) -> None:
    journal = MemoryJournal()
    store, told = SqliteStore(database, clock, journal), SqliteFeed(database, journal)
    relays = [a_relay(due_at=clock.now() - timedelta(minutes=number), lines_logged=1) for number in (1, 2, 3)]
    for relay in relays:
        store.create(relay, [], timeout_seconds=TIMEOUT)
    spoilt = relays[1].message_id

    def spoil(connection: Any) -> None:
        connection.execute(f"UPDATE relays SET document = {document} WHERE message_id = ?", (spoilt,))

    database.write(spoil, timeout_seconds=TIMEOUT)
    due = store.due(clock.now(), 10, timeout_seconds=TIMEOUT)
    (unreadable,) = [one for one in due if isinstance(one, UnreadableRelay)]
    assert (unreadable.message_id, len(due)) == (spoilt, 3)
    assert len(store.search(Search(), timeout_seconds=TIMEOUT).relays) == 2
    assert len(told.read(0, 10, timeout_seconds=TIMEOUT)) == 3
    store.set_aside(spoilt, unreadable.version, unreadable.reason, timeout_seconds=TIMEOUT)
    assert len(store.due(clock.now(), 10, timeout_seconds=TIMEOUT)) == 2
    assert {message_id for message_id, _ in journal.aside} == {spoilt}
    assert database.trouble is None, "and its words are in no alarm about the file"
