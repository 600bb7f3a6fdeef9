"""The embedded home's server gives an application what the server of deployed functions gives it."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from unittest import mock
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from scripts.local_stack import peers
from tests.local_stack import echo
from tests.stories.relay_process import ROOT

Address = tuple[str, int]
# Only what hangs takes as long.
_PATIENCE_SECONDS = 120.0


@contextlib.contextmanager
def listening(application: WSGIApplication) -> Iterator[tuple[Address, peers.Listener]]:
    """Our server in a thread of this process. It bears with a peer for long, unless a test says otherwise."""
    with ExitStack() as kept, socket.create_server(("127.0.0.1", 0)) as bound:
        for name in ("REQUEST_SECONDS", "ANSWER_SECONDS", "WHOLE_ANSWER_SECONDS"):
            kept.enter_context(mock.patch.object(peers, name, _PATIENCE_SECONDS))
        listener = peers.Listener(application, bound, 100_000)
        is_over = threading.Event()

        def serve() -> None:
            while not is_over.is_set():
                listener.turn(0.02)
            listener.finish(_PATIENCE_SECONDS)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield bound.getsockname(), listener
        finally:
            is_over.set()
            thread.join()


@pytest.fixture(scope="module")
def ours() -> Iterator[Address]:
    with listening(echo.app) as (address, _):
        yield address


@pytest.fixture(scope="module")
def deployed() -> Iterator[Address]:
    """gunicorn with its worker of threads, as the framework starts it."""
    command = ["gunicorn", "--worker-class", "gthread", "--threads", "2", "--limit-request-line", "0"]
    with socket.create_server(("127.0.0.1", 0)) as bound:
        # What connects before it has begun is answered once it has.
        command += ["--no-control-socket", "--bind", f"fd://{bound.fileno()}", "tests.local_stack.echo:app"]
        server = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, pass_fds=[bound.fileno()])
        try:
            yield bound.getsockname()
        finally:
            server.terminate()
            server.wait(_PATIENCE_SECONDS)


def ask(address: Address, request: bytes) -> bytes:
    """Everything that is answered until the server closes the connection, or has nothing more to say."""
    with socket.create_connection(address, timeout=_PATIENCE_SECONDS) as peer:
        peer.sendall(request)
        return read(peer)


def read(peer: socket.socket) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := peer.recv(65536):
            received += chunk
    return received


_END = b"Host: relay.example.com\r\nConnection: close\r\n\r\n"
REQUESTS = {
    "a form": b"POST /sms/inbound HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 10\r\n" + _END + b"Body=caf%C3%A9"[:10],
    "bytes that are no text": b"POST /sms/inbound HTTP/1.1\r\nContent-Length: 4\r\n" + _END + b"\xff\x00\r\n",
    "no length": b"POST /sms/inbound HTTP/1.1\r\n" + _END,
    "chunks": b"POST /sms/inbound HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + _END + b"2\r\nhi\r\n0\r\n\r\n",
    "a query": b"POST /sms/delivery-status?relay=SM1&tier=1&x=%41+%2B HTTP/1.1\r\n" + _END,
    "an encoded path": b"GET /sms/a%20b%2Fc%C3%A9 HTTP/1.1\r\n" + _END,
    "a path to be read in two ways": b"GET /sms/./../inbound;x=1?y HTTP/1.1\r\n" + _END,
    "a slash more": b"GET /sms/inbound/ HTTP/1.1\r\n" + _END,
    "a header twice": b"GET / HTTP/1.1\r\nX-Twilio-Signature: one\r\nX-Twilio-Signature: two\r\n" + _END,
    "who came through a proxy": b"GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n"
    b"X-Forwarded-Host: a\r\nForwarded: for=192.0.2.7\r\nVia: 1.1 a\r\nX-Real-IP: 192.0.2.7\r\n" + _END,
    "a name with an underscore": b"GET / HTTP/1.1\r\nX_Forwarded_For: 192.0.2.7\r\n" + _END,
    "blanks around a value": b"GET / HTTP/1.1\r\nX-Odd:   a  b \t\r\n" + _END,
    "the old protocol": b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi",
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_an_application_is_given_the_same_as_where_functions_are_deployed(
    request_: bytes, ours: Address, deployed: Address
) -> None:
    answers = [ask(address, request_) for address in (ours, deployed)]
    told = [json.loads(answer.partition(b"\r\n\r\n")[2]) for answer in answers]
    for environ in told:
        # Lists are joined by a comma, with or without a blank.
        environ.update({name: value.replace(", ", ",") for name, value in environ.items()})
    assert told[0] == told[1]


_CHUNKS = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
REFUSED = {
    "no request": (b"hello relay\r\n\r\n", b"400"),
    "a header that is none": (b"GET / HTTP/1.1\r\nHost relay\r\n\r\n", b"400"),
    "a length that is none": (b"POST / HTTP/1.1\r\nContent-Length: ten\r\n\r\n", b"400"),
    "a chunk of no size": (_CHUNKS + b"xyz\r\n", b"400"),
    "an encoding that is not known": (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", b"501"),
    "headers without end": (b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 40_000, b"431"),
    "a length that is too large": (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"413"),
    "chunks without end": (_CHUNKS + b"1ffff\r\n" + b"x" * 110_000, b"413"),
}


@pytest.mark.parametrize(("request_", "status"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_request_or_too_large_is_refused_in_words(request_: bytes, status: bytes, ours: Address) -> None:
    answer = ask(ours, request_)
    assert answer.startswith((b"HTTP/1.0 " + status, b"HTTP/1.1 " + status))
    assert answer.partition(b"\r\n\r\n")[2]


def test_a_connection_is_kept_for_the_next_request_and_requests_may_be_sent_ahead(ours: Address) -> None:
    first, second, last = (b"GET /%d HTTP/1.1\r\nHost: relay\r\n" % number for number in range(3))
    with socket.create_connection(ours, timeout=_PATIENCE_SECONDS) as peer:
        peer.sendall(first + b"\r\n")
        answers = b""
        while b'"/0"' not in answers:
            answers += peer.recv(65536)
        peer.sendall(second + b"\r\n" + last + b"Connection: close\r\n\r\n")
        answers += read(peer)
    assert re.findall(rb'"PATH_INFO": "(.*?)"', answers) == [b"/0", b"/1", b"/2"]


def test_who_asks_whether_to_send_a_body_is_told_to(ours: Address) -> None:
    with socket.create_connection(ours, timeout=_PATIENCE_SECONDS) as peer:
        peer.sendall(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" + _END)
        assert peer.recv(65536).startswith(b"HTTP/1.1 100 ")
        peer.sendall(b"hi")
        assert b'"body": "hi"' in read(peer)


def test_who_takes_nothing_of_an_answer_is_cut_off() -> None:
    is_over = threading.Event()

    def endless(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            while True:
                yield b"x" * 1_000_000
        finally:
            is_over.set()

    with (
        listening(endless) as (address, _),
        mock.patch.object(peers, "ANSWER_SECONDS", 0.2),
        socket.create_connection(address, timeout=_PATIENCE_SECONDS) as peer,
    ):
        peer.sendall(b"GET / HTTP/1.1\r\n" + _END)
        assert is_over.wait(_PATIENCE_SECONDS), "its thread is free again"


def test_a_request_that_is_whole_is_answered_before_the_server_ends() -> None:
    has_begun, may_end = threading.Event(), threading.Event()

    def slow(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        has_begun.set()
        assert may_end.wait(_PATIENCE_SECONDS)
        return echo.app(environ, start_response)

    with contextlib.ExitStack() as kept:
        with listening(slow) as (address, _):
            peer = kept.enter_context(socket.create_connection(address, timeout=_PATIENCE_SECONDS))
            peer.sendall(b"GET /late HTTP/1.1\r\n" + _END)
            assert has_begun.wait(_PATIENCE_SECONDS)
            threading.Timer(0.3, may_end.set).start()
        assert b'"/late"' in read(peer)


def test_an_error_of_the_servers_own_closes_one_connection_and_no_other(
    monkeypatch: pytest.MonkeyPatch, ours: Address
) -> None:
    monkeypatch.setattr(peers._Connection, "received", lambda self, data: 1 / 0)
    assert ask(ours, b"GET / HTTP/1.1\r\n" + _END) == b""
    monkeypatch.undo()
    assert ask(ours, b"GET / HTTP/1.1\r\n" + _END).startswith(b"HTTP/1.1 200")
