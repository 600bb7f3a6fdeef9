"""Waking the function that tells operators, by a task on the local Cloud Tasks server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.cloud import tasks_v2
from relay.google.telling_task import TellingTask
from relay.google.timers import EMULATOR_VARIABLE
from relay.homes import SystemClock

from scripts.local_google.cloud_tasks import CloudTasksServer
from scripts.local_google.issuer import TokenIssuer
from tests.fakes import FakeClock, MemoryJournal
from tests.local_google.target import Target, eventually

_LOCATION = "projects/p/locations/us-central1"


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """What the tasks of the queue `tell` call."""
    made = Target()
    with CloudTasksServer(issuer=TokenIssuer()) as server, server.client() as client:
        queue = tasks_v2.Queue(name=f"{_LOCATION}/queues/tell")
        client.create_queue(parent=_LOCATION, queue=queue, timeout=60)
        monkeypatch.setenv(EMULATOR_VARIABLE, server.address)
        yield made
    made.close()


def _task(target: Target, journal: MemoryJournal, **options: Any) -> TellingTask:
    return TellingTask(
        project="p",
        location="us-central1",
        queue=options.pop("queue", "tell"),
        url=f"{target.url}/tasks/tell",
        invoker_email="tasks@p.iam.gserviceaccount.com",
        clock=options.pop("clock", SystemClock()),
        journal=journal,
        **options,
    )


def test_a_poke_calls_the_function_with_an_identity_token_within_a_second_or_two(
    target: Target, journal: MemoryJournal
) -> None:
    _task(target, journal).poke()
    eventually(lambda: len(target.received) == 1, "the function was called")
    (received,) = target.received
    assert (received.method, received.path, received.body) == ("POST", "/tasks/tell", b"")
    assert received.headers["Authorization"].startswith("Bearer ")
    assert journal.notes == []


def test_pokes_of_one_second_are_one_call_and_those_of_another_are_another(
    target: Target, journal: MemoryJournal
) -> None:
    clock = FakeClock(SystemClock().now().replace(microsecond=1))
    poking = _task(target, journal, clock=clock)
    for _ in range(5):
        poking.poke()
        clock.advance(0.1)
    clock.advance(1)
    poking.poke()
    eventually(lambda: len(target.received) == 2, "both were called")
    assert journal.notes == []


def test_a_queue_that_is_not_there_is_a_line_of_the_log_and_no_error(target: Target, journal: MemoryJournal) -> None:
    _task(target, journal, queue="none").poke()
    ((severity, words, labels),) = journal.notes
    assert (severity, labels) == ("WARNING", {"error": "NotFound"})
    assert words.startswith("the function that tells operators could not be woken")


def test_a_service_that_hangs_is_waited_for_a_second_at_most(target: Target, journal: MemoryJournal) -> None:
    from google.api_core import exceptions

    given: list[float] = []

    class Hanging:
        def create_task(self, *, timeout: float, **_: object) -> None:
            given.append(timeout)
            raise exceptions.DeadlineExceeded("made up")  # type: ignore[no-untyped-call]

    poking = _task(target, journal, make_client=Hanging)
    poking.poke()
    (seconds,) = given
    assert 0 < seconds <= 1, "it is asked once, and given up by its own client in time"
    assert [labels for *_, labels in journal.notes] == [{"error": "DeadlineExceeded"}]
