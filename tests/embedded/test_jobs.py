"""Periodic jobs: run by one of the processes that share the file, at a time, and by another one when that one dies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from relay.core.model import Timer
from relay.embedded import ticker as ticker_module
from relay.embedded import timer_rows
from relay.embedded.database import Database
from relay.embedded.file import to_micros
from relay.embedded.ticker import Job, Ticker
from relay.embedded.timers import SqliteTimers

from tests.embedded.test_ticker import TIMEOUT, eventually
from tests.fakes import FakeClock, MemoryJournal
from tests.strategies import a_timer


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture(autouse=True)
def _patient_with_a_slow_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not waited for any longer may be stored all the same: a lease that no process holds, and that is never
    over by a clock that stands still."""
    monkeypatch.setattr(ticker_module, "_STORE_SECONDS", TIMEOUT)


def _ticker(database: Database, clock: FakeClock, journal: MemoryJournal, *jobs: Job) -> Ticker:
    ticker = Ticker(database, lambda timer: None, clock, journal, jobs=jobs, poll_seconds=0.01)
    ticker.start()
    return ticker


def _ready_at(database: Database, name: str) -> int:
    return database.read(lambda c: timer_rows.job_ready_at(c, name), timeout_seconds=TIMEOUT)


def test_a_job_runs_at_the_first_start_and_then_every_so_often(
    database: Database, clock: FakeClock, journal: MemoryJournal
) -> None:
    runs: list[float] = []
    ticker = _ticker(database, clock, journal, Job("sweep", 60, lambda: runs.append(clock.monotonic())))
    for expected in ([0.0], [0.0, 60.0], [0.0, 60.0, 120.0]):
        eventually(lambda expected=expected: runs == expected)  # type: ignore[misc]
        eventually(lambda: _ready_at(database, "sweep") == to_micros(clock.now()) + 60_000_000)
        clock.advance(60)
    ticker.stop()


def test_a_job_that_was_done_recently_is_not_done_again_at_a_restart(
    database: Database, clock: FakeClock, journal: MemoryJournal
) -> None:
    runs: list[str] = []
    job, marker = Job("sweep", 60, lambda: runs.append("sweep")), Job("marker", 1, lambda: runs.append("marker"))
    for _ in range(2):
        ticker = _ticker(database, clock, journal, job, marker)
        eventually(lambda: runs.count("marker") == 1)
        ticker.stop()
        clock.advance(1)
        runs.remove("marker")
    assert runs == ["sweep"]


def test_one_of_several_processes_runs_a_job_at_a_time(
    path: Path, database: Database, clock: FakeClock, journal: MemoryJournal
) -> None:
    at_once, most_at_once, runs = [0], [0], [0]
    lock = threading.Lock()

    def run() -> None:
        with lock:
            at_once[0] += 1
            runs[0] += 1
            most_at_once[0] = max(most_at_once[0], at_once[0])
        threading.Event().wait(0.02)
        with lock:
            at_once[0] -= 1

    others = [Database(path) for _ in range(3)]
    tickers = [_ticker(one, clock, journal, Job("sweep", 5, run)) for one in (database, *others)]
    for number in range(1, 6):
        eventually(lambda number=number: runs[0] == number and at_once[0] == 0)  # type: ignore[misc]
        eventually(lambda: _ready_at(database, "sweep") == to_micros(clock.now()) + 5_000_000)
        clock.advance(5)
    for ticker in tickers:
        ticker.stop()
    for one in others:
        one.close()
    assert most_at_once == [1]


def test_a_job_that_fails_is_noted_and_comes_again(
    database: Database, clock: FakeClock, journal: MemoryJournal
) -> None:
    runs: list[int] = []

    def run() -> None:
        runs.append(1)
        raise RuntimeError("words that must not be logged")

    ticker = _ticker(database, clock, journal, Job("sweep", 60, run))
    eventually(lambda: _ready_at(database, "sweep") == to_micros(clock.now()) + 60_000_000 and bool(journal.notes))
    clock.advance(60)
    eventually(lambda: len(runs) == 2)
    ticker.stop()
    severity, _, labels = journal.notes[0]
    assert (severity, labels["job"], labels["error"]) == ("ERROR", "sweep", "RuntimeError")
    assert "words" not in str(journal.notes)


def test_a_job_of_a_process_that_died_is_taken_over_when_its_lease_ends(
    database: Database, clock: FakeClock, journal: MemoryJournal
) -> None:
    now = to_micros(clock.now())
    take: Callable[..., bool] = timer_rows.lease_job
    assert database.write(lambda c: take(c, "sweep", now, now + 30_000_000, now), timeout_seconds=TIMEOUT)
    runs: list[str] = []
    sweep = Job("sweep", 60, lambda: runs.append("sweep"))
    marker = Job("marker", 10, lambda: runs.append("marker"))
    ticker = _ticker(database, clock, journal, sweep, marker)
    eventually(lambda: runs == ["marker"])
    clock.advance(30)
    eventually(lambda: "sweep" in runs)
    ticker.stop()


def test_a_job_that_never_ends_holds_up_no_other(database: Database, clock: FakeClock, journal: MemoryJournal) -> None:
    go_on = threading.Event()
    runs: list[int] = []
    ticker = _ticker(
        database, clock, journal, Job("stuck", 1, lambda: go_on.wait(TIMEOUT)), Job("other", 1, lambda: runs.append(1))
    )
    for number in range(1, 4):
        eventually(lambda number=number: len(runs) == number)  # type: ignore[misc]
        eventually(lambda: _ready_at(database, "other") == to_micros(clock.now()) + 1_000_000)
        clock.advance(1)
    go_on.set()
    ticker.stop()


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=1), timedelta(days=91)], ids=str)
def test_jobs_that_a_clock_ahead_has_put_off_run_again_at_once_when_it_is_right(
    database: Database, clock: FakeClock, journal: MemoryJournal, ahead: timedelta
) -> None:
    runs: list[datetime] = []
    right = clock.now()
    clock.set(right + ahead)
    ticker = _ticker(database, clock, journal, Job("sweep", 60, lambda: runs.append(clock.now())))
    eventually(lambda: len(runs) == 1)
    eventually(lambda: _ready_at(database, "sweep") == to_micros(right + ahead) + 60_000_000)
    clock.set(right)
    eventually(lambda: len(runs) == 2)
    ticker.stop()
    assert runs[1] == right
    (labels,) = [labels for _, message, labels in journal.notes if message == "the clock was set"]
    assert labels["seconds"] == -ahead.total_seconds()


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=91)], ids=str)
def test_a_clock_that_is_back_for_a_while_holds_no_job_up(
    database: Database, clock: FakeClock, journal: MemoryJournal, back: timedelta
) -> None:
    runs: list[datetime] = []
    right = clock.now()
    ticker = _ticker(database, clock, journal, Job("sweep", 60, lambda: runs.append(clock.now())))
    eventually(lambda: len(runs) == 1)
    eventually(lambda: _ready_at(database, "sweep") == to_micros(right) + 60_000_000)
    clock.set(right - back)
    eventually(lambda: len(runs) == 2)
    clock.set(right)
    eventually(lambda: len(runs) == 3)
    ticker.stop()


def test_a_timer_whose_wait_a_clock_ahead_wrote_fires_once_the_clock_is_right(
    database: Database, clock: FakeClock, journal: MemoryJournal
) -> None:
    right = clock.now()
    fired: list[Timer] = []
    refused = [True]

    def fire(timer: Timer) -> None:
        if refused[0]:
            raise RuntimeError
        fired.append(timer)

    clock.set(right + timedelta(days=1))
    timer = a_timer(due_at=right)
    assert SqliteTimers(database, journal).arm(timer, timeout_seconds=TIMEOUT)
    ticker = Ticker(database, fire, clock, journal, poll_seconds=0.01)
    ticker.start()
    eventually(lambda: bool(journal.notes))
    refused[0] = False
    clock.set(right)
    eventually(lambda: fired == [timer])
    ticker.stop()
