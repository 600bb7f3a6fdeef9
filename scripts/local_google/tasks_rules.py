"""What Cloud Tasks accepts: names, sizes, ranges. Pure checks that raise TasksError with the service's code.

Source: the reference of Task, HttpRequest, Queue and the quota page (API v2). Error texts are ours: callers must
go by the code. They never repeat a task's body, headers or URL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import grpc
from google.cloud import tasks_v2

_PROJECT = r"projects/[A-Za-z0-9.:-]+"
_LOCATION = rf"{_PROJECT}/locations/[a-z0-9-]+"
_QUEUE = rf"{_LOCATION}/queues/[A-Za-z0-9-]{{1,100}}"
_TASK = rf"{_QUEUE}/tasks/[A-Za-z0-9_-]{{1,500}}"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WITH_BODY = (tasks_v2.HttpMethod.POST, tasks_v2.HttpMethod.PUT, tasks_v2.HttpMethod.PATCH)
_MAX_DISPATCHES_PER_SECOND = 500
_MAX_CONCURRENT_DISPATCHES = 5000
_DAY_SECONDS = 86_400.0


class TasksError(Exception):
    """The request is refused with a gRPC status code and one line that says why."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> TasksError:
    return TasksError(grpc.StatusCode.INVALID_ARGUMENT, message)


@dataclass(frozen=True)
class Limits:
    """The service's limits; tests may loosen or tighten them. Times in seconds, sizes in bytes.

    `max_task_bytes`: CreateTask documents 100 KB, the quota page 1 MB for a task in a queue; the smaller one binds
    here, so that what works here works there. `name_held` is how long the name of a finished or deleted task stays
    taken: documented as "up to 24 hours", observed from about an hour.
    """

    max_task_bytes: int = 100 * 1024
    max_url_characters: int = 2083
    max_header_bytes: int = 80 * 1024
    max_ahead_seconds: float = 30 * _DAY_SECONDS
    min_deadline_seconds: float = 15.0
    max_deadline_seconds: float = 1800.0
    default_deadline_seconds: float = 600.0
    name_held_seconds: float = 3600.0
    queue_name_held_seconds: float = 3 * _DAY_SECONDS
    retention_seconds: float = 31 * _DAY_SECONDS


def check_location_name(name: str) -> None:
    _check_name(_LOCATION, name, "parent must be projects/PROJECT/locations/LOCATION")


def check_queue_name(name: str) -> None:
    _check_name(_QUEUE, name, "a queue name must be projects/PROJECT/locations/LOCATION/queues/QUEUE")


def check_task_name(name: str) -> None:
    _check_name(_TASK, name, "a task name must be …/queues/QUEUE/tasks/TASK, TASK of letters, digits, - and _")


def queue_name_of(task_name: str) -> str:
    return task_name.rpartition("/tasks/")[0]


def short_name(name: str) -> str:
    """The last part of a resource name."""
    return name.rpartition("/")[2]


def check_queue(queue: tasks_v2.Queue) -> None:
    """A queue whose gaps are filled."""
    rates, retry = queue.rate_limits, queue.retry_config
    if not 0 < rates.max_dispatches_per_second <= _MAX_DISPATCHES_PER_SECOND:
        raise invalid(f"max_dispatches_per_second must be more than 0 and at most {_MAX_DISPATCHES_PER_SECOND}")
    if not 0 < rates.max_concurrent_dispatches <= _MAX_CONCURRENT_DISPATCHES:
        raise invalid(f"max_concurrent_dispatches must be from 1 to {_MAX_CONCURRENT_DISPATCHES}")
    check_retry(retry)


def check_retry(retry: tasks_v2.RetryConfig) -> None:
    if retry.max_attempts < -1:
        raise invalid("max_attempts must be -1 or more")
    if retry.max_doublings < 0:
        raise invalid("max_doublings must not be negative")
    shortest, longest = retry.min_backoff.total_seconds(), retry.max_backoff.total_seconds()
    if shortest < 0 or longest < shortest or retry.max_retry_duration.total_seconds() < 0:
        raise invalid("backoffs must not be negative, and min_backoff not exceed max_backoff")


def check_task(task: tasks_v2.Task, parent: str, limits: Limits, now: float) -> None:
    """A task as given to CreateTask; `now` in seconds since the epoch."""
    if task.name:
        check_task_name(task.name)
        if queue_name_of(task.name) != parent:
            raise invalid("the task's name does not belong to the parent queue")
    if "http_request" not in task:
        raise invalid("a task needs an http_request (App Engine targets are not served here)")
    if tasks_v2.Task.pb(task).ByteSize() > limits.max_task_bytes:
        raise invalid(f"the task is larger than {limits.max_task_bytes} bytes")
    _check_request(task.http_request, limits)
    if "schedule_time" in task and task.schedule_time.timestamp() - now > limits.max_ahead_seconds:
        raise invalid(f"schedule_time is more than {limits.max_ahead_seconds / _DAY_SECONDS:g} days ahead")
    if "dispatch_deadline" in task:
        deadline = task.dispatch_deadline.total_seconds()
        if not limits.min_deadline_seconds <= deadline <= limits.max_deadline_seconds:
            raise invalid(
                "dispatch_deadline must be from "
                f"{limits.min_deadline_seconds:g} to {limits.max_deadline_seconds:g} seconds"
            )


def _check_request(request: tasks_v2.HttpRequest, limits: Limits) -> None:
    if not re.match(r"https?://[^/?#\s]+", request.url):
        raise invalid("url must begin with http:// or https:// and name a host")
    if len(request.url) > limits.max_url_characters:
        raise invalid(f"url is longer than {limits.max_url_characters} characters")
    if sum(len(name) + len(value) for name, value in request.headers.items()) >= limits.max_header_bytes:
        raise invalid(f"headers must be smaller than {limits.max_header_bytes} bytes")
    for name, value in request.headers.items():
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or re.search(r"[\r\n\0]", value):
            raise invalid("a header has a malformed name or value")
    method = request.http_method or tasks_v2.HttpMethod.POST
    if request.body and method not in _WITH_BODY:
        raise invalid("a body is allowed with POST, PUT and PATCH only")
    if "oauth_token" in request:
        raise invalid("oauth_token is for *.googleapis.com, which is not reachable from here")
    if "oidc_token" in request and not _EMAIL.fullmatch(request.oidc_token.service_account_email):
        raise invalid("oidc_token needs the e-mail address of a service account")


def _check_name(pattern: str, name: str, message: str) -> None:
    if not re.fullmatch(pattern, name):
        raise invalid(message)
