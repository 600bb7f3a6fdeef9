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


class Fetched(NamedTuple):
    """The answer to a request for a file; status None: none came, or not in time."""

    status: int | None
    content_type: str = ""
    content: bytes = b""


class Transport(Protocol):
    """How the fake reaches the application."""

    def fetch(self, method: str, url: str, most_bytes: int, timeout_seconds: float) -> Fetched:
        """Ask for a file, without credentials; of its bytes no more than so many are read."""

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
        connection, path = self._way_to(url, connect_seconds)
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

    def fetch(self, method: str, url: str, most_bytes: int, timeout_seconds: float) -> Fetched:
        connection, path = self._way_to(url, timeout_seconds)
        headers = {"Host": urlsplit(url).netloc, "User-Agent": "TwilioProxy/1.1", "Accept": "*/*"}
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return Fetched(response.status, response.getheader("Content-Type", ""), response.read(most_bytes))
        except (OSError, http.client.HTTPException):
            return Fetched(None)
        finally:
            connection.close()

    def _way_to(self, url: str, timeout_seconds: float) -> tuple[http.client.HTTPConnection, str]:
        """Returns a connection, not made yet, and the path to ask it for."""
        target = urlsplit(self._routed(url))
        connection = _connection(target.scheme, target.hostname or "", target.port, timeout_seconds)
        path = target.path or "/"
        return connection, f"{path}?{target.query}" if target.query else path

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
