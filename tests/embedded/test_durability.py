"""What was acknowledged is there after kill -9, and processes that share the file lose nothing to each other."""

from __future__ import annotations

import signal
import subprocess
import threading
from pathlib import Path

from relay.embedded import timer_rows
from relay.embedded.database import Database
from relay.embedded.store import SqliteStore
from relay.ports import Stored

from tests.embedded import processes
from tests.fakes import FakeClock
from tests.strategies import a_relay, later

TIMEOUT = 60.0
LINES_BEFORE_THE_KILL = (1, 40, 300)


def _kill_after(process: subprocess.Popen[str], lines: int) -> list[str]:
    """Everything the process had acknowledged, in whole lines, when it was killed after so many."""
    assert process.stdout is not None
    heard = [process.stdout.readline() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    heard.extend(process.stdout.readlines())
    process.wait()
    process.stdout.close()
    return [line.strip() for line in heard if line.endswith("\n")]


def test_what_was_acknowledged_survives_kill_9(path: Path, database: Database, store: SqliteStore) -> None:
    acknowledged: list[str] = []
    for number, lines in enumerate(LINES_BEFORE_THE_KILL):
        acknowledged += _kill_after(processes.start("write_for_ever", path, f"run{number}"), lines)
    assert len(acknowledged) >= sum(LINES_BEFORE_THE_KILL)
    attempts_armed: dict[str, set[int]] = {}
    for timer in database.read(timer_rows.all_armed, timeout_seconds=TIMEOUT):
        attempts_armed.setdefault(timer.message_id, set()).add(timer.attempt)
    for line in acknowledged:
        what, message_id = line.split()
        stored = store.get(message_id, timeout_seconds=TIMEOUT)
        assert stored is not None, line
        assert 1 in attempts_armed[message_id], line
        if what == "updated":
            assert stored.relay.media_count == 1, line
            assert 2 in attempts_armed[message_id], line
    _assert_sound(database)


def test_a_relay_is_never_there_without_its_timer(path: Path, database: Database, store: SqliteStore) -> None:
    _kill_after(processes.start("write_for_ever", path, "run"), 200)
    timers = database.read(timer_rows.all_armed, timeout_seconds=TIMEOUT)
    relays = [one.relay for one in store.due(later(1e9), 1_000_000, timeout_seconds=TIMEOUT) if isinstance(one, Stored)]
    assert len(relays) >= 100
    assert {relay.message_id for relay in relays} == {timer.message_id for timer in timers if timer.attempt == 1}
    assert {relay.message_id for relay in relays if relay.media_count} == {
        timer.message_id for timer in timers if timer.attempt == 2
    }


def test_no_update_of_several_processes_is_lost_or_doubled(path: Path, database: Database, store: SqliteStore) -> None:
    relay = a_relay(media_count=0)
    store.create(relay, [], timeout_seconds=TIMEOUT)
    started = [processes.start("increment", path, relay.message_id, "25") for _ in range(3)]
    for process in started:
        process.communicate(timeout=300)
        assert process.returncode == 0
    stored = store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert stored is not None
    assert stored.relay.media_count == 3 * 2 * 25
    _assert_sound(database)


def test_opening_one_more_connection_gives_up_no_lock(path: Path, database: Database, store: SqliteStore) -> None:
    """Without its locks, another process that closes the file would take itself for the last and remove the log."""
    store.create(a_relay(), [], timeout_seconds=TIMEOUT)

    def ask(connection: object) -> object:
        return connection.execute("SELECT 1").fetchone()  # type: ignore[attr-defined]

    assert database.read(lambda _: database.read(ask, timeout_seconds=TIMEOUT), timeout_seconds=TIMEOUT) == (1,)
    assert processes.start("open_file", path).communicate(timeout=120)[0] == "opened\n"
    assert Path(f"{path}-wal").exists()


def test_processes_that_come_and_go_lose_nothing_of_each_other(path: Path, database: Database) -> None:
    """The last one to close a file tidies it up; while another one works it is not the last."""
    stop, written = threading.Event(), 0
    store = SqliteStore(database, FakeClock())

    def keep_writing() -> None:
        nonlocal written
        while not stop.is_set():
            store.create(a_relay(message_id=f"kept-{written}"), [], timeout_seconds=TIMEOUT)
            written += 1

    writer = threading.Thread(target=keep_writing)
    writer.start()
    for _ in range(4):
        assert processes.start("open_file", path).communicate(timeout=120)[0] == "opened\n"
    stop.set()
    writer.join()
    for number in range(written):
        assert store.get(f"kept-{number}", timeout_seconds=TIMEOUT) is not None
    _assert_sound(database)


def _assert_sound(database: Database) -> None:
    def check(connection: object) -> str:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])  # type: ignore[attr-defined]

    assert database.read(check, timeout_seconds=TIMEOUT) == "ok"
