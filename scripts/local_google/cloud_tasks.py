"""A small Cloud Tasks server for one machine: the real client talks to it over gRPC, it calls the targets over HTTP.

    with CloudTasksServer(issuer=TokenIssuer()) as server, server.client() as client:
        client.create_queue(parent="projects/p/locations/l", queue={"name": "projects/p/locations/l/queues/tier-1"})
        client.create_task(parent=…, task=…)

or as a command, with an issuer of identity tokens beside it:

    python -m scripts.local_google.cloud_tasks --port 8123 --queue tier-1 --queue tier-2

It follows the service's documentation: named tasks, schedule times, retries, headers, rate limits, error codes.
Left out: App Engine and queue-level targets, IAM, batches, redirects, system throttling. Nothing survives a stop.
"""

from __future__ import annotations

import argparse
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent import futures
from types import TracebackType
from typing import Self
from wsgiref.simple_server import WSGIServer, make_server

import grpc
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from scripts.local_google.issuer import IssuerApp, QuietHandler, TokenIssuer
from scripts.local_google.tasks_api import CloudTasksApi
from scripts.local_google.tasks_faults import Faults
from scripts.local_google.tasks_rules import Limits
from scripts.local_google.tasks_scheduler import Dispatch, Scheduler, TokenSource
from scripts.local_google.tasks_store import Store

# Each slow answer (a fault) occupies one.
_GRPC_THREADS = 16


class CloudTasksServer:
    """One server on 127.0.0.1. `port` 0 takes a free one; `now` (seconds since the epoch) may be a test's clock.

    Without `issuer`, a task that asks for an identity token is refused with FAILED_PRECONDITION. Once stopped it
    cannot be started again. Raises OSError from `start` when the port is taken.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        issuer: TokenSource | None = None,
        limits: Limits | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.port = port
        self._store = Store(limits or Limits())
        self.faults = Faults(changed=self.wake)
        self._scheduler = Scheduler(self._store, self.faults, issuer, now)
        self._api = CloudTasksApi(self._store, self._scheduler, self.faults, now, mints_tokens=issuer is not None)
        self._grpc: grpc.Server | None = None

    @property
    def address(self) -> str:
        """host:port of the gRPC service."""
        return f"127.0.0.1:{self.port}"

    @property
    def dispatches(self) -> list[Dispatch]:
        """The requests sent and answered so far (the last 10,000), oldest first."""
        with self._scheduler.lock:
            return list(self._scheduler.dispatches)

    @property
    def pending(self) -> list[str]:
        """Full names of all tasks that still have to succeed, in no order."""
        with self._scheduler.lock:
            return [name for queue in self._store.queues.values() for name in queue.tasks]

    @property
    def lost(self) -> list[str]:
        """Full names of the tasks that the fault `lose` made vanish."""
        with self._scheduler.lock:
            return list(self._scheduler.lost)

    def start(self) -> None:
        # Without this option two servers could share a port on Linux, each getting half of the calls.
        options = [("grpc.so_reuseport", 0)]
        pool = futures.ThreadPoolExecutor(_GRPC_THREADS, thread_name_prefix="cloud-tasks-grpc")
        server = grpc.server(pool, options=options)
        server.add_generic_rpc_handlers((self._api.handler(),))
        try:
            self.port = server.add_insecure_port(self.address)
        except RuntimeError as refused:
            raise OSError(f"port {self.port} is taken") from refused
        server.start()
        self._grpc = server
        self._scheduler.start()

    def stop(self) -> None:
        """End the service, cut the requests under way, forget everything. Safe to repeat."""
        if self._grpc is None:
            return
        self._api.stopped.set()
        self._grpc.stop(grace=None).wait()
        self._scheduler.stop()
        self._grpc = None

    def client(self) -> tasks_v2.CloudTasksClient:
        """A real client of this server; the caller closes it (it is a context manager)."""
        return local_client(self.address)

    def wake(self) -> None:
        """Tell the server that its clock was moved."""
        self._scheduler.wake()

    def wait_until_idle(self, timeout_seconds: float = 30.0) -> bool:
        """True once no request is under way and no task is due; tasks scheduled for later do not count."""
        return self._scheduler.wait_until_idle(timeout_seconds)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()


def local_client(address: str) -> tasks_v2.CloudTasksClient:
    """Google's client over an unencrypted channel to host:port, without credentials."""
    return tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=grpc.insecure_channel(address)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description="A local Cloud Tasks server.")
    parser.add_argument("--port", type=int, default=8123, help="of the gRPC service (0: a free one)")
    parser.add_argument("--issuer-port", type=int, default=0, help="of the token issuer (0: a free one)")
    parser.add_argument("--project", default="local", help="project of queues given by their short name")
    parser.add_argument("--location", default="us-central1")
    parser.add_argument("--queue", action="append", default=[], help="created at start; repeat for more")
    options = parser.parse_args(arguments)
    issuer = TokenIssuer()
    app = IssuerApp(issuer)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        http = make_server("127.0.0.1", options.issuer_port, app, WSGIServer, QuietHandler)
        server = CloudTasksServer(port=options.port, issuer=issuer)
        server.start()
    except OSError as failure:
        parser.error(str(failure))
    threading.Thread(target=http.serve_forever, daemon=True).start()
    parent = f"projects/{options.project}/locations/{options.location}"
    with server.client() as client:
        for given in options.queue:
            name = given if "/" in given else f"{parent}/queues/{given}"
            client.create_queue(parent=name.partition("/queues/")[0], queue=tasks_v2.Queue(name=name))
            print(f"queue {name}", flush=True)
    print(f"identity tokens http://127.0.0.1:{http.server_port}{app.certs_path}", flush=True)
    print(f"Cloud Tasks {server.address}", flush=True)
    stop.wait()
    server.stop()
    http.shutdown()
    http.server_close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
