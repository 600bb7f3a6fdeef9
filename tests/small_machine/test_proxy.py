"""The example of a proxy, tried: what it passes on, and what becomes of peers that are slow."""

from __future__ import annotations

import contextlib
import http.client
import select
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scripts.fake_twilio.webhooks import TOTAL_SECONDS
from tests.local_stack.signed import text_in
from tests.ports import free_port
from tests.small_machine.started import FILES
from tests.stack_fixtures import RunningStack, running_stack

# Only what hangs takes as long.
_PATIENCE_SECONDS = 120.0


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack("embedded", tmp_path_factory.mktemp("proxied")) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(relay: RunningStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Caddy with the example, without TLS, at an address of this machine: that address."""
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("Caddy is needed to try the example of a proxy: install your system's package `caddy`")
    address = f"http://127.0.0.1:{free_port()}"
    example = (FILES / "Caddyfile").read_text("utf-8")
    # Its signatures are over the relay's own address; Twilio's are over the proxy's, which the relay is then told.
    named = urlsplit(relay.environ["PUBLIC_BASE_URL"]).netloc
    example = example.replace("\nrelay.example.com {", f"\n{address} {{").replace("127.0.0.1:8080", relay.address[7:])
    example = example.replace("reverse_proxy", f"request_header Host {named}\n\t\treverse_proxy")
    path = tmp_path_factory.mktemp("caddy") / "Caddyfile"
    path.write_text(example.replace("{\n\tservers", "{\n\tadmin off\n\tservers", 1))
    environ = {"HOME": str(path.parent), "XDG_DATA_HOME": str(path.parent), "XDG_CONFIG_HOME": str(path.parent)}
    command = [program, "run", "--adapter", "caddyfile", "--config", str(path)]
    with (path.parent / "log").open("wb") as log:
        caddy = subprocess.Popen(command, env=environ, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_it_answers(address, caddy, path.parent / "log")
        yield address
    finally:
        caddy.terminate()
        caddy.wait(_PATIENCE_SECONDS)


def _wait_until_it_answers(address: str, caddy: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            _ask(address, "GET", "/")
            return
        except OSError:
            assert caddy.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)


def _ask(
    address: str, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=_PATIENCE_SECONDS)
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_signed_webhook_gets_through(relay: RunningStack, proxy: str) -> None:
    for _ in range(5):
        text_in(proxy, relay.environ)


@pytest.mark.parametrize("path", ["/sms/inbound", "/sms/relay-state", "/m/AAAAAAAAAAAAAAAAAAAAAA", "/console/session"])
def test_what_the_public_calls_is_passed_on(path: str, relay: RunningStack, proxy: str) -> None:
    assert _ask(proxy, "POST", path)[0] == _ask(relay.address, "POST", path)[0]


def test_a_link_to_photos_reaches_the_relay(proxy: str) -> None:
    status, page = _ask(proxy, "GET", "/m/AAAAAAAAAAAAAAAAAAAAAA")
    assert (status, b"This link is over; ask the office." in page) == (404, True)


def test_operators_reach_the_console_and_its_sign_in(proxy: str) -> None:
    assert _ask(proxy, "GET", "/console")[0] == 308
    assert _ask(proxy, "GET", "/console/")[0] == 200
    status, refused = _ask(proxy, "POST", "/console/session", b"{}", {"Content-Type": "application/json"})
    assert (status, b"Sign in at the console" in refused) == (401, True)


@pytest.mark.parametrize("path", ["/", "/consoles", "/local/stack", "/local/events", "/tasks/sweep", "/smsx", "/m"])
def test_nothing_else_is(path: str, proxy: str) -> None:
    assert _ask(proxy, "GET", path) == (404, b"Not found.")


def test_a_text_that_comes_in_too_slowly_is_not_answered_as_if_it_were_safe(relay: RunningStack, proxy: str) -> None:
    address = urlsplit(proxy)
    began = time.monotonic()
    with socket.create_connection((address.hostname, address.port), timeout=_PATIENCE_SECONDS) as peer:
        request = f"POST /sms/inbound HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 1000\r\n\r\n"
        peer.sendall(request.encode())
        text_in(proxy, relay.environ)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < began + TOTAL_SECONDS:
                if select.select([peer], [], [], 0.5)[0]:
                    answer = peer.recv(65536)
                    break
                peer.sendall(b"x")
    # What comes later is not heard by Twilio.
    is_in_time = time.monotonic() < began + TOTAL_SECONDS
    assert not is_in_time or answer == b"" or answer.startswith(b"HTTP/1.1 502 ")
