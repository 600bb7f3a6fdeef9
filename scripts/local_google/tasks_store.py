"""All queues and tasks of the local Cloud Tasks server, and what each call of the API does to them.

Owns the answers to API calls (messages in, messages out, TasksError). Not thread-safe: the caller holds the lock.
Durable it is not: a stopped server has forgotten everything.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable

import grpc
from google.cloud import tasks_v2
from google.protobuf import field_mask_pb2

from scripts.local_google import tasks_rules as rules
from scripts.local_google.tasks_queue import StoredTask, TaskQueue
from scripts.local_google.tasks_retry import completed_rates, completed_retry
from scripts.local_google.tasks_rules import Limits, TasksError

_MAX_PAGE = 1000
_UPDATABLE = re.compile(r"(rate_limits|retry_config|stackdriver_logging_config)(\.[a-z_]+)?")


class Store:
    """Queues by full name. `now` arguments are seconds since the epoch."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.queues: dict[str, TaskQueue] = {}
        self._deleted_queues: dict[str, float] = {}

    # Queues

    def create_queue(self, parent: str, given: tasks_v2.Queue, now: float) -> tasks_v2.Queue:
        rules.check_location_name(parent)
        rules.check_queue_name(given.name)
        if not given.name.startswith(f"{parent}/queues/"):
            raise rules.invalid("the queue's name does not belong to the parent location")
        if given.name in self.queues:
            raise TasksError(grpc.StatusCode.ALREADY_EXISTS, "the queue exists already")
        if self._deleted_queues.get(given.name, 0.0) > now:
            raise TasksError(
                grpc.StatusCode.FAILED_PRECONDITION, "a queue with this name existed too recently to create it"
            )
        queue = TaskQueue(_completed(given), now)
        self.queues[given.name] = queue
        return queue.config

    def update_queue(self, given: tasks_v2.Queue, paths: list[str], now: float) -> tasks_v2.Queue:
        """Changes the named fields (all, without names); creates the queue when there is none."""
        rules.check_queue_name(given.name)
        queue = self.queues.get(given.name)
        if queue is None:
            return self.create_queue(given.name.rpartition("/queues/")[0], given, now)
        if any(not _UPDATABLE.fullmatch(path) for path in paths):
            raise rules.invalid("update_mask names a field that cannot be updated here")
        changed = tasks_v2.Queue(queue.config)
        mask = field_mask_pb2.FieldMask(paths=paths or ["rate_limits", "retry_config", "stackdriver_logging_config"])
        if not mask.IsValidForDescriptor(tasks_v2.Queue.pb(given).DESCRIPTOR):
            raise rules.invalid("update_mask names an unknown field")
        mask.MergeMessage(tasks_v2.Queue.pb(given), tasks_v2.Queue.pb(changed), True, True)
        queue.configure(_completed(changed, keep=queue.config), now)
        return queue.config

    def get_queue(self, name: str) -> tasks_v2.Queue:
        return self._queue(name).config

    def list_queues(self, request: tasks_v2.ListQueuesRequest) -> tasks_v2.ListQueuesResponse:
        rules.check_location_name(request.parent)
        if request.filter:
            raise TasksError(grpc.StatusCode.UNIMPLEMENTED, "filters are not supported here")
        names = (name for name in self.queues if name.startswith(f"{request.parent}/queues/"))
        page, token = _page(names, request.page_size, request.page_token)
        return tasks_v2.ListQueuesResponse(queues=[self.queues[name].config for name in page], next_page_token=token)

    def delete_queue(self, name: str, now: float) -> None:
        """The queue goes with all its tasks; its name cannot be used again for some days."""
        queue = self._queue(name)
        self._clear(queue, now)
        del self.queues[name]
        self._deleted_queues[name] = now + self.limits.queue_name_held_seconds

    def purge_queue(self, name: str, now: float) -> tasks_v2.Queue:
        queue = self._queue(name)
        self._clear(queue, now)
        changed = tasks_v2.Queue(queue.config)
        tasks_v2.Queue.pb(changed).purge_time.FromMicroseconds(int(now * 1_000_000))
        queue.config = changed
        return changed

    def set_state(self, name: str, state: int) -> tasks_v2.Queue:
        queue = self._queue(name)
        changed = tasks_v2.Queue(queue.config)
        changed.state = tasks_v2.Queue.State(state)
        queue.config = changed
        return changed

    # Tasks

    def create_task(self, parent: str, given: tasks_v2.Task, now: float) -> StoredTask:
        rules.check_queue_name(parent)
        rules.check_task(given, parent, self.limits, now)
        queue = self._queue(parent, recently_deleted=self._deleted_queues.get(parent, 0.0) > now)
        if given.name and queue.name_is_taken(given.name, now):
            raise TasksError(
                grpc.StatusCode.ALREADY_EXISTS,
                "a task with this name exists, or existed too recently to use it again",
            )
        own_retry = None
        if "retry_config" in given:
            own_retry = completed_retry(given.retry_config)
            rules.check_retry(own_retry)
        deadline = given.dispatch_deadline.total_seconds() if "dispatch_deadline" in given else 0.0
        task = StoredTask(
            name=given.name or f"{parent}/tasks/{uuid.uuid4().int % 10**20:020d}",
            request=tasks_v2.HttpRequest(given.http_request),
            created_at=now,
            # A time in the past means now.
            scheduled_at=max(now, given.schedule_time.timestamp()) if "schedule_time" in given else now,
            deadline_seconds=deadline or self.limits.default_deadline_seconds,
            own_retry=own_retry,
        )
        if not task.request.http_method:
            task.request.http_method = tasks_v2.HttpMethod(tasks_v2.HttpMethod.POST)
        queue.add(task)
        return task

    def find_task(self, name: str) -> tuple[TaskQueue, StoredTask]:
        """A task that still has to succeed; NOT_FOUND for one that has, or failed for good, or was deleted."""
        rules.check_task_name(name)
        queue = self._queue(rules.queue_name_of(name))
        task = queue.tasks.get(name)
        if task is None:
            raise TasksError(grpc.StatusCode.NOT_FOUND, "the task does not exist (any more)")
        return queue, task

    def list_tasks(self, request: tasks_v2.ListTasksRequest) -> tasks_v2.ListTasksResponse:
        queue = self._queue(request.parent)
        page, token = _page(queue.tasks, request.page_size, request.page_token)
        tasks = [queue.tasks[name].message(request.response_view) for name in page]
        return tasks_v2.ListTasksResponse(tasks=tasks, next_page_token=token)

    def delete_task(self, name: str, now: float) -> None:
        """Also while an attempt is under way: its answer then changes nothing."""
        queue, task = self.find_task(name)
        self.forget(queue, task, now)

    def forget(self, queue: TaskQueue, task: StoredTask, now: float) -> None:
        queue.remove(task, now, self.limits.name_held_seconds)

    def _clear(self, queue: TaskQueue, now: float) -> None:
        for task in list(queue.tasks.values()):
            self.forget(queue, task, now)

    def _queue(self, name: str, *, recently_deleted: bool = False) -> TaskQueue:
        rules.check_queue_name(name)
        queue = self.queues.get(name)
        if queue is not None:
            return queue
        if recently_deleted:
            raise TasksError(
                grpc.StatusCode.FAILED_PRECONDITION, "the queue no longer exists, but existed a short while ago"
            )
        raise TasksError(grpc.StatusCode.NOT_FOUND, "the queue does not exist")


def _completed(given: tasks_v2.Queue, keep: tasks_v2.Queue | None = None) -> tasks_v2.Queue:
    """Gaps filled and checked; the output-only fields from `keep`, or those of a new queue."""
    queue = tasks_v2.Queue(
        name=given.name,
        rate_limits=completed_rates(given.rate_limits),
        retry_config=completed_retry(given.retry_config),
        state=keep.state if keep is not None else tasks_v2.Queue.State.RUNNING,
    )
    if "stackdriver_logging_config" in given:
        queue.stackdriver_logging_config = given.stackdriver_logging_config
    if keep is not None and "purge_time" in keep:
        queue.purge_time = keep.purge_time
    if "http_target" in given or "app_engine_routing_override" in given:
        raise rules.invalid("queue-level targets and App Engine routing are not served here")
    rules.check_queue(queue)
    return queue


def _page(names: Iterable[str], size: int, after: str) -> tuple[list[str], str]:
    """One page of names in order, and the token of the next: the last name, so that deletions skip nothing."""
    if size < 0:
        raise rules.invalid("page_size must not be negative")
    limit = min(size or _MAX_PAGE, _MAX_PAGE)
    rest = sorted(name for name in names if name > after)
    page = rest[:limit]
    return page, page[-1] if len(rest) > limit else ""
