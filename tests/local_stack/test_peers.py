"""Slow, hostile and odd peers at the embedded home's own server; a signed webhook is answered all the while."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from scripts.local_stack import ROOT
from scripts.local_stack.peers import CONNECTIONS_MAX, REQUEST_SECONDS
from tests.local_stack.signed import post_webhook, webhook
from tests.pace import pace
from tests.stack_fixtures import RunningStack, running_stack

# What a busy machine may add to the deadline.
_SPARE_SECONDS = 2.0
_HEADERS_UNDER_WAY = b"POST /sms/inbound HTTP/1.1\r\nHost: relay\r\nX-Slow: "
_BODY_UNDER_WAY = b"POST /sms/inbound HTTP/1.1\r\nHost: relay\r\nContent-Length: 1000\r\n\r\nBody="


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack of this file's own: its peers would be a plague for other tests."""
    with running_stack("embedded", tmp_path_factory.mktemp("peers")) as running:
        yield running


class Dribblers:
    """Connections that keep sending a little and never send a whole request."""

    def __init__(self, sockets: list[socket.socket], began: float) -> None:
        self.sockets = sockets
        # When the first and when the last of them connected.
        self.began, self.complete = began, time.monotonic()

    def dribble(self) -> None:
        """One more byte from each that is still connected."""
        for peer in self.sockets:
            try:
                peer.send(b"x")
            except OSError:
                continue

    def may_be_cut(self) -> bool:
        """Whether the deadline of the first is over: on a busy machine, connecting takes a while."""
        return time.monotonic() > self.began + REQUEST_SECONDS

    def are_cut(self) -> list[bool]:
        return [_is_cut(peer) for peer in self.sockets]


def _is_cut(peer: socket.socket) -> bool:
    if not select.select([peer], [], [], 0)[0]:
        return False
    try:
        return peer.recv(65536) == b""
    except ConnectionError:
        return True


@contextmanager
def connected(stack: RunningStack) -> Iterator[socket.socket]:
    address = urlsplit(stack.address)
    with socket.create_connection((address.hostname, address.port), timeout=20) as peer:
        yield peer


@contextmanager
def dribblers(stack: RunningStack, count: int) -> Iterator[Dribblers]:
    with ExitStack() as opened:
        peers, began = [], time.monotonic()
        for number in range(count):
            peer = opened.enter_context(connected(stack))
            peer.sendall(_BODY_UNDER_WAY if number % 2 else _HEADERS_UNDER_WAY)
            peers.append(peer)
        yield Dribblers(peers, began)


def _answered_within(stack: RunningStack) -> float:
    """The longest that one of several signed webhooks waits for its answer."""
    answers = [post_webhook(stack.address, stack.environ) for _ in range(5)]
    assert [status for status, _ in answers] == [200] * 5
    return max(seconds for _, seconds in answers)


def test_two_hundred_that_dribble_keep_no_webhook_waiting_and_are_cut_after_five_seconds(relay: RunningStack) -> None:
    usual = _answered_within(relay)
    with dribblers(relay, 200) as slow:
        assert _answered_within(relay) < usual + 0.5 * pace()
        while time.monotonic() < slow.began + REQUEST_SECONDS - 1:
            slow.dribble()
            assert not any(slow.are_cut()) or slow.may_be_cut()
            time.sleep(0.3)
        end = slow.complete + REQUEST_SECONDS + _SPARE_SECONDS * pace()
        while not all(slow.are_cut()) and time.monotonic() < end:
            slow.dribble()
            time.sleep(0.5)
        assert all(slow.are_cut())


def test_at_the_bound_the_oldest_unfinished_connections_make_room(relay: RunningStack) -> None:
    with dribblers(relay, CONNECTIONS_MAX + 20) as slow:
        answers = [post_webhook(relay.address, relay.environ) for _ in range(3)]
        cut = slow.are_cut()
        assert not any(cut[40:]) or slow.may_be_cut()
    assert [status for status, _ in answers] == [200] * 3
    assert all(cut[:20])


def test_who_sends_a_text_and_does_not_wait_for_the_answer_has_sent_it(relay: RunningStack) -> None:
    body, headers = webhook(relay.environ)
    lines = [f"{name}: {value}" for name, value in {**headers, "Content-Length": str(len(body))}.items()]
    request = "\r\n".join(["POST /sms/inbound HTTP/1.1", *lines, "", ""]).encode() + body
    with connected(relay) as peer:
        peer.sendall(request)
    relay.wait_until_recorded(dict(parse_qsl(body.decode()))["MessageSid"])


def test_a_head_is_answered_without_a_body(relay: RunningStack) -> None:
    with connected(relay) as peer:
        peer.sendall(b"HEAD /console/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = peer.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n")


def test_a_body_that_is_a_little_too_large_is_refused_in_the_relays_own_words(relay: RunningStack) -> None:
    with connected(relay) as peer:
        peer.sendall(b"POST /sms/inbound HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")
        peer.sendall(b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70000)
        answer = peer.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(b"The body is larger than 65536 bytes.")


def test_what_peers_do_is_logged_without_what_they_send(relay: RunningStack) -> None:
    with connected(relay) as peer, connected(relay) as other:
        peer.sendall(b"POST /zebra HTTP/1.1\r\nHost: zebra\r\nX-Zebra: zebra\r\nContent-Length: 9\r\n\r\nzebra")
        other.sendall(b"GET /zebra HTTP/1.1\r\nzebra zebra\r\n\r\n")
        assert b" 400 " in other.makefile("rb").read()
        assert peer.recv(1) == b""
    told = (Path(relay.environ["RELAY_DATABASE"]).parent / "relay.log").read_text("utf-8")
    for words in ("a peer was cut off: its request was not whole in time", "a peer sent what is no request"):
        assert words in told
    assert "zebra" not in told.lower()


def test_a_system_that_allows_few_open_files_allows_more_connections_than_are_kept() -> None:
    """As macOS does, 256 of them. In a process of its own, which it holds for."""
    code = (
        "import resource; from scripts.local_stack.server import allow_open_files\n"
        "_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard)); allow_open_files()\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert int(told) > 2 * CONNECTIONS_MAX
