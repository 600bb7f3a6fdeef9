"""google_home and embedded_home put together where relays and timers live; `ticker`, what fires the embedded timers.

Heavy clients are loaded inside the adapters, on first use; a home's modules when it is made.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from relay.settings.settings import DATABASE_DEFAULT, Settings

if TYPE_CHECKING:
    from relay.embedded.database import Database
    from relay.embedded.presence import Identity
    from relay.embedded.ticker import Ticker
    from relay.flow.intake import Intake
    from relay.flow.world import SendingWorld
    from relay.ports import Alarms, Journal, OperatorRecords, RelayStore, Timers

SWEEP_EVERY_SECONDS = 60.0
RECONCILE_EVERY_SECONDS = 300.0
DISK_EVERY_SECONDS, DISK_RUN_SECONDS = 3600.0, 10.0
TELL_EVERY_SECONDS = 60.0
# Longer than a run of telling takes.
TELL_LEASE_SECONDS = 120.0
# How much longer than its run a job's lease lasts: its last call may end late, and its end has to be stored. When the
# process dies, another one starts the job after run and margin.
LEASE_MARGIN_SECONDS = 30.0
# How many timers are fired at once: so many texts may wait for the provider's answer, each up to ten seconds.
_TICKER_THREADS = 8


# The clock that goes on while the machine sleeps, so that a laptop that was closed is no clock that was set.
_ELAPSED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """This machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.clock_gettime(_ELAPSED)


@dataclass(frozen=True, slots=True)
class Home:
    """Where relays, timers and what is kept of operators live; `database` is the embedded home's file."""

    store: RelayStore
    timers: Timers
    operator_records: OperatorRecords
    database: Database | None = None


def google_home(settings: Settings, journal: Journal, alarms: Alarms) -> Home:
    from relay.google.operator_records import FirestoreOperatorRecords
    from relay.google.store import FirestoreStore
    from relay.google.timers import CloudTasksTimers

    clock = SystemClock()
    timers = CloudTasksTimers(
        project=settings.project,
        location=settings.tasks_location,
        queue_template=settings.tasks_queue_template,
        url_template=settings.escalation_url_template,
        invoker_email=settings.tasks_invoker_email,
        journal=journal,
    )
    store = FirestoreStore(
        project=settings.project,
        database=settings.firestore_database,
        collection=settings.collection,
        clock=clock,
        timers=timers,
        journal=journal,
        alarms=alarms,
    )
    return Home(store, timers, FirestoreOperatorRecords(store.client, settings.collection, clock, journal))


def google_poke(settings: Settings, journal: Journal) -> Callable[[], None]:
    """Returns what has the function `tell` called at once, where its address is set."""
    alerting = settings.alerting
    if not alerting.tell_url:
        return lambda: None
    from relay.google.telling_task import TellingTask

    return TellingTask(
        project=settings.project,
        location=settings.tasks_location,
        queue=alerting.tell_queue,
        url=alerting.tell_url,
        invoker_email=settings.tasks_invoker_email,
        clock=SystemClock(),
        journal=journal,
    ).poke


def embedded_home(settings: Settings, journal: Journal, alarms: Alarms) -> Home:
    from relay.embedded.database import Database
    from relay.embedded.health import Cause, Trouble
    from relay.embedded.operator_records import SqliteOperatorRecords
    from relay.embedded.store import SqliteStore
    from relay.embedded.timers import SqliteTimers

    def told(trouble: Trouble | None) -> None:
        if trouble is None:
            alarms.store_works_again()
        elif trouble.cause is Cause.INDEX:
            journal.note("WARNING", "the index of words was damaged and is made anew", reason=trouble.words)
        elif trouble.cause is Cause.LOST:
            alarms.database_lost(trouble.words)
        else:
            alarms.store_fails(trouble.words, trouble.advice)

    path = settings.database_path
    database = Database(path, began_with=_prepared.get(path), on_trouble=told)
    clock = SystemClock()
    store, timers = SqliteStore(database, clock, alarms), SqliteTimers(database, journal)
    return Home(store, timers, SqliteOperatorRecords(database, clock, journal), database)


# Path → the embedded home's file that lay there when this process, or the one that it was forked from, was started.
_prepared: dict[str, Identity | None] = {}


def prepare_embedded(settings: Settings, say: Callable[[str], None] = print) -> None:
    """Open the embedded home's file once and close it again, so that mistakes show at start.

    A process that is forked later to replace one that died keeps to this file, and makes no new one if it is gone.
    A file that others may read is made its owner's alone; `say` is told that.
    Raises ConfigurationError, or StoreUnavailable while others hold it.
    """
    from relay.embedded.database import Database
    from relay.embedded.file import make_private

    if settings.database_path in _prepared:
        return
    # Only the default's own folder is made: a misspelt path must not become an empty database.
    if settings.database_path == DATABASE_DEFAULT:
        os.makedirs(os.path.dirname(DATABASE_DEFAULT), mode=0o700, exist_ok=True)
    opened = Database(settings.database_path).prepare()
    # Only now it is known to be a relay's: a misspelt path may name a system's file, which must stay as it is.
    if mended := make_private(settings.database_path):
        say(mended)
    from relay.operators.signing_in import machine

    if made := machine.prepare(settings.database_path):
        say(made)
    _prepared[settings.database_path] = opened


def ticker(
    world: SendingWorld,
    intake: Intake,
    database: Database,
    heartbeat_url: str = "",
    tell: Callable[[], object] | None = None,
    watched: Mapping[str, Callable[[Callable[[], bool | None]], None]] | None = None,
) -> Ticker:
    """Returns the ticker that fires the embedded home's timers and runs its jobs, not started yet.

    Several processes may share the file. Timers are leased one by one and jobs as a whole, so that each is done by one
    of them, and by another one when that one dies.
    `tell` tells operators what is due. `watched`, by a job's name, runs the job and hears whether it did its work.
    """
    from relay.embedded.health import LOW_BYTES, ROOMY_BYTES, VERY_LOW_BYTES
    from relay.embedded.heartbeat import Heartbeat
    from relay.embedded.ticker import Job, Ticker
    from relay.flow import clock_set, reconcile, sweep, timers

    def move_what_waits(seconds: float, within: float) -> None:
        moved = clock_set.move(world, timedelta(seconds=seconds), timedelta(seconds=within))
        world.alarms.clock_set(seconds, moved)

    def look_at_the_disk() -> bool | None:
        free = database.free_bytes
        if free is None or free >= LOW_BYTES:
            # Only with more than a little room it is told that there is room again.
            return None if free is None or free < ROOMY_BYTES else True
        severity = "ERROR" if free < VERY_LOW_BYTES else "WARNING"
        world.journal.note(severity, "the disk is nearly full", free_mb=free // 1_000_000)
        return False

    heartbeat = Heartbeat(heartbeat_url, world.clock, world.journal)

    def sweep_and_beat() -> bool:
        if not sweep.sweep(world).failed:
            heartbeat.beat()
        return True

    def compare() -> bool:
        return not reconcile.reconcile(world, intake).was_held_up

    def job(name: str, every_seconds: float, run: Callable[[], bool | None], run_seconds: float) -> Job:
        watch = (watched or {}).get(name)
        work = run if watch is None else partial(watch, run)
        return Job(name, every_seconds, work, run_seconds + LEASE_MARGIN_SECONDS)

    jobs = [
        job("sweep", SWEEP_EVERY_SECONDS, sweep_and_beat, sweep.RUN_SECONDS),
        job("reconcile", RECONCILE_EVERY_SECONDS, compare, reconcile.RUN_SECONDS),
        job("disk", DISK_EVERY_SECONDS, look_at_the_disk, DISK_RUN_SECONDS),
    ]
    if tell is not None:
        jobs.append(Job("tell", TELL_EVERY_SECONDS, tell, TELL_LEASE_SECONDS))
    return Ticker(
        database,
        lambda timer: timers.fire(world, timer),
        world.clock,
        world.journal,
        jobs=jobs,
        threads=_TICKER_THREADS,
        on_clock_set=move_what_waits,
    )
