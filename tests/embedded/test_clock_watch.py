"""The clock of the machine is set while the embedded home runs: noticed once, told, and what waits goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from relay import homes
from relay.core.model import FinalStatus, Relay
from relay.core.people import handlers_of
from relay.embedded.clock_watch import ClockWatch, Jump
from relay.embedded.database import Database
from relay.embedded.file import to_micros
from relay.embedded.store import SqliteStore
from relay.embedded.ticker import Ticker
from relay.embedded.timers import SqliteTimers
from relay.flow.intake import Intake
from relay.flow.world import SendingWorld
from relay.operators import words
from relay.twilio.inbound import handle_inbound_webhook

from tests.embedded.test_ticker import eventually
from tests.fakes import FakeClock, MemoryJournal
from tests.relays import MESSAGE_ID, OUR_NUMBER, policy
from tests.worlds import ACCOUNT, Doubles, inbound_request

TIMEOUT = 60.0
MINUTE = 60.0
LONGEST_WAIT = 60_000_000


class Machine:
    """An embedded relay in this process, with its real clockwork, whose clock the test sets."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        self.had_room: list[bool | None] = []
        self.clock, self.journal, self.database = clock, MemoryJournal(), database
        self.store = SqliteStore(database, clock)
        doubles = Doubles()
        world = doubles.world
        self.world = SendingWorld(
            self.store,
            SqliteTimers(database, self.journal),
            clock,
            self.journal,
            self.journal,
            world.channels,
            world.provider_of,
            world.new_lease,
        )
        self.intake = Intake(policy(), (OUR_NUMBER,), handlers_of(policy()))
        watched = {"disk": lambda look: self.had_room.append(look())}
        self.ticker: Ticker = homes.ticker(self.world, self.intake, database, watched=watched)

    def text_in(self) -> None:
        assert handle_inbound_webhook(self.world, ACCOUNT, self.intake, inbound_request()).status == 200

    def relay(self) -> Relay:
        stored = self.store.get(MESSAGE_ID, timeout_seconds=TIMEOUT)
        assert stored is not None
        return stored.relay

    def start(self) -> None:
        """Start, and wait until both jobs have run: they would put times right too, minutes later."""
        self.ticker.start()
        eventually(lambda: {"sweep", "reconcile"} <= {message for _, message, _ in self.journal.notes})


@pytest.fixture
def machine(database: Database, clock: FakeClock) -> Iterator[Machine]:
    machine = Machine(database, clock)
    machine.start()
    yield machine
    machine.ticker.stop()


def _watch(database: Database, clock: FakeClock) -> Callable[[], Jump | None]:
    watch = ClockWatch(database, clock, LONGEST_WAIT, timeout_seconds=TIMEOUT)
    return lambda: watch.look(to_micros(clock.now()))


@pytest.mark.parametrize("set_by", [timedelta(hours=-2), timedelta(minutes=-2), timedelta(hours=2)], ids=str)
def test_a_text_that_waits_goes_on_after_its_own_time_and_people_are_told_once(
    machine: Machine, set_by: timedelta
) -> None:
    machine.text_in()
    machine.clock.advance(20)
    machine.ticker.wake()
    machine.clock.set(machine.clock.now() + set_by)
    eventually(lambda: bool(machine.journal.clocks))
    assert machine.journal.clocks == [(set_by.total_seconds(), 1)]
    machine.clock.advance(39)
    due_at = machine.relay().due_at
    assert due_at is not None
    assert due_at - machine.clock.now() == timedelta(seconds=1)
    assert not words.is_overdue(machine.relay(), machine.clock.now())
    machine.clock.advance(1)
    eventually(lambda: machine.relay().current.tier == 2)
    assert machine.relay().final_status is FinalStatus.IN_PROGRESS
    assert machine.journal.clocks == [(set_by.total_seconds(), 1)]


def test_a_relay_that_is_not_gone_on_with_after_a_jump_is_overdue_when_it_would_have_been(machine: Machine) -> None:
    machine.text_in()
    machine.clock.set(machine.clock.now() - timedelta(hours=2))
    eventually(lambda: bool(machine.journal.clocks))
    machine.ticker.stop()
    for minutes, expected in ((3, False), (2, True)):
        machine.clock.advance(minutes * MINUTE)
        assert words.is_overdue(machine.relay(), machine.clock.now()) is expected


def test_seconds_are_the_time_services_work(machine: Machine) -> None:
    machine.text_in()
    machine.clock.set(machine.clock.now() + timedelta(seconds=30))
    eventually(lambda: "the clock was set" in [message for _, message, _ in machine.journal.notes])
    assert machine.journal.clocks == []


def test_a_jump_says_by_how_much_and_within_which_time(database: Database, clock: FakeClock) -> None:
    look = _watch(database, clock)
    assert look() is None
    clock.advance(3600)
    assert look() is None
    clock.advance(0.5)
    clock.set(clock.now() - timedelta(hours=2))
    assert look() == Jump(-7200.0, 0.5, 0, True)
    assert look() is None


def test_of_processes_that_share_a_file_one_takes_it_up(path: Path, clock: FakeClock) -> None:
    files = [Database(path) for _ in range(3)]
    looks = [_watch(file, clock) for file in files]
    assert [look() for look in looks] == [None] * 3
    for hours in (-2, 5):
        clock.set(clock.now() + timedelta(hours=hours))
        jumps = [look() for look in looks]
        assert [jump is not None and jump.seconds for jump in jumps] == [hours * 3600.0] * 3
        assert [jump is not None and jump.is_ours for jump in jumps] == [True, False, False]
    for file in files:
        file.close()


def test_a_start_after_a_jump_or_a_reboot_moves_nothing(path: Path) -> None:
    first = Database(path)
    _watch(first, FakeClock())()
    first.close()
    second = Database(path)
    assert _watch(second, FakeClock(datetime.fromisoformat("2020-01-01T00:00:00+00:00")))() is None
    second.close()


def test_a_jump_that_the_store_could_not_note_is_noticed_again(
    database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = _watch(database, clock)
    look()
    clock.set(clock.now() - timedelta(hours=2))
    write = database.write
    with monkeypatch.context() as patch:
        patch.setattr(database, "write", partial(_fail))
        with pytest.raises(RuntimeError):
            look()
    assert database.write == write
    jump = look()
    assert jump is not None
    assert (jump.seconds, jump.is_ours) == (-7200.0, True)


@pytest.mark.parametrize(
    ("free", "severity", "has_room"),
    [
        (999_999_999, "WARNING", False),
        (99_999_999, "ERROR", False),
        (1_000_000_000, None, None),
        (1_250_000_000, None, True),
    ],
)
def test_a_disk_that_is_nearly_full_is_told_before_it_is_once_an_hour(
    database: Database,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    free: int,
    severity: str | None,
    has_room: bool | None,
) -> None:
    monkeypatch.setattr(Database, "free_bytes", free)
    machine = Machine(database, clock)
    machine.start()
    ran = "SELECT ready_at FROM jobs WHERE name = 'disk'"

    def ready_at() -> int:
        row = database.read(lambda c: c.execute(ran).fetchone(), timeout_seconds=TIMEOUT)
        return row[0] if row else 0

    expected = 1 if severity else 0
    eventually(lambda: ready_at() == to_micros(clock.now()) + 3_600_000_000)
    clock.advance(3599)
    told = [level for level, message, _ in machine.journal.notes if message == "the disk is nearly full"]
    assert told == [severity] * expected
    assert machine.had_room == [has_room]
    machine.ticker.stop()


def _fail(*_: object, **__: object) -> None:
    raise RuntimeError


def test_this_machines_elapsed_time_goes_on_while_it_sleeps() -> None:
    """Waits are by real time then, and waking up is no clock that was set."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        pytest.skip("optional: only Linux has a clock of its own for that")
    clock = homes.SystemClock()
    assert abs(clock.monotonic() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 5
