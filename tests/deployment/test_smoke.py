"""The smoke test finds a relay that works, and says what is wrong with one that does not."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from relay import wiring
from relay.settings.settings import load_settings

from scripts.deployment import smoke
from scripts.deployment.asking import Answer, Asker
from scripts.deployment.smoke_target import Target
from scripts.deployment.tools import Problem
from scripts.local_stack.client import StackClient
from scripts.local_stack.supervisor import Supervisor

TIERS = [{"name": "only", "phone": "+12025550111", "receipt_timeout_seconds": 60, "retry_delays_seconds": []}]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("smoke") / "relay.db"


@pytest.fixture(scope="module")
def stack(database: Path) -> Iterator[str]:
    """A running local stack with one tier; its address."""
    unset = ("TWILIO_", "RELAY_", "GOOGLE_", "PUBLIC_BASE_URL")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
    environ |= {"RELAY_TIERS": json.dumps(TIERS), "RELAY_LOCAL_ENV_FILE": os.devnull}
    log = database.with_name("stack.log")
    with Supervisor(environ, "embedded", 0, database=str(database), log=log) as running:
        yield running.plan.address


@pytest.fixture(autouse=True)
def same_environment(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What whoever started the stack would have set for the smoke test, too."""
    for name in ("STACK", "PROJECT", "NO_SMS", "BACKEND", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RELAY_DATABASE", str(database))
    monkeypatch.setenv("RELAY_TIERS", json.dumps(TIERS))
    monkeypatch.setenv("RELAY_LOCAL_ENV_FILE", os.devnull)


def relay_of(output: str) -> str:
    match = re.search(r"taken in as (SM[0-9a-f]{32})", output)
    assert match, output
    return match[1]


def is_stored(database: Path, message_id: str) -> bool:
    environ = {"RELAY_BACKEND": "embedded", "RELAY_DATABASE": str(database)}
    store = wiring.Runtime(load_settings(environ, ["relay_events"])).store
    return store.get(message_id, timeout_seconds=120) is not None


def test_a_text_is_delivered_and_its_relay_removed(
    stack: str, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert smoke.main([f"--stack={stack}"]) == 0
    output = capsys.readouterr().out
    assert "forged text refused, caller without a token refused" in output
    assert "attempt_accepted, tier 1" in output
    assert "Good: the relay ended as delivered" in output
    assert not is_stored(database, relay_of(output))


def test_a_text_from_our_own_number_tests_the_way_in_without_sending_anything(
    stack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sent_before = len(sent_texts(stack))
    assert smoke.main([f"--stack={stack}", "--no-sms"]) == 0
    output = capsys.readouterr().out
    assert "no handler gets it" in output
    assert "Good: the relay ended as recorded" in output
    assert len(sent_texts(stack)) == sent_before


def test_a_relay_that_reaches_nobody_is_not_good(
    stack: str, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    StackClient(stack).set_carrier("+12025550111", "refuse", 1, 30006)
    assert smoke.main([f"--stack={stack}"]) == 1
    output = capsys.readouterr().out
    assert "NOT good: the relay ended as exhausted; delivered or claimed was expected." in output
    assert not is_stored(database, relay_of(output))


def test_a_text_that_its_handler_took_is_good(
    stack: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoke, "wait", lambda *_: {"final_status": "claimed"})
    assert smoke.main([f"--stack={stack}"]) == 0
    assert "Good: the relay ended as claimed; delivered or claimed was expected." in capsys.readouterr().out


def test_a_relay_can_be_kept_to_be_looked_at(stack: str, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke.main([f"--stack={stack}", "--no-sms", "--keep"]) == 0
    assert is_stored(database, relay_of(capsys.readouterr().out))


def test_a_wrong_auth_token_is_told_in_words(stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "refuse_strangers", lambda target, message_id: None)
    wrong = Target(stack, f"{stack}/sms/relay-state", "AC" + "0" * 32, "wrong", "+12025550100", {}, lambda: "")
    with pytest.raises(Problem, match="refused our signature: is the auth token"):
        smoke.send(wrong, "SM" + "0" * 32, "+12025550199")


def test_a_relay_that_lets_a_forged_text_in_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Asker, "ask", lambda *_: Answer(200, "text/xml", b""))
    target = Target("https://x.example.com", "https://x.example.com/sms/relay-state", "AC", "t", "+1", {}, lambda: "")
    with pytest.raises(Problem, match="forged text was answered with 200 instead of 403: do not point a number"):
        smoke.refuse_strangers(target, "SM" + "0" * 32)


GOOGLES = Answer(403, "text/html", b"<h1>Error: Forbidden</h1>")


def test_googles_own_refusal_is_not_taken_for_the_relays(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would say of a relay that no one can reach that it refuses forged texts."""
    monkeypatch.setattr("scripts.deployment.asking.ask", lambda *_: GOOGLES)
    target = Target("https://x.example.com", "https://x.example.com/sms/relay-state", "AC", "t", "+1", {}, lambda: "")
    with pytest.raises(Problem, match=r"answers 403 in the relay's place: is PUBLIC_BASE_URL the address"):
        smoke.refuse_strangers(target, "SM" + "0" * 32)
    with pytest.raises(Problem, match="in the relay's place"):
        smoke.send(target, "SM" + "0" * 32, "+12025550199")


def test_without_a_gateway_it_is_cloud_run_that_refuses_a_caller_without_a_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scripts.deployment.asking.ask", lambda *_: Answer(403, "text/plain", b""))
    monkeypatch.setattr(smoke, "ask", lambda *_: GOOGLES)
    state = "https://y.example.com/sms/relay-state"
    direct = Target("https://x.example.com", state, "AC", "t", "+1", {}, lambda: "", is_behind_gateway=False)
    smoke.refuse_strangers(direct, "SM" + "0" * 32)
    monkeypatch.setattr(smoke, "ask", lambda *_: Answer(200, "application/json", b"{}"))
    with pytest.raises(Problem, match="answered a caller without a token with 200"):
        smoke.refuse_strangers(direct, "SM" + "0" * 32)


def test_nobody_listening_is_told_in_words(stack: str) -> None:
    with pytest.raises(Problem, match=r"No local stack answers at http://127\.0\.0\.1:1: start one with make run"):
        smoke.main(["--stack=http://127.0.0.1:1"])


@pytest.mark.parametrize("address", ["https://relay.example.com", "127.0.0.1:8080", "http://127.0.0.1"])
def test_an_address_that_is_no_local_stack_is_refused(address: str) -> None:
    with pytest.raises(Problem, match="STACK must be a local stack's address"):
        smoke.main([f"--stack={address}"])


def test_only_without_a_gateway_cloud_run_gets_a_token_of_its_own() -> None:
    behind = Target("", "", "", "", "", {}, lambda: "TOKEN")
    direct = Target("", "", "", "", "", {}, lambda: "TOKEN", is_behind_gateway=False)
    assert behind.identity_headers() == {"Authorization": "Bearer TOKEN"}
    assert direct.identity_headers() == {"Authorization": "Bearer TOKEN", "X-Serverless-Authorization": "Bearer TOKEN"}


def sent_texts(stack: str) -> list[object]:
    import urllib.request

    with urllib.request.urlopen(f"{stack}/fake/record", timeout=120) as answer:
        return list(json.load(answer)["posts"])
