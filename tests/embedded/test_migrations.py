"""The file's migrations: an older file takes those it lacks, whole or not at all, and keeps what is in it."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from relay.embedded import migrations
from relay.embedded.database import Database
from relay.embedded.file import open_connection
from relay.embedded.operator_records import SqliteOperatorRecords
from relay.embedded.searches import media_statement
from relay.embedded.store import SqliteStore
from relay.errors import ConfigurationError
from relay.ports import OperatorKind, OperatorRecord, Search

from tests.embedded import processes
from tests.fakes import FakeClock
from tests.strategies import later

FIXTURE = Path(__file__).parents[1] / "record" / "fixtures" / "relay-v1.db"
ONE_MORE = "ALTER TABLE relays ADD COLUMN mood TEXT; CREATE INDEX relays_by_mood ON relays (mood)"
BROKEN = "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1)"

# Of every migration that was released. One that changes makes files that are not what their number says.
RELEASED = ["4a93e37bf7b950407608d035ee627429cd9de567b8070e8a706a7b0bcabd773a"]
KNOWN = len(migrations.MIGRATIONS)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file that the previous revision made, of version 1."""
    path = tmp_path / "relay.db"
    shutil.copy(FIXTURE, path)
    return path


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The table of migrations, to which a test adds made-up ones."""
    table = list(migrations.MIGRATIONS)
    monkeypatch.setattr(migrations, "MIGRATIONS", table)
    return table


def _version(path: Path) -> int:
    connection = sqlite3.connect(path)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return int(version)


def _objects(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    return names


def test_a_file_of_the_previous_revision_is_opened_as_it_is(old: Path) -> None:
    open_connection(str(old), 30).close()
    assert _version(old) == len(migrations.MIGRATIONS)


def test_an_older_file_takes_the_migrations_it_lacks_and_keeps_its_relays(old: Path, table: list[str]) -> None:
    table += [ONE_MORE, "CREATE TABLE moods (mood TEXT PRIMARY KEY)"]
    connection = open_connection(str(old), 30)
    rows = connection.execute("SELECT count(*), count(mood) FROM relays").fetchone()
    connection.close()
    assert rows == (8, 0)
    assert _version(old) == KNOWN + 2
    assert {"relays_by_mood", "moods"} <= _objects(old)


def test_a_new_file_takes_all_migrations_and_is_like_an_older_one_that_took_them(
    old: Path, table: list[str], tmp_path: Path
) -> None:
    table.append(ONE_MORE)
    new = tmp_path / "new.db"
    for path in (old, new):
        open_connection(str(path), 30).close()
    assert _version(new) == _version(old) == KNOWN + 1
    assert _objects(new) == _objects(old)


def test_a_migration_that_fails_leaves_the_file_as_it_was_and_says_so(old: Path, table: list[str]) -> None:
    table += [ONE_MORE, BROKEN]
    with pytest.raises(ConfigurationError, match=r"relay\.db"):
        open_connection(str(old), 30)
    assert _version(old) == KNOWN + 1
    assert "half" not in _objects(old)


def test_after_a_migration_the_revision_before_refuses_the_file(old: Path, table: list[str]) -> None:
    table.append(ONE_MORE)
    open_connection(str(old), 30).close()
    del table[-1]
    with pytest.raises(ConfigurationError, match=rf"schema {KNOWN + 1}, this one knows {KNOWN}"):
        open_connection(str(old), 30)


def test_processes_that_start_together_take_a_migration_once(old: Path) -> None:
    started = [processes.start("open_migrated", old) for _ in range(4)]
    assert [process.communicate(timeout=120)[0] for process in started] == ["opened\n"] * 4
    assert _version(old) == KNOWN + 1


def test_the_relays_of_a_file_from_before_threads_belong_to_none(old: Path) -> None:
    connection = open_connection(str(old), 30)
    rows = connection.execute("SELECT count(*), count(thread_id), count(unclaimed_in) FROM relays").fetchone()
    connection.close()
    assert rows == (8, 0, 0)


def test_the_relays_of_a_file_from_before_links_have_no_token_and_go_on(old: Path) -> None:
    connection = open_connection(str(old), 30)
    rows = connection.execute("SELECT count(*), count(media_token) FROM relays").fetchone()
    (message_id,) = connection.execute("SELECT min(message_id) FROM relays").fetchone()
    connection.execute("UPDATE relays SET media_token = 'a token' WHERE message_id = ?", (message_id,))
    found = connection.execute(*media_statement("a token", 0)).fetchall()
    connection.close()
    assert rows == (8, 0)
    assert [row[0] for row in found] == [message_id]


def test_a_file_from_before_operators_had_records_keeps_its_relays_and_takes_them_from_now_on(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = OperatorRecord(OperatorKind.SESSION, "a", {"name": "Ana"}, later(60))
    with monkeypatch.context() as before:
        made = next(number for number, each in enumerate(migrations.MIGRATIONS) if "operator_records" in each)
        before.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:made])
        open_connection(str(old), 30).close()
    assert _version(old) == made
    database = Database(old)
    found = SqliteStore(database, FakeClock()).search(Search(), timeout_seconds=30)
    records = SqliteOperatorRecords(database, FakeClock())
    stored = records.put(record, timeout_seconds=30)
    assert records.get(record.kind, "a", timeout_seconds=30) == stored
    database.close()
    assert len(found.relays) == 8
    assert _version(old) == KNOWN


def test_the_relays_of_a_file_from_before_there_was_an_index_of_words_are_found_by_words(old: Path) -> None:
    database = Database(old)
    store = SqliteStore(database, FakeClock())
    everything = store.search(Search(), timeout_seconds=30).relays
    number = everything[0].sender_phone
    expected = [relay for relay in everything if relay.sender_phone == number]
    assert list(store.search(Search(words=number), timeout_seconds=30).relays) == expected
    database.close()


def test_a_migration_that_was_released_is_never_changed() -> None:
    digests = [hashlib.sha256(migration.encode()).hexdigest() for migration in migrations.MIGRATIONS]
    assert digests[: len(RELEASED)] == RELEASED
