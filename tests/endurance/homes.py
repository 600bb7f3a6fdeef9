"""An endurance run in either home, from the first process to the last judge."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from unittest import mock

from google.cloud import tasks_v2
from relay import homes
from relay.core.model import Purpose
from relay.log import JsonJournal, LogAlarms
from relay.ports import RelayStore, Search
from relay.settings.settings import load_settings

from scripts.fake_twilio import FakeTwilio
from scripts.local_google.cloud_tasks import CloudTasksServer
from scripts.local_google.emulators import FirestoreEmulator
from scripts.local_google.issuer import TokenIssuer
from tests.endurance.judges import violations
from tests.endurance.load import BUSINESS, HANDLERS, Planned, draw_load
from tests.endurance.replay import replay
from tests.endurance.report import report
from tests.endurance.run import Run, TwilioSide, outages, play, read_record, settle
from tests.endurance.serve import CLOCK_VARIABLE
from tests.endurance.troubles import LogPipe, Machine, spread
from tests.endurance.victim import Pace, Victim
from tests.small_disks import SmallDisk

_LOCATION = "us-central1"
_STORE_SECONDS = 120.0
_REPLAYS = 100


@dataclass(frozen=True, slots=True)
class Size:
    """How much a run goes through. In every size receipts are waited for 3 s, and retries come within one."""

    texts: int
    kills: int
    seed: int
    texts_per_second: float
    outage_seconds: float
    pace: Pace
    store_pause_seconds: float = 0.0
    trouble_seconds: float = 0.0


# One day there may be much to look through; the shorter the run, the sooner the watchmen must come for it to end.
IN_THE_SUITE = Pace(2.0, 4.0, 3.0, 6.0, 10.0)
IN_FULL = Pace(5.0, 20.0, 5.0, 17.0, 20.0)
# What is missed while the clock is wrong is found by the look a day back: here every minute.
IN_TROUBLE = replace(IN_FULL, deep_every_seconds=60.0)
IN_TROUBLE_IN_THE_SUITE = replace(IN_THE_SUITE, deep_every_seconds=8.0)

Say = Callable[[str], None]


def settings_of(fake: FakeTwilio, base_url: str) -> dict[str, str]:
    """The relay's configuration: three tiers that are given up soon."""
    account = fake.settings
    tiers = [
        {"name": f"tier {n}", "phone": phone, "retry_delays_seconds": [0.3, 0.6], "receipt_timeout_seconds": 3}
        for n, phone in enumerate(HANDLERS, start=1)
    ]
    return {
        "TWILIO_ACCOUNT_SID": account.account_sid,
        "TWILIO_AUTH_TOKEN": account.auth_token,
        "TWILIO_API_KEY_SID": account.api_key_sid,
        "TWILIO_API_KEY_SECRET": account.api_key_secret,
        "TWILIO_API_BASE_URL": base_url,
        "BUSINESS_PHONE_NUMBER": ",".join(BUSINESS),
        "RELAY_TIERS": json.dumps(tiers),
    }


def embedded(size: Size, folder: Path, say: Say) -> tuple[Run, list[str], str]:
    """The embedded home: the run, every violation, and the report."""
    with TwilioSide(size.seed) as twilio:
        victim = Victim("embedded", settings_of(twilio.fake, twilio.base_url), size.pace, folder)
        try:
            return _run(victim, twilio, size, {}, say)
        finally:
            victim.close()


def machine(size: Size, folder: Path, disk: SmallDisk | None, say: Say) -> tuple[Run, list[str], str]:
    """The embedded home on one small machine, whose disk, clock, log's reader and peers make trouble in turn."""
    log = LogPipe(folder / "relay.log")
    ground = Machine(folder, disk, log)
    ground.clock_file.write_text("0")
    with TwilioSide(size.seed) as twilio:
        settings = settings_of(twilio.fake, twilio.base_url) | {CLOCK_VARIABLE: str(ground.clock_file)}
        database = disk.folder / "relay.db" if disk else None
        victim = Victim("embedded", settings, size.pace, folder, database, log.write_end)
        apart = max(int(size.texts_per_second * size.trouble_seconds * 3), 10)
        begin = spread(ground.troubles(victim.address, size.trouble_seconds), size.texts, apart)
        try:
            return _run(victim, twilio, size, begin, say, ground=ground)
        finally:
            victim.close()
            log.close()


def google(size: Size, emulator: FirestoreEmulator, folder: Path, say: Say) -> tuple[Run, list[str], str]:
    """The google home: tasks are doubled, delayed and lost, and Firestore stands still in the middle."""
    with TwilioSide(size.seed) as twilio, _tasks(size.seed) as tasks:
        settings = settings_of(twilio.fake, twilio.base_url) | emulator.environment
        settings |= _with_queues(tasks, f"endurance-{uuid.uuid4().hex[:12]}")
        victim = Victim("google", settings, size.pace, folder)
        pause = {size.texts // 2: lambda: _pause(emulator, size.store_pause_seconds)}
        try:
            with mock.patch.dict(os.environ, emulator.environment):
                return _run(victim, twilio, size, pause, say, tasks)
        finally:
            emulator.resume()
            victim.close()


def _run(
    victim: Victim,
    twilio: TwilioSide,
    size: Size,
    events: Mapping[int, Callable[[], None]],
    say: Say,
    tasks: CloudTasksServer | None = None,
    ground: Machine | None = None,
) -> tuple[Run, list[str], str]:
    planned = draw_load(size.texts, size.kills, size.seed, size.texts_per_second)
    if ground is not None:
        planned = _without_kills_near(events, planned, int(size.texts_per_second * size.trouble_seconds * 2))
    twilio.point_at(victim.address)
    run = play(victim, twilio.fake, planned, {**outages(planned, twilio.fake, size.outage_seconds), **events})
    store = _store(victim.environ)
    settle(run, store, say)
    read_record(run, store, victim.log)
    replay(run, store, _REPLAYS, size.seed)
    run.stored = _count(store)
    if tasks is not None:
        sent = tasks.dispatches
        repeated = sum(dispatch.repeated for dispatch in sent)
        run.tasks = (
            f"{len({dispatch.task for dispatch in sent})} called, {repeated} calls doubled, {len(tasks.lost)} lost"
        )
    if ground is not None:
        run.troubles, run.is_clock_right = ground.counts, False
    found = violations(run)
    title = f"{victim.environ['RELAY_BACKEND']}, {size.texts} texts, {size.kills} kills, seed {size.seed}"
    return run, found, report(run, title, found)


def _without_kills_near(begin: Mapping[int, object], planned: list[Planned], texts: int) -> list[Planned]:
    """On a full disk the relay does not start: it says so and ends, and what starts it again is not part of this."""
    near = {place for number in begin for place in range(number, number + texts)}
    return [replace(text, kill="") if number in near else text for number, text in enumerate(planned)]


def _store(environ: Mapping[str, str]) -> RelayStore:
    settings = load_settings(environ, ["sms_inbound", "escalate_tier"])
    with open(os.devnull, "w") as nowhere:
        journal = JsonJournal(nowhere)
        if settings.backend == "google":
            return homes.google_home(settings, journal, LogAlarms(journal)).store
        return homes.embedded_home(settings, journal, LogAlarms(journal)).store


def _count(store: RelayStore) -> int:
    search, count = Search(limit=200), 0
    while True:
        page = store.search(search, timeout_seconds=_STORE_SECONDS)
        count += sum(relay.purpose is Purpose.FORWARD for relay in page.relays)
        if page.next_page_token is None:
            return count
        search = Search(limit=200, page_token=page.next_page_token)


def _pause(emulator: FirestoreEmulator, seconds: float) -> None:
    emulator.pause()
    threading.Timer(seconds, emulator.resume).start()


@contextmanager
def _tasks(seed: int) -> Iterator[CloudTasksServer]:
    """A server of tasks that keeps no promise it need not keep, and loses some, which it should not."""

    def share(least: int, below: int) -> Callable[[tasks_v2.Task], bool]:
        return lambda task: least <= _percent(task.name, seed) < below

    with CloudTasksServer(issuer=TokenIssuer()) as tasks:
        tasks.faults.lose(where=share(0, 5), times=None)
        tasks.faults.twice(where=share(5, 20), times=None)
        tasks.faults.twice(where=share(20, 25), times=None, in_parallel=False)
        tasks.faults.delay(4.0, where=share(25, 30), times=None)
        yield tasks


def _with_queues(tasks: CloudTasksServer, project: str) -> dict[str, str]:
    """Queues as they are deployed; the settings with which the relay finds them."""
    retry = tasks_v2.RetryConfig(
        max_attempts=-1, min_backoff=timedelta(seconds=1), max_backoff=timedelta(seconds=60), max_doublings=6
    )
    parent = f"projects/{project}/locations/{_LOCATION}"
    with tasks.client() as client:
        for tier in range(1, len(HANDLERS) + 1):
            queue = tasks_v2.Queue(name=f"{parent}/queues/escalate-tier-{tier}", retry_config=retry)
            client.create_queue(parent=parent, queue=queue, timeout=_STORE_SECONDS)
    return {
        "CLOUD_TASKS_EMULATOR_HOST": tasks.address,
        "GOOGLE_CLOUD_PROJECT": project,
        "TASKS_LOCATION": _LOCATION,
    }


def _percent(name: str, seed: int) -> int:
    return hashlib.blake2b(f"{seed} {name}".encode(), digest_size=2).digest()[0] * 100 // 256
