"""A small Cloud Tasks server for one machine: the real client talks to it over gRPC, it calls the targets over HTTP.

    with CloudTasksServer(issuer=TokenIssuer()) as server, server.client() as client:
        client.create_queue(parent="projects/p/locations/l", queue={"name": "projects/p/locations/l/queues/tier-1"})
        client.create_task(parent=…, task=…)

It follows the service's documentation in what the relay counts on: names that stay taken, schedule times, retries with
the queue's backoff, dispatch deadlines, identity tokens, error codes. Every other method answers UNIMPLEMENTED; rates,
pausing and the service's own headers are left out. Nothing survives a stop.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent import futures
from types import TracebackType
from typing import Any, Self

import grpc
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from google.protobuf import empty_pb2

from scripts.local_google.tasks_dispatch import Dispatch, Dispatcher, TokenSource
from scripts.local_google.tasks_faults import Faults
from scripts.local_google.tasks_queue import TaskQueue, TasksError

_SERVICE = "google.cloud.tasks.v2.CloudTasks"
# Each slow answer (a fault) occupies one.
_GRPC_THREADS = 16


class CloudTasksServer:
    """One server on a free port of 127.0.0.1, which `start` picks. Once stopped it cannot be started again.

    `now` (seconds since the epoch) may be a test's clock.
    """

    def __init__(self, *, issuer: TokenSource, now: Callable[[], float] = time.time) -> None:
        self.faults = Faults()
        self.address = ""
        self._now = now
        self._queues: dict[str, TaskQueue] = {}
        self._dispatcher = Dispatcher(self._queues, self.faults, issuer, now)
        self._lock = self._dispatcher.lock
        self._grpc: grpc.Server | None = None
        # Ends the waiting of slow answers when the server stops.
        self._stopped = threading.Event()

    @property
    def dispatches(self) -> list[Dispatch]:
        """The requests sent so far (the last 10,000), in the order in which they ended."""
        with self._lock:
            return list(self._dispatcher.dispatches)

    @property
    def lost(self) -> list[str]:
        """Full names of the tasks that the fault `lose` made vanish."""
        with self._lock:
            return list(self._dispatcher.lost)

    def start(self) -> None:
        pool = futures.ThreadPoolExecutor(_GRPC_THREADS, thread_name_prefix="cloud-tasks-grpc")
        self._grpc = grpc.server(pool)
        self._grpc.add_generic_rpc_handlers((self._handler(),))
        self.address = f"127.0.0.1:{self._grpc.add_insecure_port('127.0.0.1:0')}"
        self._grpc.start()
        self._dispatcher.start()

    def stop(self) -> None:
        """End the service and forget everything. Safe to repeat."""
        if self._grpc is None:
            return
        self._stopped.set()
        self._grpc.stop(grace=None).wait()
        self._dispatcher.stop()
        self._grpc = None

    def client(self) -> tasks_v2.CloudTasksClient:
        """Returns Google's client of this server, without credentials; the caller closes it (a context manager)."""
        return tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=grpc.insecure_channel(self.address)))

    def wake(self) -> None:
        """Tell the server that its clock was moved."""
        with self._lock:
            self._lock.notify_all()

    def _handler(self) -> grpc.GenericRpcHandler:
        """google-cloud-tasks ships no servicer class; each method's deserializer and serializer is all gRPC needs."""
        table: dict[str, tuple[Callable[[Any], Any], Any, Callable[[Any], bytes]]] = {
            "CreateQueue": (self._create_queue, tasks_v2.CreateQueueRequest, tasks_v2.Queue.serialize),
            "CreateTask": (self._create_task, tasks_v2.CreateTaskRequest, tasks_v2.Task.serialize),
            "ListTasks": (self._list_tasks, tasks_v2.ListTasksRequest, tasks_v2.ListTasksResponse.serialize),
            "DeleteTask": (self._delete_task, tasks_v2.DeleteTaskRequest, empty_pb2.Empty.SerializeToString),
        }
        methods = {
            name: grpc.unary_unary_rpc_method_handler(_refusing(method), request.deserialize, serialize)
            for name, (method, request, serialize) in table.items()
        }
        return grpc.method_handlers_generic_handler(_SERVICE, methods)

    def _create_queue(self, request: tasks_v2.CreateQueueRequest) -> tasks_v2.Queue:
        with self._lock:
            if request.queue.name in self._queues:
                raise TasksError(grpc.StatusCode.ALREADY_EXISTS, "the queue exists already")
            self._queues[request.queue.name] = TaskQueue(request.queue)
        return request.queue

    def _create_task(self, request: tasks_v2.CreateTaskRequest) -> tasks_v2.Task:
        fault = self.faults.for_create(request.task)
        if fault is not None and not fault.stored:
            raise TasksError(grpc.StatusCode.UNAVAILABLE, "injected fault: the task was not stored")
        with self._lock:
            task = self._queue(request.parent).create(request.task, self._now())
            self._lock.notify_all()
        if fault is not None:
            self._stopped.wait(fault.after_seconds)
            if fault.fails:
                raise TasksError(grpc.StatusCode.UNAVAILABLE, "injected fault: the task was stored, its reply is lost")
        return task

    def _list_tasks(self, request: tasks_v2.ListTasksRequest) -> tasks_v2.ListTasksResponse:
        """Returns all of them on one page, in full view."""
        with self._lock:
            tasks = [task.message for task in self._queue(request.parent).tasks.values()]
        return tasks_v2.ListTasksResponse(tasks=tasks)

    def _delete_task(self, request: tasks_v2.DeleteTaskRequest) -> empty_pb2.Empty:
        """Also while an attempt is under way: its answer then changes nothing."""
        with self._lock:
            queue = self._queue(request.name.partition("/tasks/")[0])
            task = queue.tasks.get(request.name)
            if task is None:
                raise TasksError(grpc.StatusCode.NOT_FOUND, "the task does not exist (any more)")
            queue.remove(task, self._now())
        return empty_pb2.Empty()

    def _queue(self, name: str) -> TaskQueue:
        queue = self._queues.get(name)
        if queue is None:
            raise TasksError(grpc.StatusCode.NOT_FOUND, "the queue does not exist")
        return queue

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()


def _refusing(method: Callable[[Any], Any]) -> Callable[[Any, grpc.ServicerContext], Any]:
    """Returns the method with its refusal as a gRPC status."""

    def serve(request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(request)
        except TasksError as refusal:
            context.abort(refusal.code, refusal.message)

    return serve
