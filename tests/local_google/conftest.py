"""A Cloud Tasks server, a real client and an HTTP target for the tests of this folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.cloud import tasks_v2

from scripts.local_google.cloud_tasks import CloudTasksServer
from scripts.local_google.issuer import TokenIssuer
from scripts.local_google.tasks_rules import Limits
from tests.local_google.target import StandingClock, Target

LOCATION = "projects/example/locations/us-central1"
QUEUE = f"{LOCATION}/queues/tier-1"


@dataclass
class Bench:
    """A server, its client and a target, with short ways to say what tests say often."""

    server: CloudTasksServer
    client: tasks_v2.CloudTasksClient
    target: Target
    clock: StandingClock | None

    def make_queue(self, short_name: str = "tier-1", **fields: Any) -> tasks_v2.Queue:
        name = f"{LOCATION}/queues/{short_name}"
        queue = tasks_v2.Queue({"name": name, **fields})
        return self.client.create_queue(parent=LOCATION, queue=queue, timeout=30)

    def create(
        self,
        task_id: str = "",
        *,
        queue: str = QUEUE,
        in_seconds: float | None = None,
        path: str = "/",
        **request: Any,
    ) -> tasks_v2.Task:
        task = tasks_v2.Task(http_request={"url": self.target.url + path, **request})
        if task_id:
            task.name = f"{queue}/tasks/{task_id}"
        if in_seconds is not None:
            assert self.clock is not None, "relative times need the standing clock"
            task.schedule_time = datetime.fromtimestamp(self.clock.seconds, UTC) + timedelta(seconds=in_seconds)
        return self.client.create_task(parent=queue, task=task, timeout=30)

    def advance(self, seconds: float) -> None:
        assert self.clock is not None
        self.clock.seconds += seconds
        self.server.wake()

    def settle(self) -> None:
        assert self.server.wait_until_idle(60), "the server did not come to rest"

    @property
    def outcomes(self) -> list[int | None]:
        return [dispatch.http_status for dispatch in self.server.dispatches]


@pytest.fixture
def target() -> Iterator[Target]:
    made = Target()
    yield made
    made.close()


@pytest.fixture(scope="session")
def issuer() -> TokenIssuer:
    return TokenIssuer()


BenchMaker = Callable[..., Bench]


@pytest.fixture
def make_bench(target: Target, issuer: TokenIssuer) -> Iterator[BenchMaker]:
    """Benches with settings of one's own; all are stopped after the test."""
    made: list[Bench] = []

    def make(*, limits: Limits | None = None, standing_clock: bool = True, mints_tokens: bool = True) -> Bench:
        clock = StandingClock() if standing_clock else None
        server = CloudTasksServer(issuer=issuer if mints_tokens else None, limits=limits, now=clock or time.time)
        server.start()
        made.append(Bench(server, server.client(), target, clock))
        return made[-1]

    yield make
    for bench in made:
        with bench.client:
            bench.server.stop()


@pytest.fixture
def bench(make_bench: BenchMaker) -> Bench:
    """A server whose clock stands still, with the queue tier-1 that retries after 10, 20, 40, … seconds."""
    bench = make_bench()
    bench.make_queue(retry_config={"min_backoff": timedelta(seconds=10), "max_attempts": 4})
    return bench
