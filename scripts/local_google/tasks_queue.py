"""One queue of the local Cloud Tasks server: its tasks, which of them may run now, which names are taken.

Owns no thread and no clock: every method takes `now` (seconds since the epoch) and the caller holds the lock.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from google.cloud import tasks_v2
from google.rpc import status_pb2

from scripts.local_google.tasks_retry import RetryPolicy, TokenBucket
from scripts.local_google.tasks_rules import short_name


@dataclass(eq=False)
class StoredTask:
    """A task that still has to succeed. Times in seconds since the epoch."""

    name: str
    request: tasks_v2.HttpRequest
    created_at: float
    scheduled_at: float
    deadline_seconds: float
    own_retry: tasks_v2.RetryConfig | None = None
    dispatch_count: int = 0
    response_count: int = 0
    # Responses other than 5xx: what the header X-CloudTasks-TaskExecutionCount counts.
    execution_count: int = 0
    previous_http_status: int | None = None
    first_dispatched_at: float | None = None
    last_attempt: tasks_v2.Attempt | None = None
    # Which of its entries in the queue's heap is the valid one; older ones are skipped.
    ticket: int = 0
    # A delaying fault has put this turn off; the next turn meets no fault again.
    was_delayed: bool = False

    def dispatched(self, now: float) -> None:
        self.dispatch_count += 1
        self.was_delayed = False
        if self.first_dispatched_at is None:
            self.first_dispatched_at = now
        self.last_attempt = tasks_v2.Attempt(schedule_time=_time(self.scheduled_at), dispatch_time=_time(now))

    def answered(self, http_status: int | None, status: status_pb2.Status, now: float) -> None:
        """`http_status` None: no answer came (refused, reset, deadline)."""
        if http_status is not None:
            self.response_count += 1
            self.execution_count += http_status < 500
            self.previous_http_status = http_status
        if self.last_attempt is not None:
            self.last_attempt.response_time = _time(now)
            self.last_attempt.response_status = status

    def message(self, view: int) -> tasks_v2.Task:
        """As the API shows it: without the body unless the FULL view is asked for."""
        full = view == tasks_v2.Task.View.FULL
        request = tasks_v2.HttpRequest(self.request)
        if not full:
            request.body = b""
        task = tasks_v2.Task(
            name=self.name,
            http_request=request,
            schedule_time=_time(self.scheduled_at),
            create_time=_time(float(int(self.created_at))),
            dispatch_deadline=timedelta(seconds=self.deadline_seconds),
            dispatch_count=self.dispatch_count,
            response_count=self.response_count,
            view=tasks_v2.Task.View.FULL if full else tasks_v2.Task.View.BASIC,
        )
        if self.own_retry is not None:
            task.retry_config = self.own_retry
        if self.first_dispatched_at is not None:
            task.first_attempt = tasks_v2.Attempt(dispatch_time=_time(self.first_dispatched_at))
        if self.last_attempt is not None:
            task.last_attempt = self.last_attempt
        return task


@dataclass(order=True)
class _Entry:
    due_at: float
    ticket: int
    task: StoredTask = field(compare=False)


class TaskQueue:
    """State of one queue. `config` is the message the API shows, complete."""

    def __init__(self, config: tasks_v2.Queue, now: float) -> None:
        self.tasks: dict[str, StoredTask] = {}
        self.in_flight = 0
        # Held by a fault (tests), which the API does not show; pausing is in config.state.
        self.held = False
        self._entries: list[_Entry] = []
        self._last_ticket = 0
        self._names_taken: OrderedDict[str, float] = OrderedDict()
        self.configure(config, now)

    def configure(self, config: tasks_v2.Queue, now: float) -> None:
        self.config = config
        self._retry = RetryPolicy.of(config.retry_config)
        self._bucket = TokenBucket(config.rate_limits.max_dispatches_per_second, config.rate_limits.max_burst_size, now)

    @property
    def id(self) -> str:
        return short_name(self.config.name)

    @property
    def dispatches(self) -> bool:
        """Neither paused nor held."""
        return self.config.state == tasks_v2.Queue.State.RUNNING and not self.held

    def retry_policy(self, task: StoredTask) -> RetryPolicy:
        return RetryPolicy.of(task.own_retry) if task.own_retry is not None else self._retry

    def name_is_taken(self, name: str, now: float) -> bool:
        """By a task that exists, or by one that finished or was deleted a short while ago."""
        return name in self.tasks or self._names_taken.get(name, 0.0) > now

    def add(self, task: StoredTask) -> None:
        self.tasks[task.name] = task
        self.plan(task, task.scheduled_at)

    def plan(self, task: StoredTask, due_at: float) -> None:
        """Make the task due at that time, and at no other."""
        self._last_ticket += 1
        task.ticket = self._last_ticket
        heapq.heappush(self._entries, _Entry(due_at, task.ticket, task))

    def remove(self, task: StoredTask, now: float, name_held_seconds: float) -> None:
        """Forget a finished, failed or deleted task; its name stays taken for a while. Safe to repeat."""
        if self.tasks.get(task.name) is not task:
            return
        del self.tasks[task.name]
        task.ticket = 0
        self._names_taken[task.name] = now + name_held_seconds
        while self._names_taken and next(iter(self._names_taken.values())) <= now:
            self._names_taken.popitem(last=False)

    def take_due(self, now: float) -> StoredTask | None:
        """The next task that the schedule, the state and the rate limits let run now, taken off the plan."""
        head = self._head()
        if head is None or head.due_at > now or not self.dispatches:
            return None
        if self.in_flight >= self.config.rate_limits.max_concurrent_dispatches or not self._bucket.take(now):
            return None
        heapq.heappop(self._entries)
        head.task.ticket = 0
        return head.task

    def has_due(self, now: float) -> bool:
        """True when something waits only for its turn."""
        head = self._head()
        return head is not None and head.due_at <= now and self.dispatches

    def seconds_until_next(self, now: float) -> float | None:
        """When to look again; None when only an event (a new task, a finished one, a resume) can change anything."""
        head = self._head()
        full = self.in_flight >= self.config.rate_limits.max_concurrent_dispatches
        if head is None or full or not self.dispatches:
            return None
        return max(head.due_at - now, self._bucket.seconds_until_token(now))

    def _head(self) -> _Entry | None:
        while self._entries and self._entries[0].ticket != self._entries[0].task.ticket:
            heapq.heappop(self._entries)
        return self._entries[0] if self._entries else None


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
