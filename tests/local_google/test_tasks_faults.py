"""What can be made to go wrong, seen through the real client."""

from __future__ import annotations

import grpc
import pytest
from google.api_core import exceptions
from google.cloud import tasks_v2

from tests.local_google.conftest import LOCATION, QUEUE, Bench


def test_a_task_can_be_sent_twice_in_parallel(bench: Bench) -> None:
    bench.server.faults.twice()
    bench.create("double")
    bench.create("single")
    bench.settle()
    names = sorted(received.headers["X-CloudTasks-TaskName"] for received in bench.target.received)
    assert names == ["double", "double", "single"]
    assert [dispatch.repeated for dispatch in bench.server.dispatches].count(True) == 1
    assert bench.server.pending == []


def test_a_task_can_be_sent_again_after_it_succeeded(bench: Bench) -> None:
    bench.server.faults.twice(in_parallel=False)
    bench.target.will_answer(200, 500)
    bench.create("double")
    bench.settle()
    bench.advance(1000)
    bench.settle()
    assert bench.outcomes == [200, 500]
    assert [received.headers["X-CloudTasks-TaskRetryCount"] for received in bench.target.received] == ["0", "0"]


def test_a_task_can_be_delayed_past_its_time(bench: Bench) -> None:
    bench.server.faults.delay(60, times=None)
    bench.create("late", in_seconds=10)
    bench.advance(10)
    bench.settle()
    bench.advance(59)
    bench.settle()
    assert bench.target.received == []
    bench.advance(1)
    bench.settle()
    assert len(bench.target.received) == 1


def test_a_task_can_be_lost(bench: Bench) -> None:
    bench.server.faults.lose()
    task = bench.create("lost", in_seconds=10)
    assert bench.client.get_task(name=task.name).name == task.name
    bench.advance(10)
    bench.settle()
    assert bench.target.received == []
    assert bench.server.lost == [task.name]
    assert bench.server.pending == []


def test_a_fault_can_be_meant_for_one_queue_or_for_some_tasks(bench: Bench) -> None:
    other = f"{LOCATION}/queues/tier-2"
    bench.make_queue("tier-2")
    bench.server.faults.lose(queue="tier-2", times=None)
    bench.server.faults.lose(where=lambda task: task.http_request.body == b"secret", times=None)
    bench.create("kept")
    bench.create("lost-too", body=b"secret")
    bench.create("lost", queue=other)
    bench.settle()
    assert [received.headers["X-CloudTasks-TaskName"] for received in bench.target.received] == ["kept"]
    assert sorted(bench.server.lost) == [f"{QUEUE}/tasks/lost-too", f"{other}/tasks/lost"]


def test_a_held_queue_sends_nothing_and_looks_as_if_it_ran(bench: Bench) -> None:
    bench.server.faults.hold("tier-1")
    bench.create("held")
    bench.settle()
    assert bench.target.received == []
    assert bench.client.get_queue(name=QUEUE).state == tasks_v2.Queue.State.RUNNING
    bench.server.faults.release("tier-1")
    bench.settle()
    assert len(bench.target.received) == 1


def test_a_create_can_fail_before_the_task_is_stored(bench: Bench) -> None:
    bench.server.faults.fail_create(stored=False)
    with pytest.raises(exceptions.ServiceUnavailable):
        bench.create("unlucky")
    bench.create("unlucky")
    bench.settle()
    assert len(bench.target.received) == 1


def test_a_create_can_fail_after_the_task_is_stored(bench: Bench) -> None:
    bench.server.faults.fail_create(stored=True)
    with pytest.raises(exceptions.ServiceUnavailable):
        bench.create("stored")
    with pytest.raises(exceptions.AlreadyExists):
        bench.create("stored")
    bench.settle()
    assert len(bench.target.received) == 1


def test_a_create_can_fail_with_another_code(bench: Bench) -> None:
    bench.server.faults.fail_create(stored=False, code=grpc.StatusCode.RESOURCE_EXHAUSTED)
    with pytest.raises(exceptions.ResourceExhausted):
        bench.create()


def test_a_create_can_answer_later_than_its_caller_waits(bench: Bench) -> None:
    bench.server.faults.slow_create(60)
    task = tasks_v2.Task(name=f"{QUEUE}/tasks/slow", http_request={"url": bench.target.url})
    with pytest.raises(exceptions.DeadlineExceeded):
        bench.client.create_task(parent=QUEUE, task=task, timeout=0.3)
    bench.settle()
    with pytest.raises(exceptions.AlreadyExists):
        bench.create("slow")


def test_clearing_ends_all_faults(bench: Bench) -> None:
    bench.server.faults.hold("tier-1")
    bench.server.faults.lose(times=None)
    bench.server.faults.fail_create(stored=False, times=None)
    bench.server.faults.clear()
    bench.create()
    bench.settle()
    assert len(bench.target.received) == 1
