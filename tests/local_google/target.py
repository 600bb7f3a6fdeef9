"""The other end of a task in these tests: an HTTP server that records requests and answers as it is told.

Also the small helpers all these tests share: a clock that stands still, and waiting for a condition.
"""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_PATIENCE_SECONDS = 60.0


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait for it, as long as a very slow machine may need; fail with `what` otherwise."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"never happened: {what}")
        time.sleep(0.005)


class StandingClock:
    """Seconds since the epoch that pass only when told."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self.seconds = start

    def __call__(self) -> float:
        return self.seconds


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    trickle_bytes: int = 0  # sent one by one, slowly


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_arguments: object) -> None:
        """Quiet: callers that hang up are part of these tests."""


class Target:
    """Answers with `answers` in turn, then 200. While `gate` is not set every request waits."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[Answer] = []
        self.gate = threading.Event()
        self.gate.set()
        self.most_at_once = 0
        self.at_once = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler_class())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def will_answer(self, *statuses: int) -> None:
        self.answers.extend(Answer(status) for status in statuses)

    def close(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self, received: Received) -> Answer:
        with self._lock:
            self.received.append(received)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            answer = self.answers.pop(0) if self.answers else Answer()
        self.gate.wait(_PATIENCE_SECONDS)
        with self._lock:
            self.at_once -= 1
        return answer

    def _handler_class(self) -> type[http.server.BaseHTTPRequestHandler]:
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            wbufsize = -1  # one packet for headers and body

            def _any(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                answer = target._serve(Received(self.command, self.path, dict(self.headers.items()), body))
                try:
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(answer.trickle_bytes))
                    self.end_headers()
                    for _ in range(answer.trickle_bytes):
                        self.wfile.write(b".")
                        self.wfile.flush()
                        time.sleep(0.01)
                    self.wfile.flush()
                except OSError:
                    self.close_connection = True  # the other side did not wait

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = _any

            def log_message(self, *_arguments: object) -> None:
                return

        return Handler
