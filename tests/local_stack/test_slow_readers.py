"""Readers of files who take little or nothing: they hold threads of their own kind, and little memory."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from scripts.local_stack import peers
from tests.local_stack.test_server_contract import Address, ask, listening

FILE_BYTES = 5_000_000
_CHUNK = bytes(64 * 1024)
_READERS = 20
_WEBHOOK = b"GET /sms/inbound HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n"
_FILE = b"GET /m/token/1 HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n"
# What the kernel may hold of one connection beyond what the server does.
_KERNEL_BYTES = 1_000_000


class App:
    """Files of five megabytes below /m/, and everything else at once. It counts what it has been asked for.

    `began` and `closed` are the files; `made` is how many bytes of them there were; `most` how many at one time.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.began = self.closed = self.made = self.most = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        is_file = environ["PATH_INFO"].startswith("/m/")
        length = FILE_BYTES if is_file else 2
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(length))])
        return _File(self) if is_file else [b"ok"]


class _File:
    def __init__(self, app: App) -> None:
        self._app, self._left = app, FILE_BYTES
        with app.lock:
            app.began += 1
            app.most = max(app.most, app.began - app.closed)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._left:
            raise StopIteration
        chunk = _CHUNK[: self._left]
        self._left -= len(chunk)
        with self._app.lock:
            self._app.made += len(chunk)
        return chunk

    def close(self) -> None:
        with self._app.lock:
            self._app.closed += 1


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def served(app: App) -> Iterator[Address]:
    with listening(app) as (address, _):
        yield address


@pytest.fixture
def many() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def reader(address: Address, many: ExitStack) -> socket.socket:
    """A peer that asked for a file and has taken nothing of it yet."""
    peer = many.enter_context(socket.socket())
    # Small, or the kernel takes the file in its place.
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    peer.settimeout(60)
    peer.connect(address)
    peer.sendall(_FILE)
    return peer


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def settled(app: App) -> int:
    """How many bytes there are of files, once there were no more of them for a moment."""
    made = -1
    while made != app.made:
        made = app.made
        time.sleep(0.3)
    return made


def test_readers_who_take_nothing_hold_neither_a_webhooks_thread_nor_their_files(
    app: App, served: Address, many: ExitStack
) -> None:
    readers = [reader(served, many) for _ in range(_READERS)]
    wait_until(lambda: app.made > peers.MEDIA_THREADS * peers.ANSWER_AHEAD_BYTES)
    for _ in range(2 * peers.THREADS):
        assert ask(served, _WEBHOOK).endswith(b"ok")
    made = settled(app)
    assert made < peers.MEDIA_THREADS * (peers.ANSWER_AHEAD_BYTES + len(_CHUNK) + _KERNEL_BYTES)
    assert made < _READERS * FILE_BYTES / 8
    assert (app.began, app.closed) == (peers.MEDIA_THREADS, 0)
    with ThreadPoolExecutor(_READERS) as pool:
        assert list(pool.map(_take, readers)) == [FILE_BYTES] * _READERS
    wait_until(lambda: app.closed == _READERS)
    assert app.most == peers.MEDIA_THREADS


def _take(peer: socket.socket) -> int:
    """How many bytes the whole file has."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += peer.recv(1000)
    size = len(head.partition(b"\r\n\r\n")[2])
    while chunk := peer.recv(256 * 1024):
        size += len(chunk)
    return size


def test_more_than_can_wait_are_told_to_come_again(
    app: App, many: ExitStack, capsys: pytest.CaptureFixture[str]
) -> None:
    served, listener = many.enter_context(listening(app))
    for _ in range(peers.MEDIA_THREADS):
        reader(served, many)
    wait_until(lambda: app.began == peers.MEDIA_THREADS)
    for _ in range(peers.MEDIA_WAITING_MAX):
        reader(served, many)
    wait_until(lambda: len(listener._files.queue) == peers.MEDIA_WAITING_MAX)
    for path in (b"/m/token", b"//m/token/2"):
        answer = ask(served, _FILE.replace(b"/m/token/1", path))
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"Retry-After: 5\r\n" in answer
    assert ask(served, _WEBHOOK).endswith(b"ok")
    said = capsys.readouterr().out
    assert "too many files of texts were asked for at once" in said
    assert "what is no request" not in said
    assert "token" not in said


def test_a_reader_who_takes_a_little_now_and_then_is_cut_off_in_time(
    app: App, served: Address, many: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "WHOLE_ANSWER_SECONDS", 1.0)
    peer = reader(served, many)
    size = 0
    while chunk := _some(peer):
        size += len(chunk)
        time.sleep(0.05)
    assert 0 < size < FILE_BYTES
    wait_until(lambda: app.closed == 1)
    assert ask(served, _WEBHOOK).endswith(b"ok")


def _some(peer: socket.socket) -> bytes:
    try:
        return peer.recv(16_000)
    except ConnectionResetError:
        return b""


def test_a_reader_who_leaves_lets_the_next_one_have_its_turn(app: App, served: Address, many: ExitStack) -> None:
    gone = [reader(served, many) for _ in range(peers.MEDIA_THREADS)]
    wait_until(lambda: app.began == peers.MEDIA_THREADS)
    reader(served, many)
    settled(app)
    assert app.began == peers.MEDIA_THREADS
    gone[0].close()
    wait_until(lambda: app.began == peers.MEDIA_THREADS + 1)
    assert app.closed == 1
