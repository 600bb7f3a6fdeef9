"""doctor tries a made-up link to photos, and says whether the relay is what answers it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from scripts.relayctl.checks_media import links
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding
from tests.media.links import Office
from tests.wsgi_served import wsgi_served


@dataclass
class Place:
    """What answers at `address`: the relay's page, unless something stands before it."""

    address: str = ""
    paths: list[str] = field(default_factory=list)
    answers_instead: tuple[str, list[tuple[str, str]]] | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.paths.append(environ["PATH_INFO"])
        if self.answers_instead is not None:
            start_response(*self.answers_instead)
            return [b"<html>"]
        answer = Office().ask(environ["PATH_INFO"], environ["REQUEST_METHOD"])
        start_response(f"{answer.status} _", list(answer.headers.items()))
        return [answer.body]


@pytest.fixture
def place() -> Iterator[Place]:
    app = Place()
    with wsgi_served(app) as app.address:
        yield app


def found(**values: str) -> Finding:
    (finding,) = links(values)
    return finding


def test_a_made_up_link_that_is_over_shows_that_links_reach_the_relay(place: Place) -> None:
    finding = found(PUBLIC_BASE_URL=f"{place.address}/")
    assert (finding.state, finding.words) == (OK, f"links to photos reach the relay at {place.address}/m/")
    (path,) = place.paths
    assert re.fullmatch(r"/m/[\w-]{22}", path)
    found(PUBLIC_BASE_URL=place.address)
    assert len(set(place.paths)) == 2, "never the same link"


def test_links_may_have_an_address_of_their_own(place: Place) -> None:
    assert found(PUBLIC_BASE_URL="http://127.0.0.1:9", MEDIA_BASE_URL=place.address).state == OK
    assert found(PUBLIC_BASE_URL=place.address, MEDIA_BASE_URL="http://127.0.0.1:9").state == WARNING


@pytest.mark.parametrize(
    ("status", "headers", "state", "words"),
    [
        ("404 _", [], BAD, "answers 404, which is not the relay's answer"),
        ("200 _", [], BAD, "answers 200, which is not the relay's answer"),
        ("403 _", [], BAD, "answers 403, which is not the relay's answer"),
        ("502 _", [], BAD, "answers 502"),
        ("301 _", [("Location", "https://www.example.com/m/x")], WARNING, "redirects"),
    ],
)
def test_what_answers_in_its_place_is_found(
    place: Place, status: str, headers: list[tuple[str, str]], state: str, words: str
) -> None:
    place.answers_instead = (status, headers)
    finding = found(PUBLIC_BASE_URL=place.address)
    assert (finding.state, words in finding.words) == (state, True)
    assert finding.advice


@pytest.mark.parametrize(("address", "state"), [("", SKIPPED), ("relay.example.com", BAD), ("ftp://x.example", BAD)])
def test_without_an_address_nothing_is_tried(address: str, state: str) -> None:
    assert found(PUBLIC_BASE_URL=address).state == state
