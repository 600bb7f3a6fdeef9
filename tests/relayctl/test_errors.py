"""What goes wrong is said in a sentence, with what to do; where tokens come from."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.relayctl import ROOT
from scripts.relayctl.api import ApiError, RelayApi
from scripts.relayctl.times import moment, span
from scripts.relayctl.tokens import NoToken, Tokens
from tests.fakes.clock import START
from tests.ports import held_port
from tests.relayctl.conftest import Ctl, Ran
from tests.stack_fixtures import RunningStack

Run = Callable[[str, tuple[str, ...]], Ran]
TOKEN = "aaa.bbb.ccc"


@pytest.fixture
def stack(embedded_stack: RunningStack) -> RunningStack:
    return embedded_stack


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address of this machine where nobody answers."""
    with held_port() as port:
        yield f"http://127.0.0.1:{port}"


class Scripted:
    """A server that gives the next answer of its list (status, headers, body), the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.tokens: list[str] = []
        scripted = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                scripted.tokens.append(self.headers["Authorization"].removeprefix("Bearer "))
                answers = scripted.answers
                status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    scripted = Scripted()
    thread = threading.Thread(target=scripted.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield scripted
    scripted.server.shutdown()
    thread.join()
    scripted.server.server_close()


FOUND: tuple[int, dict[str, str], bytes] = (
    200,
    {},
    json.dumps({"relays": [], "next_page_token": None, "now": START.isoformat()}).encode(),
)


def test_nobody_answering_is_said_with_what_to_do(run: Run, nobody: str) -> None:
    ran = run(nobody, ("list",))
    assert ran.code == 1
    assert f"Nothing answers at {nobody}. Is the relay running (`make run`)?" in ran.err
    assert json.loads(run(nobody, ("list", "--json")).err)["error"].startswith("Nothing answers")


def test_no_token_for_a_relay_far_away_says_how_to_get_one(run: Run) -> None:
    ran = run("https://relay.example.com", ("list",))
    assert (ran.code, "give its project (--project, RELAYCTL_PROJECT)" in ran.err) == (1, True)


def test_a_token_that_is_not_accepted_is_told_apart(run: Run, stack: RunningStack) -> None:
    ran = run(stack.address, ("--token", stack.token(email="stranger@example.com"), "list"))
    assert (ran.code, "The identity token is not accepted" in ran.err) == (1, True)


def test_what_is_no_token_is_not_even_sent(run: Run, stack: RunningStack) -> None:
    ran = run(stack.address, ("--token", "secret", "list"))
    assert (ran.code, "is not an identity token" in ran.err) == (1, True)
    assert "secret" not in ran.err


def test_an_address_that_is_none_is_said(run: Run) -> None:
    assert "is not a web address" in run("relay.example.com", ("list",)).err


def test_an_unknown_relay_is_said(ctl: Ctl) -> None:
    ran = ctl("show", "SM" + "f" * 32)
    assert (ran.code, ran.err.strip()) == (1, "No such relay: unknown, or expired after 90 days.")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((200, {}, b"<html>"), "is not the relay"),
        ((404, {}, b"nothing"), "nothing answers /sms/relay-state there"),
        ((400, {}, b'{"error": "limit is not a number"}'), "limit is not a number"),
        ((418, {}, b"[]"), "answered 418"),
        ((403, {}, b"<h1>Error: Forbidden</h1>"), "What stands before the relay at .* answers 403 in its place"),
        ((403, {}, b'{"error": "Forbidden."}'), "The identity token is not accepted"),
    ],
)
def test_odd_answers_are_explained(scripted: Scripted, answer: tuple[int, dict[str, str], bytes], words: str) -> None:
    scripted.answers.append(answer)
    with pytest.raises(ApiError, match=words):
        RelayApi(scripted.url, Tokens(scripted.url, TOKEN)).search()


def test_a_relay_that_is_busy_is_asked_again_with_growing_pauses(scripted: Scripted) -> None:
    scripted.answers += [(503, {}, b""), (429, {}, b""), (500, {}, b""), FOUND]
    pauses: list[float] = []
    api = RelayApi(scripted.url, Tokens(scripted.url, TOKEN), pauses.append)
    assert api.search()["relays"] == []
    assert pauses == [1.0, 2.0, 4.0]
    scripted.answers[:] = [(503, {}, b"")]
    with pytest.raises(ApiError, match="answered 503"):
        api.search()
    assert len(pauses) == 7


def test_a_token_that_has_expired_is_renewed_by_its_command(scripted: Scripted, tmp_path: Path) -> None:
    counter = tmp_path / "count"
    counter.write_text("")
    program = tmp_path / "token.py"
    program.write_text(
        "import sys; path = sys.argv[1]; open(path, 'a').write('x'); print(f'token.{len(open(path).read())}.sig')"
    )
    scripted.answers += [(403, {}, b"{}"), FOUND]
    api = RelayApi(scripted.url, Tokens(scripted.url, command=f"{sys.executable} {program} {counter}"))
    assert api.search()["relays"] == []
    assert scripted.tokens == ["token.1.sig", "token.2.sig"]
    api.search()
    assert scripted.tokens[-1] == "token.2.sig"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("no-such-program-anywhere", "cannot be run"),
        (f"{sys.executable} -c 'import sys; sys.exit(\"you are not logged in\")'", "you are not logged in"),
        ("'unclosed quote", "cannot be run"),
        ("echo hello", "not an identity token"),
    ],
)
def test_a_token_command_that_fails_says_why(command: str, words: str) -> None:
    with pytest.raises(NoToken, match=words):
        Tokens("https://relay.example.com", command=command).token()


def test_the_wrapper_runs_it_from_any_folder(tmp_path: Path) -> None:
    if not (ROOT / ".venv" / "bin" / "python").exists():
        pytest.skip("the wrapper needs the repository's own .venv: `make quick` makes it")
    wrapper = str(ROOT / "scripts" / "relayctl.sh")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run([wrapper, "--help"], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("list", "show", "failed", "watch", "redrive", "stats", "doctor"):
        assert f"  {command} " in done.stdout


def test_every_command_speaks_json_and_explains_itself(ctl: Ctl) -> None:
    for command in ("list", "show", "failed", "watch", "redrive", "stats", "link", "links", "unlink", "doctor"):
        assert "--json" in ctl(command, "--help").out


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("90m", 5400), ("1h", 3600), ("2d", 172800), ("1w", 604800), (" 5 M ", 300)]
)
def test_times_are_given_as_people_say_them(text: str, seconds: int) -> None:
    assert (START - moment(text, START)).total_seconds() == seconds


def test_times_are_given_in_full_too() -> None:
    assert moment("2026-03-01T13:00:00+01:00", START) == START
    for text in ("", "yesterday", "1y", "-1h", "1h30m"):
        with pytest.raises(ValueError, match="neither a length"):
            moment(text, START)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (12.4, "12 s"),
        (60, "1 min"),
        (185, "3 min 5 s"),
        (7800, "2 h 10 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_lengths_of_time_have_two_units_at_most(seconds: float, words: str) -> None:
    assert span(seconds) == words
