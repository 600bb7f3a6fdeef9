"""The other end of a task in these tests: an HTTP server that records requests and answers as it is told.

Also the small helper that many tests share: waiting for a condition.
"""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

_PATIENCE_SECONDS = 120.0


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait for it, as long as a very slow machine may need; fail with `what` otherwise."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"never happened: {what}")
        time.sleep(0.005)


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_arguments: object) -> None:
        """Quiet: callers that hang up are part of these tests."""


class Target:
    """Answers with the statuses it was told in turn, then 200. While `gate` is not set every request waits."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._statuses: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler_class())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def will_answer(self, *statuses: int) -> None:
        self._statuses.extend(statuses)

    def close(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self, received: Received) -> int:
        with self._lock:
            self.received.append(received)
            status = self._statuses.pop(0) if self._statuses else 200
        self.gate.wait(_PATIENCE_SECONDS)
        return status

    def _handler_class(self) -> type[http.server.BaseHTTPRequestHandler]:
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            wbufsize = -1  # one packet for headers and body

            def _any(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                status = target._serve(Received(self.command, self.path, dict(self.headers.items()), body))
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    self.wfile.flush()
                except OSError:
                    self.close_connection = True  # the other side did not wait

            do_POST = do_PUT = _any

            def log_message(self, *_arguments: object) -> None:
                return

        return Handler
