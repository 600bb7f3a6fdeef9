"""Connections to Twilio: without one nothing was sent, for certain; with one, it is shared and used again."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from relay.ports import Accepted, SendOutcome
from relay.twilio.messenger import TwilioMessenger

from tests.local_google.target import eventually
from tests.twilio.raw_server import CREATED, SID, Connection, RawServer, created, one_answer
from tests.twilio.support import ACCOUNT, NOT_SENT, PATIENT, TEXT, TOKEN, Notes, messenger_at, send
from tests.twilio_words import BASE_URL


def test_a_refused_connection_was_certainly_not_sent() -> None:
    notes = Notes()
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # and does not listen; meanwhile nobody else can
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        assert messenger_at(address, notes).send(TEXT, timeout_seconds=PATIENT) == NOT_SENT
    assert "ConnectionRefusedError" in notes.lines[0]


def test_a_host_without_an_address_was_certainly_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_host(*_arguments: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "made up")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
    assert messenger_at("http://twilio.invalid").send(TEXT, timeout_seconds=PATIENT) == NOT_SENT


def test_a_connection_that_nobody_accepts_was_certainly_not_sent() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        # Linux drops further connection requests once the queue of a listener is full, so that they hang.
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(address)
            waiting.append(client)
        assert messenger_at(f"http://127.0.0.1:{address[1]}").send(TEXT, timeout_seconds=0.2) == NOT_SENT
        for client in waiting:
            client.close()


def test_a_server_that_speaks_no_tls_was_certainly_not_sent_to() -> None:
    def mumble(connection: Connection) -> None:
        connection.write(b"this is no handshake\r\n")

    with RawServer(mumble) as server:
        https = server.base_url.replace("http://", "https://")
        assert messenger_at(https).send(TEXT, timeout_seconds=PATIENT) == NOT_SENT
    assert server.requests == []


def test_a_text_given_up_while_its_host_is_looked_up_never_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    look_up: Callable[..., Any] = socket.getaddrinfo

    def slow(*arguments: Any, **options: Any) -> Any:
        release.wait()
        return look_up(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with RawServer(created) as server:
        assert messenger_at(server.base_url).send(TEXT, timeout_seconds=0.2) == NOT_SENT
        release.set()
        # It gets as far as connecting, and then remembers that nobody waits for it any more.
        eventually(lambda: server.ended == 1, "the connection came to its end")
    assert server.requests == [], "no request was ever whole"


def test_a_connection_is_used_again() -> None:
    with RawServer(created) as server:
        messenger = messenger_at(server.base_url)
        assert [messenger.send(TEXT, timeout_seconds=PATIENT) for _ in range(3)] == [Accepted(SID)] * 3
    assert (len(server.requests), server.connections) == (3, 1)


def test_a_connection_that_was_idle_for_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(created) as server:
        messenger = messenger_at(server.base_url)
        messenger.send(TEXT, timeout_seconds=PATIENT)
        monotonic = time.monotonic
        monkeypatch.setattr("relay.twilio.exchange.time.monotonic", lambda: monotonic() + 21)
        assert messenger.send(TEXT, timeout_seconds=PATIENT) == Accepted(SID)
    assert (len(server.requests), server.connections) == (2, 2)


def _has_closed(server: RawServer, times: int) -> Callable[[], bool]:
    return lambda: server.ended == times


def test_a_server_that_closes_between_two_texts_is_connected_to_again() -> None:
    with RawServer(one_answer(201, CREATED)) as server:
        messenger = messenger_at(server.base_url)
        for number in range(1, 4):
            assert messenger.send(TEXT, timeout_seconds=PATIENT) == Accepted(SID)
            # Closed while the next text is on its way would be another case, whose outcome is unknown.
            eventually(_has_closed(server, number), "the server closed")
    assert len(server.requests) == 3


def test_threads_share_one_messenger() -> None:
    outcomes: list[SendOutcome] = []
    with RawServer(created) as server:
        messenger = messenger_at(server.base_url)
        threads = [
            threading.Thread(target=lambda: outcomes.append(messenger.send(TEXT, timeout_seconds=PATIENT)))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert outcomes == [Accepted(SID)] * 20
    assert len(server.requests) == 20


def test_the_environment_of_the_process_does_not_change_where_texts_go(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TWILIO_EDGE", "TWILIO_REGION"):
        monkeypatch.setenv(name, "elsewhere")
    outcome, _ = send(created)
    assert outcome == Accepted(SID)


@pytest.mark.parametrize(
    ("key_sid", "key_secret", "expected"), [("", "", f"{ACCOUNT}:{TOKEN}"), ("SK1", "made up", "SK1:made up")]
)
def test_an_api_key_is_used_when_there_is_one(key_sid: str, key_secret: str, expected: str) -> None:
    with RawServer(created) as server:
        messenger = TwilioMessenger(
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            api_key_sid=key_sid,
            api_key_secret=key_secret,
            base_url=server.base_url,
            callback_base_url=BASE_URL,
        )
        assert messenger.send(TEXT, timeout_seconds=PATIENT) == Accepted(SID)
    assert f"Authorization: Basic {base64.b64encode(expected.encode()).decode()}\r\n" in server.requests[0]
    assert f"/Accounts/{ACCOUNT}/" in server.requests[0]
