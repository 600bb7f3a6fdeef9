"""A database file for each test, and a way to see every statement that reaches it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from relay.embedded import pool
from relay.embedded.database import Database
from relay.embedded.file import Connection, open_connection
from relay.embedded.store import SqliteStore

from tests.fakes import FakeClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "relay.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(path)
    yield database
    database.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(database: Database, clock: FakeClock) -> SqliteStore:
    return SqliteStore(database, clock)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every SQL statement that any connection opened from now on executes, with its values filled in."""
    seen: list[str] = []

    def traced_open(path: str, timeout_seconds: float, *, may_make: bool = True) -> Connection:
        connection = open_connection(path, timeout_seconds, may_make=may_make)
        connection.set_trace_callback(seen.append)
        return connection

    monkeypatch.setattr(pool, "open_connection", traced_open)
    return seen
