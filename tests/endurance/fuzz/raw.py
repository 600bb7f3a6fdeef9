"""One HTTP request as a server hands it to the application, however odd; and what the application read of it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from gunicorn.http.errors import InvalidChunkSize

from tests.endurance.fuzz import nasty
from tests.endurance.fuzz.tape import Tape

# An endless body ends here all the same, far above what anybody may read of it.
_ENDLESS_BYTES = 16 * 1024 * 1024
METHODS = ("POST", "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "post", "BREW", "P" * 300)


class Incoming(io.RawIOBase):
    """A request's body on its way in. Counts what is read; may go on for ever, or break off with an error."""

    def __init__(self, body: bytes, is_endless: bool = False, breaks: Exception | None = None) -> None:
        self._body = io.BytesIO(body)
        self._is_endless = is_endless
        self._breaks = breaks
        self.bytes_read = 0
        self.received = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._body.readinto(buffer)
        if count == 0 and self._breaks is not None:
            raise self._breaks
        if count == 0 and self._is_endless and self.bytes_read < _ENDLESS_BYTES:
            buffer[:] = b"z" * len(buffer)
            count = len(buffer)
        self.received += bytes(buffer[:count])
        self.bytes_read += count
        return count


@dataclass
class Raw:
    """A request. `length` is the Content-Length header: None says the body's true one, "" none at all.

    chunked: no length is announced, and the server knows where the body ends.
    endless: it does not end. breaks: what the server raises at its end.
    ids: those that the text had which was signed. must_be_taken: Twilio's own, about a text, and unchanged.
    """

    method: str = "POST"
    path: str = "/"
    query: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    length: str | None = None
    chunked: bool = False
    endless: bool = False
    breaks: Exception | None = None
    ids: frozenset[str] = frozenset()
    must_be_taken: bool = False

    def header(self, name: str) -> str:
        """As servers combine what comes several times."""
        return ",".join(value for key, value in self.headers if key.lower() == name)

    def environ(self, incoming: Incoming, errors: io.StringIO) -> dict[str, Any]:
        """The WSGI environment, as gunicorn makes it."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.path,
            "RAW_URI": self.path,
            "QUERY_STRING": self.query,
            "SERVER_NAME": "0.0.0.0",
            "SERVER_PORT": "8080",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "203.0.113.9",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BufferedReader(incoming),
            "wsgi.errors": errors,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        for name, _ in self.headers:
            key = name.upper().replace("-", "_")
            if key == "CONTENT_TYPE":
                environ[key] = self.header(name.lower())
            elif key not in ("CONTENT_LENGTH", ""):
                environ[f"HTTP_{key}"] = self.header(name.lower())
        environ.setdefault("HTTP_HOST", "relay.example.com")
        if self.chunked:
            environ["HTTP_TRANSFER_ENCODING"] = "chunked"
            environ["wsgi.input_terminated"] = True
        elif self.length != "":
            environ["CONTENT_LENGTH"] = str(len(self.body)) if self.length is None else self.length
        return environ


def transport(tape: Tape, raw: Raw) -> None:
    """What a network, a proxy or a stranger does to any request."""
    if tape.chance(8):
        raw.method = tape.pick(METHODS)
    if tape.chance(8):
        raw.path = "/" + nasty.header(nasty.text(tape))
    if tape.chance(10):
        name = tape.pick(_HEADERS)
        raw.headers.append((name, nasty.header(nasty.text(tape))))
    if tape.chance(12):
        _change_length(tape, raw)


_HEADERS = (
    *["X-Cloud-Trace-Context"] * 5,
    "Content-Type",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Authorization",
    "Authorization",
    "Origin",
    "Host",
    "Cookie",
    "Expect",
    "Content-Encoding",
    "If-None-Match",
    "X-Twilio-Signature",
    "I-Twilio-Idempotency-Token",
    "X-CloudTasks-TaskRetryCount",
    "X-Http-Method-Override",
    "Function-Execution-Id",
    "Traceparent",
    "Ce-Id",
    "X" * 200,
)


def _change_length(tape: Tape, raw: Raw) -> None:
    way = tape.below(8)
    if way == 0:
        raw.chunked = True
    elif way == 1:
        raw.length = tape.pick(
            ("", "0", "-1", "1", "99999999999999999999", "1e3", "\u0661", " 5 ", "5,5", "+3", "0x10")
        )
    elif way == 2:
        raw.length = str(len(raw.body) + 1 + tape.below(1000))  # it breaks off
    elif way == 3:
        raw.chunked = raw.endless = True
    elif way == 4:
        raw.chunked = True
        raw.breaks = tape.pick((OSError("the connection broke"), InvalidChunkSize(b"zz"), ValueError("closed")))
    elif way == 5:
        raw.body += b"&padding=" + b"z" * (60_000 + tape.below(10_000))  # about as large as is still read
    elif way == 6:
        raw.body = nasty.garbage(tape)
    else:
        raw.chunked = True
        raw.body += b" " * tape.below(200_000)
