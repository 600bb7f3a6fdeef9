"""Time, and the threads in which things happen later.

Everything the fake does after an answer (a status moves on, a callback leaves, a webhook is tried again) goes
through `Clock.call_later`. `RealClock` runs it in worker threads; `ManualClock` runs it in the caller's thread
when a test moves time, so that a unit test needs neither sleeping nor luck.
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

Action = Callable[[], None]

# An action may wait up to 15 s for an application's answer, so a few must not hold up the rest.
DEFAULT_WORKERS = 32


class Clock(Protocol):
    """What the fake needs of time."""

    def now(self) -> float:
        """Seconds since 1970, UTC."""

    def call_later(self, delay_seconds: float, action: Action) -> None:
        """Run `action` once, `delay_seconds` from now, never inside this call."""

    def close(self) -> None:
        """Forget what is still to run."""


class RealClock:
    """The machine's clock; actions run in up to `workers` daemon threads, started as they are needed.

    An action that raises is a bug of the fake: it is logged and kept in `failures`, so that a test can refuse
    to pass over it.
    """

    def __init__(self, workers: int = DEFAULT_WORKERS) -> None:
        self.failures: list[Exception] = []
        self._limit = workers
        self._threads = 0
        self._idle = 0
        self._closed = False
        self._order = itertools.count()
        self._heap: list[tuple[float, int, Action]] = []
        self._condition = threading.Condition()

    def now(self) -> float:
        return time.time()

    def call_later(self, delay_seconds: float, action: Action) -> None:
        due = time.monotonic() + max(0.0, delay_seconds)
        with self._condition:
            if self._closed:
                return
            heapq.heappush(self._heap, (due, next(self._order), action))
            if self._idle == 0 and self._threads < self._limit:
                self._threads += 1
                threading.Thread(target=self._work, name="fake-twilio", daemon=True).start()
            self._condition.notify()

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._heap.clear()
            self._condition.notify_all()

    def _work(self) -> None:
        while True:
            action = self._next()
            if action is None:
                return
            try:
                action()
            except Exception as error:
                logging.getLogger(__name__).exception("an action of the fake Twilio failed")
                self.failures.append(error)

    def _next(self) -> Action | None:
        with self._condition:
            self._idle += 1
            try:
                while not self._closed:
                    wait_seconds = self._heap[0][0] - time.monotonic() if self._heap else None
                    if wait_seconds is not None and wait_seconds <= 0:
                        action = heapq.heappop(self._heap)[2]
                        self._hand_over()
                        return action
                    self._condition.wait(wait_seconds)
                return None
            finally:
                self._idle -= 1

    def _hand_over(self) -> None:
        """Have another thread watch what is left, before this one leaves to work."""
        if not self._heap:
            return
        if self._idle > 1:
            self._condition.notify()
        elif self._threads < self._limit:
            self._threads += 1
            threading.Thread(target=self._work, name="fake-twilio", daemon=True).start()


class ManualClock:
    """A clock that stands still until `advance` is called, which runs what falls due, in order."""

    def __init__(self, start: float = 1_767_225_600.0) -> None:
        """`start`: seconds since 1970; the default is 2026-01-01 00:00 UTC."""
        self._now = start
        self._order = itertools.count()
        self._heap: list[tuple[float, int, Action]] = []
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._now

    def call_later(self, delay_seconds: float, action: Action) -> None:
        with self._lock:
            heapq.heappush(self._heap, (self._now + max(0.0, delay_seconds), next(self._order), action))

    def close(self) -> None:
        with self._lock:
            self._heap.clear()

    def advance(self, seconds: float = 0.0) -> None:
        """Move time on; what falls due within these seconds runs at its own moment, also what it starts.

        An action may advance too: that is how long it takes.
        """
        target = self._now + seconds
        while (action := self._pop_due(target)) is not None:
            action()
        self._now = max(self._now, target)

    def _pop_due(self, target: float) -> Action | None:
        with self._lock:
            if not self._heap or self._heap[0][0] > target:
                return None
            due, _, action = heapq.heappop(self._heap)
            self._now = max(self._now, due)
            return action
