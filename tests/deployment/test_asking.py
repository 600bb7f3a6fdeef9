"""Google's own refusals are told from the relay's, and waited out."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from scripts.deployment.asking import Answer, Asker, NotReached
from scripts.deployment.tools import Problem

# As Cloud Run answers who may not call a service, and as the gateway (ESPv2) answers where it knows no route.
CLOUD_RUN = Answer(
    403,
    "text/html",
    b"<html><head><title>403 Forbidden</title></head><body><h1>Error: Forbidden</h1>"
    b"<h2>Your client does not have permission to get URL <code>/sms/inbound</code> from this server.</h2></body>",
)
NO_ROUTE = Answer(404, "application/json", b'{"code":404,"message":"The current request is not defined by this API."}')
FORGED = Answer(403, "text/plain", b"")
NO_TOKEN = Answer(401, "application/json", b'{"error": "Show an identity token."}')
TAKEN = Answer(200, "text/xml", b"<Response/>")


class Front:
    """A server that gives each of these answers in turn, and then the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        waiting = list(answers)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                self.send_response(answer.status)
                self.send_header("Content-Type", f"{answer.media_type}; charset=UTF-8")
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:
                return

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/sms/inbound"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def fronts() -> Iterator[list[Front]]:
    opened: list[Front] = []
    yield opened
    for front in opened:
        front.close()


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def asker(patience_seconds: float, time: Time) -> Asker:
    return Asker(patience_seconds, "see there.", lambda: time.now, time.sleep)


@pytest.mark.parametrize("answer", [CLOUD_RUN, NO_ROUTE], ids=["Cloud Run", "gateway"])
def test_what_google_says_itself_is_not_the_relays(answer: Answer) -> None:
    assert not answer.is_the_relays


@pytest.mark.parametrize("answer", [FORGED, NO_TOKEN, TAKEN], ids=["forged", "no token", "taken"])
def test_what_the_relay_says_is_its_own(answer: Answer) -> None:
    assert answer.is_the_relays


def test_googles_own_refusals_are_waited_out_and_told_once(
    fronts: list[Front], capsys: pytest.CaptureFixture[str]
) -> None:
    fronts.append(Front(NO_ROUTE, CLOUD_RUN, CLOUD_RUN, FORGED))
    time = Time()
    assert asker(600, time).ask(fronts[0].url, b"a=b", {}) == FORGED
    assert time.now == 1015.0
    said = capsys.readouterr().out
    assert said.count("in the relay's place: asking again for up to 10 minutes") == 1
    assert "answers 404" in said


def test_a_refusal_that_does_not_pass_is_told_with_what_to_look_at(fronts: list[Front]) -> None:
    fronts.append(Front(CLOUD_RUN))
    time = Time()
    with pytest.raises(Problem, match=r"answers 403 in the relay's place: see there\."):
        asker(600, time).ask(fronts[0].url, {}, {})
    assert time.now == 1600.0


def test_without_patience_nothing_is_waited_for(fronts: list[Front]) -> None:
    fronts.append(Front(CLOUD_RUN, FORGED))
    time = Time()
    with pytest.raises(Problem, match="in the relay's place"):
        asker(0, time).ask(fronts[0].url, {}, {})
    assert time.now == 1000.0


def test_an_address_at_which_nothing_answers_yet_is_waited_for_too() -> None:
    """The name of a gateway that was just made is not known at once."""
    time = Time()
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # and does not listen; meanwhile nobody else can
        with pytest.raises(NotReached, match="does not answer"):
            asker(20, time).ask(f"http://127.0.0.1:{deaf.getsockname()[1]}/sms/inbound", {}, {})
    assert time.now == 1020.0
