"""What the terminal says at the start: commands that can be copied and run as they are shown."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys

import pytest
from relay.core.model import Relay
from rich.console import Console

from scripts.local_stack.environment import make_plan
from scripts.local_stack.screen import Screen
from tests.local_stack.test_environment import REAL
from tests.office import ANA, BUSINESS, CARLA, Office
from tests.stack_fixtures import RunningStack
from tests.stories.relay_process import ROOT


def header(environ: dict[str, str], port: int = 8080) -> str:
    """What a terminal of the usual width is told of a stack like this one."""
    printed = io.StringIO()
    screen = Screen(Console(file=printed, width=80, highlight=False), shows_words=True)
    screen.header(make_plan(environ, "embedded", "127.0.0.1", port), None)
    return printed.getvalue()


def test_the_console_is_named_with_who_signs_in_there_and_how() -> None:
    shown = " ".join(header({}).split())
    assert "Console http://127.0.0.1:8080/console/ (sign in as Olivia, +12025550121; the code comes" in shown
    by_mail = {"RELAY_OPERATORS": '[{"name": "Ben", "email": "ben@example.com"}]'}
    assert "(no operator has a phone: relayctl link)" in " ".join(header(by_mail).split())
    real = " ".join(header(REAL).split())
    assert "Console https://relay.example.com/console/ (no operator is set: RELAY_OPERATORS; relayctl link)" in real
    assert "(relayctl link signs in)" in " ".join(header(REAL | by_mail).split())


def command_for_a_token(shown: str) -> str:
    found = re.search(r"^  Token   (.+)$", shown, re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("environ", [{}, {"RELAY_STATE_AUDIENCE": "our relay's state"}], ids=["usual", "quoted"])
def test_the_command_for_a_token_is_one_line_that_runs_with_the_python_that_has_the_packages(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    words = shlex.split(command_for_a_token(header(environ)))
    assert (ROOT / words[0]).samefile(sys.executable)
    assert words[1:3] == ["-m", "scripts.local_google.issuer"]
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert options == {
        "--stack": "http://127.0.0.1:8080",
        "--audience": environ.get("RELAY_STATE_AUDIENCE", "http://127.0.0.1:8080/sms/relay-state"),
        "--email": "you@local.example.com",
    }


def test_the_token_that_it_prints_is_accepted(embedded_stack: RunningStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    port = int(embedded_stack.address.rpartition(":")[2])
    command = shlex.split(command_for_a_token(header({}, port)))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "relays" in embedded_stack.post("/sms/relay-state", {"limit": 1}, done.stdout.strip())


def test_with_a_real_twilio_there_is_no_issuer_and_no_command_for_a_token() -> None:
    real = {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "5ec2e7" + "0" * 26,
        "PUBLIC_BASE_URL": "https://relay.example.com",
        "BUSINESS_PHONE_NUMBER": "+12025550100",
        "PRIMARY_HANDLER_PHONE": "+12025550111",
    }
    assert "Token" not in header(real)


def test_the_terminal_tells_texts_answers_and_notices_apart() -> None:
    office = Office()
    forwarded = office.reaches(CARLA, "The couch is on the porch")
    cause = office.text(ANA, "On my way")
    office.settle()
    code = office.relay(forwarded).code
    shown = {relay.message_id: heading(relay) for relay in office.all_relays()}
    assert shown[forwarded].startswith(f"A text under {code}, “The couch")
    assert shown[cause].startswith("A handler's text, “On my way”")
    assert shown[f"{cause}-a"].startswith(f"An answer to the customer under {code}, “{BUSINESS}")
    assert shown[f"{forwarded}-h1"].startswith("A notice to Ana, “To answer")


def heading(relay: Relay) -> str:
    printed = io.StringIO()
    Screen(Console(file=printed, width=200, highlight=False), shows_words=True).text_in(relay)
    return printed.getvalue().strip()


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "in the log alone: no channel is set"),
        ({"RELAY_ALARM_PHONES": ANA}, "by text alone, which tells no one of an outage of texts"),
        ({"RELAY_ALARM_WEBHOOK_URL": "https://hooks.example.com/T0"}, "by webhook"),
    ],
)
def test_it_says_in_one_line_how_operators_are_told(environ: dict[str, str], words: str) -> None:
    shown = " ".join(header(environ).split())
    assert f"Alarms {words}" in shown
    assert "T0" not in shown
