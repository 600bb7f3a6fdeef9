"""The file's steps: an older file takes those it lacks, whole or not at all, and keeps what is in it."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from relay.embedded import migrations
from relay.embedded.file import open_connection
from relay.errors import ConfigurationError

from tests.embedded import processes

FIXTURE = Path(__file__).parents[1] / "record" / "fixtures" / "relay-v1.db"
ONE_MORE = "ALTER TABLE relays ADD COLUMN mood TEXT; CREATE INDEX relays_by_mood ON relays (mood)"
BROKEN = "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1)"

# Of every step that was released. One that changes makes files that are not what their number says.
RELEASED = ["4a93e37bf7b950407608d035ee627429cd9de567b8070e8a706a7b0bcabd773a"]
KNOWN = len(migrations.STEPS)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file that the previous revision made, of version 1."""
    path = tmp_path / "relay.db"
    shutil.copy(FIXTURE, path)
    return path


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The table of steps, to which a test adds made-up ones."""
    table = list(migrations.STEPS)
    monkeypatch.setattr(migrations, "STEPS", table)
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
    assert _version(old) == len(migrations.STEPS)


def test_an_older_file_takes_the_steps_it_lacks_and_keeps_its_relays(old: Path, steps: list[str]) -> None:
    steps += [ONE_MORE, "CREATE TABLE moods (mood TEXT PRIMARY KEY)"]
    connection = open_connection(str(old), 30)
    rows = connection.execute("SELECT count(*), count(mood) FROM relays").fetchone()
    connection.close()
    assert rows == (8, 0)
    assert _version(old) == KNOWN + 2
    assert {"relays_by_mood", "moods"} <= _objects(old)


def test_a_new_file_takes_all_steps_and_is_like_an_older_one_that_took_them(
    old: Path, steps: list[str], tmp_path: Path
) -> None:
    steps.append(ONE_MORE)
    new = tmp_path / "new.db"
    for path in (old, new):
        open_connection(str(path), 30).close()
    assert _version(new) == _version(old) == KNOWN + 1
    assert _objects(new) == _objects(old)


def test_a_step_that_fails_leaves_the_file_as_it_was_and_says_so(old: Path, steps: list[str]) -> None:
    steps += [ONE_MORE, BROKEN]
    with pytest.raises(ConfigurationError, match=r"relay\.db"):
        open_connection(str(old), 30)
    assert _version(old) == KNOWN + 1
    assert "half" not in _objects(old)


def test_after_a_step_the_revision_before_refuses_the_file(old: Path, steps: list[str]) -> None:
    steps.append(ONE_MORE)
    open_connection(str(old), 30).close()
    del steps[-1]
    with pytest.raises(ConfigurationError, match=rf"schema {KNOWN + 1}, this one knows {KNOWN}"):
        open_connection(str(old), 30)


def test_processes_that_start_together_take_a_step_once(old: Path) -> None:
    started = [processes.start("open_migrated", old) for _ in range(4)]
    assert [process.communicate(timeout=120)[0] for process in started] == ["opened\n"] * 4
    assert _version(old) == KNOWN + 1


def test_the_relays_of_a_file_from_before_threads_belong_to_none(old: Path) -> None:
    connection = open_connection(str(old), 30)
    rows = connection.execute("SELECT count(*), count(thread_id), count(unclaimed_in) FROM relays").fetchone()
    connection.close()
    assert rows == (8, 0, 0)


def test_a_step_that_was_released_is_never_changed() -> None:
    digests = [hashlib.sha256(step.encode()).hexdigest() for step in migrations.STEPS]
    assert digests[: len(RELEASED)] == RELEASED
