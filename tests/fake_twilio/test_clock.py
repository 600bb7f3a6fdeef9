"""The two clocks, and the waiting on state."""

import threading
import time
from types import SimpleNamespace

import pytest

from scripts.fake_twilio import ManualClock, RealClock
from scripts.fake_twilio import clock as clocks

PATIENCE_SECONDS = 120


def test_a_real_clock_runs_what_falls_due_in_the_order_of_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = RealClock(workers=1)
    ran: list[str] = []
    over, may_begin = threading.Event(), threading.Event()
    began = time.monotonic()
    # Both are asked for at one moment, and the worker is busy until then.
    stopped = SimpleNamespace(monotonic=lambda: time.monotonic() if may_begin.is_set() else began)
    monkeypatch.setattr(clocks, "time", stopped)

    def wait() -> None:
        may_begin.wait(PATIENCE_SECONDS)

    clock.call_later(0.0, wait)

    def second() -> None:
        ran.append("second")
        over.set()

    clock.call_later(0.5, second)
    clock.call_later(0.0, lambda: ran.append("first"))
    may_begin.set()
    assert over.wait(PATIENCE_SECONDS)
    assert ran == ["first", "second"]
    clock.close()


def test_an_action_that_waits_does_not_hold_up_the_others() -> None:
    clock = RealClock(workers=3)
    together = threading.Barrier(3)

    def meet() -> None:
        together.wait(PATIENCE_SECONDS)

    clock.call_later(0.0, meet)
    clock.call_later(0.0, meet)
    meet()
    assert clock.failures == []
    clock.close()


def test_an_action_that_fails_is_kept_and_the_next_one_runs() -> None:
    clock = RealClock(workers=1)
    over = threading.Event()

    def fail() -> None:
        raise RuntimeError("a bug")

    clock.call_later(0.0, fail)
    clock.call_later(0.0, over.set)
    assert over.wait(PATIENCE_SECONDS)
    assert [str(error) for error in clock.failures] == ["a bug"]
    clock.close()


def test_many_actions_from_many_threads_all_run() -> None:
    clock = RealClock(workers=4)
    left = threading.Semaphore(0)

    def schedule() -> None:
        for n in range(100):
            clock.call_later(n % 3 / 1000, left.release)

    threads = [threading.Thread(target=schedule) for _ in range(5)]
    for thread in threads:
        thread.start()
    for _ in range(500):
        assert left.acquire(timeout=PATIENCE_SECONDS)
    for thread in threads:
        thread.join()
    clock.close()


def test_a_closed_clock_runs_nothing_more() -> None:
    clock = RealClock()
    ran: list[int] = []
    clock.call_later(3600, lambda: ran.append(1))
    clock.close()
    clock.call_later(0.0, lambda: ran.append(2))
    assert not threading.Event().wait(0.1)
    assert ran == []


def test_a_manual_clock_runs_everything_at_its_own_moment() -> None:
    clock = ManualClock(start=100)
    ran: list[tuple[str, float]] = []

    def first() -> None:
        ran.append(("first", clock.now()))
        clock.call_later(1, lambda: ran.append(("started by the first", clock.now())))

    clock.call_later(5, lambda: ran.append(("second", clock.now())))
    clock.call_later(2, first)
    clock.call_later(11, lambda: ran.append(("too late", clock.now())))
    clock.advance(10)
    assert ran == [("first", 102), ("started by the first", 103), ("second", 105)]
    assert clock.now() == 110


def test_an_action_on_a_manual_clock_may_take_time() -> None:
    clock = ManualClock(start=0)
    ran: list[tuple[str, float]] = []
    clock.call_later(1, lambda: clock.advance(5))
    clock.call_later(3, lambda: ran.append(("meanwhile", clock.now())))
    clock.call_later(7, lambda: ran.append(("afterwards", clock.now())))
    clock.advance(2)
    assert (ran, clock.now()) == ([("meanwhile", 3)], 6)
    clock.advance(1)
    assert ran[1:] == [("afterwards", 7)]
