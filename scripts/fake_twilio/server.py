"""The fake over HTTP: one WSGI application, and a server for it."""

import json
import socket
import threading
from collections.abc import Iterable
from types import TracebackType
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

from scripts.fake_twilio import control, rest
from scripts.fake_twilio.model import FakeTwilio


def make_app(fake: FakeTwilio) -> WSGIApplication:
    """Twilio's API under `/2010-04-01/` and the control API under `/fake/`; anything else is 404.

    To mount it beside another application, hand it the requests whose path starts with `PREFIXES`, with
    `PATH_INFO` left as it is.
    """
    api, controls = rest.RestApi(fake), control.ControlApi(fake)
    not_found = Response(json.dumps({"error": "not found"}), 404, content_type="application/json")

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(control.PREFIX):
            return controls(environ, start_response)
        if path.startswith(rest.PREFIX):
            return api(environ, start_response)
        return not_found(environ, start_response)

    return app


PREFIXES = (rest.PREFIX, control.PREFIX)


class _Handler(WSGIRequestHandler):
    # Buffered: headers and body leave in one packet. Apart, the second waits for the receiver's delayed
    # acknowledgement of the first, some 40 ms. Without Nagle the rest of an answer that is longer than the
    # buffer leaves at once, too.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: a request's query holds phone numbers."""


class _Server(ThreadedWSGIServer):
    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close a connection; one that is to be reset must not be told an orderly end first."""
        if isinstance(request, socket.socket) and request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER):
            request.close()
        else:
            super().shutdown_request(request)


class Server:
    """Serves one fake in threads of this process, from `start()` or `with` on. `port` 0: the system chooses.

    Raises OSError at creation if the port is taken.
    """

    def __init__(self, fake: FakeTwilio, host: str = "127.0.0.1", port: int = 0) -> None:
        self.fake = fake
        # Bound here, because werkzeug ends the whole process over a taken port.
        with socket.create_server((host, port)) as listener:
            bound_port = listener.getsockname()[1]
            self._server = _Server(host, bound_port, make_app(fake), _Handler, fd=listener.fileno())
        self.base_url = f"http://{host}:{bound_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def start(self) -> "Server":
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop serving and stop the fake; its record stays readable."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.fake.close()

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
