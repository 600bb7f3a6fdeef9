"""Asking Twilio what became of texts: paging, times, and answers that must not be taken for "there is no such text"."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from relay.errors import MayNotRead, MessengerUnavailable
from relay.ports import Messenger

from tests.twilio.lists import NOW, ago, endless_list, listed, lists, pages
from tests.twilio.raw_server import Connection, RawServer, Talk, one_answer
from tests.twilio.support import ACCOUNT, HANDLER, OURS, PATIENT, TOKEN, Notes, messenger_at
from tests.twilio_words import word_and_code

BRIEF = 0.4

CALLS: dict[str, Callable[[Messenger, float], object]] = {
    "fetch": lambda messenger, seconds: messenger.fetch("SM" + "1" * 32, timeout_seconds=seconds),
    "sent_to": lambda messenger, seconds: messenger.sent_to(HANDLER, OURS, NOW, timeout_seconds=seconds),
    "received_page": lambda messenger, seconds: messenger.received_page(OURS, "", timeout_seconds=seconds),
}


def sent_since(talk: Talk, since: datetime) -> tuple[list[str], int]:
    """The numbers of the texts found, and how many requests that took."""
    with RawServer(talk) as server:
        found = messenger_at(server.base_url).sent_to(HANDLER, OURS, since, timeout_seconds=PATIENT)
    return [str(int(text.sent_id[2:], 16)) for text in found], len(server.requests)


def test_the_request_names_numbers_and_page_size_and_no_date_that_a_waiting_text_would_fail() -> None:
    with RawServer(pages([])) as server:
        messenger_at(server.base_url).sent_to(HANDLER, OURS, NOW, timeout_seconds=PATIENT)
    line = server.requests[0].split("\r\n")[0]
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert line == f"GET {path}?To=%2B15550002001&From=%2B15550001000&PageSize=200 HTTP/1.1"


def test_a_text_is_found_under_each_spelling_that_twilio_may_list_its_number_by() -> None:
    mexican, as_listed = "+5215512345678", "+525512345678"
    row = listed(1, ago(1), to=as_listed)

    with RawServer(lists([], [row])) as server:
        found = messenger_at(server.base_url).sent_to(mexican, OURS, ago(9), timeout_seconds=PATIENT)
    assert [(text.sent_id, text.to) for text in found] == [(row["sid"], as_listed)]
    asked_for = [asked.partition("&")[0].partition("?To=%2B")[2] for asked in server.requests]
    assert asked_for == [mexican[1:], as_listed[1:]]


def test_a_text_that_twilio_lists_under_both_spellings_is_one_text() -> None:
    row = listed(1, ago(1))
    with RawServer(lists([row], [row])) as server:
        found = messenger_at(server.base_url).sent_to("+5215512345678", OURS, ago(9), timeout_seconds=PATIENT)
    assert [text.sent_id for text in found] == [row["sid"]]


def test_pages_are_followed_until_one_is_too_old() -> None:
    talk = pages(
        [listed(5, ago(1)), listed(4, ago(2), ago(2))],
        [listed(3, ago(9), ago(9)), listed(2, ago(20), ago(20))],
        [listed(1, ago(30), ago(30)), listed(9, ago(40), ago(40))],
        [listed(8, ago(5))],
    )
    assert sent_since(talk, ago(10)) == (["5", "4", "3"], 3)


def test_a_text_that_waited_long_at_twilio_does_not_end_the_search() -> None:
    talk = pages([listed(3, ago(1))], [listed(2, ago(3600), ago(1))], [listed(1, ago(5), ago(5))])
    assert sent_since(talk, ago(10)) == (["3", "1"], 3)


def test_a_moment_within_a_second_does_not_hide_a_text_of_that_second() -> None:
    """Twilio's times are cut off to the second, so a text of 12:00:00.7 is listed as one of 12:00:00."""
    second = ago(10).replace(microsecond=0)
    talk = pages([listed(3, ago(1))], [listed(2, second), listed(1, second - timedelta(seconds=1))])
    assert sent_since(talk, second.replace(microsecond=500_000)) == (["3", "2"], 2)


def test_the_first_page_is_shown_whatever_its_times_since_our_clock_may_be_ahead() -> None:
    talk = pages([listed(3, ago(20), ago(20)), listed(2, ago(30), ago(30))], [listed(1, ago(40), ago(40))])
    assert sent_since(talk, ago(10)) == (["3", "2"], 1)


def test_the_last_page_ends_the_search() -> None:
    assert sent_since(pages([listed(1, ago(1))]), ago(10)) == (["1"], 1)
    assert sent_since(pages([]), ago(10)) == ([], 1)


def test_inbound_texts_between_the_same_numbers_were_not_sent_by_us() -> None:
    assert sent_since(pages([listed(1, ago(1), direction="inbound")]), ago(10)) == ([], 1)


def test_an_error_code_on_a_status_that_is_no_failure_is_left_out() -> None:
    stale = json.dumps(listed(1, NOW, NOW, sid="SM" + "1" * 32, status="delivered", error_code=30008)).encode()
    with RawServer(one_answer(200, stale)) as server:
        found = messenger_at(server.base_url).fetch("SM" + "1" * 32, timeout_seconds=PATIENT)
    assert found is not None
    assert word_and_code(found) == ("delivered", None)


def test_an_answer_about_another_text_says_nothing_of_the_one_that_was_asked_about() -> None:
    other = one_answer(200, json.dumps(listed(2, NOW)).encode())
    with RawServer(other) as server, pytest.raises(MessengerUnavailable, match="another text"):
        CALLS["fetch"](messenger_at(server.base_url), PATIENT)


def test_an_id_in_capital_digits_is_the_same_id() -> None:
    shown = listed(1, NOW, sid="SM" + "A" * 32)
    with RawServer(one_answer(200, json.dumps(shown).encode())) as server:
        found = messenger_at(server.base_url).fetch("SM" + "a" * 32, timeout_seconds=PATIENT)
    assert found is not None
    assert found.sent_id == "SM" + "a" * 32


def test_only_twilios_own_not_found_says_that_there_is_no_such_text() -> None:
    own = b'{"code": 20404, "message": "not found", "status": 404}'
    with RawServer(one_answer(404, own)) as server:
        assert CALLS["fetch"](messenger_at(server.base_url), PATIENT) is None
    for body in (b"", b"<html>no such page</html>", b'{"code": 20003, "status": 404}'):
        with RawServer(one_answer(404, body)) as server, pytest.raises(MessengerUnavailable):
            CALLS["fetch"](messenger_at(server.base_url), PATIENT)


def hang(connection: Connection) -> None:
    connection.read_request()
    connection.hang()


def drip(connection: Connection) -> None:
    connection.read_request()
    connection.answer(200, b"", length=100_000)
    connection.drip(b" " * 100_000)


def reset(connection: Connection) -> None:
    connection.read_request()
    connection.reset()


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("talk", [hang, drip], ids=["hang", "drip"])
def test_an_answer_that_does_not_come_in_time_is_no_answer(name: str, talk: Talk) -> None:
    with RawServer(talk) as server, pytest.raises(MessengerUnavailable):
        CALLS[name](messenger_at(server.base_url), BRIEF)


def test_a_list_without_end_is_given_up_in_time() -> None:
    with RawServer(endless_list) as server, pytest.raises(MessengerUnavailable):
        CALLS["sent_to"](messenger_at(server.base_url), BRIEF)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("talk", "words"),
    [
        (reset, "broke"),
        (one_answer(200, b"{", 100), "broke"),
        (one_answer(200, b""), "not understood"),
        (one_answer(200, b"garbage"), "not understood"),
        (one_answer(200, b"[]"), "not understood"),
        (one_answer(200, b"{}"), r"not understood|another text"),
        (one_answer(200, b'{"messages": 7}'), r"not understood|another text"),
        (one_answer(302, b"", Location="/elsewhere"), "HTTP status 302"),
        (one_answer(401, b"{}"), "HTTP status 401"),
        (one_answer(429, b'{"code": 20429, "status": 429}'), "HTTP status 429"),
        (one_answer(500, b"<html>"), "HTTP status 500"),
        (one_answer(503, b'{"code": 20503, "status": 503}'), "HTTP status 503"),
    ],
)
def test_an_answer_that_says_nothing_is_no_answer(name: str, talk: Talk, words: str) -> None:
    with RawServer(talk) as server, pytest.raises(MessengerUnavailable, match=words):
        CALLS[name](messenger_at(server.base_url), PATIENT)


@pytest.mark.parametrize("name", CALLS)
def test_a_twilio_that_cannot_be_reached_is_no_answer(name: str) -> None:
    with RawServer(reset) as server:
        messenger = messenger_at(server.base_url)
    with pytest.raises(MessengerUnavailable):
        CALLS[name](messenger, PATIENT)


def test_neither_log_lines_nor_errors_show_a_number_or_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown = []
    for name, call in CALLS.items():
        for talk in (one_answer(500, HANDLER.encode()), reset, pages([])):
            with RawServer(talk) as server:
                try:
                    shown.append(repr(call(messenger_at(server.base_url), PATIENT)))
                except MessengerUnavailable as error:
                    chain = [error, error.__cause__, error.__context__]
                    shown.append(f"{name} {chain!r}")
    everything = f"{caplog.text} {shown}"
    for secret in (HANDLER[1:], OURS[1:], TOKEN):
        assert secret not in everything


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, 70051, "may not read"),
        (401, 70051, "refused our"),
        (403, None, "may not read"),
        (403, 21999, "may not read"),
    ],
)
def test_a_key_that_may_send_and_not_read_is_told_apart_from_an_outage(
    name: str, status: int, code: int | None, words: str
) -> None:
    notes = Notes()
    body = json.dumps({"code": code, "message": f"about {HANDLER}", "status": status}).encode()

    def refuse(connection: Connection) -> None:
        while connection.read_request():
            connection.answer(status, body)

    with RawServer(refuse) as server:
        messenger = messenger_at(server.base_url, notes)
        for _ in range(3):
            with pytest.raises(MayNotRead, match=words):
                CALLS[name](messenger, PATIENT)
    (line,) = notes.lines
    assert line.startswith("ERROR our Twilio credentials may not read texts")
    assert HANDLER not in line


@pytest.mark.parametrize(("status", "code"), [(401, 20003), (401, None), (403, 20005), (403, 20403)])
def test_an_account_that_is_refused_altogether_is_an_outage_and_told_of(status: int, code: int | None) -> None:
    """A text to the next tier would be refused as well: whoever asks waits."""
    notes = Notes()
    body = json.dumps({"code": code, "message": "no", "status": status}).encode()
    with RawServer(one_answer(status, body)) as server, pytest.raises(MessengerUnavailable) as raised:
        CALLS["sent_to"](messenger_at(server.base_url, notes), PATIENT)
    assert not isinstance(raised.value, MayNotRead)
    assert len(notes.lines) == 1


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_an_outage_is_not_a_key_that_may_not_read(status: int) -> None:
    with RawServer(one_answer(status, b"{}")) as server, pytest.raises(MessengerUnavailable) as raised:
        CALLS["sent_to"](messenger_at(server.base_url), PATIENT)
    assert not isinstance(raised.value, MayNotRead)
