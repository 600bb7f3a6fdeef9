"""What stands at the other end of a webhook, and servers that misbehave on any protocol."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """What was posted, with its headers; `status` is what it answers."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.location = ""
        self.url = ""


@contextlib.contextmanager
def webhook_receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook?token=s3cret"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def raw_server(act: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does this with each connection; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        is_over = threading.Event()

        def accept() -> None:
            while not is_over.is_set():
                with contextlib.suppress(OSError):
                    connection, _ = listening.accept()
                    threading.Thread(target=_act, args=(act, connection), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listening.getsockname()[1]
        finally:
            is_over.set()
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)


def _act(act: Callable[[socket.socket], None], connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        act(connection)


def silent(connection: socket.socket) -> None:
    """Take everything and say nothing."""
    while connection.recv(4096):
        pass


def dripping(connection: socket.socket) -> None:
    """Say one byte at a time, for ever, and never a whole line."""
    while True:
        connection.sendall(b"2")
        time.sleep(0.05)


def closing(connection: socket.socket) -> None:
    """Break off at once."""
