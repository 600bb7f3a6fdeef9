"""Runs the tasks of a Store when they are due: one thread that looks, one thread for each request under way.

Owns the lock over the store, the threads, and what happens after an attempt (done, retried, given up). It waits on
real time but reads the time from `now`, so that a test may drive it with a clock of its own and `wake`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from google.cloud import tasks_v2

from scripts.local_google.tasks_dispatch import HttpCall, Outcome, task_headers
from scripts.local_google.tasks_faults import Faults
from scripts.local_google.tasks_queue import StoredTask, TaskQueue
from scripts.local_google.tasks_rules import short_name
from scripts.local_google.tasks_store import Store

_LOG = logging.getLogger(__name__)
# The longest sleep of the looking thread. Only a clock that jumps without `wake` ever needs it.
_MAX_SLEEP_SECONDS = 0.5
_MIN_SLEEP_SECONDS = 0.001
_STOP_PATIENCE_SECONDS = 10.0
_DISPATCHES_KEPT = 10_000


class TokenSource(Protocol):
    """Where identity tokens come from; TokenIssuer is one."""

    def mint(self, *, audience: str, email: str) -> str: ...


@dataclass(frozen=True)
class Dispatch:
    """One request that was sent and how it ended, for tests and logs. `at` in seconds since the epoch."""

    queue: str
    task: str
    retry_count: int
    at: float
    http_status: int | None
    code: str
    repeated: bool


class Scheduler:
    """Starts and stops with the server. Every other method is thread-safe, `run` wants the lock held."""

    def __init__(self, store: Store, faults: Faults, tokens: TokenSource | None, now: Callable[[], float]) -> None:
        self.lock = threading.Condition()
        self.dispatches: deque[Dispatch] = deque(maxlen=_DISPATCHES_KEPT)
        self.lost: deque[str] = deque(maxlen=_DISPATCHES_KEPT)
        self._store = store
        self._faults = faults
        self._tokens = tokens
        self._now = now
        self._calls: dict[threading.Thread, HttpCall] = {}
        self._looker: threading.Thread | None = None
        self._stopping = False

    def start(self) -> None:
        self._stopping = False
        self._looker = threading.Thread(target=self._look, name="cloud-tasks-scheduler", daemon=True)
        self._looker.start()

    def stop(self) -> None:
        """Nothing is sent any more; requests under way are cut."""
        with self.lock:
            self._stopping = True
            self.lock.notify_all()
            under_way = dict(self._calls)
        for call in under_way.values():
            call.cut()
        deadline = time.monotonic() + _STOP_PATIENCE_SECONDS
        for thread in [self._looker, *under_way]:
            if thread is not None and thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def wake(self) -> None:
        """Look again now: something changed, or the clock was moved."""
        with self.lock:
            self.lock.notify_all()

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """True once no request is under way and nothing is due; False after the timeout. Later tasks do not count."""
        with self.lock:
            return self.lock.wait_for(self._is_idle, timeout_seconds)

    def run(self, queue: TaskQueue, task: StoredTask, forced_at: float | None = None) -> None:
        """Send the task now. `forced_at`: RunTask was called then; a retry is counted from that time."""
        now = self._now()
        fault = None
        if not task.was_delayed:
            fault = self._faults.for_dispatch(queue.id, lambda: task.message(tasks_v2.Task.View.FULL))
        if fault is not None and fault.lose:
            self.lost.append(task.name)
            self._store.forget(queue, task, now)
            return
        if fault is not None and fault.delay_seconds:
            task.was_delayed = True
            queue.plan(task, now + fault.delay_seconds)
            return
        task.ticket = 0
        task.dispatched(now)
        headers = task_headers(task)
        repeat = fault.repeat if fault is not None else ""
        self._spawn(queue, task, headers, forced_at, sends=2 if repeat == "after" else 1)
        if repeat == "parallel":
            self._spawn(queue, task, headers, forced_at, repeated=True)

    def _look(self) -> None:
        with self.lock:
            while not self._stopping:
                now = self._now()
                sleep = _MAX_SLEEP_SECONDS
                for queue in list(self._store.queues.values()):
                    queue.held = self._faults.holds(queue.id)
                    while (task := queue.take_due(now)) is not None:
                        if now - task.created_at > self._store.limits.retention_seconds:
                            self._store.forget(queue, task, now)
                        else:
                            self.run(queue, task)
                    until_next = queue.seconds_until_next(now)
                    if until_next is not None:
                        sleep = min(sleep, max(until_next, _MIN_SLEEP_SECONDS))
                self.lock.notify_all()  # for wait_until_idle; the looker itself is not waiting yet
                self.lock.wait(sleep)

    def _is_idle(self) -> bool:
        if self._calls:
            return False
        now = self._now()
        for queue in self._store.queues.values():
            queue.held = self._faults.holds(queue.id)
            if queue.has_due(now):
                return False
        return True

    def _spawn(
        self,
        queue: TaskQueue,
        task: StoredTask,
        headers: dict[str, str],
        forced_at: float | None,
        *,
        sends: int = 1,
        repeated: bool = False,
    ) -> None:
        call = HttpCall(task.request, headers, task.deadline_seconds)
        queue.in_flight += 1

        def attempt() -> None:
            try:
                self._authorize(task.request, headers)
                outcome = call.run()
                self._finished(queue, task, headers, outcome, forced_at, repeated)
                if sends == 2 and not self._stopping:
                    again = HttpCall(task.request, headers, task.deadline_seconds)
                    with self.lock:
                        self._calls[threading.current_thread()] = again
                    self._finished(queue, task, headers, again.run(), forced_at, repeated=True)
            finally:
                with self.lock:
                    queue.in_flight -= 1
                    del self._calls[threading.current_thread()]
                    self.lock.notify_all()

        thread = threading.Thread(target=attempt, name="cloud-tasks-dispatch", daemon=True)
        self._calls[thread] = call
        thread.start()

    def _authorize(self, request: tasks_v2.HttpRequest, headers: dict[str, str]) -> None:
        if self._tokens is None or "oidc_token" not in request:
            return
        token = self._tokens.mint(
            # Without an audience the task's own address is it.
            audience=request.oidc_token.audience or request.url,
            email=request.oidc_token.service_account_email,
        )
        headers["Authorization"] = f"Bearer {token}"

    def _finished(
        self,
        queue: TaskQueue,
        task: StoredTask,
        headers: dict[str, str],
        outcome: Outcome,
        forced_at: float | None,
        repeated: bool,
    ) -> None:
        with self.lock:
            now = self._now()
            retry_count = int(headers["X-CloudTasks-TaskRetryCount"])
            self.dispatches.append(
                Dispatch(
                    queue.id, short_name(task.name), retry_count, now, outcome.http_status, outcome.code.name, repeated
                )
            )
            _LOG.debug("queue=%s retry=%d outcome=%s", queue.id, retry_count, outcome.code.name)
            gone = queue.tasks.get(task.name) is not task or self._stopping
            if repeated or gone:
                return
            task.answered(outcome.http_status, outcome.status, now)
            policy = queue.retry_policy(task)
            age = now - (task.first_dispatched_at or now)
            if outcome.succeeded or policy.gives_up(task.dispatch_count, age):
                self._store.forget(queue, task, now)
                return
            backoff = max(policy.backoff_seconds(task.dispatch_count), outcome.retry_after_seconds)
            task.scheduled_at = (now if forced_at is None else forced_at) + backoff
            queue.plan(task, task.scheduled_at)
