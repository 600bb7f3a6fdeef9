"""One HTTP request to the application, with Twilio's two timeouts. No retries and no redirects here."""

import functools
import http.client
import ssl
from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol
from urllib.parse import urlsplit


class Answer(NamedTuple):
    """What came back: a status with headers and text, or nothing and why.

    failure "connect": no connection came about. "read": it did, but no whole answer came in time; what the
    application did is unknown.
    """

    status: int | None
    content_type: str = ""
    body: str = ""
    failure: Literal["connect", "read"] | None = None


class Transport(Protocol):
    """How the fake reaches the application."""

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        connect_seconds: float,
        read_seconds: float,
    ) -> Answer: ...


class HttpTransport:
    """Over the network, a new connection for each request (a kept one would hide that an application died)."""

    def __init__(self, routes: Mapping[str, str]) -> None:
        """`routes`: URL prefix → the prefix to connect to instead; the Host header stays the original's."""
        self._routes = dict(routes)

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        connect_seconds: float,
        read_seconds: float,
    ) -> Answer:
        target = urlsplit(self._routed(url))
        connection = _connection(target.scheme, target.hostname or "", target.port, connect_seconds)
        path = target.path or "/"
        if target.query:
            path = f"{path}?{target.query}"
        try:
            try:
                connection.connect()
            except OSError:
                return Answer(None, failure="connect")
            connection.sock.settimeout(read_seconds)
            try:
                connection.request(method, path, body, {**headers, "Host": urlsplit(url).netloc})
                response = connection.getresponse()
                text = response.read().decode("utf-8", "replace")
            except (OSError, http.client.HTTPException):
                return Answer(None, failure="read")
            return Answer(response.status, response.getheader("Content-Type", ""), text)
        finally:
            connection.close()

    def _routed(self, url: str) -> str:
        for prefix, target in self._routes.items():
            if url == prefix or url.startswith((f"{prefix}/", f"{prefix}?")):
                return target + url[len(prefix) :]
        return url


def _connection(scheme: str, host: str, port: int | None, timeout: float) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=_trust())
    return http.client.HTTPConnection(host, port, timeout=timeout)


@functools.cache
def _trust() -> ssl.SSLContext:
    # Reading the system's certificates takes longer than a request.
    return ssl.create_default_context()
