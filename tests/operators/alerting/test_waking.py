"""What goes on in the background: woken it tells, whatever goes wrong, and it ends when it is told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from relay.errors import StoreUnavailable
from relay.operators.alerting.later import WAITS, Later
from relay.operators.alerting.waking import Waking

from tests.fakes import MemoryJournal

_PATIENCE_SECONDS = 120.0


def test_what_is_due_at_start_is_told_and_then_only_when_it_is_woken() -> None:
    runs: list[int] = []
    waking = Waking(lambda: runs.append(1), MemoryJournal())
    waking.start()
    waking.start()
    _eventually(lambda: len(runs) == 1)
    time.sleep(0.05)
    assert len(runs) == 1
    waking.wake()
    _eventually(lambda: len(runs) == 2)
    waking.stop()
    waking.wake()
    time.sleep(0.05)
    assert len(runs) == 2


def test_all_that_wakes_it_during_a_run_is_one_more_run() -> None:
    runs: list[int] = []
    may_end = threading.Event()

    def tell() -> None:
        runs.append(1)
        may_end.wait(_PATIENCE_SECONDS)

    waking = Waking(tell, MemoryJournal())
    waking.start()
    _eventually(lambda: len(runs) == 1)
    for _ in range(50):
        waking.wake()
    may_end.set()
    _eventually(lambda: len(runs) == 2)
    time.sleep(0.05)
    assert len(runs) == 2
    waking.stop()


def test_an_error_ends_no_thread_and_a_mistake_is_logged() -> None:
    journal, runs = MemoryJournal(), list[int]()
    errors = [StoreUnavailable("down"), ValueError("of +15557654321")]

    def tell() -> None:
        runs.append(1)
        if errors:
            raise errors.pop(0)

    waking = Waking(tell, journal)
    waking.start()
    for number in range(1, 4):
        _eventually(lambda expected=number: len(runs) == expected)  # type: ignore[misc]
        waking.wake()
    waking.stop()
    assert [labels for *_, labels in journal.notes] == [{"error": "ValueError"}]


def test_what_the_store_does_not_take_is_tried_again_in_order_and_given_up_in_the_end() -> None:
    slept: list[float] = []
    given_up: list[Exception] = []
    done: list[str] = []
    later = Later(given_up.append, slept.append)

    def fails() -> None:
        raise StoreUnavailable("down")

    later.do(fails)
    later.do(lambda: done.append("second"))
    _eventually(lambda: done == ["second"])
    assert slept == list(WAITS)
    assert [type(error) for error in given_up] == [StoreUnavailable]


def test_a_mistake_is_given_up_at_once_and_more_than_can_be_kept_is_let_go() -> None:
    given_up: list[Exception] = []
    done: list[int] = []
    may_begin = threading.Event()
    later = Later(given_up.append)

    def broken() -> None:
        may_begin.wait(_PATIENCE_SECONDS)
        raise IndexError

    later.do(broken)
    for number in range(1000):
        later.do(lambda number=number: done.append(number))  # type: ignore[misc]
    may_begin.set()
    _eventually(lambda: bool(done) and done[-1] == 999)
    assert len(done) <= 201
    assert [type(error) for error in given_up] == [IndexError]


def _eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
