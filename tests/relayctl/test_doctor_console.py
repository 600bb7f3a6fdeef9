"""doctor asks for the console's page and its sign-in from outside, and says what is in the way of an operator."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from relay.operators.console import handle_console
from relay.web import Request

from scripts.relayctl.checks_console import console
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding
from tests.wsgi_served import wsgi_served

_Answer = tuple[str, list[tuple[str, str]]]


@dataclass
class Place:
    """What answers at `address`: the relay's console, unless something stands before it."""

    address: str = ""
    ways: list[str] = field(default_factory=lambda: ["text", "email"])
    origins: list[str] = field(default_factory=list)
    page_instead: _Answer | None = None
    session_instead: _Answer | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        is_page = environ["REQUEST_METHOD"] == "GET"
        if instead := self.page_instead if is_page else self.session_instead:
            start_response(*instead)
            return [b"<html>"]
        if is_page:
            answer = handle_console(Request("GET", environ["PATH_INFO"]))
            start_response(f"{answer.status} _", list(answer.headers.items()))
            return [answer.body]
        assert environ["PATH_INFO"] == "/console/session"
        self.origins.append(environ["HTTP_ORIGIN"])
        start_response("401 _", [("Content-Type", "application/json")])
        return [json.dumps({"error": "Sign in.", "ways": self.ways}).encode()]


@pytest.fixture
def place() -> Iterator[Place]:
    app = Place()
    with wsgi_served(app) as app.address:
        yield app


def found(**values: str) -> Finding:
    (finding,) = console(values)
    return finding


def test_a_console_that_signs_in_is_found_at_the_address_that_browsers_show(place: Place) -> None:
    finding = found(PUBLIC_BASE_URL=f"{place.address}/")
    assert (finding.state, finding.words) == (OK, f"{place.address}/console/ signs operators in, by text and e-mail")
    assert place.origins == [place.address]


def test_the_console_may_have_an_address_of_its_own(place: Place) -> None:
    assert found(PUBLIC_BASE_URL="http://127.0.0.1:9", CONSOLE_BASE_URL=place.address).state == OK


def test_without_an_address_it_is_not_tried_and_one_that_is_none_is_found() -> None:
    assert found().state == SKIPPED
    assert found(CONSOLE_BASE_URL="relay.example.com").state == BAD


def test_what_cannot_be_reached_from_here_may_be_from_elsewhere() -> None:
    assert found(PUBLIC_BASE_URL="http://127.0.0.1:9").state == WARNING


def test_no_operator_whom_a_code_reaches_is_a_warning(place: Place) -> None:
    place.ways = []
    finding = found(PUBLIC_BASE_URL=place.address)
    assert (finding.state, "RELAY_OPERATORS" in finding.advice) == (WARNING, True)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("404 _", "answers 404, which is not the console"),
        ("200 _", "answers 200, which is not the console"),
        ("301 _", "redirects: a sign-in at the other address is refused"),
        ("502 _", "answers 502"),
    ],
)
def test_what_answers_in_the_pages_place_is_found(place: Place, status: str, words: str) -> None:
    place.page_instead = (status, [("Location", "https://www.example.com/console/")])
    finding = found(PUBLIC_BASE_URL=place.address)
    assert (finding.state, words in finding.words) == (BAD, True)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("403 _", "refuses sign-ins from its own address"),
        ("405 _", "session answers 405, which is not the sign-in"),
        ("401 _", "session answers 401, which is not the sign-in"),
    ],
)
def test_what_is_in_the_way_of_the_sign_in_is_found(place: Place, status: str, words: str) -> None:
    place.session_instead = (status, [])
    finding = found(PUBLIC_BASE_URL=place.address)
    assert (finding.state, words in finding.words) == (BAD, True)
