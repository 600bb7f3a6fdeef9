"""An office in memory, served over HTTP, with the console and its sign-in: asked as any relay is.

Nothing is waited for, and any token is accepted; `doors` has the codes that were sent (doors.outbox).
"""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from relay.operators.console import handle_console
from relay.operators.guard import Verifier
from relay.operators.identity import Caller
from relay.operators.signing_in.paths import route_in
from relay.operators.signing_in.routes import handle_signing_in
from relay.operators.today import told_of_today
from relay.web import REDRIVE_PATH, RELAY_STATE_PATH, THREADS_PATH, Request, Response, json_response

from tests.office import OURS, Office
from tests.operators.operator_calls import Everybody, on_thread, redrive, state
from tests.operators.signing_in.doors import Doors


def _state(office: Office, body: bytes, by: Verifier, **changes: Any) -> Response:
    if json.loads(body) == {"today": True}:
        told = told_of_today((office.policy, (OURS,), office.conversations.is_on))
        return json_response(200, {**told, "now": office.clock.now().isoformat()})
    return state(office, body, by, **changes)


_ROUTES = {RELAY_STATE_PATH: _state, THREADS_PATH: on_thread, REDRIVE_PATH: redrive}


class _AnyToken:
    """Accepts every token, and sessions as they are."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def caller(self, request: Request) -> Caller:
        by_token = "authorization" in request.headers
        return Everybody().caller(request) if by_token else self._doors.room.authenticator.caller(request)


@contextmanager
def served(office: Office, doors: Doors | None = None) -> Iterator[str]:
    """Yields the address at which the operators' routes of this office answer, its console and its sign-in."""
    behind = doors or Doors(clock=office.clock, console="")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if route_in(self.path):
                self._give(handle_signing_in(behind.room, Request("POST", self.path, headers=headers, body=body)))
                return
            ask: Any = _ROUTES[self.path]
            self._give(ask(office, body, _AnyToken(behind), headers=headers))

        def _give(self, answer: Response) -> None:
            self.send_response(answer.status)
            for name, value in (*answer.headers.items(), *(("Set-Cookie", cookie) for cookie in answer.cookies)):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def do_GET(self) -> None:
            self._give(handle_console(Request("GET", self.path)))

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
