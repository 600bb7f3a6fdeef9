"""`make clean`: what can be made again goes, made-up relays too; real ones stay; nothing goes under a running relay."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from relay.embedded.database import Database

from tests.embedded import processes
from tests.local_stack.checkouts import Checkout
from tests.stories.relay_process import RelayProcess, clean_environment

MADE_AGAIN = {
    ".venv/bin/python",
    ".venv-3.12/bin/python",
    ".pytest_cache/x",
    ".mypy_cache/x",
    ".ruff_cache/x",
    ".hypothesis/x",
    "terraform/build/source.zip",
    "scripts/__pycache__/x.pyc",
    "functions/relay/console/__pycache__/x.pyc",
    ".local/tests/x",
    ".local/simulate-release.json",
    ".local/soak.json",
}
MADE_UP = {
    ".local/fake-twilio.db",
    ".local/fake-twilio.db-wal",
    ".local/fake-twilio.db-shm",
    ".local/fake-twilio.log",
    ".local/fake-twilio.old.log",
}
REAL = {".local/relay.db", ".local/relay.db-wal", ".local/relay.db-shm", ".local/relay.log", ".local/kept-by-hand.db"}
CREDENTIALS = f"TWILIO_ACCOUNT_SID=AC{'0' * 32}\nTWILIO_AUTH_TOKEN=secret\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_what_can_be_made_again_and_made_up_relays_go_and_real_ones_stay(checkout: Checkout) -> None:
    sources = checkout.there()
    checkout.put(*MADE_AGAIN, *MADE_UP, *REAL)
    done = checkout.make("clean")
    assert (done.returncode, done.stderr) == (0, "")
    assert checkout.there() - sources == REAL
    assert sources <= checkout.there()
    assert "Left alone: .local/relay.db, .local/relay.db-shm, .local/relay.db-wal." in done.stdout
    assert "make forget-relays" in done.stdout


def test_without_real_relays_nothing_is_left_and_nothing_is_said(checkout: Checkout) -> None:
    sources = checkout.there()
    checkout.put(*MADE_AGAIN, *MADE_UP)
    done = checkout.make("clean")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert checkout.there() == sources
    assert not (checkout.root / ".local").exists()


@pytest.mark.parametrize(
    "database", [".local/fake-twilio.db", ".venv/relay.db", "terraform/build/relay.db", "scripts/__pycache__/relay.db"]
)
def test_a_real_twilios_database_stays_wherever_it_lies(database: str, checkout: Checkout) -> None:
    checkout.put(*MADE_AGAIN, database, f"{database}-wal")
    (checkout.root / ".env").write_text(f"{CREDENTIALS}RELAY_DATABASE={database}\n", "utf-8")
    (checkout.root / ".env").chmod(0o600)
    assert checkout.make("clean").returncode == 0
    assert {database, f"{database}-wal"} <= checkout.there()
    assert ".mypy_cache/x" not in checkout.there()


def test_a_link_to_a_virtual_environment_goes_and_what_it_leads_to_stays(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "python").touch()
    (checkout.root / ".venv").symlink_to(tmp_path / "shared")
    assert checkout.make("clean").returncode == 0
    assert not (checkout.root / ".venv").is_symlink()
    assert (tmp_path / "shared" / "python").exists()


@pytest.fixture
def running(checkout: Checkout, tmp_path: Path) -> Iterator[RelayProcess]:
    """`make run` in the copy, on a database that nothing else names."""
    relay = RelayProcess("embedded", {}, tmp_path, checkout.root)
    try:
        relay.start()
        yield relay
    finally:
        relay.stop()


def _kill(relay: RelayProcess) -> None:
    relay.kill()


def _stop(relay: RelayProcess) -> None:
    relay.stop()


@pytest.mark.parametrize("end", [_stop, _kill])
def test_nothing_at_all_is_removed_under_a_running_relay_and_one_that_has_ended_or_was_killed_is_none(
    end: Callable[[RelayProcess], None], checkout: Checkout, running: RelayProcess
) -> None:
    checkout.put(*MADE_AGAIN, *MADE_UP, *REAL)
    before = checkout.there()
    done = checkout.make("clean")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("A relay runs from this folder: stop it first. Nothing was removed.\n")
    assert checkout.there() >= before
    end(running)
    assert checkout.make("clean").returncode == 0
    assert not checkout.there() & (MADE_AGAIN | MADE_UP)


@pytest.mark.parametrize("database", [".local/relay.db", ".local/fake-twilio.db", "elsewhere.db"])
def test_a_relay_that_somebody_started_by_other_means_is_noticed_by_its_database(
    database: str, checkout: Checkout
) -> None:
    path = checkout.root / database
    path.parent.mkdir(exist_ok=True)
    Database(path).prepare()
    checkout.put(*MADE_AGAIN)
    process = processes.start("hold", path)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        before = checkout.there()
        done = checkout.make("clean", RELAY_DATABASE=database)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"A relay runs on {path}: stop it first. Nothing was removed.\n")
        assert checkout.there() == before
    finally:
        process.kill()
        process.communicate()
    assert checkout.make("clean", RELAY_DATABASE=database).returncode == 0


@pytest.mark.parametrize("command", [("run", "--port", "0"), ("demo",), ("serve", "sweep", "--port", "18765")])
def test_while_it_is_at_work_nothing_is_started(command: tuple[str, ...], checkout: Checkout, tmp_path: Path) -> None:
    descriptor = os.open(checkout.root, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    done = subprocess.run(
        [sys.executable, "-m", "scripts.local_stack", *command],
        cwd=checkout.root,
        env=clean_environment() | {"RELAY_DATABASE": str(tmp_path / "relay.db")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    os.close(descriptor)
    assert done.returncode == 1
    assert "`make clean` is at work here; start again when it has ended.\n" in done.stderr
    assert "Traceback" not in done.stderr


def test_where_settings_cannot_be_read_nothing_is_removed(checkout: Checkout) -> None:
    checkout.put(*MADE_AGAIN, *MADE_UP)
    (checkout.root / ".env").write_text("RELAY_DATABASE='half a quote\n", "utf-8")
    before = checkout.there()
    done = checkout.make("clean")
    assert done.returncode == 2
    assert "line 1 is not NAME=value" in done.stderr
    assert checkout.there() == before
