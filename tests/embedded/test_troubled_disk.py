"""A disk that is full, read-only or failing, and a process with too many open files: refused, named, told, and over."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from relay.embedded import health
from relay.embedded.database import Database
from relay.embedded.health import Cause, Health, Trouble, trouble_with
from relay.embedded.store import SqliteStore
from relay.errors import ConfigurationError, StoreUnavailable

from tests.fakes import FakeClock
from tests.small_disks import SmallDisk
from tests.small_disks import small_disk as small_disk
from tests.strategies import a_relay

TIMEOUT = 60.0
Told = list[Trouble | None]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.setattr(health, "_QUIET_SECONDS", 0.0)
    return []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "relay.db"


@pytest.fixture
def database(path: Path, told: Told) -> Iterator[Database]:
    database = Database(path, on_trouble=told.append)
    yield database
    database.close()


@pytest.fixture
def limits() -> Iterator[None]:
    """Whatever a test does to this process's limits is undone."""
    kinds = (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)
    before = [resource.getrlimit(kind) for kind in kinds]
    yield
    for kind, limit in zip(kinds, before, strict=True):
        resource.setrlimit(kind, limit)


def take(store: SqliteStore) -> str:
    """A text is stored; its id. Raises StoreUnavailable."""
    relay = a_relay()
    store.create(relay, [], timeout_seconds=TIMEOUT)
    return relay.message_id


def refuse(store: SqliteStore, count: int = 3) -> None:
    for _ in range(count):
        with pytest.raises(StoreUnavailable):
            take(store)


def the_one(told: Told) -> Trouble:
    (trouble,) = told
    assert trouble is not None
    return trouble


def test_a_full_disk_is_told_once_and_again_when_there_is_room(small_disk: SmallDisk, told: Told) -> None:
    database = Database(small_disk.folder / "relay.db", on_trouble=told.append)
    store = SqliteStore(database, FakeClock())
    before = take(store)
    small_disk.fill()
    refuse(store, 20)
    trouble = the_one(told)
    assert (trouble.cause, database.trouble) == (Cause.FULL, trouble)
    assert f"the disk of {small_disk.folder}/relay.db is full (" in trouble.words
    assert "KiB free" in trouble.words
    assert "make room" in trouble.advice
    # What was stored is read all the while.
    assert store.get(before, timeout_seconds=TIMEOUT) is not None
    small_disk.make_room()
    after = take(store)
    assert told == [trouble, None]
    assert database.trouble is None
    assert store.get(after, timeout_seconds=TIMEOUT) is not None
    database.close()


def test_a_start_on_a_full_disk_says_so(small_disk: SmallDisk) -> None:
    small_disk.fill()
    with pytest.raises(ConfigurationError, match=r"relay\.db is full \(0 KiB free\); make room on it"):
        Database(small_disk.folder / "relay.db").prepare()


def test_a_disk_with_no_room_for_one_more_file_is_full_too(small_disk: SmallDisk) -> None:
    for number in range(1000):
        try:
            (small_disk.folder / str(number)).touch()
        except OSError:
            break
    with pytest.raises(ConfigurationError, match=r"is full \(\d+ KiB free, room for no more files\)"):
        Database(small_disk.folder / "relay.db").prepare()


def test_a_disk_that_was_mounted_read_only_is_told(small_disk: SmallDisk, told: Told) -> None:
    database = Database(small_disk.folder / "relay.db", on_trouble=told.append)
    store = SqliteStore(database, FakeClock())
    take(store)
    database.close()  # no file is open while it is mounted anew
    small_disk.make_read_only()
    refuse(store)
    trouble = the_one(told)
    assert (trouble.cause, trouble.words) == (
        Cause.READ_ONLY,
        f"the disk of {small_disk.folder}/relay.db is mounted read-only",
    )
    assert "dmesg" in trouble.advice
    small_disk.make_writable()
    take(store)
    assert told == [trouble, None]
    database.close()


def test_a_database_that_may_not_grow_is_full_whatever_the_disk_says(
    path: Path, database: Database, told: Told
) -> None:
    """SQLite's own error for it, which needs no small disk."""
    store = SqliteStore(database, FakeClock())
    take(store)

    def hold(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    def let_go(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA max_page_count = 1073741823")

    database.read(hold, timeout_seconds=TIMEOUT)
    with contextlib.suppress(StoreUnavailable):
        for _ in range(200):
            take(store)
    assert the_one(told).cause is Cause.FULL
    database.read(let_go, timeout_seconds=TIMEOUT)
    take(store)
    assert told[-1] is None


@pytest.mark.usefixtures("limits")
def test_a_limit_of_file_sizes_or_a_quota_is_told_as_the_disks_trouble(
    path: Path, database: Database, told: Told
) -> None:
    store = SqliteStore(database, FakeClock())
    take(store)
    size = Path(f"{path}-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    refuse(store)
    trouble = the_one(told)
    assert trouble.cause is Cause.DISK
    assert "quota" in trouble.advice


@pytest.mark.usefixtures("limits")
def test_too_many_open_files_are_told_as_that(path: Path, database: Database, told: Told) -> None:
    store = SqliteStore(database, FakeClock())
    take(store)
    database.close()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    refuse(store)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    trouble = the_one(told)
    assert trouble.cause is Cause.OPEN_FILES
    assert "too many files are open" in trouble.words
    assert "ulimit -n" in trouble.advice
    take(store)
    assert told == [trouble, None]


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), Cause.FULL),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), Cause.FULL),
        (OSError(errno.EROFS, "Read-only file system"), Cause.READ_ONLY),
        (OSError(errno.EMFILE, "Too many open files"), Cause.OPEN_FILES),
        (OSError(errno.EACCES, "Permission denied"), Cause.MAY_NOT),
        (sqlite3.OperationalError("no such thing"), Cause.OTHER),
    ],
)
def test_the_systems_own_errors_are_known(error: Exception, cause: Cause, path: Path) -> None:
    trouble = trouble_with(str(path), error)
    assert trouble.cause is cause
    assert str(path) in trouble.words
    assert trouble.advice


def test_a_trouble_that_lasts_is_told_every_minute_another_one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: Told = []
    seconds = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    seen = Health(told.append)
    full, read_only = Trouble(Cause.FULL, "full", "make room"), Trouble(Cause.READ_ONLY, "read-only", "mount it")
    for seconds[0] in range(1000, 1121):
        seen.failed(full)
    assert told == [full] * 3
    seen.failed(read_only)
    assert told == [full, full, full, read_only]
    # A write that goes through between two that fail is not the end of it.
    seconds[0] += health._QUIET_SECONDS / 2
    seen.worked()
    assert told[-1] == read_only
    seconds[0] += health._QUIET_SECONDS
    seen.worked()
    seen.worked()
    assert told[-2:] == [read_only, None]


def test_the_folder_is_where_a_link_leads_to(small_disk: SmallDisk, tmp_path: Path) -> None:
    small_disk.fill()
    link = tmp_path / "link.db"
    os.symlink(small_disk.folder / "relay.db", link)
    assert trouble_with(str(link), sqlite3.OperationalError("disk I/O error")).cause is Cause.FULL
