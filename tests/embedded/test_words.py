"""The full-text index: it is kept clean, and a file is searched all the same where an SQLite has none."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from relay.core.model import FinalStatus, Relay
from relay.core.searching import searchable, terms_of
from relay.embedded import words_rows
from relay.embedded.database import Database
from relay.embedded.health import Cause, Trouble
from relay.embedded.searches import words_statement
from relay.embedded.store import SqliteStore
from relay.ports import Search

from tests.fakes import FakeClock
from tests.strategies import a_relay, later

TIMEOUT = 30.0


def _rows(database: Database, statement: str, *values: Any) -> list[Any]:
    return database.read(lambda connection: connection.execute(statement, values).fetchall(), timeout_seconds=TIMEOUT)


def _found(store: SqliteStore, words: str) -> list[Relay]:
    return list(store.search(Search(words=words), timeout_seconds=TIMEOUT).relays)


def _create(store: SqliteStore, **changes: Any) -> Relay:
    relay = a_relay(**changes)
    store.create(relay, [], timeout_seconds=TIMEOUT)
    return relay


@pytest.fixture
def without_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """An SQLite that has no full-text search."""
    monkeypatch.setattr(words_rows, "_MAKE", "CREATE VIRTUAL TABLE relay_words USING none_such(words)")


def test_what_is_deleted_or_expired_leaves_the_index(database: Database, store: SqliteStore) -> None:
    deleted = _create(store, message_body="the couch")
    over = _create(store, message_body="a couch", expires_at=later(5), final_status=FinalStatus.DELIVERED, due_at=None)
    kept = _create(store, message_body="one more couch")
    store.delete(deleted.message_id, timeout_seconds=TIMEOUT)
    store.purge_expired(later(10), 10, timeout_seconds=TIMEOUT)
    store.purge_expired(later(20), 10, timeout_seconds=TIMEOUT)
    assert _rows(database, "SELECT words FROM relay_words") == [(searchable(kept).text,)]
    assert over.message_id not in str(_rows(database, "SELECT message_id FROM relays"))
    database.write(
        lambda connection: connection.execute("INSERT INTO relay_words (relay_words) VALUES ('integrity-check')"),
        timeout_seconds=TIMEOUT,
    )


def test_a_relay_that_is_there_already_leaves_no_second_row(database: Database, store: SqliteStore) -> None:
    from relay.errors import AlreadyStored

    relay = _create(store, message_body="the couch")
    with pytest.raises(AlreadyStored):
        store.create(relay, [], timeout_seconds=TIMEOUT)
    assert len(_rows(database, "SELECT rowid FROM relay_words")) == 1


def test_an_index_narrows_a_search_down_and_its_query_reads_no_table(database: Database, store: SqliteStore) -> None:
    for number in range(50):
        _create(store, message_body=f"text {number} of many", timestamp=later(number))
    asked = words_rows.expression(terms_of("number 42"))
    assert asked == '("number")'
    statement, values = words_statement(Search(), 0, words_rows.expression(terms_of("many")))
    plan = "; ".join(row[3] for row in _rows(database, f"EXPLAIN QUERY PLAN {statement}", *values))
    assert "relays_by_words (words_row=?" in plan
    assert "relays_without_words" in plan
    (places, bound) = words_statement(Search(), 0, words_rows.expression(terms_of("text 42 of many")))
    assert len(_rows(database, places, *bound)) == 50, "42 has two characters, which no trigram finds"
    (places, bound) = words_statement(Search(), 0, words_rows.expression(terms_of("sofa many")))
    assert _rows(database, places, *bound) == []
    assert [relay.message_body for relay in _found(store, "42 many")] == ["text 42 of many"]


@pytest.mark.usefixtures("without_index")
def test_without_full_text_search_every_text_is_looked_at(database: Database, store: SqliteStore) -> None:
    first, second = _create(store, message_body="the couch"), _create(store, message_body="a sofa")
    assert _found(store, "couch") == [first]
    store.delete(first.message_id, timeout_seconds=TIMEOUT)
    store.purge_expired(later(10), 10, timeout_seconds=TIMEOUT)
    assert (_found(store, "couch"), _found(store, "sofa")) == ([], [second])
    assert _rows(database, "SELECT name FROM sqlite_master WHERE name LIKE 'relay_words%'") == []


def test_what_an_sqlite_without_it_stored_is_found_by_one_with_it_and_indexed_with_its_next_change(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "moved.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words_rows, "_MAKE", "CREATE VIRTUAL TABLE relay_words USING none_such(words)")
        database = Database(path)
        old, other = a_relay(message_body="an old couch"), a_relay(message_body="an old lamp")
        version = SqliteStore(database, clock).create(old, [], timeout_seconds=TIMEOUT)
        SqliteStore(database, clock).create(other, [], timeout_seconds=TIMEOUT)
        database.close()
    database = Database(path)
    store = SqliteStore(database, clock)
    new = _create(store, message_body="a new couch", timestamp=later(9))
    assert _found(store, "couch") == [new, old]
    claimed = replace(old, claimed_by="Dana")
    store.update(claimed, version, [], timeout_seconds=TIMEOUT)
    assert _found(store, "couch dana") == [claimed]
    assert len(_rows(database, "SELECT rowid FROM relay_words")) == 2
    assert _found(store, "lamp") == [other]
    database.close()


# Parts of an index that a failing disk may spoil. Where the last one is gone, the index does not even open.
_DAMAGES = {
    "its root is spoilt": "UPDATE relay_words_data SET block = x'00112233' WHERE id = 10",
    "its pages are gone": "DELETE FROM relay_words_data WHERE id > 10",
    "its pages are garbage": f"UPDATE relay_words_data SET block = x'{'c3a7' * 15}' WHERE id > 10",
    "it does not open": "DELETE FROM relay_words_data",
    "its format is gone": "DELETE FROM relay_words_config",
    # None that can be made anew, either.
    "a part of it is gone": "DROP TABLE relay_words_data",
}


@pytest.mark.parametrize("damage", _DAMAGES.values(), ids=_DAMAGES)
@pytest.mark.parametrize("is_open", [True, False], ids=["while it runs", "before it starts"])
def test_a_damaged_index_refuses_no_text_and_every_text_is_found(
    path: Path, clock: FakeClock, damage: str, is_open: bool
) -> None:
    told: list[Trouble | None] = []
    before = Database(path, on_trouble=told.append)
    old = _create(SqliteStore(before, clock), message_body="an old couch", timestamp=later(0))
    over = _create(SqliteStore(before, clock), message_body="a couch", timestamp=later(1), expires_at=later(5))
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(damage)
    if not is_open:
        before.close()
    database = before if is_open else Database(path, on_trouble=told.append)
    store = SqliteStore(database, clock)
    new = _create(store, message_body="a new couch", timestamp=later(2))
    assert _found(store, "couch") == [new, over, old]
    store.delete(over.message_id, timeout_seconds=TIMEOUT)
    last = _create(store, message_body="one more couch", timestamp=later(3))
    assert _found(store, "couch") == [last, new, old]
    assert {trouble and trouble.cause for trouble in told} <= {Cause.INDEX}
    assert database.trouble is None, "nothing was refused"
    database.close()


def test_a_damaged_index_is_made_anew_and_told_once(path: Path, clock: FakeClock) -> None:
    told: list[Trouble | None] = []
    database = Database(path, on_trouble=told.append)
    store = SqliteStore(database, clock)
    old = _create(store, message_body="an old couch", timestamp=later(0))
    version = store.get(old.message_id, timeout_seconds=TIMEOUT)
    assert version is not None
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(_DAMAGES["its pages are gone"])
    # A search alone has it mended.
    assert _found(store, "couch") == [old]
    assert _rows(database, "SELECT words_row FROM relays") == [(None,)]
    assert _found(store, "couch") == [old]
    claimed = replace(old, claimed_by="Dana")
    store.update(claimed, version.version, [], timeout_seconds=TIMEOUT)
    assert _found(store, "couch dana") == [claimed]
    assert _rows(database, "SELECT words FROM relay_words") == [(searchable(claimed).text,)]
    assert [trouble and trouble.cause for trouble in told] == [Cause.INDEX]
    database.close()
