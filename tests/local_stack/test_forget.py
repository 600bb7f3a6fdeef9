"""`make forget-relays`: says what it deletes, asks for a word, and deletes that and nothing else."""

from __future__ import annotations

import os
import pty
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from relay.core.model import FinalStatus
from relay.embedded.database import Database
from relay.embedded.store import SqliteStore

from tests.embedded import processes
from tests.fakes import FakeClock
from tests.local_stack.checkouts import Checkout
from tests.strategies import a_relay, later

TIMEOUT = 60.0


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture
def database(checkout: Checkout) -> Path:
    """Three relays, of which two are unfinished, where `make run` with the real Twilio keeps them."""
    path = checkout.root / ".local" / "relay.db"
    path.parent.mkdir()
    ended = a_relay(final_status=FinalStatus.DELIVERED, due_at=None)
    opened = Database(path)
    store = SqliteStore(opened, FakeClock())
    for relay in (a_relay(), a_relay(), ended):
        store.create(replace(relay, expires_at=later(1e6)), [], timeout_seconds=TIMEOUT)
    opened.close()
    return path


@contextmanager
def a_terminal(typed: str) -> Iterator[int]:
    """A terminal at which this has been typed."""
    here, there = pty.openpty()
    os.write(here, f"{typed}\n".encode())
    yield there
    os.close(there)
    os.close(here)


def test_it_names_the_files_and_counts_the_relays_and_deletes_them_when_told_so(
    checkout: Checkout, database: Path
) -> None:
    checkout.put(".local/relay.log", ".local/relay.db.backup", ".local/fake-twilio.db")
    others = checkout.there() - {".local/relay.db"}
    with a_terminal("forget") as terminal:
        done = checkout.make("forget-relays", stdin=terminal)
    assert (done.returncode, done.stderr) == (0, "")
    assert "To be deleted for good (relays: 3, unfinished: 2, bytes: " in done.stdout
    assert f"\n  {database}\n" in done.stdout
    assert checkout.there() == others


@pytest.mark.parametrize("typed", ["", "y", "yes", "forget it not"])
def test_any_other_answer_keeps_them(typed: str, checkout: Checkout, database: Path) -> None:
    with a_terminal(typed) as terminal:
        done = checkout.make("forget-relays", stdin=terminal)
    assert done.returncode == 2
    assert done.stderr.startswith("Nothing was deleted.\n")
    assert _count(database) == 3


def test_where_nobody_can_be_asked_they_are_kept_unless_it_is_said_outright(checkout: Checkout, database: Path) -> None:
    done = checkout.make("forget-relays")
    assert done.returncode == 2
    assert done.stderr.startswith("Nothing was deleted: there is no terminal to ask at. YES=1 says that you mean it.\n")
    assert _count(database) == 3
    assert checkout.make("forget-relays", "YES=1").returncode == 0
    assert not list(database.parent.glob("relay.db*"))


def test_under_a_running_relay_nothing_is_deleted_whatever_is_said(checkout: Checkout, database: Path) -> None:
    process = processes.start("hold", database)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        done = checkout.make("forget-relays", "YES=1")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"A relay runs on {database}: stop it first. Nothing was removed.\n")
        assert _count(database) == 3
    finally:
        process.kill()
        process.communicate()
    # Its side files were left behind, and go too.
    assert len(list(database.parent.glob("relay.db*"))) == 3
    assert checkout.make("forget-relays", "YES=1").returncode == 0
    assert not list(database.parent.glob("relay.db*"))


def test_the_database_that_is_configured_is_meant(checkout: Checkout, database: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    Database(other).prepare()
    (checkout.root / ".env").write_text(f"RELAY_DATABASE={other}\n", "utf-8")
    assert checkout.make("forget-relays", "YES=1").returncode == 0
    assert not other.exists()
    assert _count(database) == 3


def test_behind_a_link_the_link_and_what_it_leads_to_go(checkout: Checkout, database: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(database)
    assert checkout.make("forget-relays", "YES=1", RELAY_DATABASE=str(link)).returncode == 0
    assert not link.is_symlink()
    assert not database.exists()


def test_what_is_no_database_of_the_relay_is_left_alone(checkout: Checkout, tmp_path: Path) -> None:
    theirs, photo = tmp_path / "theirs.db", tmp_path / "photo.png"
    connection = sqlite3.connect(theirs)
    connection.execute("CREATE TABLE relays (final_status)")
    connection.close()
    photo.write_bytes(b"certainly no database" * 100)
    for file in (theirs, photo):
        done = checkout.make("forget-relays", "YES=1", RELAY_DATABASE=str(file))
        assert done.returncode == 2
        assert done.stderr.startswith(f"{file} is no sound database of the relay, so it is not deleted.")
        assert file.exists()


def test_where_there_is_no_database_there_is_nothing_to_do(checkout: Checkout) -> None:
    done = checkout.make("forget-relays")
    assert (done.returncode, done.stderr) == (0, "")
    assert "does not exist: there is nothing to delete." in done.stdout


def _count(database: Path) -> int:
    opened = Database(database)
    try:
        count: int = opened.read(
            lambda c: c.execute("SELECT count(*) FROM relays").fetchone()[0], timeout_seconds=TIMEOUT
        )
        return count
    finally:
        opened.close()
