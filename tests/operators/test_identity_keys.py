"""The issuer's keys: fetched seldom, kept for a while, and what happens when they cannot be had."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from relay.errors import BadRequest, StoreUnavailable
from relay.operators.identity import IdentityVerifier, fetch_keys

from tests.operators.issued import AUDIENCE, EMAIL, ISSUER, STRANGER, Keys, asking, mint
from tests.stack_fixtures import until


@pytest.fixture
def keys() -> Keys:
    return Keys()


def test_keys_are_fetched_once_for_many_callers(keys: Keys) -> None:
    verifier = keys.verifier()
    for _ in range(5):
        verifier.caller(asking(mint()))
    assert keys.fetches == 1
    keys.now += 3601
    verifier.caller(asking(mint()))
    assert keys.fetches == 2


def test_made_up_key_ids_do_not_become_a_stream_of_fetches(keys: Keys) -> None:
    verifier = keys.verifier()
    verifier.caller(asking(mint()))
    for _ in range(20):
        with pytest.raises(BadRequest):
            verifier.caller(asking(STRANGER.mint(audience=AUDIENCE, email=EMAIL)))
    assert keys.fetches == 1


@pytest.mark.parametrize("settings", [{"audience": ""}, {"emails": frozenset[str]()}], ids=str)
def test_where_no_token_is_accepted_strangers_have_no_keys_fetched(keys: Keys, settings: dict[str, Any]) -> None:
    """Else each of their requests could hold a thread for as long as the issuer takes."""
    with pytest.raises(BadRequest) as refused:
        keys.verifier(**settings).caller(asking(mint()))
    assert (refused.value.status, keys.fetches) == (403, 0)


def test_a_new_key_is_learned_of_soon(keys: Keys) -> None:
    verifier = keys.verifier()
    verifier.caller(asking(mint()))
    keys.answer = STRANGER.x509_certificates
    keys.now += 31
    assert verifier.caller(asking(STRANGER.mint(audience=AUDIENCE, email=EMAIL))).email == EMAIL


def test_when_the_keys_cannot_be_had_nobody_can_tell(keys: Keys) -> None:
    keys.is_down = True
    with pytest.raises(StoreUnavailable):
        keys.verifier().caller(asking(mint()))


def test_an_issuer_that_is_down_is_not_asked_by_every_caller_in_turn(keys: Keys) -> None:
    keys.is_down = True
    verifier = keys.verifier()
    for _ in range(10):
        with pytest.raises(StoreUnavailable):
            verifier.caller(asking(mint()))
    assert keys.fetches == 1
    keys.is_down = False
    keys.now += 6
    assert verifier.caller(asking(mint())).email == EMAIL


def test_an_issuer_that_does_not_answer_holds_few_threads_and_no_operator(keys: Keys) -> None:
    """Every request with a made-up key would wait for it: forty-eight of them, and no webhook had a thread."""
    verifier, over = keys.verifier(), threading.Event()
    verifier.caller(asking(mint()))
    keys.now += 31

    def hang() -> dict[str, str]:
        over.wait(300)
        return {}

    keys.answer = hang
    made_up = asking(STRANGER.mint(audience=AUDIENCE, email=EMAIL))

    def strangers_call() -> None:
        with contextlib.suppress(BadRequest, StoreUnavailable):
            verifier.caller(made_up)

    threads = [threading.Thread(target=strangers_call, daemon=True) for _ in range(48)]
    for thread in threads:
        thread.start()
    until(lambda: sum(thread.is_alive() for thread in threads) <= 4, "all but four are answered")
    assert verifier.caller(asking(mint())).email == EMAIL
    over.set()
    for thread in threads:
        thread.join(60)


def test_known_keys_outlast_a_day_without_the_issuer_and_no_more(keys: Keys) -> None:
    verifier = keys.verifier()
    verifier.caller(asking(mint()))
    keys.is_down = True
    keys.now += 20 * 3600
    assert verifier.caller(asking(mint())).email == EMAIL
    keys.now += 5 * 3600
    with pytest.raises(StoreUnavailable):
        verifier.caller(asking(mint()))


@pytest.fixture
def key_server() -> Iterator[tuple[str, list[bytes]]]:
    """An address that answers whatever the list holds, as it is."""
    answers: list[bytes] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(answers[-1])

        def log_message(self, *_arguments: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/certs", answers
    server.shutdown()
    thread.join()
    server.server_close()


def _ok(body: bytes) -> bytes:
    return b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + body


def test_keys_come_over_http(key_server: tuple[str, list[bytes]]) -> None:
    url, answers = key_server
    answers.append(_ok(json.dumps(ISSUER.x509_certificates()).encode()))
    assert fetch_keys(url) == ISSUER.x509_certificates()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"this is not HTTP\r\n\r\n",
        b"HTTP/1.0 500 Broken\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 900\r\n\r\nshort",
        _ok(b"not JSON"),
        _ok(b"[]"),
        _ok(json.dumps({"keys": [{"kid": "a JWK set"}]}).encode()),
        _ok(b"\xff\xfe"),
    ],
)
def test_whatever_else_answers_counts_as_keys_that_cannot_be_had(
    answer: bytes, key_server: tuple[str, list[bytes]]
) -> None:
    url, answers = key_server
    answers.append(answer)
    verifier = IdentityVerifier(AUDIENCE, frozenset({EMAIL}), url)
    with pytest.raises(StoreUnavailable):
        verifier.caller(asking(mint()))


def test_only_web_addresses_are_asked_for_keys() -> None:
    with pytest.raises(ValueError, match="not a web address"):
        fetch_keys("file:///etc/passwd")
