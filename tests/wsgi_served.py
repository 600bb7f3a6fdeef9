"""A WSGI application that answers over HTTP in this process, one request at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.simple_server import WSGIServer, make_server
from wsgiref.types import WSGIApplication

from scripts.local_google.issuer import QuietHandler


@contextmanager
def wsgi_served(app: WSGIApplication) -> Iterator[str]:
    """Yields the address at which it answers."""
    with make_server("127.0.0.1", 0, app, WSGIServer, QuietHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
