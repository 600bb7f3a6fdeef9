"""The google.cloud.tasks.v2.CloudTasks service over gRPC, on the client package's own message types.

Owns the translation between wire and Store. google-cloud-tasks ships no servicer class; a generic handler with
each method's deserializer and serializer is all that gRPC needs. Methods not listed answer UNIMPLEMENTED.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NoReturn

import grpc
from google.cloud import tasks_v2
from google.protobuf import empty_pb2

from scripts.local_google.tasks_faults import Faults
from scripts.local_google.tasks_rules import TasksError, short_name
from scripts.local_google.tasks_scheduler import Scheduler
from scripts.local_google.tasks_store import Store

_SERVICE = "google.cloud.tasks.v2.CloudTasks"


class CloudTasksApi:
    """One method for each call; `request` and answer are the client's messages. Thread-safe."""

    def __init__(
        self,
        store: Store,
        scheduler: Scheduler,
        faults: Faults,
        now: Callable[[], float],
        *,
        mints_tokens: bool,
    ) -> None:
        self._store = store
        self._scheduler = scheduler
        self._faults = faults
        self._now = now
        self._mints_tokens = mints_tokens
        # Ends the waiting of slow answers when the server stops.
        self.stopped = threading.Event()

    def handler(self) -> grpc.GenericRpcHandler:
        """What a grpc.Server takes."""
        queue, task = tasks_v2.Queue.serialize, tasks_v2.Task.serialize
        empty = empty_pb2.Empty.SerializeToString
        table: dict[str, tuple[Callable[[Any], Any], Any, Callable[[Any], bytes]]] = {
            "CreateQueue": (self._create_queue, tasks_v2.CreateQueueRequest, queue),
            "UpdateQueue": (self._update_queue, tasks_v2.UpdateQueueRequest, queue),
            "GetQueue": (self._get_queue, tasks_v2.GetQueueRequest, queue),
            "ListQueues": (self._store.list_queues, tasks_v2.ListQueuesRequest, tasks_v2.ListQueuesResponse.serialize),
            "DeleteQueue": (self._delete_queue, tasks_v2.DeleteQueueRequest, empty),
            "PurgeQueue": (self._purge_queue, tasks_v2.PurgeQueueRequest, queue),
            "PauseQueue": (self._pause_queue, tasks_v2.PauseQueueRequest, queue),
            "ResumeQueue": (self._resume_queue, tasks_v2.ResumeQueueRequest, queue),
            "CreateTask": (self._create_task, tasks_v2.CreateTaskRequest, task),
            "GetTask": (self._get_task, tasks_v2.GetTaskRequest, task),
            "ListTasks": (self._store.list_tasks, tasks_v2.ListTasksRequest, tasks_v2.ListTasksResponse.serialize),
            "DeleteTask": (self._delete_task, tasks_v2.DeleteTaskRequest, empty),
            "RunTask": (self._run_task, tasks_v2.RunTaskRequest, task),
        }
        methods = {
            name: grpc.unary_unary_rpc_method_handler(
                self._guarded(method, waits_itself=name == "CreateTask"),
                request_deserializer=request.deserialize,
                response_serializer=serializer,
            )
            for name, (method, request, serializer) in table.items()
        }
        return grpc.method_handlers_generic_handler(_SERVICE, methods)

    def _guarded(
        self, method: Callable[[Any], Any], *, waits_itself: bool
    ) -> Callable[[Any, grpc.ServicerContext], Any]:
        """The method under the lock, its refusal as a gRPC status; the scheduler then looks at what changed."""

        def serve(request: Any, context: grpc.ServicerContext) -> Any:
            try:
                if waits_itself:
                    return method(request)
                with self._scheduler.lock:
                    answer = method(request)
                    self._scheduler.lock.notify_all()
                    return answer
            except TasksError as refusal:
                _abort(context, refusal)

        return serve

    def _create_queue(self, request: tasks_v2.CreateQueueRequest) -> tasks_v2.Queue:
        return self._store.create_queue(request.parent, request.queue, self._now())

    def _update_queue(self, request: tasks_v2.UpdateQueueRequest) -> tasks_v2.Queue:
        return self._store.update_queue(request.queue, list(request.update_mask.paths), self._now())

    def _get_queue(self, request: tasks_v2.GetQueueRequest) -> tasks_v2.Queue:
        return self._store.get_queue(request.name)

    def _delete_queue(self, request: tasks_v2.DeleteQueueRequest) -> empty_pb2.Empty:
        self._store.delete_queue(request.name, self._now())
        return empty_pb2.Empty()

    def _purge_queue(self, request: tasks_v2.PurgeQueueRequest) -> tasks_v2.Queue:
        return self._store.purge_queue(request.name, self._now())

    def _pause_queue(self, request: tasks_v2.PauseQueueRequest) -> tasks_v2.Queue:
        return self._store.set_state(request.name, tasks_v2.Queue.State.PAUSED)

    def _resume_queue(self, request: tasks_v2.ResumeQueueRequest) -> tasks_v2.Queue:
        return self._store.set_state(request.name, tasks_v2.Queue.State.RUNNING)

    def _create_task(self, request: tasks_v2.CreateTaskRequest) -> tasks_v2.Task:
        fault = self._faults.for_create(short_name(request.parent), request.task)
        if fault is not None and not fault.stored and fault.code is not None:
            self.stopped.wait(fault.after_seconds)
            raise TasksError(fault.code, "injected fault: the task was not stored")
        with self._scheduler.lock:
            if "oidc_token" in request.task.http_request and not self._mints_tokens:
                raise TasksError(grpc.StatusCode.FAILED_PRECONDITION, "this server has no token issuer")
            task = self._store.create_task(request.parent, request.task, self._now())
            answer = task.message(request.response_view)
            self._scheduler.lock.notify_all()
        if fault is not None:
            self.stopped.wait(fault.after_seconds)
            if fault.code is not None:
                raise TasksError(fault.code, "injected fault: the task was stored, its reply is lost")
        return answer

    def _get_task(self, request: tasks_v2.GetTaskRequest) -> tasks_v2.Task:
        return self._store.find_task(request.name)[1].message(request.response_view)

    def _delete_task(self, request: tasks_v2.DeleteTaskRequest) -> empty_pb2.Empty:
        self._store.delete_task(request.name, self._now())
        return empty_pb2.Empty()

    def _run_task(self, request: tasks_v2.RunTaskRequest) -> tasks_v2.Task:
        """Sends it now, whatever the schedule, the rates and the queue's state say, even when it runs already."""
        queue, task = self._store.find_task(request.name)
        self._scheduler.run(queue, task, forced_at=self._now())
        return task.message(request.response_view)


def _abort(context: grpc.ServicerContext, refusal: TasksError) -> NoReturn:
    context.abort(refusal.code, refusal.message)
    raise AssertionError("abort always raises")
