"""Opening the file: made when missing, and clear words when it cannot be used."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import threading
from pathlib import Path

import pytest
from relay.embedded import migrations
from relay.embedded.database import Database
from relay.embedded.file import from_micros, make_private, open_connection, to_micros
from relay.embedded.store import SqliteStore
from relay.errors import ConfigurationError, StoreUnavailable

from scripts.local_stack import ROOT
from tests.contract.conftest import locked
from tests.embedded import processes
from tests.fakes import FakeClock
from tests.strategies import a_relay, later


def _mistake(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        Database(path).prepare()
    (mistake,) = caught.value.mistakes
    assert "RELAY_DATABASE" in mistake or "backup" in mistake or "allow" in mistake
    assert str(path) in mistake
    return mistake


def test_a_missing_file_is_made(path: Path) -> None:
    Database(path).prepare()
    assert path.exists()


def test_a_missing_folder_is_not_made_because_the_path_may_be_misspelt(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "relay.db"
    assert "does not exist" in _mistake(path)
    assert not path.parent.exists()


def test_the_file_is_for_its_owner_only(path: Path, database: Database, store: SqliteStore) -> None:
    store.create(a_relay(), [], timeout_seconds=30)
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_others_may_read_is_made_its_owners_alone_with_its_side_files(
    path: Path, database: Database, store: SqliteStore
) -> None:
    store.create(a_relay(), [], timeout_seconds=30)
    files = [path, Path(f"{path}-wal"), Path(f"{path}-shm")]
    for file, mode in zip(files, (0o644, 0o664, 0o604), strict=True):
        file.chmod(mode)
    assert make_private(str(path)) == (
        f"Others could read {path} (mode 644), {path}-wal (mode 664), {path}-shm (mode 604); now only the owner can."
    )
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 3
    assert make_private(str(path)) == ""


def test_a_link_to_the_file_is_followed_to_it_and_its_side_files(tmp_path: Path) -> None:
    real, link = tmp_path / "disk.db", tmp_path / "relay.db"
    real.write_bytes(b"")
    link.symlink_to(real)
    real.chmod(0o640)
    assert str(real) in make_private(str(link))
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_that_a_mode_cannot_be_changed_is_said_and_keeps_no_relay_from_starting(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Database(path).prepare()
    path.chmod(0o644)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("relay.embedded.file.os.chmod", refuse)
    words = f"Others can read {path} (mode 644), and this user cannot change that: Operation not permitted."
    assert make_private(str(path)) == words


def test_the_recipe_for_a_copy_makes_one_that_only_its_owner_can_read(tmp_path: Path) -> None:
    """The documented command, as it stands, in a shell whose files all may read."""
    (tmp_path / ".local").mkdir()
    Database(tmp_path / ".local" / "relay.db").prepare()
    chapter = (ROOT / "docs/operations.md").read_text("utf-8").partition("## Back up and restore")[2]
    recipe = chapter.partition("```sh\n")[2].partition("```")[0]
    subprocess.run(["bash", "-c", f"umask 022\n{recipe}"], cwd=tmp_path, check=True)
    (copy,) = tmp_path.glob("*.db")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    open_connection(str(copy), 30, may_make=False).close()


def test_every_commit_reaches_the_disk(database: Database) -> None:
    settings = {"journal_mode": "wal", "synchronous": 2, "fullfsync": 1}
    for name, value in settings.items():
        assert database.read(lambda c, n=name: c.execute(f"PRAGMA {n}").fetchone()[0], timeout_seconds=30) == value  # type: ignore[misc]


def test_a_file_of_a_newer_revision_is_left_alone(path: Path) -> None:
    connection = open_connection(str(path), 30)
    connection.execute(f"PRAGMA user_version = {len(migrations.MIGRATIONS) + 1}")
    connection.close()
    before = path.read_bytes()
    mistake = _mistake(path)
    assert "newer revision" in mistake
    assert "restore the copy made before the update" in mistake
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    assert "another program" in _mistake(path)


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 100)
    assert "not a sound database" in _mistake(path)


def test_a_path_that_cannot_be_a_file_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "must be a file" in _mistake(tmp_path / "file" / "relay.db")
    assert "must be a file" in _mistake(tmp_path)


def test_in_the_middle_of_work_an_unusable_file_is_an_unavailable_store(tmp_path: Path) -> None:
    database = Database(tmp_path)
    store = SqliteStore(database, FakeClock())
    with pytest.raises(StoreUnavailable):
        store.get("SM1", timeout_seconds=30)
    with pytest.raises(StoreUnavailable):
        store.create(a_relay(), [], timeout_seconds=30)
    database.close()


def test_a_file_that_others_hold_while_it_is_new_is_waited_for(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN EXCLUSIVE")
    threading.Timer(0.3, lambda: connection.execute("ROLLBACK")).start()
    Database(path).prepare(timeout_seconds=60)
    connection.close()


def test_a_file_that_others_never_let_go_of_is_unavailable(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable):
        Database(path).prepare(timeout_seconds=0.2)
    connection.close()


def test_reading_needs_nobody_to_let_go(path: Path, store: SqliteStore) -> None:
    relay = a_relay()
    store.create(relay, [], timeout_seconds=30)
    with locked(path):
        assert store.get(relay.message_id, timeout_seconds=30) is not None


def test_processes_that_start_together_make_one_file(path: Path) -> None:
    started = [processes.start("open_file", path) for _ in range(4)]
    assert [process.communicate(timeout=120)[0] for process in started] == ["opened\n"] * 4
    connection = open_connection(str(path), 30)
    assert connection.execute("SELECT count(*) FROM watermarks").fetchone()[0] == 4
    connection.close()


@pytest.mark.parametrize("seconds", [0.0, 0.000001, -1e9, 1e9 + 0.999999])
def test_an_instant_survives_as_microseconds(seconds: float) -> None:
    assert from_micros(to_micros(later(seconds))) == later(seconds)
