"""One queue of the local Cloud Tasks server, on a clock that the test holds: names, schedule, retries, refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.cloud import tasks_v2

from scripts.local_google.tasks_queue import NAME_HELD_SECONDS, Retry, StoredTask, TaskQueue, TasksError

NAME = "projects/example/locations/us-central1/queues/tier-1"
NOW = 1_800_000_000.0
RETRY = tasks_v2.RetryConfig(min_backoff=timedelta(seconds=10), max_attempts=3)


def a_queue() -> TaskQueue:
    return TaskQueue(tasks_v2.Queue(name=NAME, retry_config=RETRY))


def a_task(task_id: str = "one", *, in_seconds: float | None = None, **fields: Any) -> tasks_v2.Task:
    task = tasks_v2.Task({"name": f"{NAME}/tasks/{task_id}", "http_request": {"url": "http://localhost/"}, **fields})
    if in_seconds is not None:
        task.schedule_time = datetime.fromtimestamp(NOW + in_seconds, UTC)
    return task


def taken(queue: TaskQueue, now: float) -> StoredTask:
    task = queue.take_due(now)
    assert task is not None
    return task


def refusal(given: tasks_v2.Task, queue: TaskQueue | None = None, now: float = NOW) -> grpc.StatusCode:
    with pytest.raises(TasksError) as refused:
        (queue or a_queue()).create(given, now)
    return refused.value.code


def test_a_task_is_due_at_its_schedule_time_and_not_before() -> None:
    queue = a_queue()
    queue.create(a_task("later", in_seconds=100), NOW)
    queue.create(a_task("soon", in_seconds=50), NOW)
    assert queue.take_due(NOW + 49.9) is None
    assert taken(queue, NOW + 50).name == f"{NAME}/tasks/soon"
    assert queue.take_due(NOW + 99.9) is None
    assert taken(queue, NOW + 100).name == f"{NAME}/tasks/later"


@pytest.mark.parametrize("in_seconds", [None, -500.0])
def test_no_schedule_time_and_one_in_the_past_mean_now(in_seconds: float | None) -> None:
    queue = a_queue()
    created = queue.create(a_task(in_seconds=in_seconds), NOW)
    assert created.schedule_time.timestamp() == NOW
    assert queue.take_due(NOW) is not None


def test_gaps_of_a_task_are_filled_as_documented() -> None:
    created = a_queue().create(tasks_v2.Task(http_request={"url": "http://localhost/"}), NOW)
    assert created.name.startswith(f"{NAME}/tasks/")
    assert created.http_request.http_method == tasks_v2.HttpMethod.POST
    assert created.dispatch_deadline == timedelta(minutes=10)


def test_the_name_of_a_task_stays_taken_while_it_exists_and_a_while_after() -> None:
    queue = a_queue()
    queue.create(a_task(), NOW)
    assert refusal(a_task(), queue) == grpc.StatusCode.ALREADY_EXISTS
    queue.answered(taken(queue, NOW), succeeded=True, now=NOW)
    assert queue.tasks == {}
    assert refusal(a_task(), queue) == grpc.StatusCode.ALREADY_EXISTS
    queue.create(a_task(), NOW + NAME_HELD_SECONDS)


def test_a_removed_task_is_never_due() -> None:
    queue = a_queue()
    queue.create(a_task(in_seconds=60), NOW)
    queue.remove(queue.tasks[f"{NAME}/tasks/one"], NOW)
    assert queue.next_due_at() is None
    assert refusal(a_task(), queue) == grpc.StatusCode.ALREADY_EXISTS


def test_a_failed_task_is_due_again_after_the_backoff_until_its_last_attempt() -> None:
    queue = a_queue()
    queue.create(a_task(), NOW)
    now = NOW
    for wait in (10, 20):
        task = taken(queue, now)
        task.attempts += 1
        queue.answered(task, succeeded=False, now=now)
        assert queue.next_due_at() == now + wait
        now += wait
    task = taken(queue, now)
    task.attempts += 1
    queue.answered(task, succeeded=False, now=now)
    assert queue.tasks == {}


def test_a_task_removed_while_it_runs_is_not_tried_again() -> None:
    queue = a_queue()
    queue.create(a_task(), NOW)
    task = taken(queue, NOW)
    queue.remove(task, NOW)
    queue.answered(task, succeeded=False, now=NOW)
    assert queue.next_due_at() is None


@pytest.mark.parametrize(
    "given",
    [
        a_task(http_request={"url": ""}),
        a_task(http_request={"url": "ftp://example.com/"}),
        a_task(http_request={"url": "http://"}),
        a_task(http_request={"url": "http://x/", "oidc_token": {"service_account_email": "not an address"}}),
        a_task("with space"),
        a_task("x" * 501),
        a_task(name=f"{NAME}-other/tasks/x"),
        a_task(in_seconds=30 * 86_400 + 60),
        a_task(dispatch_deadline=timedelta(seconds=14.9)),
        a_task(dispatch_deadline=timedelta(seconds=1801)),
    ],
)
def test_a_task_the_service_would_refuse_is_an_invalid_argument(given: tasks_v2.Task) -> None:
    assert refusal(given) == grpc.StatusCode.INVALID_ARGUMENT


def test_thirty_days_ahead_is_allowed() -> None:
    queue = a_queue()
    queue.create(a_task(in_seconds=30 * 86_400), NOW)
    assert queue.next_due_at() == NOW + 30 * 86_400


def test_a_queue_that_says_nothing_retries_as_documented() -> None:
    assert Retry.of(tasks_v2.RetryConfig()) == Retry(100, 0.1, 3600.0, 16)


def test_backoff_doubles_then_grows_by_steps_then_stays() -> None:
    retry = Retry(-1, 10.0, 300.0, 3)
    assert [retry.backoff_seconds(attempts) for attempts in range(1, 10)] == [10, 20, 40, 80, 160, 240, 300, 300, 300]
    assert Retry(-1, 10.0, 300.0, 10_000).backoff_seconds(9_000) == 300
    assert not retry.gives_up(10**6)
