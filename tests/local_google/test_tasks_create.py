"""CreateTask, GetTask, ListTasks, DeleteTask over the real client: names, limits, what is shown."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import tasks_v2

from scripts.local_google.tasks_rules import Limits
from tests.local_google.conftest import LOCATION, QUEUE, Bench, BenchMaker

FULL = tasks_v2.Task.View.FULL


def test_a_named_task_cannot_be_created_twice(bench: Bench) -> None:
    bench.create("once", in_seconds=60)
    with pytest.raises(exceptions.AlreadyExists):
        bench.create("once", in_seconds=60)


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


def test_the_name_of_a_task_that_ran_stays_taken_for_a_while(bench: Bench) -> None:
    bench.create("once")
    bench.settle()
    assert bench.server.pending == []
    with pytest.raises(exceptions.AlreadyExists):
        bench.create("once")
    bench.advance(3601)
    bench.create("once")
    bench.settle()
    assert len(bench.target.received) == 2


def test_the_name_of_a_deleted_task_stays_taken_for_a_while(bench: Bench) -> None:
    task = bench.create("once", in_seconds=60)
    bench.client.delete_task(name=task.name)
    with pytest.raises(exceptions.AlreadyExists):
        bench.create("once")


def test_how_long_a_name_is_held_is_a_setting(make_bench: BenchMaker) -> None:
    bench = make_bench(limits=Limits(name_held_seconds=5))
    bench.make_queue()
    bench.create("once")
    bench.settle()
    bench.advance(6)
    bench.create("once")


def test_the_same_name_in_another_queue_is_another_task(bench: Bench) -> None:
    bench.make_queue("tier-2")
    bench.create("once", in_seconds=60)
    bench.create("once", in_seconds=60, queue=f"{LOCATION}/queues/tier-2")
    assert len(bench.server.pending) == 2


def test_unnamed_tasks_get_names_of_their_own(bench: Bench) -> None:
    first, second = bench.create(in_seconds=60), bench.create(in_seconds=60)
    assert first.name != second.name
    assert first.name.startswith(f"{QUEUE}/tasks/")


def test_a_deleted_task_never_runs_and_is_not_found(bench: Bench) -> None:
    task = bench.create("gone", in_seconds=60)
    bench.client.delete_task(name=task.name)
    bench.advance(120)
    bench.settle()
    assert bench.target.received == []
    for call in (bench.client.get_task, bench.client.delete_task, bench.client.run_task):
        with pytest.raises(exceptions.NotFound):
            call(name=task.name)


def test_a_task_that_succeeded_is_not_found(bench: Bench) -> None:
    task = bench.create("done")
    bench.settle()
    for call in (bench.client.get_task, bench.client.delete_task, bench.client.run_task):
        with pytest.raises(exceptions.NotFound):
            call(name=task.name)


def test_a_schedule_time_in_the_past_means_now(bench: Bench) -> None:
    assert bench.clock is not None
    bench.client.pause_queue(name=QUEUE)
    task = bench.create("late", in_seconds=-500)
    assert task.schedule_time.timestamp() == bench.clock.seconds


def test_thirty_days_ahead_is_the_limit(bench: Bench) -> None:
    bench.create(in_seconds=30 * 86_400)
    with pytest.raises(exceptions.InvalidArgument):
        bench.create(in_seconds=30 * 86_400 + 60)


def test_the_body_is_shown_only_in_the_full_view(bench: Bench) -> None:
    task = bench.create("seen", in_seconds=60, body=b"payload", headers={"Content-Type": "text/plain"})
    assert task.http_request.body == b""
    assert bench.client.get_task(name=task.name).http_request.body == b""
    full = bench.client.get_task(request={"name": task.name, "response_view": FULL})
    assert full.http_request.body == b"payload"
    assert full.http_request.headers["Content-Type"] == "text/plain"
    assert full.http_request.http_method == tasks_v2.HttpMethod.POST
    assert full.dispatch_deadline == timedelta(minutes=10)


def test_tasks_are_listed_page_by_page(bench: Bench) -> None:
    names = [bench.create(f"task-{number}", in_seconds=60).name for number in range(7)]
    listed = list(bench.client.list_tasks(request={"parent": QUEUE, "page_size": 3}))
    assert [task.name for task in listed] == names


@pytest.mark.parametrize(
    "request_fields",
    [
        {"url": ""},
        {"url": "ftp://example.com/"},
        {"url": "http://"},
        {"url": "http://example.com/" + "x" * 2083},
        {"http_method": "GET", "body": b"not allowed"},
        {"headers": {"Bad Name": "x"}},
        {"headers": {"X-Split": "a\r\nb: c"}},
        {"headers": {"X-Big": "x" * 80 * 1024}},
        {"body": b"x" * 101 * 1024},
        {"oidc_token": {"service_account_email": "not an address"}},
        {"oauth_token": {"service_account_email": "tasks@example.iam.gserviceaccount.com"}},
    ],
)
def test_a_task_the_service_would_refuse_is_an_invalid_argument(bench: Bench, request_fields: dict[str, Any]) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        bench.create(in_seconds=60, **request_fields)
    assert bench.server.pending == []


@pytest.mark.parametrize("seconds", [14.9, 1801])
def test_a_dispatch_deadline_out_of_range_is_refused(bench: Bench, seconds: float) -> None:
    task = tasks_v2.Task(http_request={"url": bench.target.url}, dispatch_deadline=timedelta(seconds=seconds))
    with pytest.raises(exceptions.InvalidArgument):
        bench.client.create_task(parent=QUEUE, task=task)


@pytest.mark.parametrize("task_id", ["with space", "with/slash", "ü", "x" * 501])
def test_a_malformed_task_name_is_refused(bench: Bench, task_id: str) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        bench.create(task_id, in_seconds=60)


def test_a_task_name_of_another_queue_is_refused(bench: Bench) -> None:
    task = tasks_v2.Task(name=f"{LOCATION}/queues/tier-2/tasks/x", http_request={"url": bench.target.url})
    with pytest.raises(exceptions.InvalidArgument):
        bench.client.create_task(parent=QUEUE, task=task)


def test_a_task_without_http_request_is_refused(bench: Bench) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        bench.client.create_task(parent=QUEUE, task=tasks_v2.Task())


def test_a_token_without_an_issuer_is_a_failed_precondition(make_bench: BenchMaker) -> None:
    bench = make_bench(mints_tokens=False)
    bench.make_queue()
    with pytest.raises(exceptions.FailedPrecondition):
        bench.create(oidc_token={"service_account_email": "tasks@example.iam.gserviceaccount.com"})


def test_what_is_not_offered_says_so(bench: Bench) -> None:
    with pytest.raises(exceptions.MethodNotImplemented):
        bench.client.get_iam_policy(request={"resource": QUEUE})
