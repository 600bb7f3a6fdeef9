"""Timers as named tasks, through Google's own client on the local Cloud Tasks server."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import tasks_v2
from relay.core.model import Timer, TimerKind
from relay.google import task as timer_payload
from relay.google.timers import DISPATCH_DEADLINE_SECONDS, EMULATOR_VARIABLE, CloudTasksTimers

from scripts.local_google.cloud_tasks import CloudTasksServer
from scripts.local_google.issuer import TokenIssuer
from tests.fakes import MemoryJournal
from tests.google.proxy import Proxy
from tests.google.samples import NOW, error_of, sid
from tests.local_google.target import Target, eventually

LONG: dict[str, Any] = {"timeout_seconds": 60.0}
LOCATION = "projects/p/locations/us-central1"
# The local server, like the service, takes tasks up to 30 days ahead.
TOMORROW = datetime.now(UTC).replace(microsecond=123457) + timedelta(days=1)
TIMER = Timer(sid(1), 2, TimerKind.DEADLINE, TOMORROW, 3)


def timers_for(url: str, journal: MemoryJournal, **options: Any) -> CloudTasksTimers:
    return CloudTasksTimers(
        project="p",
        location="us-central1",
        queue_template="escalate-tier-{tier}",
        url_template=url,
        invoker_email="tasks@p.iam.gserviceaccount.com",
        journal=journal,
        **options,
    )


@dataclass
class Bench:
    server: CloudTasksServer
    client: tasks_v2.CloudTasksClient
    target: Target
    timers: CloudTasksTimers

    def tasks(self, tier: int) -> list[tasks_v2.Task]:
        queue = f"{LOCATION}/queues/escalate-tier-{tier}"
        request = tasks_v2.ListTasksRequest(parent=queue, response_view=tasks_v2.Task.View.FULL)
        return list(self.client.list_tasks(request, timeout=60))


@pytest.fixture
def bench(journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A running server with the queues of three tiers, found as in the local stack, by the environment."""
    target = Target()
    with CloudTasksServer(issuer=TokenIssuer()) as server, server.client() as client:
        for tier in (1, 2, 3):
            queue = tasks_v2.Queue(name=f"{LOCATION}/queues/escalate-tier-{tier}")
            client.create_queue(parent=LOCATION, queue=queue, timeout=60)
        monkeypatch.setenv(EMULATOR_VARIABLE, server.address)
        yield Bench(server, client, target, timers_for(f"{target.url}/tier/{{tier}}", journal))
    target.close()


def test_an_armed_timer_is_a_task_of_its_tier_that_says_it_all(bench: Bench) -> None:
    assert bench.timers.arm(TIMER, **LONG)
    (task,) = bench.tasks(3)
    request = task.http_request
    assert timer_payload.decode(request.body) == TIMER
    assert task.schedule_time == TOMORROW
    assert task.dispatch_deadline == timedelta(seconds=DISPATCH_DEADLINE_SECONDS)
    assert request.http_method == tasks_v2.HttpMethod.POST
    assert request.url == f"{bench.target.url}/tier/3"
    assert request.headers["Content-Type"] == "application/json"
    assert request.oidc_token.service_account_email == "tasks@p.iam.gserviceaccount.com"
    assert request.oidc_token.audience == f"{bench.target.url}/tier/3"
    assert (bench.tasks(1), bench.tasks(2)) == ([], [])


def test_a_tasks_name_starts_with_a_hash_of_all_that_the_timer_is_for(bench: Bench) -> None:
    others = [
        replace(TIMER, message_id=sid(2)),
        replace(TIMER, attempt=3),
        replace(TIMER, kind=TimerKind.ATTEMPT),
        replace(TIMER, due_at=TOMORROW + timedelta(microseconds=1)),
    ]
    for timer in (TIMER, *others):
        assert bench.timers.arm(timer, **LONG)
    names = [task.name.rpartition("/")[2] for task in bench.tasks(3)]
    assert all(re.match(r"[0-9a-f]{32}-SM[0-9a-f]{32}-\d-(attempt|deadline)$", name) for name in names)
    assert len({name[:32] for name in names}) == 5


def test_arming_twice_is_arming_once(bench: Bench, journal: MemoryJournal) -> None:
    assert bench.timers.arm(TIMER, **LONG)
    assert bench.timers.arm(TIMER, **LONG)
    assert len(bench.tasks(3)) == 1
    assert journal.notes == []


def test_a_cancelled_timer_is_gone_and_cancelling_again_is_fine(bench: Bench, journal: MemoryJournal) -> None:
    bench.timers.arm(TIMER, **LONG)
    bench.timers.cancel(TIMER, **LONG)
    bench.timers.cancel(TIMER, **LONG)
    assert bench.tasks(3) == []
    assert journal.notes == []


def test_a_timer_that_is_due_reaches_its_function_with_an_identity_token(bench: Bench) -> None:
    due = replace(TIMER, due_at=NOW)
    assert bench.timers.arm(due, **LONG)
    eventually(lambda: len(bench.target.received) == 1, "the task was sent")
    (received,) = bench.target.received
    assert (received.method, received.path) == ("POST", "/tier/3")
    assert timer_payload.decode(received.body) == due
    assert received.headers["Content-Type"] == "application/json"
    assert received.headers["Authorization"].startswith("Bearer ")


def test_a_lost_reply_is_made_good_by_asking_again(bench: Bench, journal: MemoryJournal) -> None:
    bench.server.faults.fail_create(stored=True)
    assert bench.timers.arm(TIMER, **LONG)
    assert len(bench.tasks(3)) == 1
    assert journal.notes == []


def test_a_passing_outage_is_outlasted(bench: Bench) -> None:
    bench.server.faults.fail_create(stored=False, times=2)
    assert bench.timers.arm(TIMER, **LONG)
    assert len(bench.tasks(3)) == 1


def test_a_queue_service_that_is_down_is_noted_and_not_raised(bench: Bench, journal: MemoryJournal) -> None:
    bench.server.faults.fail_create(stored=False, times=None)
    assert bench.timers.arm(TIMER, **LONG) is False
    note = str(*journal.notes)
    assert "could not be armed" in note
    assert "ServiceUnavailable" in note
    assert sid(1) in note


def test_a_queue_service_that_hangs_is_given_up_in_time(bench: Bench, journal: MemoryJournal) -> None:
    bench.timers.cancel(TIMER, **LONG)  # connected, so that it is the answer that hangs
    bench.server.faults.slow_create(1000)
    assert bench.timers.arm(TIMER, timeout_seconds=0.3) is False
    assert "DeadlineExceeded" in str(journal.notes[0])


def test_a_missing_queue_is_noted_and_not_raised(bench: Bench, journal: MemoryJournal) -> None:
    assert bench.timers.arm(replace(TIMER, queue_tier=9), **LONG) is False
    assert len(journal.notes) == 1


def test_a_server_that_cannot_be_reached_is_noted_and_not_raised(
    bench: Bench, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy(bench.server.address) as wire:
        monkeypatch.setenv(EMULATOR_VARIABLE, wire.address)
    timers = timers_for("http://127.0.0.1:9/{tier}", journal)
    assert timers.arm(TIMER, timeout_seconds=5.0) is False
    timers.cancel(TIMER, timeout_seconds=5.0)
    assert ["armed" in note for _, note, _ in journal.notes] == [True, False]


def test_a_connection_that_broke_unnoticed_costs_no_timer(
    bench: Bench, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy(bench.server.address) as wire:
        monkeypatch.setenv(EMULATOR_VARIABLE, wire.address)
        timers = timers_for("http://127.0.0.1:9/{tier}", journal)
        assert timers.arm(TIMER, **LONG)
        wire.cut()
        assert timers.arm(replace(TIMER, attempt=3), **LONG)
    assert len(bench.tasks(3)) == 2


def test_threads_share_one_client(bench: Bench) -> None:
    armed = [replace(TIMER, attempt=number) for number in range(1, 21)]
    threads = [threading.Thread(target=bench.timers.arm, args=(timer,), kwargs=LONG) for timer in armed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bodies = [timer_payload.decode(task.http_request.body) for task in bench.tasks(3)]
    assert sorted(bodies, key=lambda timer: timer.attempt) == armed


class BrokenClient:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def create_task(self, **_options: object) -> None:
        raise self._error

    delete_task = create_task


@pytest.mark.parametrize(
    ("error", "is_armed"),
    [
        (error_of(exceptions.AlreadyExists), True),
        (error_of(exceptions.NotFound), False),
        (error_of(exceptions.PermissionDenied), False),
        (error_of(exceptions.ResourceExhausted), False),
        (error_of(exceptions.InternalServerError), False),
        (error_of(exceptions.DeadlineExceeded), False),
        (error_of(ConnectionResetError), False),
    ],
)
def test_whatever_the_client_raises_is_answered(error: Exception, is_armed: bool, journal: MemoryJournal) -> None:
    timers = timers_for("https://tier-{tier}.example.com", journal, make_client=lambda: BrokenClient(error))
    assert timers.arm(TIMER, **LONG) is is_armed
    timers.cancel(TIMER, **LONG)
    is_gone = isinstance(error, exceptions.NotFound)
    assert len(journal.notes) == (not is_armed) + (not is_gone)


def test_an_audience_of_its_own_can_be_given(bench: Bench, journal: MemoryJournal) -> None:
    timers = timers_for("http://127.0.0.1:9/{tier}", journal, audience_template="https://run.example.com/{tier}")
    timers.arm(TIMER, **LONG)
    assert bench.tasks(3)[0].http_request.oidc_token.audience == "https://run.example.com/3"
