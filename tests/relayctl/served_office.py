"""An office in memory, served over HTTP: relayctl asks it as it asks any relay, and nothing is waited for."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from relay.web import REDRIVE_PATH, RELAY_STATE_PATH, THREADS_PATH, Response

from tests.office import Office
from tests.operators.operator_calls import on_thread, redrive, state

_ROUTES = {RELAY_STATE_PATH: state, THREADS_PATH: on_thread, REDRIVE_PATH: redrive}


@contextmanager
def served(office: Office) -> Iterator[str]:
    """Yields the address at which the operators' routes of this office answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            ask: Any = _ROUTES[self.path]
            answer: Response = ask(office, body)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

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
