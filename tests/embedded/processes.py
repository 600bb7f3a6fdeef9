"""Other processes that use the file, started as `python -m tests.embedded.processes COMMAND PATH …`, to be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from relay.core.model import Timer
from relay.embedded import migrations
from relay.embedded.database import Database
from relay.embedded.store import SqliteStore
from relay.embedded.ticker import Ticker
from relay.errors import VersionConflict
from relay.homes import SystemClock

from tests.fakes import FakeClock, MemoryJournal
from tests.strategies import a_relay, a_timer, later

_ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 60.0


def start(command: str, path: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start one of the commands below; its lines are read from `.stdout`."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(_ROOT / "functions"), str(_ROOT)])}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.embedded.processes", command, str(path), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def write_for_ever(path: str, name: str) -> None:
    """Four threads create relays and update each once; a line for everything acknowledged."""
    store = SqliteStore(Database(path), FakeClock())

    def run(thread: int) -> None:
        for number in range(1_000_000):
            relay = a_relay(message_id=f"{name}-{thread}-{number}")
            version = store.create(relay, [a_timer(relay.message_id)], timeout_seconds=TIMEOUT)
            _say(f"created {relay.message_id}")
            changed = replace(relay, media_count=1)
            timer = a_timer(relay.message_id, attempt=2, due_at=later(60))
            store.update(changed, version, [timer], timeout_seconds=TIMEOUT)
            _say(f"updated {relay.message_id}")

    _in_threads(run, 4)


def increment(path: str, message_id: str, times: str) -> None:
    """Two threads each add so much to a relay's media_count, one at a time."""
    store = SqliteStore(Database(path), FakeClock())

    def run(_: int) -> None:
        done = 0
        while done < int(times):
            stored = store.get(message_id, timeout_seconds=TIMEOUT)
            if stored is None:
                raise LookupError(message_id)
            counted = replace(stored.relay, media_count=stored.relay.media_count + 1)
            try:
                store.update(counted, stored.version, [], timeout_seconds=TIMEOUT)
                done += 1
            except VersionConflict:
                continue

    _in_threads(run, 2)


def open_file(path: str, _: str = "") -> None:
    """Open the file and write one watermark; a line when done."""
    database = Database(path)
    store = SqliteStore(database, FakeClock())
    store.set_watermark(f"process {os.getpid()}", later(0), timeout_seconds=TIMEOUT)
    database.close()
    _say("opened")


def hold(path: str, _: str = "") -> None:
    """Open the file, say so, and keep it open without doing anything, until killed."""
    database = Database(path)
    SqliteStore(database, FakeClock()).get("SM1", timeout_seconds=TIMEOUT)
    _say("held")
    time.sleep(3_600)


def open_migrated(path: str, _: str = "") -> None:
    """Open the file as a revision with one more migration; a line when done. Taken twice, it would fail."""
    migrations.MIGRATIONS = (*migrations.MIGRATIONS, "ALTER TABLE relays ADD COLUMN mood TEXT")
    Database(path).prepare(timeout_seconds=TIMEOUT)
    _say("opened")


def fire_and_hang(path: str, lease_seconds: str) -> None:
    """Take what is due, say so, and never come to an end with it."""

    def fire(timer: Timer) -> None:
        _say(timer.message_id)
        time.sleep(3_600)

    Ticker(Database(path), fire, SystemClock(), MemoryJournal(), lease_seconds=float(lease_seconds)).start()
    time.sleep(3_600)


def fire_all(path: str, _: str = "") -> None:
    """Fire what is due, a line for each, until killed."""

    def fire(timer: Timer) -> None:
        _say(timer.message_id)

    Ticker(Database(path), fire, SystemClock(), MemoryJournal(), poll_seconds=0.05).start()
    time.sleep(3_600)


def _say(line: str) -> None:
    # In one piece: several threads speak.
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def _in_threads(run: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


_COMMANDS: dict[str, Callable[..., None]] = {
    "write_for_ever": write_for_ever,
    "increment": increment,
    "open_file": open_file,
    "hold": hold,
    "open_migrated": open_migrated,
    "fire_and_hang": fire_and_hang,
    "fire_all": fire_all,
}

if __name__ == "__main__":
    _COMMANDS[sys.argv[1]](*sys.argv[2:])
