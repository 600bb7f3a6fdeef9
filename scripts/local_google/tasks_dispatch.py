"""One HTTP request of a task to its target: the headers Cloud Tasks adds, the deadline, how the answer is read.

Owns the connection. Decides nothing about retries. Never logs a body, a header value or a URL.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import grpc
from google.cloud import tasks_v2
from google.rpc import status_pb2

from scripts.local_google.tasks_queue import StoredTask
from scripts.local_google.tasks_rules import short_name

_USER_AGENT = "Google-Cloud-Tasks"
# Cloud Tasks computes these itself or keeps them for Google; what a task brings under these names is dropped.
_REPLACED = ("host", "content-length", "user-agent", "transfer-encoding", "connection")
_RESERVED_PREFIXES = ("x-google-", "x-appengine-", "x-cloudtasks-")
_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ABORTED,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    501: grpc.StatusCode.UNIMPLEMENTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}


@dataclass(frozen=True)
class Outcome:
    """How one attempt went. `http_status` None: no answer, `code` says why.

    `retry_after_seconds`: what a 429 or 503 asked for in its Retry-After header, otherwise 0.
    """

    http_status: int | None
    code: grpc.StatusCode
    retry_after_seconds: float = 0.0

    @property
    def succeeded(self) -> bool:
        return self.http_status is not None and 200 <= self.http_status < 300

    @property
    def status(self) -> status_pb2.Status:
        number: int = self.code.value[0]
        text = f"HTTP status code {self.http_status}" if self.http_status is not None else "no response"
        return status_pb2.Status(code=number, message="" if self.succeeded else f"{self.code.name}({number}): {text}")


def task_headers(task: StoredTask) -> dict[str, str]:
    """What the target receives with the attempt that `task.dispatched` has just counted, except Authorization.

    Header names and meanings: "Create HTTP target tasks", request headers. TaskRetryCount counts earlier attempts,
    TaskExecutionCount earlier responses that were not 5xx.
    """
    headers = {
        name: value
        for name, value in task.request.headers.items()
        if name.lower() not in _REPLACED and not name.lower().startswith(_RESERVED_PREFIXES)
    }
    headers["User-Agent"] = _USER_AGENT
    headers["X-CloudTasks-QueueName"] = short_name(task.name.rpartition("/tasks/")[0])
    headers["X-CloudTasks-TaskName"] = short_name(task.name)
    headers["X-CloudTasks-TaskRetryCount"] = str(task.dispatch_count - 1)
    headers["X-CloudTasks-TaskExecutionCount"] = str(task.execution_count)
    headers["X-CloudTasks-TaskETA"] = f"{task.scheduled_at:.6f}"
    if task.dispatch_count > 1 and task.previous_http_status is not None:
        headers["X-CloudTasks-TaskPreviousResponse"] = str(task.previous_http_status)
    return headers


class HttpCall:
    """One request; `run` sends it and waits for the whole answer, `cut` ends it from another thread."""

    def __init__(self, request: tasks_v2.HttpRequest, headers: dict[str, str], deadline_seconds: float) -> None:
        self._request = request
        self._headers = headers
        self._deadline = time.monotonic() + deadline_seconds
        self._socket: socket.socket | None = None
        self._was_cut = False

    def run(self) -> Outcome:
        """Never raises for what the network does: that is an Outcome without a status."""
        url = urlsplit(self._request.url)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        try:
            connection = kind(url.hostname or "", url.port, timeout=self._seconds_left())
        except (ValueError, http.client.HTTPException):
            return Outcome(None, grpc.StatusCode.INVALID_ARGUMENT)
        try:
            connection.connect()
            self._socket = connection.sock
            if self._was_cut:
                return Outcome(None, grpc.StatusCode.CANCELLED)
            connection.sock = _DeadlineSocket(connection.sock, self._deadline)
            target = quote(url.path or "/", safe="/%:@!$&'()*+,;=~-._")
            if url.query:
                target += "?" + quote(url.query, safe="/%:@!$&'()*+,;=~-._?")
            method = tasks_v2.HttpMethod(self._request.http_method).name
            connection.request(method, target, body=self._request.body or None, headers=self._headers)
            answer = connection.getresponse()
            answer.read()
            return _outcome(answer)
        except TimeoutError:
            return Outcome(None, grpc.StatusCode.DEADLINE_EXCEEDED)
        except (OSError, ValueError, http.client.HTTPException):
            return Outcome(None, grpc.StatusCode.CANCELLED if self._was_cut else grpc.StatusCode.UNAVAILABLE)
        finally:
            connection.close()
            if self._socket is not None:
                self._socket.close()

    def cut(self) -> None:
        self._was_cut = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _seconds_left(self) -> float:
        return max(0.001, self._deadline - time.monotonic())


class _DeadlineSocket:
    """The socket as http.client uses it, with one deadline over everything.

    A socket's own timeout starts anew with each byte that arrives; a target that trickles its answer would never
    meet it. Here each wait gets only what is left.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._socket = sock
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(self._seconds_left())
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self))

    def recv_into(self, buffer: Any) -> int:
        self._socket.settimeout(self._seconds_left())
        return self._socket.recv_into(buffer)

    def close(self) -> None:
        """Does nothing: http.client closes early and counts on open readers; `HttpCall.run` closes at the end."""

    def _seconds_left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("dispatch deadline")
        return left


class _DeadlineReader(io.RawIOBase):
    def __init__(self, sock: _DeadlineSocket) -> None:
        super().__init__()
        self._socket = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._socket.recv_into(buffer)


def _outcome(answer: http.client.HTTPResponse) -> Outcome:
    if 200 <= answer.status < 300:
        return Outcome(answer.status, grpc.StatusCode.OK)
    wait = answer.headers.get("Retry-After", "") if answer.status in (429, 503) else ""
    # A date is allowed there too; nothing local sends one.
    seconds = float(wait) if wait.isascii() and wait.isdigit() else 0.0
    return Outcome(answer.status, _CODES.get(answer.status, grpc.StatusCode.UNKNOWN), seconds)
