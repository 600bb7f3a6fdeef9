"""Sends the tasks of the local Cloud Tasks server when they are due: one thread that looks, one for each request.

Owns the lock over the queues and the threads. It waits on real time but reads the time from `now`, so that a test may
drive it with a clock of its own and `wake`. Never logs a body, a header value or a URL.
"""

from __future__ import annotations

import http.client
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from google.cloud import tasks_v2

from scripts.local_google.tasks_faults import Faults
from scripts.local_google.tasks_queue import StoredTask, TaskQueue

# The longest sleep of the looking thread. Only a clock that jumps without `wake` ever needs it.
_MAX_SLEEP_SECONDS = 0.5
_MIN_SLEEP_SECONDS = 0.001
_DISPATCHES_KEPT = 10_000


class TokenSource(Protocol):
    """Where identity tokens come from; TokenIssuer is one."""

    def mint(self, *, audience: str, email: str) -> str: ...


@dataclass(frozen=True)
class Dispatch:
    """One request that was sent: its task's full name, and whether a fault doubled it."""

    task: str
    repeated: bool


class Dispatcher:
    """Starts and stops with the server. `lock` guards the queues; code that changed them under it notifies it."""

    def __init__(
        self, queues: Mapping[str, TaskQueue], faults: Faults, tokens: TokenSource, now: Callable[[], float]
    ) -> None:
        self.lock = threading.Condition()
        self.dispatches: deque[Dispatch] = deque(maxlen=_DISPATCHES_KEPT)
        self.lost: deque[str] = deque(maxlen=_DISPATCHES_KEPT)
        self._queues = queues
        self._faults = faults
        self._tokens = tokens
        self._now = now
        self._looker = threading.Thread(target=self._look, name="cloud-tasks-looker", daemon=True)
        self._is_stopping = False

    def start(self) -> None:
        self._looker.start()

    def stop(self) -> None:
        """Nothing is begun any more; requests under way end by themselves."""
        with self.lock:
            self._is_stopping = True
            self.lock.notify_all()
        self._looker.join()

    def _look(self) -> None:
        with self.lock:
            while not self._is_stopping:
                now = self._now()
                for queue in self._queues.values():
                    while (task := queue.take_due(now)) is not None:
                        self._begin(queue, task, now)
                waits = [at - now for queue in self._queues.values() if (at := queue.next_due_at()) is not None]
                self.lock.wait(max(_MIN_SLEEP_SECONDS, min([_MAX_SLEEP_SECONDS, *waits])))

    def _begin(self, queue: TaskQueue, task: StoredTask, now: float) -> None:
        fault = None if task.was_delayed else self._faults.for_dispatch(task.message)
        if fault is not None and fault.lose:
            self.lost.append(task.name)
            queue.remove(task, now)
            return
        if fault is not None and fault.delay_seconds:
            task.was_delayed = True
            queue.plan(task, now + fault.delay_seconds)
            return
        task.was_delayed = False
        task.attempts += 1
        repeat = fault.repeat if fault is not None else ""
        self._spawn(self._attempt, queue, task, repeat == "after")
        if repeat == "parallel":
            self._spawn(self._repeat, task)

    def _spawn(self, target: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=target, args=arguments, name="cloud-tasks-dispatch", daemon=True).start()

    def _attempt(self, queue: TaskQueue, task: StoredTask, sends_again: bool) -> None:
        status = self._send(task, repeated=False)
        with self.lock:
            queue.answered(task, succeeded=status is not None and 200 <= status < 300, now=self._now())
            self.lock.notify_all()
        if sends_again and not self._is_stopping:
            self._repeat(task)

    def _repeat(self, task: StoredTask) -> None:
        """The same attempt once more; the queue goes by the first one's answer."""
        self._send(task, repeated=True)

    def _send(self, task: StoredTask, *, repeated: bool) -> int | None:
        request = task.message.http_request
        headers = dict(request.headers)
        if "oidc_token" in request:
            # Without an audience the task's own address is it.
            audience = request.oidc_token.audience or request.url
            token = self._tokens.mint(audience=audience, email=request.oidc_token.service_account_email)
            headers["Authorization"] = f"Bearer {token}"
        status = send(request, headers, task.message.dispatch_deadline.total_seconds())
        with self.lock:
            self.dispatches.append(Dispatch(task.name, repeated))
        return status


def send(request: tasks_v2.HttpRequest, headers: dict[str, str], deadline_seconds: float) -> int | None:
    """Send the request and read the whole answer. Returns its status, None when no answer came in time."""
    url = urlsplit(request.url)
    connection = http.client.HTTPConnection(url.netloc, timeout=deadline_seconds)
    try:
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request(tasks_v2.HttpMethod(request.http_method).name, target, request.body or None, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
