"""A wire between a client and a server that a test can spoil: swallow replies, cut connections, refuse new ones.

Works on bytes and so for any protocol; here it carries gRPC to the emulators.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Proxy:
    """Listens on 127.0.0.1 and passes everything on to `target` (host:port) until told otherwise."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._passes_replies = threading.Event()
        self._passes_replies.set()
        self._is_open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def swallow_replies(self) -> None:
        """What the client says still reaches the server; nothing comes back, and no connection ends."""
        self._passes_replies.clear()

    def cut(self) -> None:
        """End all connections, with what was swallowed on them; new ones are welcome and get their replies."""
        with self._lock:
            ended, self._sockets = self._sockets, []
            self._passes_replies.set()
        for connection in ended:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End all connections and refuse new ones."""
        self._is_open = False
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while self._is_open:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                continue
            with self._lock:
                self._sockets += [client, server]
            threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _may_pass(self, sink: socket.socket) -> bool:
        with self._lock:
            return sink in self._sockets and self._passes_replies.is_set()

    def _pump(self, source: socket.socket, sink: socket.socket, is_reply: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not is_reply or self._may_pass(sink):
                    sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
