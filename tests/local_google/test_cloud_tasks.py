"""The Cloud Tasks server over the real client: what arrives at the target, what is refused, what can go wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.auth import jwt
from google.cloud import tasks_v2

from scripts.local_google.cloud_tasks import CloudTasksServer
from scripts.local_google.issuer import TokenIssuer
from scripts.local_google.tasks_dispatch import send
from tests.local_google.target import Target, eventually

LOCATION = "projects/example/locations/us-central1"
QUEUE = f"{LOCATION}/queues/tier-1"
ACCOUNT = "tasks@example.iam.gserviceaccount.com"


@dataclass
class Bench:
    """A server with one queue that retries soon, its client and a target."""

    server: CloudTasksServer
    client: tasks_v2.CloudTasksClient
    target: Target

    def create(self, task_id: str = "one", *, in_seconds: float | None = None, **request: Any) -> tasks_v2.Task:
        request = {"url": f"{self.target.url}/{task_id}", **request}
        task = tasks_v2.Task(name=f"{QUEUE}/tasks/{task_id}", http_request=request)
        if in_seconds is not None:
            task.schedule_time = datetime.now(UTC) + timedelta(seconds=in_seconds)
        return self.client.create_task(parent=QUEUE, task=task, timeout=120)

    def pending(self) -> list[str]:
        return [task.name.rpartition("/")[2] for task in self.client.list_tasks(parent=QUEUE, timeout=120)]

    def paths_once(self, count: int) -> list[str]:
        """The paths of all requests, as soon as there are so many and no task is left."""
        eventually(lambda: len(self.target.received) >= count and not self.pending(), f"{count} requests")
        return sorted(received.path for received in self.target.received)


@pytest.fixture(scope="module")
def issuer() -> TokenIssuer:
    return TokenIssuer()


@pytest.fixture
def target() -> Iterator[Target]:
    made = Target()
    yield made
    made.close()


@pytest.fixture
def bench(issuer: TokenIssuer, target: Target) -> Iterator[Bench]:
    with CloudTasksServer(issuer=issuer) as server, server.client() as client:
        retry = tasks_v2.RetryConfig(min_backoff=timedelta(milliseconds=20), max_attempts=-1)
        client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=QUEUE, retry_config=retry), timeout=120)
        yield Bench(server, client, target)


def test_a_task_arrives_with_its_method_path_query_headers_and_body(bench: Bench) -> None:
    url = f"{bench.target.url}/tiers/1?relay=SM%2B1&n=2"
    bench.create(url=url, http_method="PUT", body="grüße".encode(), headers={"Content-Type": "text/x"})
    assert bench.paths_once(1) == ["/tiers/1?relay=SM%2B1&n=2"]
    (received,) = bench.target.received
    assert (received.method, received.body.decode()) == ("PUT", "grüße")
    assert received.headers["Content-Type"] == "text/x"
    assert "Authorization" not in received.headers


@pytest.mark.parametrize("audience", ["https://relay.example/tiers", ""])
def test_the_identity_token_names_account_and_audience(bench: Bench, issuer: TokenIssuer, audience: str) -> None:
    bench.create(oidc_token={"service_account_email": ACCOUNT, "audience": audience})
    bench.paths_once(1)
    scheme, _, token = bench.target.received[0].headers["Authorization"].partition(" ")
    expected = audience or f"{bench.target.url}/one"
    claims = jwt.decode(token, certs=issuer.x509_certificates(), audience=expected)  # type: ignore[no-untyped-call]
    assert scheme == "Bearer"
    assert (claims["email"], claims["email_verified"], claims["iss"]) == (ACCOUNT, True, "https://accounts.google.com")


@pytest.mark.parametrize("status", [301, 400, 404, 429, 500, 503])
def test_any_answer_but_2xx_is_tried_again(bench: Bench, status: int) -> None:
    bench.target.will_answer(status, status, 204)
    bench.create()
    assert bench.paths_once(3) == ["/one"] * 3


def test_a_target_that_cannot_be_reached_is_tried_again(bench: Bench) -> None:
    bench.create(url="http://127.0.0.1:9/")
    eventually(lambda: len(bench.server.dispatches) == 2, "a second attempt")
    assert bench.pending() == ["one"]


def test_a_target_that_stays_silent_past_the_deadline_has_not_answered(target: Target) -> None:
    target.gate.clear()
    request = tasks_v2.HttpRequest(url=target.url, http_method="POST")
    assert send(request, {}, 0.1) is None
    target.gate.set()
    assert send(request, {}, 60) == 200


def test_of_many_simultaneous_creates_of_one_name_exactly_one_succeeds(bench: Bench) -> None:
    def create(_number: int) -> str:
        try:
            bench.create("raced", in_seconds=60)
        except exceptions.AlreadyExists:
            return "exists"
        return "created"

    with ThreadPoolExecutor(12) as pool:
        results = list(pool.map(create, range(48)))
    assert (results.count("created"), results.count("exists")) == (1, 47)


def test_a_deleted_task_is_gone_and_not_found(bench: Bench) -> None:
    task = bench.create(in_seconds=60)
    bench.client.delete_task(name=task.name, timeout=120)
    assert bench.pending() == []
    with pytest.raises(exceptions.NotFound):
        bench.client.delete_task(name=task.name, timeout=120)


def test_what_the_service_would_refuse_is_refused_with_its_code(bench: Bench) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        bench.create("with space")
    with pytest.raises(exceptions.NotFound):
        bench.client.create_task(parent=f"{QUEUE}9", task=tasks_v2.Task(), timeout=120)
    with pytest.raises(exceptions.AlreadyExists):
        bench.client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=QUEUE))
    with pytest.raises(exceptions.InvalidArgument):
        bench.client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=f"{LOCATION}/queues/under_score"))
    with pytest.raises(exceptions.MethodNotImplemented):
        bench.client.purge_queue(name=QUEUE)


def test_a_stopped_server_begins_nothing_more(bench: Bench) -> None:
    bench.target.gate.clear()
    bench.target.will_answer(500)
    bench.create()
    eventually(lambda: len(bench.target.received) == 1, "the attempt is under way")
    before = _lookers()
    bench.server.stop()
    bench.target.gate.set()
    eventually(lambda: len(bench.server.dispatches) == 1, "the attempt has ended")
    assert len(before - _lookers()) == 1, "other servers of this process look on"


def _lookers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "cloud-tasks-looker"}


def test_a_task_can_be_sent_twice_in_parallel(bench: Bench) -> None:
    bench.server.faults.twice()
    bench.create("double")
    bench.create("single")
    assert bench.paths_once(3) == ["/double", "/double", "/single"]
    eventually(lambda: len(bench.server.dispatches) == 3, "all answers are read")
    assert [sent.task for sent in bench.server.dispatches if sent.repeated] == [f"{QUEUE}/tasks/double"]


def test_a_task_can_be_sent_again_after_it_succeeded(bench: Bench) -> None:
    bench.server.faults.twice(in_parallel=False)
    bench.target.will_answer(200, 500)
    bench.create("double")
    assert bench.paths_once(2) == ["/double", "/double"]
    eventually(lambda: len(bench.server.dispatches) == 2, "both answers are read")
    assert [sent.repeated for sent in bench.server.dispatches] == [False, True]


def test_a_task_can_be_delayed_past_its_time(issuer: TokenIssuer, target: Target) -> None:
    seconds = [datetime.now(UTC).timestamp()]
    with CloudTasksServer(issuer=issuer, now=lambda: seconds[0]) as server, server.client() as client:
        client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=QUEUE), timeout=120)
        bench = Bench(server, client, target)
        server.faults.delay(60, where=lambda task: task.name.endswith("late"))
        bench.create("late")
        bench.create("in-time")
        eventually(lambda: bench.pending() == ["late"], "the other one is done")
        seconds[0] += 59
        bench.create("in-between")
        eventually(lambda: bench.pending() == ["late"], "the one created meanwhile is done")
        seconds[0] += 2
        server.wake()
        bench.paths_once(3)
    assert [received.path for received in target.received] == ["/in-time", "/in-between", "/late"]


def test_a_task_can_be_lost(bench: Bench) -> None:
    bench.server.faults.lose(where=lambda task: "lost" in task.name, times=None)
    for name in ("lost-1", "kept", "lost-2"):
        bench.create(name)
    assert bench.paths_once(1) == ["/kept"]
    assert sorted(bench.server.lost) == [f"{QUEUE}/tasks/lost-1", f"{QUEUE}/tasks/lost-2"]


def test_a_create_can_fail_before_the_task_is_stored(bench: Bench) -> None:
    bench.server.faults.fail_create(stored=False)
    with pytest.raises(exceptions.ServiceUnavailable):
        bench.create(in_seconds=60)
    assert bench.pending() == []
    bench.create(in_seconds=60)


def test_a_create_can_fail_after_the_task_is_stored(bench: Bench) -> None:
    bench.server.faults.fail_create(stored=True)
    with pytest.raises(exceptions.ServiceUnavailable):
        bench.create(in_seconds=60)
    assert bench.pending() == ["one"]


def test_a_create_can_answer_later_than_its_caller_waits(bench: Bench) -> None:
    bench.server.faults.slow_create(600)
    task = tasks_v2.Task(name=f"{QUEUE}/tasks/slow", http_request={"url": f"{bench.target.url}/slow"})
    with ThreadPoolExecutor(1) as pool:
        # With so much time that it gets there on any machine; then the server's end is that of the call.
        answer = pool.submit(bench.client.create_task, parent=QUEUE, task=task, timeout=300)
        assert bench.paths_once(1) == ["/slow"]
        assert not answer.done()
        bench.server.stop()
