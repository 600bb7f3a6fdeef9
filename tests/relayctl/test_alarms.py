"""`relayctl alarm test`, and what doctor says of the channels: against a real relay, mail server and receiver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from relay.homes import SystemClock

from scripts.relayctl import alarms, checks_alarms
from scripts.relayctl.api import RelayApi
from scripts.relayctl.checks_configuration import Given
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING
from tests.operators.alerting.mail import MailRig, mail_server
from tests.operators.alerting.receivers import webhook_receiver
from tests.relayctl.conftest import Ctl
from tests.settings.environments import EMBEDDED
from tests.stack_fixtures import RunningStack

MAIL = {"RELAY_ALARM_EMAILS": "ana@example.com", "RELAY_EMAIL_FROM": "relay@example.com"}


@pytest.fixture
def stack(embedded_stack: RunningStack) -> RunningStack:
    return embedded_stack


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailRig]:
    with mail_server(tmp_path, SystemClock(), "none", signs_in=False) as rig:
        yield rig


def _doctor(changes: dict[str, str]) -> dict[str, tuple[str, str]]:
    found = checks_alarms.channels(Given(".env", {**EMBEDDED, **changes}), dict)
    return {finding.name: (finding.state, finding.words) for finding in found}


def test_without_a_channel_the_command_says_so_and_fails(ctl: Ctl) -> None:
    ran = ctl("alarm", "test")
    assert ran.code == 1
    assert "No channel is set" in ran.err


def _answers(monkeypatch: pytest.MonkeyPatch, *states: str) -> list[str]:
    """The relay says one after the other of these of its one message; returns the ids it is asked with."""
    asked: list[str] = []

    def answered(_api: RelayApi, request_id: str) -> list[dict[str, Any]]:
        asked.append(request_id)
        state, _, reason = states[min(len(asked), len(states)) - 1].partition(": ")
        return [{"channel": "email", "to": "ana@example.com", "state": state, "reason": reason}]

    monkeypatch.setattr(RelayApi, "test_alarms", answered)
    monkeypatch.setattr(alarms, "_LOOK_SECONDS", 0.01)
    return asked


def test_it_waits_until_each_has_been_taken_and_asks_for_one_test_alone(
    ctl: Ctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _answers(monkeypatch, "waiting", "waiting", "told")
    ran = ctl("alarm", "test")
    assert (ran.code, "e-mail to ana@example.com: taken" in ran.out) == (0, True)
    assert len(asked) == 3
    assert len(set(asked)) == 1


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("waiting: it answers 500", "e-mail to ana@example.com: it answers 500; it is tried again"),
        ("failed: it has opted out", "e-mail to ana@example.com: given up, it has opted out"),
        ("waiting", "not tried yet; is the relay running?"),
    ],
)
def test_one_that_was_not_taken_is_named_and_the_command_fails(
    ctl: Ctl, monkeypatch: pytest.MonkeyPatch, state: str, words: str
) -> None:
    _answers(monkeypatch, state)
    ran = ctl("alarm", "test", "--wait", "0.1")
    assert ran.code == 1
    assert words in " ".join(ran.out.split())


def test_doctor_fails_while_no_channel_is_set_and_while_text_is_the_only_one() -> None:
    assert _doctor({})["alarms"] == (BAD, "no channel is set, so that alarms go to the log alone")
    state, words = _doctor({"RELAY_ALARM_PHONES": "+15550102001"})["alarms"]
    assert (state, words) == (BAD, "alarms go by text alone, so that none tells of an outage of texts")
    hook = {"RELAY_ALARM_WEBHOOK_URL": "https://127.0.0.1:1/T0", "RELAY_ALARM_PHONES": "+15550102001"}
    state, words = _doctor(hook)["alarms"]
    assert (state, words.startswith("they go by text (1), webhook (1);")) == (OK, True)
    assert "T0" not in words


def test_doctor_tries_the_mail_server_and_sends_nothing(mail: MailRig) -> None:
    found = _doctor({**MAIL, "SMTP_URL": f"smtp://127.0.0.1:{mail.port}"})
    assert found["alarms"][0] == OK
    assert found["mail server"] == (OK, "127.0.0.1 lets us in, on this machine")
    assert mail.mailbox.taken == []
    state, words = _doctor({**MAIL, "SMTP_URL": "smtp://127.0.0.1:1"})["mail server"]
    assert (state, words.startswith("127.0.0.1: the mail server does not answer")) == (BAD, True)


@pytest.mark.parametrize(("phone", "state"), [("", BAD), ("+15550102003", WARNING)])
def test_doctor_names_operators_to_whose_address_no_code_can_go(phone: str, state: str) -> None:
    people = json.dumps([{"name": "Bo", "email": "bo@example.com", "phone": phone}])
    found = _doctor({"RELAY_OPERATORS": people})["mail server"]
    assert found == (state, "no sign-in code can go to the e-mail address of Bo")
    with_a_server = {**MAIL, "SMTP_URL": "smtp://127.0.0.1:1", "RELAY_OPERATORS": people}
    assert "Bo" not in _doctor(with_a_server)["mail server"][1]


@pytest.mark.parametrize(
    ("channels", "state", "words"),
    [
        ({"text": 0, "email": 0, "webhook": 0}, BAD, "no channel is set"),
        ({"text": 2, "email": 0, "webhook": 0}, BAD, "alarms go by text alone"),
        ({"text": 2, "email": 1, "webhook": 0}, OK, "they go by text (2), e-mail (1);"),
    ],
    ids=["none", "text alone", "two"],
)
def test_doctor_asks_a_deployment_by_what_it_tells(channels: dict[str, int], state: str, words: str) -> None:
    (found,) = checks_alarms.channels(Given("repos.env", dict(EMBEDDED)), lambda: channels)
    assert (found.state, found.words.startswith(words)) == (state, True)


def test_a_relay_says_by_what_it_tells_and_sends_nothing(stack: RunningStack) -> None:
    assert json.loads(stack.post("/sms/redrive", {"alarm_test": False})) == {
        "channels": {"text": 0, "email": 0, "webhook": 0}
    }


def test_doctor_looks_whether_the_webhooks_server_is_there_and_asks_it_nothing() -> None:
    with webhook_receiver() as receiver:
        found = _doctor({"RELAY_ALARM_WEBHOOK_URL": receiver.url})["alarm webhook"]
        assert (found[0], found[1].startswith("127.0.0.1 is there;")) == (OK, True)
        assert receiver.posts == []
        https = receiver.url.replace("http:", "https:")
        assert _doctor({"RELAY_ALARM_WEBHOOK_URL": https})["alarm webhook"][0] == BAD, "it does not prove who it is"
    state, words = _doctor({"RELAY_ALARM_WEBHOOK_URL": f"{receiver.url}T0"})["alarm webhook"]
    assert (state, words) == (BAD, "127.0.0.1 cannot be reached (ConnectionRefusedError)")


def test_doctor_says_nothing_where_there_is_no_whole_configuration() -> None:
    assert [finding.state for finding in checks_alarms.channels(Given("", {}), dict)] == [SKIPPED]
    assert _doctor({"RELAY_ALARM_EMAILS": "ana"})["alarms"] == (SKIPPED, "the configuration has mistakes (above)")
