"""An office in memory, served over HTTP, with the console: asked as any relay is, and nothing is waited for."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from relay.operators.console import handle_console
from relay.web import REDRIVE_PATH, RELAY_STATE_PATH, THREADS_PATH, Request, Response

from tests.office import Office
from tests.operators.operator_calls import on_thread, redrive, state

_ROUTES = {RELAY_STATE_PATH: state, THREADS_PATH: on_thread, REDRIVE_PATH: redrive}
_TOKEN = "/token"


@contextmanager
def served(office: Office) -> Iterator[str]:
    """Yields the address at which the operators' routes of this office answer, and its console."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            ask: Any = _ROUTES[self.path]
            self._give(ask(office, body))

        def _give(self, answer: Response) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def do_GET(self) -> None:
            if self.path == _TOKEN:
                self._give(Response(200, b"aaa.bbb.ccc", {"Content-Type": "text/plain"}))
            else:
                self._give(handle_console(Request("GET", self.path), token_url=_TOKEN))

        def log_message(self, *_arguments: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
