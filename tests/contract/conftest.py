"""The implementations that the contract suites run over.

To add one, write a context manager that sets it up (fixtures come from `request.getfixturevalue`, which also skips when
the machine lacks something) and enter it in STORES or TIMERS.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from relay.core.model import Timer
from relay.embedded import timer_rows
from relay.embedded.database import Database
from relay.embedded.store import SqliteStore
from relay.embedded.ticker import Ticker
from relay.embedded.timers import SqliteTimers
from relay.ports import RelayStore, Timers
from relay.record.kinds import Key

from tests.fakes import FakeClock, MemoryJournal, MemoryStore, MemoryTimers

Change = Callable[[dict[str, Any]], object]


@dataclass
class StoreRig:
    """A store and what a test needs around it.

    Attributes:
        clock: tells the store what has expired.
        armed: the timers that its writes have armed.
        stalled: while entered, the store does not answer.
        stalls_reads: whether it then also does not answer reads.
        purges: whether expired relays stay until purge_expired removes them.
        examples: how many generated relays a test stores; more where the store itself writes and reads their text.
        journal: hears what is wrong with a document.
        document: what is stored of a relay, as another revision sees it; None where a store keeps no documents.
        rewrite: lets another revision change that document, in one write of its own.
        spoil: makes a record unreadable: by that change, where the store keeps documents.
        kept_document, rewrite_kept, spoil_kept: the same of a record of a thread.
    """

    store: RelayStore
    clock: FakeClock
    armed: Callable[[], list[Timer]]
    stalled: Callable[[], AbstractContextManager[None]]
    stalls_reads: bool = True
    purges: bool = True
    examples: int = 25
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    document: Callable[[str], dict[str, Any]] | None = None
    rewrite: Callable[[str, Change], None] | None = None
    spoil: Callable[[str, Change], object] | None = None
    kept_document: Callable[[Key], dict[str, Any]] | None = None
    rewrite_kept: Callable[[Key, Change], None] | None = None
    spoil_kept: Callable[[Key, Change], object] | None = None


@dataclass
class TimersRig:
    """Timers and what a test needs around them.

    Attributes:
        now: the service's own clock.
        pass_time: let so many seconds pass by that clock.
        fired: every timer that has fired, in the order of firing.
        stalled: while entered, the service does not answer.
    """

    timers: Timers
    journal: MemoryJournal
    now: Callable[[], datetime]
    pass_time: Callable[[float], None]
    stalled: Callable[[], AbstractContextManager[None]]
    fired: list[Timer] = field(default_factory=list)


@contextlib.contextmanager
def memory_store(request: pytest.FixtureRequest) -> Iterator[StoreRig]:
    clock, timers, journal = FakeClock(), MemoryTimers(), MemoryJournal()
    store = MemoryStore(clock, timers, journal)

    @contextlib.contextmanager
    def stalled() -> Iterator[None]:
        store.is_down = True
        yield
        store.is_down = False

    rig = StoreRig(store, clock, lambda: timers.armed, stalled, journal=journal)
    rig.spoil = lambda message_id, _: store.unreadable.add(message_id)
    rig.spoil_kept = lambda key, _: store.unreadable.add(key[1])
    yield rig


@contextlib.contextmanager
def sqlite_store(request: pytest.FixtureRequest) -> Iterator[StoreRig]:
    clock = FakeClock()
    path: Path = request.getfixturevalue("tmp_path") / "relay.db"
    database = Database(path)

    def armed() -> list[Timer]:
        return database.read(timer_rows.all_armed, timeout_seconds=120)

    def document(message_id: str) -> dict[str, Any]:
        select = "SELECT document FROM relays WHERE message_id = ?"
        text = database.read(
            lambda connection: connection.execute(select, (message_id,)).fetchone(), timeout_seconds=30
        )
        found: dict[str, Any] = json.loads(text[0])
        return found

    def rewrite(message_id: str, change: Change) -> None:
        changed = document(message_id)
        change(changed)
        update = "UPDATE relays SET document = ?, final_status = ?, version = version + 1 WHERE message_id = ?"
        values = (json.dumps(changed), str(changed.get("final_status")), message_id)
        database.write(lambda connection: connection.execute(update, values), timeout_seconds=120)

    def kept_document(key: Key) -> dict[str, Any]:
        select = "SELECT document FROM thread_records WHERE kind = ? AND id = ?"
        text = database.read(lambda connection: connection.execute(select, key).fetchone(), timeout_seconds=120)
        found: dict[str, Any] = json.loads(text[0])
        return found

    def rewrite_kept(key: Key, change: Change) -> None:
        changed = kept_document(key)
        change(changed)
        update = "UPDATE thread_records SET document = ?, version = version + 1 WHERE kind = ? AND id = ?"
        values = (json.dumps(changed), *key)
        database.write(lambda connection: connection.execute(update, values), timeout_seconds=120)

    journal = MemoryJournal()
    store = SqliteStore(database, clock, journal)
    # Readers never wait for a writer, so that nothing but writes can be held up.
    rig = StoreRig(store, clock, armed, lambda: locked(path), stalls_reads=False, examples=60, journal=journal)
    rig.document, rig.rewrite, rig.spoil = document, rewrite, rewrite
    rig.kept_document, rig.rewrite_kept, rig.spoil_kept = kept_document, rewrite_kept, rewrite_kept
    yield rig
    database.close()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program holds the file's write lock."""
    other = sqlite3.connect(path, timeout=60, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextlib.contextmanager
def memory_timers(request: pytest.FixtureRequest) -> Iterator[TimersRig]:
    clock, journal = FakeClock(), MemoryJournal()
    timers = MemoryTimers(journal)

    def pass_time(seconds: float) -> None:
        clock.advance(seconds)
        memory.fired.extend(timers.take_due(clock.now()))

    @contextlib.contextmanager
    def stalled() -> Iterator[None]:
        timers.is_down = True
        yield
        timers.is_down = False

    memory = TimersRig(timers, journal, clock.now, pass_time, stalled)
    yield memory


@contextlib.contextmanager
def sqlite_timers(request: pytest.FixtureRequest) -> Iterator[TimersRig]:
    clock, journal = FakeClock(), MemoryJournal()
    path: Path = request.getfixturevalue("tmp_path") / "relay.db"
    database = Database(path)
    database.prepare()

    def pass_time(seconds: float) -> None:
        clock.advance(seconds)
        ticker.wake()

    embedded = TimersRig(SqliteTimers(database, journal), journal, clock.now, pass_time, lambda: locked(path))
    ticker = Ticker(database, embedded.fired.append, clock, journal)
    ticker.start()
    yield embedded
    ticker.stop()
    database.close()


def firestore_store(request: pytest.FixtureRequest) -> AbstractContextManager[StoreRig]:
    # Only here: its module loads Google's clients, which the other implementations do without.
    from tests.google import rigs

    return rigs.firestore_store(request)


def cloud_tasks_timers(request: pytest.FixtureRequest) -> AbstractContextManager[TimersRig]:
    from tests.google import rigs

    return rigs.cloud_tasks_timers(request)


def simulated_store(request: pytest.FixtureRequest) -> AbstractContextManager[StoreRig]:
    # Only here: the simulator's rigs are made of the classes of this file.
    from tests.simulator import rigs

    return rigs.simulated_store(request)


def simulated_timers(request: pytest.FixtureRequest) -> AbstractContextManager[TimersRig]:
    from tests.simulator import rigs

    return rigs.simulated_timers(request)


def simulated_store_of_documents(request: pytest.FixtureRequest) -> AbstractContextManager[StoreRig]:
    from tests.simulator import rigs

    return rigs.simulated_store_of_documents(request)


STORES: dict[str, Callable[[pytest.FixtureRequest], AbstractContextManager[StoreRig]]] = {
    "memory": memory_store,
    "sqlite": sqlite_store,
    "firestore": firestore_store,
    "simulated": simulated_store,
}
# Those on which two revisions can be at work.
DOCUMENT_STORES: dict[str, Callable[[pytest.FixtureRequest], AbstractContextManager[StoreRig]]] = {
    "sqlite": sqlite_store,
    "firestore": firestore_store,
    "simulated": simulated_store_of_documents,
}
TIMERS: dict[str, Callable[[pytest.FixtureRequest], AbstractContextManager[TimersRig]]] = {
    "memory": memory_timers,
    "sqlite": sqlite_timers,
    "cloud tasks": cloud_tasks_timers,
    "simulated": simulated_timers,
}


@pytest.fixture(params=STORES)
def rig(request: pytest.FixtureRequest) -> Iterator[StoreRig]:
    with STORES[request.param](request) as one:
        yield one


@pytest.fixture(params=DOCUMENT_STORES)
def document_rig(request: pytest.FixtureRequest) -> Iterator[StoreRig]:
    with DOCUMENT_STORES[request.param](request) as one:
        yield one


@pytest.fixture(params=TIMERS)
def timers_rig(request: pytest.FixtureRequest) -> Iterator[TimersRig]:
    with TIMERS[request.param](request) as one:
        yield one
