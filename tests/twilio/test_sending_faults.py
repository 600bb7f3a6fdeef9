"""What a POST to Twilio comes to when Twilio or the network misbehaves: certain where it can be, never sent twice."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from relay.core.failures import FailureClass
from relay.ports import Accepted, Ambiguous, Refused, SendOutcome
from relay.twilio.codes import TABLE
from relay.twilio.exchange import seconds_of
from relay.twilio.messenger import outcome_of_error

from tests.twilio.raw_server import CREATED, SID, Connection, RawServer, Talk, answer_to, created, one_answer, sid_of
from tests.twilio.support import ACCOUNT, BODY, HANDLER, OURS, PATIENT, TEXT, TOKEN, Notes, ignored, messenger_at, send
from tests.twilio_words import refusal


def error_json(code: int, status: int) -> bytes:
    return json.dumps({"code": code, "message": f"about {HANDLER}", "more_info": "", "status": status}).encode()


def read_and_hang(connection: Connection) -> None:
    connection.read_request()
    connection.hang()


def read_and_reset(connection: Connection) -> None:
    connection.read_request()
    connection.reset()


def drip_the_head(connection: Connection) -> None:
    connection.read_request()
    connection.drip(b"HTTP/1.1 201 Created\r\nX-Padding: " + b"x" * 100_000)


def drip_the_body(connection: Connection) -> None:
    connection.read_request()
    connection.answer(201, b"", length=100_000)
    connection.drip(b" " * 100_000)


def endless_body(connection: Connection) -> None:
    connection.read_request()
    connection.answer(201, b"", length=1_000_000_000)
    while True:
        connection.write(b" " * 1_000_000)


def stop_in_the_middle_and_reset(connection: Connection) -> None:
    connection.read_request()
    connection.answer(201, CREATED[:10], length=len(CREATED))
    connection.reset()


def test_the_request_is_what_twilio_documents() -> None:
    outcome, server = send(created)
    assert outcome == Accepted(SID)
    (request,) = server.requests
    head, _, body = request.partition("\r\n\r\n")
    assert head.startswith(f"POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1\r\n")
    assert "Content-Type: application/x-www-form-urlencoded" in head
    assert "Authorization: Basic " in head
    assert set(body.split("&")) == {
        "To=%2B15550002001",
        "From=%2B15550001000",
        "Body=the+boiler+is+leaking",
        "ValidityPeriod=60",
        "SmartEncoded=true",
        "StatusCallback=https%3A%2F%2Frelay.example.com%2Fsms%2Fdelivery-status%3Frelay%3DSM1%26tier%3D1%26attempt%3D1%23rc%3D5%26rp%3Dall%26ct%3D3000%26rt%3D5000",
    }


@pytest.mark.parametrize(("words", "sent"), [(TEXT.body, ["Body=the+boiler+is+leaking"]), ("", [])])
def test_files_are_sent_as_links_and_an_empty_body_is_left_out(words: str, sent: list[str]) -> None:
    mms = replace(
        TEXT, body=words, media_urls=("https://p.example.com/m/made-up/1", "https://p.example.com/m/made-up/2")
    )
    with RawServer(one_answer(201, answer_to(mms))) as server:
        assert messenger_at(server.base_url).send(mms, timeout_seconds=PATIENT) == Accepted(sid_of(mms))
    fields = server.requests[0].partition("\r\n\r\n")[2].split("&")
    assert [each for each in fields if each.startswith("Body")] == sent
    assert [each for each in fields if each.startswith("Media")] == [
        f"MediaUrl=https%3A%2F%2Fp.example.com%2Fm%2Fmade-up%2F{number}" for number in (1, 2)
    ]


def test_an_answer_with_words_to_files_alone_is_about_another_text() -> None:
    alone = replace(TEXT, body="", media_urls=("https://p.example.com/m/made-up/1",))
    with RawServer(one_answer(201, CREATED)) as server:
        outcome = messenger_at(server.base_url).send(alone, timeout_seconds=PATIENT)
    assert outcome == Ambiguous("Twilio's answer was about another text")


@pytest.mark.parametrize(
    "talk", [read_and_hang, drip_the_head, drip_the_body], ids=lambda talk: getattr(talk, "__name__", "")
)
def test_an_answer_that_does_not_come_in_time_is_ambiguous(talk: Talk) -> None:
    outcome, server = ignored(talk)
    assert isinstance(outcome, Ambiguous)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "talk",
    [read_and_reset, stop_in_the_middle_and_reset, endless_body, one_answer(201, CREATED[:10], len(CREATED))],
    ids=["reset", "reset in the middle", "endless", "cut off"],
)
def test_an_answer_that_breaks_off_is_ambiguous_and_nothing_is_repeated(talk: Talk) -> None:
    outcome, server = send(talk)
    assert outcome == Ambiguous("the connection to Twilio broke before its answer was complete")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b"[]",
        b"null",
        b"7",
        b'"SM"',
        b"{}",
        b'{"sid": null}',
        b'{"sid": 7}',
        b'{"sid": "SM1"}',
        b'{"sid": ["SM"]}',
        b"\xff\xfe",
        b'{"sid": "%s' % SID.encode(),
        b"<html>" + SID.encode() + b"</html>",
    ],
)
def test_an_answer_that_makes_no_sense_is_ambiguous(body: bytes) -> None:
    outcome, server = send(one_answer(201, body))
    assert outcome == Ambiguous("Twilio's answer was not understood")
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 599])
@pytest.mark.parametrize("body", [b"", b"<html>gateway</html>", error_json(20500, 500), error_json(30001, 500)])
def test_a_server_error_is_ambiguous(status: int, body: bytes) -> None:
    outcome, server = send(one_answer(status, body))
    assert outcome == Ambiguous(f"Twilio answered with HTTP status {status}")
    assert len(server.requests) == 1


def test_a_redirect_is_ambiguous_and_not_followed() -> None:
    with RawServer(created) as elsewhere:
        outcome, _ = send(one_answer(307, b"", Location=f"{elsewhere.base_url}/2010-04-01/x"))
    assert outcome == Ambiguous("Twilio answered with HTTP status 307")
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (429, 20429, refusal(20429)),
        (429, None, refusal(20429)),
        (429, 63038, refusal(63038)),
        (400, 21610, refusal(21610)),
        (400, 99999, refusal(99999)),
        (401, 20003, refusal(20003)),
        (401, None, refusal(20003)),
        (403, None, refusal(20403)),
        (403, 20403, refusal(20403)),
        (403, 70051, refusal(70051)),
        (404, 99999, refusal(99999, 404)),
        (404, 20404, refusal(20404)),
        (404, None, refusal(20404)),
        (400, None, refusal(400)),
        (413, None, refusal(21617)),
        (422, None, refusal(422)),
    ],
)
def test_a_refusal_tells_twilios_code_or_what_its_status_amounts_to(
    status: int, code: int | None, expected: SendOutcome
) -> None:
    outcome, _ = send(one_answer(status, b"<html/>" if code is None else error_json(code, status)))
    assert outcome == expected


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, 20500),
        (400, 20503),
        (408, None),
        (408, "abc"),
        (500, 20500),
        (500, 20429),
        (503, 20503),
        (503, None),
        (502, 21610),
        (302, None),
        (200, 21610),
        (102, 21610),
    ],
)
def test_what_may_have_been_processed_is_ambiguous(status: int, code: object) -> None:
    assert isinstance(outcome_of_error(status, code), Ambiguous)


@pytest.mark.parametrize("code", [21610, "21610"])
def test_an_error_in_the_newer_format_tells_its_code_too(code: object) -> None:
    problem = {"type": "https://example.com/e", "title": "Opted out", "status": 400, "code": code}
    outcome, _ = send(one_answer(400, json.dumps(problem).encode()))
    assert outcome == refusal(21610)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("claimed", [400, 429, "400", None, 201])
@pytest.mark.parametrize("newer", [True, False])
def test_the_status_of_http_decides_over_the_one_that_the_body_claims(
    status: int, claimed: object, newer: bool
) -> None:
    problem = {"message": "made up", "status": claimed, "code": 21211, **({"type": "t", "title": "t"} if newer else {})}
    outcome, server = send(one_answer(status, json.dumps(problem).encode()))
    assert outcome == Ambiguous(f"Twilio answered with HTTP status {status}")
    assert len(server.requests) == 1


@pytest.mark.parametrize("claimed", [500, 503, 201, None, "nonsense"])
def test_a_refusal_stays_one_whatever_status_its_body_claims(claimed: object) -> None:
    problem = {"type": "t", "title": "t", "status": claimed, "code": 21610}
    outcome, _ = send(one_answer(400, json.dumps(problem).encode()))
    assert outcome == refusal(21610)


@pytest.mark.parametrize("status", [200, 201])
def test_an_error_in_the_body_of_a_success_is_ambiguous(status: int) -> None:
    outcome, _ = send(one_answer(status, error_json(21610, 400)))
    assert outcome == Ambiguous("Twilio's answer was not understood")


@pytest.mark.parametrize("code", [None, "abc", "", 21610.0, [21610], {"a": 1}, True, -21610, "-21610", "2161", 10**30])
def test_a_code_that_is_none_leaves_the_status_to_decide(code: object) -> None:
    outcome, _ = send(one_answer(400, json.dumps({"code": code, "message": "made up", "status": 400}).encode()))
    assert isinstance(outcome, Refused)
    assert outcome.failure.failure_class is FailureClass.REFUSED_UNKNOWN


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("10", 10.0),
        (" 0 ", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("9" * 400, None),
        ("Wed, 99 Foo 99999 99:99:99 GMT", None),
        ("", None),
    ],
)
def test_a_refusal_tells_how_long_twilio_asks_us_to_wait(header: str, seconds: float | None) -> None:
    outcome, _ = send(one_answer(429, error_json(20429, 429), Retry_After=header))
    assert outcome == Refused(TABLE[20429], seconds)


def test_a_time_of_day_to_wait_for_counts_from_now() -> None:
    now = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert seconds_of("Wed, 04 Mar 2026 05:06:37 GMT", now) == 30.0
    assert seconds_of("Wed, 04 Mar 2026 05:06:37", now) == 30.0
    assert seconds_of("Wed, 04 Mar 2026 05:06:37 -0000", now) == 30.0


def test_neither_log_lines_nor_reasons_nor_notes_show_body_number_or_secret(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    notes = Notes()
    talks: list[Talk] = [
        created,
        read_and_hang,
        read_and_reset,
        one_answer(400, error_json(21211, 400)),
        one_answer(500, error_json(20500, 500)),
        one_answer(201, b"garbage " + HANDLER.encode()),
    ]
    outcomes = [send(talk, 0.5 if talk is read_and_hang else PATIENT, notes)[0] for talk in talks]
    shown = f"{caplog.text} {outcomes} {notes.lines}"
    for secret in (BODY, BODY.replace(" ", "+"), HANDLER, HANDLER[1:], OURS[1:], TOKEN):
        assert secret not in shown
    assert len(notes.lines) == 3
