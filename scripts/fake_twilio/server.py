"""The fake over HTTP: one WSGI application, and a server for it."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterable
from types import TracebackType
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

from scripts.fake_twilio import control, rest
from scripts.fake_twilio.media_host import MediaHost
from scripts.fake_twilio.model import FakeTwilio


def make_app(fake: FakeTwilio) -> WSGIApplication:
    """Twilio's APIs under `/2010-04-01/` and `/v1/`, and the control API under `/fake/`; anything else is 404.

    To mount it beside another application, hand it the requests whose path starts with `PREFIXES`, with
    `PATH_INFO` left as it is.
    """
    api, controls = rest.RestApi(fake), control.ControlApi(fake)
    not_found = Response(json.dumps({"error": "not found"}), 404, content_type="application/json")

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(control.PREFIX):
            return controls(environ, start_response)
        if path.startswith(rest.PREFIXES):
            return api(environ, start_response)
        return not_found(environ, start_response)

    return app


PREFIXES = (*rest.PREFIXES, control.PREFIX)


class _Handler(WSGIRequestHandler):
    # Buffered: headers and body leave in one packet. Apart, the second waits for the receiver's delayed
    # acknowledgement of the first, some 40 ms. Without Nagle the rest of an answer that is longer than the
    # buffer leaves at once, too.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: "_Server"

    def run_wsgi(self) -> None:
        self.server.idle.discard(self.connection)
        super().run_wsgi()
        if self.server.is_shut:
            self.close_connection = True
        else:
            self.server.idle.add(self.connection)

    def finish(self) -> None:
        # A caller that leaves in the midst of a file is usual.
        with contextlib.suppress(ConnectionError):
            super().finish()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: a request's query holds phone numbers."""


class _Server(ThreadedWSGIServer):
    # A pool of connections, or a burst of texts, opens many at once.
    request_queue_size = 128

    def __init__(self, listener: socket.socket, app: WSGIApplication) -> None:
        # A copy of the listener's file descriptor, bound here because werkzeug ends the process over a taken port.
        host, port = listener.getsockname()[:2]
        super().__init__(host, port, app, _Handler, fd=listener.fileno())
        # Connections that wait for a request; and whether none is to wait any more.
        self.idle: set[socket.socket] = set()
        self.is_shut = False

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close a connection; one that is to be reset must not be told an orderly end first."""
        if isinstance(request, socket.socket):
            self.idle.discard(request)
            if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER):
                request.close()
                return
        super().shutdown_request(request)

    def close_idle(self) -> None:
        self.is_shut = True
        for connection in tuple(self.idle):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Server:
    """Serves one fake in threads of this process, from `start()` or `with` on. `port` 0: the system chooses.

    The second host, which serves the bytes of files, is at another port, and stays there in every outage.
    Raises OSError at creation if the port is taken. It is the fake's door: an outage may have it refuse connections,
    while the port stays its own.
    """

    def __init__(self, fake: FakeTwilio, host: str = "127.0.0.1", port: int = 0) -> None:
        self.fake = fake
        self._app = make_app(fake)
        self._lock = threading.Lock()
        self._is_closed = False
        # Has the port and never listens: while connections are refused no other program is given it.
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind((host, port))
        self._address: tuple[str, int] = self._held.getsockname()
        self._server: _Server | None = self._new_server()
        with socket.create_server((host, 0)) as listener:
            fake.media_host_url = f"http://{host}:{listener.getsockname()[1]}"
            self._media_host = _Server(listener, MediaHost(fake))
        self._thread, self._media_thread = self._new_thread(self._server), self._new_thread(self._media_host)
        self.base_url = f"http://{host}:{self._address[1]}"
        fake.door = self

    def _new_server(self) -> _Server:
        with socket.create_server(self._address) as listener:
            return _Server(listener, self._app)

    @staticmethod
    def _new_thread(server: _Server) -> threading.Thread:
        return threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def start(self) -> "Server":
        self._thread.start()
        self._media_thread.start()
        return self

    def close_door(self) -> None:
        with self._lock:
            if self._server is None or self._is_closed:
                return
            self._stop(self._server)
            self._server.close_idle()
            self._server = None

    def open_door(self) -> None:
        with self._lock:
            if self._server is not None or self._is_closed:
                return
            self._server = self._new_server()
            self._thread = self._new_thread(self._server)
            self._thread.start()

    def _stop(self, server: _Server) -> None:
        server.shutdown()
        self._thread.join()
        server.server_close()

    def _stop_media_host(self) -> None:
        if self._media_thread.is_alive():
            self._media_host.shutdown()
            self._media_thread.join()
        self._media_host.server_close()

    def close(self) -> None:
        """Stop serving and stop the fake; its record stays readable."""
        with self._lock:
            self._is_closed = True
            if self._server is not None:
                self._stop(self._server)
            self._held.close()
        self.fake.close()
        self._stop_media_host()

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
