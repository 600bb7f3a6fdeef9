"""A WSGI application that says what it was given: for comparing servers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

_TOLD = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "SCRIPT_NAME", "CONTENT_TYPE", "REMOTE_ADDR", "SERVER_PROTOCOL")
# Says how the body was carried. Servers that have read it whole do without; its words are the same.
_OF_THE_WIRE = "HTTP_TRANSFER_ENCODING"


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    told = {name: environ.get(name, "") for name in environ if name in _TOLD or name.startswith("HTTP_")}
    told.pop(_OF_THE_WIRE, None)
    told["body"] = environ["wsgi.input"].read(_length(environ)).decode("latin-1")
    answer = json.dumps(told, sort_keys=True).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]


def _length(environ: WSGIEnvironment) -> int:
    return -1 if environ.get("wsgi.input_terminated") else int(environ.get("CONTENT_LENGTH") or 0)
