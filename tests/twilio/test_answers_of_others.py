"""No answer is taken for another text's: what Twilio says on a kept connection must be about the text that was sent.

Each server here answers wrongly on the first connection, and rightly on any other.
"""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from relay.ports import Accepted, Ambiguous, OutgoingText, SendOutcome

from tests.local_google.target import eventually
from tests.twilio.raw_server import Connection, RawServer, Talk, answer_to, sid_of, whole
from tests.twilio.support import BRIEFLY, HANDLER, NOT_SENT, PATIENT, TEXT, messenger_at
from tests.twilio_words import refusal

OPTED_OUT = json.dumps({"code": 21610, "message": "made up", "status": 400}).encode()
OTHER = replace(TEXT, to="+15550002002", body="+15550003009: another customer's words", message_id="SM2")


class Script:
    """On the first connection `first` speaks; on every other one each text is refused, so that only it can err."""

    def __init__(self, first: Talk) -> None:
        self._first = first
        self._lock = threading.Lock()
        self._is_first = True

    def __call__(self, connection: Connection) -> None:
        with self._lock:
            is_first, self._is_first = self._is_first, False
        if is_first:
            self._first(connection)
        while connection.read_request():
            connection.answer(400, OPTED_OUT)


def first_and_then(first: Talk) -> tuple[SendOutcome, SendOutcome, RawServer]:
    """How the text goes that is answered oddly, and the refused one after it."""
    with RawServer(Script(first)) as server:
        messenger = messenger_at(server.base_url)
        one = messenger.send(TEXT, timeout_seconds=PATIENT)
        other = messenger.send(OTHER, timeout_seconds=PATIENT)
    return one, other, server


def interim(*heads: bytes, late: bool = True) -> Talk:
    """Reads a request and says these heads; the true answer comes when the next request is there, if at all."""

    def talk(connection: Connection) -> None:
        connection.read_request()
        for head in heads:
            connection.write(head + b"\r\n")
        if late and connection.read_request():
            connection.answer(201, answer_to(TEXT))

    return talk


_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n"
_PROCESSING = b"HTTP/1.1 102 Processing\r\n"
_SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n"


@pytest.mark.parametrize(
    "talk",
    [
        interim(_HINTS),
        interim(_PROCESSING),
        interim(_SWITCHING),
        interim(_PROCESSING, _PROCESSING, _HINTS),
        interim(_HINTS, late=False),
        interim(b"HTTP/1.1 204 No Content\r\n"),
        interim(b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n"),
        interim(b"HTTP/1.1 304 Not Modified\r\n"),
    ],
    ids=["103", "102", "101", "several", "103 and closed", "204", "205", "304"],
)
def test_an_interim_answer_leaves_the_outcome_open_and_its_connection_answers_no_other_text(talk: Talk) -> None:
    one, other, server = first_and_then(talk)
    assert isinstance(one, Ambiguous)
    assert other == refusal(21610)
    assert server.connections == 2


def test_an_interim_answer_with_the_answer_right_behind_it_is_no_other_texts_answer() -> None:
    def talk(connection: Connection) -> None:
        connection.read_request()
        connection.write(_HINTS + b"\r\n")
        connection.answer(201, answer_to(TEXT))

    one, other, _ = first_and_then(talk)
    assert isinstance(one, Accepted | Ambiguous)
    assert other == refusal(21610)


@pytest.mark.parametrize("times", [1, 3])
def test_100_before_the_answer_is_skipped(times: int) -> None:
    def talk(connection: Connection) -> None:
        connection.read_request()
        connection.write(b"HTTP/1.1 100 Continue\r\n\r\n" * times)
        connection.answer(201, answer_to(TEXT))

    one, other, _ = first_and_then(talk)
    assert one == Accepted(sid_of(TEXT))
    assert other == refusal(21610)


def test_surplus_bytes_behind_an_answer_are_no_other_texts_answer() -> None:
    def talk(connection: Connection) -> None:
        connection.read_request()
        connection.write(2 * whole(201, answer_to(TEXT)))

    one, other, _ = first_and_then(talk)
    assert one == Accepted(sid_of(TEXT))
    assert other == refusal(21610)


def test_an_answer_too_many_that_comes_with_the_next_request_is_not_believed() -> None:
    """No client can see on the wire whose answer that is; its number and words say it."""

    def talk(connection: Connection) -> None:
        connection.read_request()
        connection.answer(201, answer_to(TEXT))
        connection.read_request()
        connection.answer(201, answer_to(TEXT))

    one, other, _ = first_and_then(talk)
    assert one == Accepted(sid_of(TEXT))
    assert other == Ambiguous("Twilio's answer was about another text")


def test_a_late_answer_to_a_text_that_was_given_up_on_is_no_other_texts_answer() -> None:
    given_up = threading.Event()

    def talk(connection: Connection) -> None:
        connection.read_request()
        given_up.wait(PATIENT)
        connection.answer(201, answer_to(TEXT))
        while connection.read_request():
            connection.answer(201, answer_to(TEXT))

    others = _at_twilio()
    for seconds in BRIEFLY:
        given_up.clear()
        with RawServer(Script(talk)) as server:
            messenger = messenger_at(server.base_url)
            one = messenger.send(TEXT, timeout_seconds=seconds)
            # The caller's time and that of the connection are over at the same moment, in two threads.
            eventually(lambda: _at_twilio() <= others, "both have given up")
            given_up.set()
            other = messenger.send(OTHER, timeout_seconds=PATIENT)
        if one != NOT_SENT:
            break
    assert isinstance(one, Ambiguous)  # its words depend on which of the two gave up first
    assert other == refusal(21610)


def _at_twilio() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "twilio"}


# What an answer must say to be about the text that was sent.


def answered_with(text: OutgoingText, **shown: object) -> SendOutcome:
    answer = {**json.loads(answer_to(text)), **shown}

    def talk(connection: Connection) -> None:
        if connection.read_request():
            connection.answer(201, json.dumps(answer).encode())

    with RawServer(talk) as server:
        return messenger_at(server.base_url).send(text, timeout_seconds=PATIENT)


@pytest.mark.parametrize(
    "shown",
    [
        {"to": "+15550002009"},
        {"to": None},
        {"to": ""},
        {"to": "+1555000XXXX"},
        {"body": "+15550003009: another customer's words"},
        {"body": TEXT.body + " and more"},
        {"sid": None},
        {"sid": "MG" + "a" * 32},
    ],
)
def test_an_answer_about_another_number_or_other_words_is_not_believed(shown: dict[str, object]) -> None:
    assert isinstance(answered_with(TEXT, **shown), Ambiguous)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (TEXT.body, {"body": None}),
        (TEXT.body, {"body": ""}),
        (TEXT.body, {"body": "[REDACTED]"}),
        (TEXT.body, {"body": f"Sent from your Twilio trial account - {TEXT.body}"}),
        ("wait \u2026 don\u2019t  \n", {"body": "wait ... don't"}),
        ("cafe\u0301 at ten", {"body": "caf\u00e9 at ten"}),
        ("see https://example.com/a/long/address?x=1 now", {"body": "see https://sh.rt/Ab1 now"}),
        (TEXT.body, {"to": "+1 (555) 000-2001"}),
        (TEXT.body, {"to": "rcs:" + HANDLER}),
        (TEXT.body, {"sid": sid_of(TEXT).upper()}),
    ],
)
def test_what_twilio_does_to_words_and_numbers_makes_no_other_text(sent: str, shown: dict[str, object]) -> None:
    assert answered_with(replace(TEXT, body=sent), **shown) == Accepted(sid_of(TEXT))
