"""A load generator that costs little itself: ready-made requests, kept-alive connections, one loop, no framework."""

from __future__ import annotations

import selectors
import socket
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_ANSWER_BYTES = 65536


@dataclass
class Answer:
    """What became of one request. `status` 0: the connection broke. Latency from when it was due to be sent."""

    status: int
    seconds: float


@dataclass
class Load:
    """Answers in the order they came, and how long the whole took, in seconds."""

    answers: list[Answer] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.answers) / self.seconds

    def latencies(self) -> list[float]:
        return [answer.seconds for answer in self.answers]

    def count(self, status: int) -> int:
        return sum(answer.status == status for answer in self.answers)


class _Connection:
    def __init__(self, port: int, selector: selectors.BaseSelector) -> None:
        self._address = ("127.0.0.1", port)
        self._selector = selector
        self._socket: socket.socket | None = None
        self._received = b""
        self.due_at = 0.0

    def send(self, request: bytes, due_at: float) -> None:
        if self._socket is None:
            self._socket = socket.create_connection(self._address)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(self._socket, selectors.EVENT_READ, self)
        self.due_at = due_at
        self._received = b""
        self._socket.sendall(request)

    def receive(self) -> int | None:
        """The status once the whole answer is there; None while it is not; 0 when the connection broke."""
        assert self._socket is not None  # noqa: S101 - it has just become readable
        try:
            data = self._socket.recv(_ANSWER_BYTES)
        except OSError:
            data = b""
        if not data:
            self.close()
            return 0
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return None
        lowered = head.lower()
        _, _, rest = lowered.partition(b"content-length:")
        # An answer without a body, like 204, has no length.
        length = int(rest.split(b"\r\n", 1)[0]) if rest else 0
        if len(body) < length:
            return None
        if b"connection: close" in lowered:
            self.close()
        return int(head[9:12])

    def close(self) -> None:
        if self._socket is not None:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None


def closed_loop(port: int, requests: Iterable[bytes], clients: int) -> Load:
    """So many clients, each sending its next request when it has its answer."""
    waiting = deque(requests)
    load = Load()
    with selectors.DefaultSelector() as selector:
        connections = [_Connection(port, selector) for _ in range(min(clients, len(waiting)))]
        started_at = time.perf_counter()
        for connection in connections:
            connection.send(waiting.popleft(), time.perf_counter())
        under_way = len(connections)
        while under_way:
            for key, _ in selector.select():
                connection = key.data
                status = connection.receive()
                if status is None:
                    continue
                now = time.perf_counter()
                load.answers.append(Answer(status, now - connection.due_at))
                if waiting:
                    connection.send(waiting.popleft(), now)
                else:
                    under_way -= 1
        load.seconds = time.perf_counter() - started_at
        for connection in connections:
            connection.close()
    return load


def open_loop(port: int, requests: Sequence[bytes], within_seconds: float, patience_seconds: float = 60.0) -> Load:
    """All requests evenly over this time, each on a connection of its own, whatever becomes of the others."""
    load = Load()
    with selectors.DefaultSelector() as selector:
        started_at = time.perf_counter()
        sent = 0
        while len(load.answers) < len(requests):
            now = time.perf_counter()
            if now - started_at > patience_seconds:
                break
            due_at = started_at + within_seconds * sent / len(requests)
            if sent < len(requests) and now >= due_at:
                _Connection(port, selector).send(requests[sent], due_at)
                sent += 1
                continue
            pause = max(0.0, due_at - now) if sent < len(requests) else 1.0
            for key, _ in selector.select(pause):
                connection = key.data
                status = connection.receive()
                if status is not None:
                    load.answers.append(Answer(status, time.perf_counter() - connection.due_at))
                    connection.close()
        for key in list(selector.get_map().values()):
            key.data.close()
        load.seconds = time.perf_counter() - started_at
    return load
