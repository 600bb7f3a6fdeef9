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
from tests.local_stack.signed import text_in, webhook
from tests.stack_fixtures import RunningStack, running_stack, until

# Only what hangs takes as long.
_PATIENCE_SECONDS = 120.0
_AGAIN_SECONDS = 10.0
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
    with socket.create_connection((address.hostname, address.port), timeout=_PATIENCE_SECONDS) as peer:
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


def _are_answered_beside(stack: RunningStack, slow: Dribblers) -> bool:
    """Whether several signed webhooks were answered while all of these were still connected.

    Where one of them has been cut off meanwhile, a webhook may have waited for that.
    """
    for _ in range(5):
        text_in(stack.address, stack.environ)
    is_sooner = not any(slow.are_cut())
    assert is_sooner or slow.may_be_cut()
    return is_sooner


def test_two_hundred_that_dribble_keep_no_webhook_waiting(relay: RunningStack) -> None:
    give_up_at, are_answered = time.monotonic() + _PATIENCE_SECONDS, False
    while not are_answered:  # at once, but on a machine that needs five seconds for five webhooks
        assert time.monotonic() < give_up_at
        with dribblers(relay, 200) as slow:
            are_answered = _are_answered_beside(relay, slow)


def test_two_hundred_that_dribble_are_cut_after_five_seconds(relay: RunningStack) -> None:
    with dribblers(relay, 200) as slow:
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while not all(cut := slow.are_cut()):
            assert not any(cut) or slow.may_be_cut()
            assert time.monotonic() < give_up_at
            slow.dribble()
            time.sleep(0.3)


def test_at_the_bound_the_oldest_unfinished_connections_make_room(relay: RunningStack) -> None:
    with dribblers(relay, CONNECTIONS_MAX + 20) as slow:
        for _ in range(3):
            text_in(relay.address, relay.environ)
        cut = slow.are_cut()
        assert not any(cut[40:]) or slow.may_be_cut()
    assert all(cut[:20])


def test_who_sends_a_text_and_does_not_wait_for_the_answer_has_sent_it(relay: RunningStack) -> None:
    body, headers = webhook(relay.environ)
    lines = [f"{name}: {value}" for name, value in {**headers, "Content-Length": str(len(body))}.items()]
    request = "\r\n".join(["POST /sms/inbound HTTP/1.1", *lines, "", ""]).encode() + body
    message_id = dict(parse_qsl(body.decode()))["MessageSid"]
    again_at = 0.0

    def is_recorded() -> bool:
        """Twilio brings a text again, too, when the store of a busy machine was not in time."""
        nonlocal again_at
        if time.monotonic() >= again_at:
            with connected(relay) as peer:
                peer.sendall(request)
            again_at = time.monotonic() + _AGAIN_SECONDS
        return relay.recorded(message_id) is not None

    until(is_recorded, "the record of a text whose sender is gone")


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
