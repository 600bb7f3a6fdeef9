"""Every entry point answers under the real functions-framework server, and says at once what is not configured."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from relay.embedded.database import Database
from relay.settings.variables import ENTRY_POINTS

from scripts.fake_twilio import FakeTwilio, Server
from scripts.local_stack.serve import THREADS_DEPLOYED
from tests.entry_points.served import Served, settings_for
from tests.local_stack.checkouts import copied_checkout
from tests.ports import free_port
from tests.stories.relay_process import ROOT, clean_environment

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}

# Target → a request without credentials, and what it is answered.
ANSWERS: dict[str, tuple[str, bytes, dict[str, str], int]] = {
    "sms_inbound": ("POST", b"Body=hello", FORM, 403),
    "sms_delivery_status": ("POST", b"MessageStatus=sent", FORM, 403),
    "sms_relay_state": ("POST", b"{}", JSON, 401),
    "sms_redrive": ("POST", b"{}", JSON, 401),
    "escalate_tier": ("POST", b"{}", JSON, 400),
    "sweep": ("POST", b"", {}, 200),
    # Nobody answers for Twilio here, and a comparison that did not take place is no success.
    "reconcile": ("POST", b"", {}, 503),
    "tell": ("POST", b"", {}, 200),
    "relay_events": ("POST", b"{}", JSON, 400),
    "console": ("GET", b"", {}, 200),
    "media": ("GET", b"", {}, 404),
}


def test_every_entry_point_is_asked() -> None:
    assert set(ANSWERS) == set(ENTRY_POINTS)


@pytest.mark.parametrize("target", sorted(ANSWERS))
def test_an_entry_point_answers_as_it_is_deployed(target: str, tmp_path: Path) -> None:
    method, body, headers, expected = ANSWERS[target]
    with Served(target, settings_for(tmp_path), tmp_path) as served:
        status, _, answer = served.ask(method, "/", body, headers)
        assert (status, served.log.read_text("utf-8").count("Traceback")) == (expected, 0), answer


@pytest.mark.parametrize("target", ["escalate_tier", "sweep", "reconcile", "tell"])
def test_a_private_entry_point_answers_post_alone_and_says_so(target: str, tmp_path: Path) -> None:
    with Served(target, settings_for(tmp_path), tmp_path) as served:
        for method in ("GET", "OPTIONS"):
            status, headers, _ = served.ask(method, "/")
            assert (status, headers["allow"]) == (405, "POST")
        assert served.ask("POST", "/", b" " * 70_000, JSON)[0] == 413


@pytest.mark.parametrize(("target", "counted"), [("sweep", "resumed"), ("reconcile", "recovered"), ("tell", "told")])
def test_the_watchmens_rounds_report_what_they_did(target: str, counted: str, tmp_path: Path) -> None:
    with Server(FakeTwilio()) as twilio, Served(target, settings_for(tmp_path, twilio.base_url), tmp_path) as served:
        status, _, answer = served.ask("POST", "/")
        assert (status, json.loads(answer)[counted]) == (200, 0)


# The second needs the handlers only because the embedded home also sends what is due, in every process of it.
@pytest.mark.parametrize("target", ["sms_inbound", "sms_delivery_status"])
def test_what_is_not_configured_is_said_at_start_all_at_once_and_in_words(target: str) -> None:
    source = str(ROOT / "functions" / "main.py")
    command = ["functions_framework", "--source", source, "--target", target, "--port", str(free_port())]
    environ = clean_environment() | {"PRIMARY_HANDLER_PHONE": "98765", "RELAY_COLOUR": "blue"}
    done = subprocess.run(
        [sys.executable, "-m", *command], env=environ, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for words in (
        "TWILIO_ACCOUNT_SID is missing",
        "TWILIO_AUTH_TOKEN is missing",
        "PUBLIC_BASE_URL is missing",
        "BUSINESS_PHONE_NUMBER is missing",
        "PRIMARY_HANDLER_PHONE: …65 is not E.164",
        "RELAY_COLOUR is not a setting",
    ):
        assert words in done.stderr
    assert "98765" not in done.stderr


def test_a_database_that_cannot_be_used_is_said_at_start(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, RELAY_DATABASE=str(tmp_path / "no" / "such" / "folder" / "relay.db"))
    with pytest.raises(AssertionError, match=r"the folder of .* does not exist"):
        Served("sms_inbound", settings, tmp_path).start()


def test_a_database_that_others_may_read_is_made_private_at_start_and_that_is_said(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    database = Path(settings["RELAY_DATABASE"])
    Database(database).prepare()
    database.chmod(0o644)
    served = Served("sms_delivery_status", settings, tmp_path).start()
    served.kill()  # told to stop before its worker is there, the server waits for it half a minute
    lines = [json.loads(line) for line in served.log.read_text("utf-8").splitlines() if line.startswith("{")]
    (said,) = [line for line in lines if line["message"] == "others could read the database"]
    assert (said["severity"], f"{database} (mode 644)" in said["reason"]) == ("WARNING", True)
    assert database.stat().st_mode & 0o777 == 0o600


def test_make_serve_makes_up_what_a_fake_twilio_needs_and_says_so(tmp_path: Path) -> None:
    """Without any setting, so that relays lie where made-up ones belong; in a copy, where they are no other's."""
    checkout = copied_checkout(tmp_path)
    command = ("scripts.local_stack", "serve", "sms_inbound")
    with Served("sms_inbound", {}, tmp_path, command, checkout=checkout) as served:
        assert served.ask("POST", "/sms/inbound", b"Body=hello", FORM)[0] == 403
        said = served.log.read_text("utf-8")
        assert "No Twilio credentials are configured" in said
        assert "python -m scripts.fake_twilio --sms-url" in said
        assert (
            "The framework's own server with 40 threads, as deployed; a peer holds one from its first byte on." in said
        )
    assert (checkout / ".local/fake-twilio.db").exists()


def test_make_serve_knows_how_many_threads_are_deployed() -> None:
    told = (ROOT / "terraform" / "functions.tf").read_text("utf-8")
    shapes = dict(re.findall(r"^    (\w+) +=.*concurrency = (\d+)", told, re.MULTILINE))
    deployed = {target: int(shapes[shape]) for target, shape in re.findall(r'_point = "(\w+)", shape = "(\w+)"', told)}
    assert deployed == THREADS_DEPLOYED


def test_make_serve_has_as_many_threads_as_where_it_is_deployed(tmp_path: Path) -> None:
    """Of forty peers at once thirty-nine may take their time, as texts do while Twilio hangs: the last is answered."""
    command = ("scripts.local_stack", "serve", "sms_inbound")
    with Served("sms_inbound", settings_for(tmp_path), tmp_path, command) as served, ExitStack() as peers:
        for _ in range(39):
            peer = peers.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=120))
            peer.sendall(b"POST /sms/inbound HTTP/1.1\r\n")
        assert served.ask("POST", "/sms/inbound", b"Body=hello", FORM)[0] == 403
        assert "40 threads, as deployed" in served.log.read_text("utf-8")
