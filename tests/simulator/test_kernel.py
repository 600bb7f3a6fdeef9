"""Virtual time, turns, and the death of processes."""

from __future__ import annotations

import time

from tests.simulator.kernel import Kernel, Process, Task

Log = list[tuple[str, float]]


def _start(kernel: Kernel, process: Process, waits: list[float], log: Log, name: str) -> Task:
    def body() -> str:
        for seconds in waits:
            kernel.pause(seconds)
            log.append((name, kernel.now))
        return name

    task = Task(name, process, body, lambda task: None)
    kernel.start(task)
    return task


def test_handlers_take_turns_in_the_order_of_their_waiting() -> None:
    kernel, process = Kernel(), Process("p")
    log: Log = []
    _start(kernel, process, [1.0, 3.0], log, "a")
    _start(kernel, process, [2.0, 1.0], log, "b")
    kernel.run(10.0)
    assert log == [("a", 1.0), ("b", 2.0), ("b", 3.0), ("a", 4.0)]
    assert kernel.now == 10.0


def test_time_is_virtual() -> None:
    kernel = Kernel()
    log: Log = []
    began = time.monotonic()
    _start(kernel, Process("p"), [1e6, 1e6], log, "a")
    kernel.run(1e7)
    assert log == [("a", 1e6), ("a", 2e6)]
    assert time.monotonic() - began < 3600.0


def test_killing_a_process_ends_all_its_handlers_and_no_others() -> None:
    kernel, dying, other = Kernel(), Process("dying"), Process("other")
    log: Log = []
    tasks = [_start(kernel, dying, [5.0], log, "a"), _start(kernel, dying, [6.0], log, "b")]
    _start(kernel, other, [7.0], log, "c")
    kernel.at(1.0, lambda _: kernel.kill(dying))
    kernel.run(10.0)
    assert log == [("c", 7.0)]
    assert all(task.killed for task in tasks)


def test_a_killed_process_is_back_at_once() -> None:
    kernel, process = Kernel(), Process("p")
    log: Log = []
    kernel.kill(process)
    _start(kernel, process, [1.0], log, "a")
    kernel.run(2.0)
    assert log == [("a", 1.0)]


def test_what_a_handler_raises_is_kept_and_disturbs_nobody() -> None:
    kernel = Kernel()
    seen: list[Task] = []

    def fails() -> None:
        kernel.pause(1.0)
        raise ValueError("no")

    kernel.start(Task("fails", Process("p"), fails, seen.append))
    kernel.run(2.0)
    assert isinstance(seen[0].error, ValueError)


def test_nothing_happens_after_the_time_it_was_run_for() -> None:
    kernel = Kernel()
    log: Log = []
    _start(kernel, Process("p"), [1.0, 1.0], log, "a")
    kernel.run(1.5)
    assert log == [("a", 1.0)]
    kernel.run(2.5)
    assert log == [("a", 1.0), ("a", 2.0)]


def test_an_ended_kernel_leaves_no_handler_behind() -> None:
    kernel = Kernel()
    log: Log = []
    task = _start(kernel, Process("p"), [5.0], log, "a")
    kernel.end()
    assert task.killed
    assert log == []
    assert kernel.waiting == 0


def test_rounds_go_on_for_ever_and_what_is_due_at_the_same_moment_comes_before_them() -> None:
    kernel = Kernel()
    log: Log = []
    kernel.every(3.0, 1.0, lambda: log.append(("round", kernel.now)))
    kernel.at(4.0, lambda _: log.append(("event", kernel.now)))
    kernel.run(7.5)
    assert log == [("round", 1.0), ("event", 4.0), ("round", 4.0), ("round", 7.0)]
    assert kernel.waiting == 0


def test_a_round_takes_its_turn_while_a_handler_waits() -> None:
    kernel, process = Kernel(), Process("p")
    log: Log = []
    kernel.every(2.0, 2.0, lambda: log.append(("round", kernel.now)))
    _start(kernel, process, [1.0, 2.0, 1.0], log, "a")
    kernel.run(5.0)
    assert log == [("a", 1.0), ("round", 2.0), ("a", 3.0), ("a", 4.0), ("round", 4.0)]


def test_a_leap_leaves_out_rounds_up_to_the_step_before_something_else_is_due() -> None:
    kernel = Kernel()
    log: Log = []
    kernel.every(3.0, 1.0, lambda: log.append(("round", kernel.now)))
    kernel.at(1005.0, lambda _: log.append(("event", kernel.now)))
    kernel.leap(10.0, 2000.0)
    assert kernel.now == 1000.0
    kernel.run(1006.0)
    assert log == [("round", 1003.0), ("event", 1005.0), ("round", 1006.0)]
    kernel.leap(10.0, 1036.0)
    assert kernel.now == 1026.0
