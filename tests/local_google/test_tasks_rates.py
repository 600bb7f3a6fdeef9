"""Forced runs, limits of rate and concurrency, the end of a task's and of the server's life."""

from __future__ import annotations

from tests.local_google.conftest import QUEUE, Bench, BenchMaker
from tests.local_google.target import eventually


def test_run_task_sends_at_once_whatever_schedule_and_state_say(bench: Bench) -> None:
    assert bench.clock is not None
    bench.target.will_answer(500)
    bench.client.pause_queue(name=QUEUE)
    task = bench.create("forced", in_seconds=1000)
    assert bench.client.run_task(name=task.name).dispatch_count == 1
    bench.settle()
    assert bench.outcomes == [500]
    # A failed forced run moves the schedule to the time of the call plus the backoff.
    assert bench.client.get_task(name=task.name).schedule_time.timestamp() == bench.clock.seconds + 10
    bench.client.run_task(name=task.name)
    bench.settle()
    assert bench.outcomes == [500, 200]


def test_run_task_runs_a_second_time_a_task_that_runs_already(bench: Bench) -> None:
    bench.target.gate.clear()
    task = bench.create("doubled")
    eventually(lambda: bench.target.at_once == 1, "the first attempt is under way")
    bench.client.run_task(name=task.name)
    eventually(lambda: bench.target.at_once == 2, "the second attempt is under way")
    bench.target.gate.set()
    bench.settle()
    assert bench.outcomes == [200, 200]
    assert bench.server.pending == []


def test_no_more_tasks_run_at_once_than_the_queue_allows(make_bench: BenchMaker) -> None:
    bench = make_bench()
    bench.make_queue(rate_limits={"max_concurrent_dispatches": 2})
    bench.target.gate.clear()
    for _ in range(6):
        bench.create()
    eventually(lambda: bench.target.at_once == 2, "two run at once")
    bench.target.gate.set()
    bench.settle()
    assert len(bench.target.received) == 6
    assert bench.target.most_at_once == 2


def test_a_queue_sends_its_burst_and_then_at_its_rate(make_bench: BenchMaker) -> None:
    bench = make_bench()
    assert bench.clock is not None
    bench.make_queue(rate_limits={"max_dispatches_per_second": 2})
    start = bench.clock.seconds
    for _ in range(5):
        bench.create()
    for sent in (2, 3, 4, 5):
        eventually(lambda sent=sent: len(bench.server.dispatches) == sent, f"{sent} sent")  # type: ignore[misc]
        bench.advance(0.5)
    assert [dispatch.at - start for dispatch in bench.server.dispatches] == [0, 0, 0.5, 1.0, 1.5]


def test_a_task_older_than_its_retention_is_dropped(bench: Bench) -> None:
    bench.client.pause_queue(name=QUEUE)
    bench.create("forgotten")
    bench.advance(31 * 86_400 + 1)
    bench.client.resume_queue(name=QUEUE)
    bench.settle()
    assert bench.target.received == []
    assert bench.server.pending == []


def test_stopping_the_server_ends_a_request_that_would_hang(make_bench: BenchMaker) -> None:
    bench = make_bench()
    bench.make_queue()
    bench.target.gate.clear()
    bench.create("hanging")
    eventually(lambda: len(bench.target.received) == 1, "the attempt is under way")
    bench.server.stop()
    assert [dispatch.code for dispatch in bench.server.dispatches] == ["CANCELLED"]
