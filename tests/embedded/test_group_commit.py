"""One transaction for many callers, and to each of them the outcome of its own work."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from relay.embedded import pool
from relay.embedded.database import Database
from relay.embedded.file import Connection, open_connection
from relay.embedded.store import SqliteStore
from relay.errors import AlreadyStored, StoreUnavailable, VersionConflict

from tests.contract.conftest import locked
from tests.strategies import a_relay, later

TIMEOUT = 60.0


def _queued_together(path: Path, database: Database, calls: list[Callable[[], object]]) -> list[Future[object]]:
    """Make all the calls while the file is locked, so that they wait in one queue; then let them go."""
    with ThreadPoolExecutor(len(calls)) as callers, locked(path):
        futures = [callers.submit(call) for call in calls]
        give_up_at = time.monotonic() + TIMEOUT
        while len(database._queue) < len(calls):
            assert time.monotonic() < give_up_at
            time.sleep(0.005)
    return futures


def test_each_caller_gets_its_own_outcome_from_one_transaction(
    path: Path, statements: list[str], database: Database, store: SqliteStore
) -> None:
    stored, stale = a_relay(), a_relay()
    store.create(stored, [], timeout_seconds=TIMEOUT)
    old = store.create(stale, [], timeout_seconds=TIMEOUT)
    current = store.update(stale, old, [], timeout_seconds=TIMEOUT)
    fresh = [a_relay() for _ in range(5)]
    statements.clear()
    calls: list[Callable[[], object]] = [
        *(lambda relay=relay: store.create(relay, [], timeout_seconds=TIMEOUT) for relay in fresh),
        lambda: store.create(stored, [], timeout_seconds=TIMEOUT),
        lambda: store.update(stale, old, [], timeout_seconds=TIMEOUT),
        lambda: store.update(stale, current, [], timeout_seconds=TIMEOUT),
        lambda: store.set_watermark("name", later(0), timeout_seconds=TIMEOUT),
    ]
    *created, again, late, in_time, marked = _queued_together(path, database, calls)
    for relay, future in zip(fresh, created, strict=True):
        found = store.get(relay.message_id, timeout_seconds=TIMEOUT)
        assert found is not None
        assert found.version == future.result()
    assert isinstance(again.exception(), AlreadyStored)
    assert isinstance(late.exception(), VersionConflict)
    assert in_time.result() not in (old, current)
    assert marked.result() is None
    assert statements.count("COMMIT") == 1


def test_work_that_fails_halfway_leaves_nothing_and_harms_nobody(path: Path, database: Database) -> None:
    database.prepare()

    def fails_halfway(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO watermarks VALUES ('halfway', 1)")
        raise RuntimeError("halfway")

    def breaks_the_rules(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO watermarks VALUES ('broken', 1)")
        connection.execute("INSERT INTO watermarks VALUES (NULL, NULL)")

    def good(connection: sqlite3.Connection, name: str) -> str:
        connection.execute("INSERT INTO watermarks VALUES (?, 1)", (name,))
        return name

    first, halfway, broken, last = _queued_together(
        path,
        database,
        [
            lambda: database.write(lambda c: good(c, "first"), timeout_seconds=TIMEOUT),
            lambda: database.write(fails_halfway, timeout_seconds=TIMEOUT),
            lambda: database.write(breaks_the_rules, timeout_seconds=TIMEOUT),
            lambda: database.write(lambda c: good(c, "last"), timeout_seconds=TIMEOUT),
        ],
    )
    assert (first.result(), last.result()) == ("first", "last")
    assert isinstance(halfway.exception(), RuntimeError)
    assert isinstance(broken.exception(), sqlite3.IntegrityError)
    rows = database.read(lambda c: c.execute("SELECT name FROM watermarks").fetchall(), timeout_seconds=TIMEOUT)
    assert sorted(rows) == [("first",), ("last",)]


def test_who_gave_up_waiting_is_not_written(path: Path, database: Database, store: SqliteStore) -> None:
    database.prepare()
    impatient, patient = a_relay(), a_relay()
    with locked(path), pytest.raises(StoreUnavailable):
        store.create(impatient, [], timeout_seconds=0.2)
    store.create(patient, [], timeout_seconds=TIMEOUT)
    assert store.get(impatient.message_id, timeout_seconds=TIMEOUT) is None


def test_a_full_disk_is_an_unavailable_store_until_there_is_room(
    monkeypatch: pytest.MonkeyPatch, database: Database, store: SqliteStore
) -> None:
    small = a_relay()
    store.create(small, [], timeout_seconds=TIMEOUT)
    _limit_pages(monkeypatch, database, pages=1)
    with pytest.raises(StoreUnavailable):
        store.create(a_relay(message_body="x" * 1_000_000), [], timeout_seconds=TIMEOUT)
    assert store.get(small.message_id, timeout_seconds=TIMEOUT) is not None
    _limit_pages(monkeypatch, database, pages=2**30)
    store.create(a_relay(message_body="x" * 1_000_000), [], timeout_seconds=TIMEOUT)


def _limit_pages(monkeypatch: pytest.MonkeyPatch, database: Database, pages: int) -> None:
    """Let the file grow no larger than that, whichever connection writes: the limit counts for one connection.

    All are closed, and every one that is opened from now on has it.
    """
    database.close()

    def limited_open(path: str, timeout_seconds: float, *, may_make: bool = True) -> Connection:
        connection = open_connection(path, timeout_seconds, may_make=may_make)
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(pool, "open_connection", limited_open)


def test_the_log_is_brought_into_the_file_and_used_again(path: Path, store: SqliteStore) -> None:
    relay = a_relay()
    version = store.create(relay, [], timeout_seconds=TIMEOUT)
    for _ in range(2_000):
        version = store.update(relay, version, [], timeout_seconds=TIMEOUT)
    # 2,000 commits of at least two pages each, were it never used again.
    assert Path(f"{path}-wal").stat().st_size < 2_000 * 4096
    assert path.stat().st_size > 4096


def test_a_checkpoint_is_only_made_while_nobody_can_write(
    monkeypatch: pytest.MonkeyPatch, statements: list[str], database: Database, store: SqliteStore
) -> None:
    monkeypatch.setattr("relay.embedded.database._CHANGES_PER_CHECKPOINT", 1)
    store.create(a_relay(), [], timeout_seconds=TIMEOUT)
    database.close()
    at = next(number for number, text in enumerate(statements) if "wal_checkpoint" in text)
    assert statements[at - 1] == "BEGIN IMMEDIATE"
    assert statements[at + 1] == "ROLLBACK"


def test_no_connection_checkpoints_by_itself(database: Database) -> None:
    pages = database.read(lambda c: c.execute("PRAGMA wal_autocheckpoint").fetchone()[0], timeout_seconds=TIMEOUT)
    assert pages == 0


def test_closing_ends_the_writer_and_the_next_write_begins_a_new_one(database: Database, store: SqliteStore) -> None:
    threads_before = set(threading.enumerate())
    store.create(a_relay(), [], timeout_seconds=TIMEOUT)
    database.close()
    assert {thread for thread in threading.enumerate() if thread.name == "relay-writer"} <= threads_before
    store.create(a_relay(), [], timeout_seconds=TIMEOUT)
