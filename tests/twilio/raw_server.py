"""A server that speaks only as a test tells it, byte by byte: for everything that a well-behaved one never does."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable
from hashlib import sha256
from types import TracebackType
from typing import Self

from relay.ports import OutgoingText

Talk = Callable[["Connection"], None]

SID = "SM" + "a" * 32


def sid_of(text: OutgoingText) -> str:
    """The id that these servers give a text."""
    return SID if text.message_id == "SM1" else "SM" + sha256(text.body.encode()).hexdigest()[:32]


def answer_to(text: OutgoingText) -> bytes:
    """Twilio's answer to a POST of this text."""
    shown = {"sid": sid_of(text), "status": "queued", "to": text.to, "from": text.from_, "body": text.body}
    return json.dumps(shown).encode()


_USUAL = ("+15550002001", "+15550001000", "the boiler is leaking")
CREATED = answer_to(OutgoingText(*_USUAL, validity_seconds=60, message_id="SM1", tier=1, attempt=1))


def whole(status: int, body: bytes, length: int | None = None, **headers: str) -> bytes:
    """Returns the bytes of an answer, which says that it has `length` bytes of body."""
    lines = [f"HTTP/1.1 {status} Made Up", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection:
    """One accepted connection, as the test's script sees it."""

    def __init__(self, server: RawServer, connected: socket.socket) -> None:
        self._server = server
        self._socket = connected
        self._stream = connected.makefile("rb")

    @property
    def host(self) -> str:
        """The server's own host and port."""
        return self._server.base_url.removeprefix("http://")

    def read_request(self) -> bool:
        """Take in one whole request, into the server's `requests`; False when the client left before its end."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self._stream.readline()
            if not line:
                return False
            head += line
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
        length = int(fields.get("Content-Length", 0))
        body = self._stream.read(length)
        if len(body) < length:
            return False
        self._server.requests.append(head.decode() + body.decode())
        return True

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def answer(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        """Send a whole answer, which says that it has `length` bytes."""
        self.write(whole(status, body, length, **headers))

    def drip(self, data: bytes) -> None:
        """Byte by byte, often enough for any timeout of a single read, until the test ends."""
        for byte in data:
            self.write(bytes([byte]))
            if self._server.is_over.wait(0.02):
                return

    def hang(self) -> None:
        """Say nothing until the test ends."""
        self._server.is_over.wait()

    def reset(self) -> None:
        """End it the hard way, so that the client sees a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.close()
            self._socket.close()


class RawServer:
    """Listens on 127.0.0.1; every connection is handled by `talk` in a thread of its own.

    `requests` are all requests that were read whole, head and body as text. `connections` counts what was accepted,
    `ended` those of them that are over.
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[str] = []
        self.connections = 0
        self.ended = 0
        self.is_over = threading.Event()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.is_over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self.is_over.is_set():
            try:
                connected, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connected,), daemon=True).start()

    def _serve(self, connected: socket.socket) -> None:
        connection = Connection(self, connected)
        with contextlib.suppress(OSError):
            self._talk(connection)
        connection.close()
        with self._lock:
            self.ended += 1


def one_answer(status: int, body: bytes, length: int | None = None, **headers: str) -> Talk:
    """Read a request, give this answer, close."""

    def talk(connection: Connection) -> None:
        if connection.read_request():
            connection.answer(status, body, length, **headers)

    return talk


def created(connection: Connection) -> None:
    """Accept every text, on a connection that stays open."""
    while connection.read_request():
        connection.answer(201, CREATED, Content_Type="application/json")
