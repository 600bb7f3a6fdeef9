"""One queue of the local Cloud Tasks server: its tasks, when each is due, which names are taken, what is refused.

Owns no thread and no clock: `now` is an argument, in seconds since the epoch, and the caller holds the lock.
Source: the reference of Task, HttpRequest and RetryConfig (API v2). Error texts are ours; callers go by the code.
"""

from __future__ import annotations

import heapq
import itertools
import math
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import grpc
from google.cloud import tasks_v2

# How long the name of a finished or deleted task stays taken: documented as "up to 24 hours", observed from an hour.
NAME_HELD_SECONDS = 3600.0
MAX_AHEAD = timedelta(days=30)
_SHORTEST_DEADLINE, _LONGEST_DEADLINE = timedelta(seconds=15), timedelta(minutes=30)
_DEFAULT_DEADLINE = timedelta(minutes=10)
_QUEUE = r"projects/[A-Za-z0-9.:-]+/locations/[a-z0-9-]+/queues/[A-Za-z0-9-]{1,100}"
_EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
_UNLIMITED = -1


class TasksError(Exception):
    """The request is refused with a gRPC status code and one line that says why."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Retry:
    """A queue's retry_config with the service's defaults in its gaps."""

    max_attempts: int
    min_backoff_seconds: float
    max_backoff_seconds: float
    max_doublings: int

    @classmethod
    def of(cls, config: tasks_v2.RetryConfig) -> Retry:
        return cls(
            max_attempts=config.max_attempts or 100,
            min_backoff_seconds=config.min_backoff.total_seconds() if "min_backoff" in config else 0.1,
            max_backoff_seconds=config.max_backoff.total_seconds() if "max_backoff" in config else 3600.0,
            max_doublings=config.max_doublings or 16,
        )

    def backoff_seconds(self, attempts: int) -> float:
        """Returns the wait after so many failed attempts: doubles `max_doublings` times, then grows by equal steps.

        With 10 s, 300 s and 3 doublings: 10, 20, 40, 80, 160, 240, 300, 300, …
        """
        doublings = min(attempts - 1, self.max_doublings)
        steps = max(0, attempts - 1 - self.max_doublings)
        # ldexp, because an integer power of a large number would be astronomically big before it is capped.
        wait = math.ldexp(self.min_backoff_seconds, min(doublings, 64)) * (1 + steps)
        return min(wait, self.max_backoff_seconds)

    def gives_up(self, attempts: int) -> bool:
        return self.max_attempts != _UNLIMITED and attempts >= self.max_attempts


@dataclass(eq=False)
class StoredTask:
    """A task that still has to succeed; `message` is how the API shows it."""

    message: tasks_v2.Task
    attempts: int = 0
    # A delaying fault has put this turn off; the next turn meets no fault again.
    was_delayed: bool = False

    @property
    def name(self) -> str:
        name: str = self.message.name
        return name


class TaskQueue:
    """A queue as CreateQueue made it."""

    def __init__(self, config: tasks_v2.Queue) -> None:
        if not re.fullmatch(_QUEUE, config.name):
            raise _invalid("a queue name must be projects/PROJECT/locations/LOCATION/queues/QUEUE")
        self.name = config.name
        self.retry = Retry.of(config.retry_config)
        self.tasks: dict[str, StoredTask] = {}
        self._plan: list[tuple[float, int, StoredTask]] = []
        self._turns = itertools.count()
        self._names_held_until: dict[str, float] = {}

    def create(self, given: tasks_v2.Task, now: float) -> tasks_v2.Task:
        """Store a copy with the gaps filled, due at its schedule time or now. Returns the copy."""
        _check(given, self.name, now)
        task = tasks_v2.Task(given)
        task.name = task.name or f"{self.name}/tasks/{uuid.uuid4().int % 10**20:020d}"
        if task.name in self.tasks or self._names_held_until.get(task.name, 0.0) > now:
            raise TasksError(grpc.StatusCode.ALREADY_EXISTS, "a task with this name exists, or existed too recently")
        due_at = max(now, task.schedule_time.timestamp()) if "schedule_time" in task else now
        task.schedule_time = datetime.fromtimestamp(due_at, UTC)
        task.dispatch_deadline = task.dispatch_deadline or _DEFAULT_DEADLINE
        if not task.http_request.http_method:
            task.http_request.http_method = tasks_v2.HttpMethod(tasks_v2.HttpMethod.POST)
        self.tasks[task.name] = StoredTask(task)
        self.plan(self.tasks[task.name], due_at)
        return task

    def plan(self, task: StoredTask, due_at: float) -> None:
        """Make due at that time a task that is not planned: a new one, or one whose turn `take_due` gave away."""
        heapq.heappush(self._plan, (due_at, next(self._turns), task))

    def take_due(self, now: float) -> StoredTask | None:
        due_at = self.next_due_at()
        return heapq.heappop(self._plan)[2] if due_at is not None and due_at <= now else None

    def next_due_at(self) -> float | None:
        while self._plan and not self.holds(self._plan[0][2]):
            heapq.heappop(self._plan)
        return self._plan[0][0] if self._plan else None

    def holds(self, task: StoredTask) -> bool:
        """Whether the task is still to be done; it may have been deleted while a request was under way."""
        return self.tasks.get(task.name) is task

    def remove(self, task: StoredTask, now: float) -> None:
        """Forget a finished, failed or deleted task; its name stays taken for a while."""
        del self.tasks[task.name]
        self._names_held_until[task.name] = now + NAME_HELD_SECONDS

    def answered(self, task: StoredTask, *, succeeded: bool, now: float) -> None:
        """Forget the task or plan its next attempt."""
        if not self.holds(task):
            return
        if succeeded or self.retry.gives_up(task.attempts):
            self.remove(task, now)
        else:
            self.plan(task, now + self.retry.backoff_seconds(task.attempts))


def _check(task: tasks_v2.Task, queue: str, now: float) -> None:
    """Raise TasksError for a task that the service would not take."""
    if task.name and not re.fullmatch(re.escape(queue) + r"/tasks/[A-Za-z0-9_-]{1,500}", task.name):
        raise _invalid("a task name must be QUEUE/tasks/TASK, TASK of letters, digits, - and _")
    if not re.match(r"http://[^/?#\s]+", task.http_request.url):
        raise _invalid("a task needs an http_request whose url begins with http:// (nothing else is local)")
    token = task.http_request.oidc_token
    if "oidc_token" in task.http_request and not re.fullmatch(_EMAIL, token.service_account_email):
        raise _invalid("oidc_token needs the e-mail address of a service account")
    if "schedule_time" in task and task.schedule_time.timestamp() - now > MAX_AHEAD.total_seconds():
        raise _invalid(f"schedule_time is more than {MAX_AHEAD.days} days ahead")
    if "dispatch_deadline" in task and not _SHORTEST_DEADLINE <= task.dispatch_deadline <= _LONGEST_DEADLINE:
        raise _invalid("dispatch_deadline must be from 15 seconds to 30 minutes")


def _invalid(message: str) -> TasksError:
    return TasksError(grpc.StatusCode.INVALID_ARGUMENT, message)
