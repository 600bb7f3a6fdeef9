"""The database removed, replaced or moved away under the process: noticed at once, never made anew, and mended."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from relay.embedded import health
from relay.embedded import pool as sqlite_pool
from relay.embedded.database import Database
from relay.embedded.file import Connection, open_connection
from relay.embedded.health import Trouble
from relay.embedded.pool import Pool
from relay.embedded.presence import StoreLost
from relay.embedded.store import SqliteStore
from relay.errors import StoreUnavailable

from tests.embedded import processes
from tests.fakes import FakeClock
from tests.strategies import a_relay

TIMEOUT = 60.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home" / "relay.db"


@pytest.fixture
def alarms() -> list[str]:
    return []


@pytest.fixture
def database(path: Path, alarms: list[str]) -> Iterator[Database]:
    def told(trouble: Trouble | None) -> None:
        if trouble is not None:
            alarms.append(trouble.words)

    database = Database(path, on_trouble=told)
    yield database
    database.close()


@pytest.fixture
def kept(store: SqliteStore) -> str:
    """The id of a relay that is stored; the file is open from here on."""
    relay = a_relay()
    store.create(relay, [], timeout_seconds=TIMEOUT)
    return relay.message_id


def all_files(path: Path) -> list[Path]:
    return [path, Path(f"{path}-wal"), Path(f"{path}-shm")]


def remove(path: Path) -> None:
    for file in all_files(path):
        file.unlink()


def replace_by_an_empty_one(path: Path) -> None:
    remove(path)
    Database(path).prepare()


def replace_by_a_copy(path: Path) -> None:
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    copy.replace(path)


def move_the_folder_away(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


def remove_the_log_alone(path: Path) -> None:
    Path(f"{path}-wal").unlink()


def remove_the_index_alone(path: Path) -> None:
    Path(f"{path}-shm").unlink()


LOSSES: dict[Callable[[Path], None], str] = {
    remove: "relay.db is no longer there",
    replace_by_an_empty_one: "relay.db is another file than before",
    replace_by_a_copy: "relay.db is another file than before",
    move_the_folder_away: "relay.db is no longer there",
    remove_the_log_alone: "relay.db-wal is no longer there",
    remove_the_index_alone: "relay.db-shm is no longer there",
}
each_loss = pytest.mark.parametrize("lose", LOSSES, ids=lambda lose: lose.__name__)


@each_loss
def test_the_next_write_is_refused_and_an_alarm_says_why(
    lose: Callable[[Path], None], path: Path, store: SqliteStore, kept: str, alarms: list[str]
) -> None:
    lose(path)
    with pytest.raises(StoreUnavailable):
        store.create(a_relay(), [], timeout_seconds=TIMEOUT)
    (alarm,) = alarms
    assert alarm.endswith(LOSSES[lose])


@each_loss
def test_nothing_more_is_read_from_what_was_lost(
    lose: Callable[[Path], None], path: Path, store: SqliteStore, kept: str, alarms: list[str]
) -> None:
    lose(path)
    with pytest.raises(StoreUnavailable):
        store.get(kept, timeout_seconds=TIMEOUT)
    assert len(alarms) == 1


def test_a_removed_database_is_not_made_anew(path: Path, database: Database, store: SqliteStore, kept: str) -> None:
    remove(path)
    # Not by connections that are open, and not by new ones either: a fork has closed all.
    for _ in range(2):
        with pytest.raises(StoreLost):
            store.get(kept, timeout_seconds=TIMEOUT)
        with pytest.raises(StoreUnavailable):
            store.create(a_relay(), [], timeout_seconds=TIMEOUT)
        database.close()
    assert list(path.parent.iterdir()) == []


def test_moved_back_it_is_used_again_with_everything_in_it(
    path: Path, store: SqliteStore, kept: str, alarms: list[str]
) -> None:
    elsewhere = path.parent.with_name("elsewhere")
    for losses in (1, 2):
        move_the_folder_away(path)
        refused = a_relay()
        with pytest.raises(StoreUnavailable):
            store.create(refused, [], timeout_seconds=TIMEOUT)
        assert len(alarms) == losses  # each loss is told anew
        elsewhere.rename(path.parent)
        assert store.get(kept, timeout_seconds=TIMEOUT) is not None
        assert store.get(refused.message_id, timeout_seconds=TIMEOUT) is None
        store.create(refused, [], timeout_seconds=TIMEOUT)
        assert processes.start("open_file", path).communicate(timeout=120)[0] == "opened\n"


def test_a_connection_that_is_opened_while_others_are_open_never_opens_another_file(
    path: Path, database: Database, store: SqliteStore, kept: str
) -> None:
    def look_with_a_second_connection(_: sqlite3.Connection) -> None:
        replace_by_an_empty_one(path)
        database.read(lambda c: c.execute("SELECT count(*) FROM relays").fetchone(), timeout_seconds=TIMEOUT)

    with pytest.raises(StoreLost):
        database.read(look_with_a_second_connection, timeout_seconds=TIMEOUT)


def test_a_file_that_is_exchanged_while_it_is_opened_is_opened_again(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which file SQLite has opened, it does not tell."""
    theirs = tmp_path / "theirs.db"
    Database(path).prepare()
    Database(theirs).prepare()
    opened: list[Connection] = []

    def exchanged_after(path_: str, timeout_seconds: float, *, may_make: bool) -> Connection:
        opened.append(open_connection(path_, timeout_seconds, may_make=may_make))
        if len(opened) == 1:
            theirs.replace(path)
        return opened[-1]

    monkeypatch.setattr(sqlite_pool, "open_connection", exchanged_after)
    pool = Pool(str(path))
    with pool.lend(TIMEOUT) as connection:
        assert connection is opened[1]
        pool.check()
    pool.close()


def test_a_file_that_goes_just_before_it_is_opened_is_not_made_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(path, began_with=Database(path).prepare())

    def gone_before(path_: str, timeout_seconds: float, *, may_make: bool) -> Connection:
        path.unlink()
        return open_connection(path_, timeout_seconds, may_make=may_make)

    monkeypatch.setattr(sqlite_pool, "open_connection", gone_before)
    with pytest.raises(StoreUnavailable):
        database.read(lambda c: c.execute("SELECT 1").fetchone(), timeout_seconds=TIMEOUT)
    assert not path.exists()


def test_a_text_whose_file_goes_between_the_commit_and_the_answer_is_not_called_stored(
    path: Path, database: Database, kept: str, alarms: list[str]
) -> None:
    def goes_meanwhile(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO watermarks VALUES ('late', 1)")
        remove(path)
        return "stored"

    with pytest.raises(StoreLost):
        database.write(goes_meanwhile, timeout_seconds=TIMEOUT)
    assert len(alarms) == 1


def test_while_it_lasts_the_alarm_is_repeated_but_not_for_every_text(
    path: Path, store: SqliteStore, kept: str, alarms: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    remove(path)

    def texts(count: int) -> None:
        for _ in range(count):
            with pytest.raises(StoreUnavailable):
                store.create(a_relay(), [], timeout_seconds=TIMEOUT)

    texts(5)
    assert len(alarms) == 1
    monkeypatch.setattr(health, "_AGAIN_AFTER_SECONDS", 0.0)
    texts(5)
    assert len(alarms) == 6


def test_a_process_that_is_told_which_file_it_was_takes_no_other_one(path: Path) -> None:
    """A server's worker is forked anew when it dies, with nothing open, long after the file was first opened."""
    began_with = Database(path).prepare()
    path.unlink()
    worker = Database(path, began_with=began_with)
    with pytest.raises(StoreLost):
        worker.read(lambda c: c.execute("SELECT 1").fetchone(), timeout_seconds=TIMEOUT)
    assert not path.exists()


def test_behind_a_symbolic_link_the_files_are_found_and_a_link_that_leads_elsewhere_is_noticed(
    path: Path, tmp_path: Path
) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        Database(tmp_path / name / "relay.db").prepare()
    path.symlink_to(tmp_path / "here" / "relay.db")
    database = Database(path)
    store = SqliteStore(database, FakeClock())
    relay = a_relay()
    store.create(relay, [], timeout_seconds=TIMEOUT)
    assert store.get(relay.message_id, timeout_seconds=TIMEOUT) is not None
    path.unlink()
    path.symlink_to(tmp_path / "there" / "relay.db")
    with pytest.raises(StoreLost):
        store.get(relay.message_id, timeout_seconds=TIMEOUT)
    database.close()


@pytest.mark.parametrize("name", ["with space.db", "50%.db", "a?b#c.db", "ü.db"])
def test_a_path_may_have_any_letters(name: str, tmp_path: Path) -> None:
    database = Database(tmp_path / name)
    relay = a_relay()
    SqliteStore(database, FakeClock()).create(relay, [], timeout_seconds=TIMEOUT)
    assert (tmp_path / name).exists()
    database.close()
