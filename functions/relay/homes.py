"""google_home and embedded_home put together where relays and timers live; `ticker`, what fires the embedded timers.

Heavy clients are loaded inside the adapters, on first use; a home's modules when it is made.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from relay.settings.settings import DATABASE_DEFAULT, Settings

if TYPE_CHECKING:
    from relay.embedded.database import Database
    from relay.embedded.presence import Identity
    from relay.embedded.ticker import Ticker
    from relay.flow.intake import Intake
    from relay.flow.world import SendingWorld
    from relay.ports import Alarms, Journal, RelayStore, Timers

SWEEP_EVERY_SECONDS = 60.0
RECONCILE_EVERY_SECONDS = 300.0
DISK_EVERY_SECONDS = 3600.0
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
    """Where relays and timers live; `database` is the embedded home's file."""

    store: RelayStore
    timers: Timers
    database: Database | None = None


def google_home(settings: Settings, journal: Journal, alarms: Alarms) -> Home:
    from relay.google.store import FirestoreStore
    from relay.google.timers import CloudTasksTimers

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
        clock=SystemClock(),
        timers=timers,
        journal=journal,
        alarms=alarms,
    )
    return Home(store, timers)


def embedded_home(settings: Settings, journal: Journal, alarms: Alarms) -> Home:
    from relay.embedded.database import Database
    from relay.embedded.health import Cause, Trouble
    from relay.embedded.store import SqliteStore
    from relay.embedded.timers import SqliteTimers

    def told(trouble: Trouble | None) -> None:
        if trouble is None:
            alarms.store_works_again()
        elif trouble.cause is Cause.LOST:
            alarms.database_lost(trouble.words)
        else:
            alarms.store_fails(trouble.words, trouble.advice)

    path = settings.database_path
    database = Database(path, began_with=_prepared.get(path), on_trouble=told)
    return Home(SqliteStore(database, SystemClock(), alarms), SqliteTimers(database, journal), database)


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
    if mended := make_private(settings.database_path):
        say(mended)
    _prepared[settings.database_path] = Database(settings.database_path).prepare()


def ticker(world: SendingWorld, intake: Intake, database: Database, heartbeat_url: str = "") -> Ticker:
    """Returns the ticker that fires the embedded home's timers and runs its jobs, not started yet.

    Several processes may share the file. Timers are leased one by one and jobs as a whole, so that each is done by one
    of them, and by another one when that one dies.
    """
    from relay.embedded.health import LOW_BYTES, VERY_LOW_BYTES
    from relay.embedded.heartbeat import Heartbeat
    from relay.embedded.ticker import Job, Ticker
    from relay.flow import clock_set, reconcile, sweep, timers

    def move_what_waits(seconds: float, within: float) -> None:
        moved = clock_set.move(world, timedelta(seconds=seconds), timedelta(seconds=within))
        world.alarms.clock_set(seconds, moved)

    def look_at_the_disk() -> None:
        free = database.free_bytes
        if free is not None and free < LOW_BYTES:
            severity = "ERROR" if free < VERY_LOW_BYTES else "WARNING"
            world.journal.note(severity, "the disk is nearly full", free_mb=free // 1_000_000)

    heartbeat = Heartbeat(heartbeat_url, world.clock, world.journal)

    def sweep_and_beat() -> None:
        if not sweep.sweep(world).failed:
            heartbeat.beat()

    jobs = (
        Job("sweep", SWEEP_EVERY_SECONDS, sweep_and_beat, sweep.RUN_SECONDS + LEASE_MARGIN_SECONDS),
        Job(
            "reconcile",
            RECONCILE_EVERY_SECONDS,
            lambda: reconcile.reconcile(world, intake),
            reconcile.RUN_SECONDS + LEASE_MARGIN_SECONDS,
        ),
        Job("disk", DISK_EVERY_SECONDS, look_at_the_disk),
    )
    return Ticker(
        database,
        lambda timer: timers.fire(world, timer),
        world.clock,
        world.journal,
        jobs=jobs,
        threads=_TICKER_THREADS,
        on_clock_set=move_what_waits,
    )
