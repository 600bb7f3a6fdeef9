"""The ticker: at least once, soon, shared between processes, and clean when it stops."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from relay.core.model import Timer
from relay.embedded.database import Database
from relay.embedded.store import SqliteStore
from relay.embedded.ticker import Ticker
from relay.embedded.timers import SqliteTimers
from relay.errors import NewerRecord
from relay.homes import SystemClock

from tests.contract.conftest import locked
from tests.embedded import processes
from tests.fakes import FakeClock, MemoryJournal
from tests.strategies import a_relay, a_timer

TIMEOUT = 60.0
NEVER = 3_600.0
MakeTicker = Callable[..., Ticker]


def eventually(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < give_up_at, "it did not happen"
        time.sleep(0.005)


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def timers(database: Database, journal: MemoryJournal) -> SqliteTimers:
    return SqliteTimers(database, journal)


@pytest.fixture
def make_ticker(database: Database, clock: FakeClock, journal: MemoryJournal) -> Iterator[MakeTicker]:
    """Make and start a ticker over the test's file with the test's clock; it is stopped in the end."""
    made: list[Ticker] = []

    def make(fire: Callable[[Timer], object], **options: object) -> Ticker:
        settings: dict[str, object] = {"clock": clock, "database": database} | options
        ticker = Ticker(fire=fire, journal=journal, **settings)  # type: ignore[arg-type]
        made.append(ticker)
        ticker.start()
        return ticker

    yield make
    for ticker in made:
        ticker.stop()


def _arm(timers: SqliteTimers, timer: Timer) -> Timer:
    assert timers.arm(timer, timeout_seconds=TIMEOUT)
    return timer


def test_a_timer_armed_in_this_process_needs_no_polling(
    make_ticker: MakeTicker, timers: SqliteTimers, store: SqliteStore
) -> None:
    fired: list[Timer] = []
    clock = SystemClock()
    make_ticker(fired.append, clock=clock, poll_seconds=NEVER)
    alone = _arm(timers, a_timer(due_at=clock.now() + timedelta(seconds=0.2)))
    relay = a_relay()
    created = a_timer(relay.message_id, due_at=clock.now() + timedelta(seconds=0.1))
    version = store.create(relay, [created], timeout_seconds=TIMEOUT)
    updated = a_timer(relay.message_id, attempt=2, due_at=clock.now() + timedelta(seconds=0.1))
    store.update(relay, version, [updated], timeout_seconds=TIMEOUT)
    eventually(lambda: set(fired) == {alone, created, updated})


def test_a_timer_armed_by_another_process_is_noticed(make_ticker: MakeTicker, path: Path) -> None:
    fired: list[Timer] = []
    make_ticker(fired.append, poll_seconds=0.02)
    elsewhere = Database(path)
    timer = _arm(SqliteTimers(elsewhere, MemoryJournal()), a_timer())
    eventually(lambda: fired == [timer])
    elsewhere.close()


def test_a_timer_that_was_due_before_the_start_fires(make_ticker: MakeTicker, timers: SqliteTimers) -> None:
    fired: list[Timer] = []
    timer = _arm(timers, a_timer())
    make_ticker(fired.append, poll_seconds=NEVER)
    eventually(lambda: fired == [timer])


def test_a_slow_handler_does_not_hold_up_the_others(make_ticker: MakeTicker, timers: SqliteTimers) -> None:
    go_on = threading.Event()
    fired: list[Timer] = []
    slow = a_timer()

    def fire(timer: Timer) -> None:
        if timer == slow:
            go_on.wait(TIMEOUT)
        fired.append(timer)

    make_ticker(fire, threads=2)
    _arm(timers, slow)
    quick = [_arm(timers, a_timer()) for _ in range(5)]
    eventually(lambda: set(fired) == set(quick))
    go_on.set()
    eventually(lambda: slow in fired)


def test_more_timers_than_threads_all_get_their_turn(make_ticker: MakeTicker, timers: SqliteTimers) -> None:
    fired: list[Timer] = []
    armed = {_arm(timers, a_timer()) for _ in range(30)}
    make_ticker(fired.append, threads=1, poll_seconds=NEVER)
    eventually(lambda: set(fired) == armed)
    assert len(fired) == len(armed)


# Of a record that is left to a newer revision the store tells, once; its timers come again and again and say nothing.
@pytest.mark.parametrize(("error", "told"), [(RuntimeError("the body of a text"), 3), (NewerRecord(2), 0)])
def test_a_handler_that_fails_gets_the_timer_again_later_each_time(
    make_ticker: MakeTicker,
    timers: SqliteTimers,
    clock: FakeClock,
    database: Database,
    journal: MemoryJournal,
    error: Exception,
    told: int,
) -> None:
    fired_at: list[float] = []
    start = clock.now()

    def fire(timer: Timer) -> None:
        fired_at.append((clock.now() - start).total_seconds())
        if len(fired_at) < 4:
            raise error

    ticker = make_ticker(fire)
    _arm(timers, a_timer())
    for number, wait in enumerate((1, 2, 4), start=1):
        eventually(lambda number=number: len(fired_at) == number and _failures(database) == [number])  # type: ignore[misc]
        clock.advance(wait)
        ticker.wake()
    eventually(lambda: _failures(database) == [])
    assert fired_at == [0, 1, 3, 7]
    assert [labels["error"] for _, _, labels in journal.notes] == [type(error).__name__] * told
    assert "body" not in str(journal.notes)


def _failures(database: Database) -> list[int]:
    """How often each timer that is still there has failed."""
    rows = database.read(lambda c: c.execute("SELECT failures FROM timers").fetchall(), timeout_seconds=TIMEOUT)
    return [row[0] for row in rows]


def test_stopping_leaves_no_thread_and_starting_goes_on(
    make_ticker: MakeTicker, timers: SqliteTimers, clock: FakeClock, database: Database
) -> None:
    threads_before = set(threading.enumerate())
    fired: list[Timer] = []
    ticker = make_ticker(fired.append)
    first = _arm(timers, a_timer())
    second = _arm(timers, a_timer(due_at=clock.now() + timedelta(seconds=60)))
    eventually(lambda: fired == [first])
    ticker.stop()
    ticker.stop()
    database.close()
    assert {thread for thread in threading.enumerate() if thread.name.startswith("relay-")} <= threads_before
    clock.advance(60)
    assert fired == [first]
    ticker.start()
    ticker.start()
    eventually(lambda: fired == [first, second])


def test_stopping_waits_for_the_handler_at_work_and_its_timer_is_done(
    make_ticker: MakeTicker, timers: SqliteTimers, database: Database
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    fired: list[Timer] = []

    def fire(timer: Timer) -> None:
        begun.set()
        go_on.wait(TIMEOUT)
        fired.append(timer)

    ticker = make_ticker(fire)
    timer = _arm(timers, a_timer())
    assert begun.wait(TIMEOUT)
    threading.Timer(0.1, go_on.set).start()
    ticker.stop()
    assert fired == [timer]
    assert _failures(database) == []


def test_two_tickers_share_the_timers(make_ticker: MakeTicker, timers: SqliteTimers, path: Path) -> None:
    fired: list[Timer] = []
    other = Database(path)
    make_ticker(fired.append, poll_seconds=0.02)
    second = make_ticker(fired.append, database=other, poll_seconds=0.02)
    armed = {_arm(timers, a_timer()) for _ in range(60)}
    eventually(lambda: set(fired) == armed)
    assert len(fired) == len(armed)
    second.stop()
    other.close()


def test_a_killed_process_s_timer_is_fired_by_another_once_the_lease_is_over(
    make_ticker: MakeTicker, timers: SqliteTimers, path: Path
) -> None:
    timer = _arm(timers, a_timer(due_at=SystemClock().now()))
    process = processes.start("fire_and_hang", path, "2")
    assert process.stdout is not None
    assert process.stdout.readline().strip() == timer.message_id
    process.send_signal(signal.SIGKILL)
    process.communicate()
    fired: list[Timer] = []
    make_ticker(fired.append, clock=SystemClock(), poll_seconds=0.05)
    eventually(lambda: fired == [timer])


def test_timers_survive_the_death_of_every_process(timers: SqliteTimers, path: Path) -> None:
    due_at = SystemClock().now() + timedelta(seconds=0.5)
    armed = {_arm(timers, a_timer(due_at=due_at)).message_id for _ in range(20)}
    heard: set[str] = set()
    for _ in range(3):
        process = processes.start("fire_all", path)
        assert process.stdout is not None
        if heard != armed:
            heard.add(process.stdout.readline().strip())
        process.send_signal(signal.SIGKILL)
        heard |= {line.strip() for line in process.stdout.readlines()}
        process.communicate()
    # Some were taken by a process that was killed before it said so: those come back with their lease.
    left = {timer.message_id for timer in _armed(timers)}
    assert heard | left == armed


def _armed(timers: SqliteTimers) -> list[Timer]:
    from relay.embedded import timer_rows

    return timers._database.read(timer_rows.all_armed, timeout_seconds=TIMEOUT)


def test_a_handler_slower_than_its_lease_does_no_harm(
    make_ticker: MakeTicker, timers: SqliteTimers, clock: FakeClock, database: Database
) -> None:
    go_on = threading.Event()
    fired: list[Timer] = []

    def fire(timer: Timer) -> None:
        fired.append(timer)
        if len(fired) == 1:
            go_on.wait(TIMEOUT)

    ticker = make_ticker(fire, lease_seconds=10)
    timer = _arm(timers, a_timer())
    eventually(lambda: len(fired) == 1)
    clock.advance(11)
    ticker.wake()
    eventually(lambda: len(fired) == 2 and _failures(database) == [])
    go_on.set()
    ticker.stop()
    assert fired == [timer, timer]


def test_a_timer_of_a_kind_unknown_here_holds_up_nobody(
    make_ticker: MakeTicker, timers: SqliteTimers, database: Database
) -> None:
    fired: list[Timer] = []
    row = "INSERT INTO timers VALUES ('SM1', 1, 'of a newer revision', 0, 1, 0, 0)"
    database.write(lambda c: c.execute(row).rowcount, timeout_seconds=TIMEOUT)
    timer = _arm(timers, a_timer())
    make_ticker(fired.append, threads=1)
    eventually(lambda: fired == [timer])
    assert len(_failures(database)) >= 1


def test_the_ticker_outlives_a_store_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, make_ticker: MakeTicker, timers: SqliteTimers, journal: MemoryJournal, path: Path
) -> None:
    monkeypatch.setattr("relay.embedded.ticker._STORE_SECONDS", 0.1)
    monkeypatch.setattr("relay.embedded.ticker._STORE_PAUSE_SECONDS", 0.05)
    timer = _arm(timers, a_timer())
    fired: list[Timer] = []
    with locked(path):
        make_ticker(fired.append)
        eventually(lambda: bool(journal.notes))
        time.sleep(1.0)
        assert ([message for _, message, _ in journal.notes], fired) == (["timers could not be read"], [])
        monkeypatch.setattr("relay.embedded.ticker._STORE_SECONDS", 5.0)  # enough on a busy machine
    eventually(lambda: fired == [timer])
