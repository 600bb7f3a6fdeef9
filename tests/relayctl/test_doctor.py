"""doctor: what is wrong is found, and what to do about it is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from relay.ports import Refused

from scripts.deployment.configure_number import TwilioNumbers, difference
from scripts.fake_twilio import FakeTwilio, Server
from scripts.fake_twilio import Settings as FakeSettings
from scripts.relayctl import checks_configuration, checks_relay, checks_twilio
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding
from tests.played import Played
from tests.relayctl.conftest import Ctl
from tests.stack_fixtures import RunningStack
from tests.unit.operator_calls import state, told

URL = "https://relay.example.com"
NUMBER = "+12025550100"


@pytest.fixture
def stack(embedded_stack: RunningStack) -> RunningStack:
    return embedded_stack


class PlayedApi:
    """RelayApi over a played relay; `skew` is how far its clock is ahead of ours."""

    url = URL

    def __init__(self, played: Played, skew: timedelta = timedelta()) -> None:
        self._played = played
        played.clock.set(_now() + skew)

    def search(self, **conditions: Any) -> dict[str, Any]:
        return told(state(self._played, {"view": "summary", **conditions}))

    def rows(self, limit: int | None = None, **conditions: Any) -> Iterator[dict[str, Any]]:
        yield from self.search(limit=min(limit or 200, 200), **conditions)["relays"]


def _now() -> datetime:
    return datetime.now(UTC)


def _examined(prepare: Callable[[Played], object], skew: timedelta = timedelta()) -> dict[str, Finding]:
    """The findings about a relay to which this has happened a moment ago, by name."""
    played = Played(start=_now() - timedelta(hours=1))
    prepare(played)
    return {finding.name: finding for finding in checks_relay.relay(PlayedApi(played, skew))}  # type: ignore[arg-type]


def test_a_sound_relay_has_nothing_wrong() -> None:
    states = {finding.state for finding in _examined(Played.delivered).values()}
    assert states == {OK}


def test_a_running_stack_is_examined(ctl: Ctl, tmp_path: Path) -> None:
    ran = ctl("doctor", "--json", "--env-file", str(tmp_path / "none"))
    names = {check["name"]: check["state"] for check in ran.json["checks"]}
    assert names["relay answers"] == OK
    assert names["clocks"] == OK
    assert names["timers and sweep"] == OK
    assert names["configuration"] == BAD  # the file that was named is not there
    assert ran.code == 1
    assert "does not exist" in ctl("doctor", "--env-file", str(tmp_path / "none")).out


def test_nobody_answering_is_a_finding_and_not_the_end(ctl: Ctl) -> None:
    ran = ctl("--url", "http://127.0.0.1:9", "doctor", "--json")
    (check,) = [check for check in ran.json["checks"] if check["name"] == "relay answers"]
    assert (ran.code, check["state"]) == (1, BAD)
    assert [check["name"] for check in ran.json["checks"]][-1] == "queues"


@pytest.mark.parametrize(
    ("ahead_seconds", "expected"), [(0, OK), (5, WARNING), (-5, WARNING), (60, BAD), (-60, BAD)]
)  # fmt: skip
def test_clocks_that_differ_are_found(ahead_seconds: int, expected: str) -> None:
    finding = _examined(Played.delivered, timedelta(seconds=ahead_seconds))["clocks"]
    assert finding.state == expected


def test_a_relay_that_should_long_have_moved_is_found() -> None:
    finding = _examined(Played.lost)["timers and sweep"]
    assert finding.state == BAD
    assert "1 relays are overdue" in finding.words
    assert "queue paused" in finding.advice


def test_a_handler_who_opted_out_is_found_either_way() -> None:
    for prepare in (Played.from_handler, lambda played: _refused(played, 21610)):
        finding = _examined(prepare)["handlers"]
        assert finding.state == BAD
        assert "START" in finding.advice


def _refused(played: Played, code: int) -> None:
    played.text("Hello", "+12025550142", Refused(code))
    played.wait(30)


def test_an_account_that_twilio_refuses_is_found() -> None:
    def refused(played: Played) -> None:
        played.text("Hello", "+12025550142", *[Refused(20003)] * 12)
        played.wait(120)

    findings = _examined(refused)
    assert findings["account"].state == BAD
    assert "Twilio refused our credentials (20003)" in findings["account"].words
    assert findings["unreached"].state == WARNING


def test_texts_without_a_webhook_are_found() -> None:
    def recovered(played: Played) -> None:
        stored = played.store.get(played.delivered(), timeout_seconds=1.0)
        assert stored is not None
        played.store.update(replace(stored.relay, recovered=True), stored.version, (), timeout_seconds=1.0)

    finding = _examined(recovered)["webhook"]
    assert (finding.state, "11200" in finding.advice) == (WARNING, True)


def test_secrets_that_others_can_read_are_found(tmp_path: Path) -> None:
    env, database = tmp_path / ".env", tmp_path / "relay.db"
    env.write_text("TWILIO_AUTH_TOKEN=x\n")
    database.write_text("")
    given = checks_configuration.Given(".env", {"RELAY_DATABASE": str(database)})
    env.chmod(0o644)
    database.chmod(0o640)
    found = {finding.words: finding for finding in checks_configuration.private_files(given, tmp_path)}
    assert found[".env holds secrets and has mode 644"].state == BAD
    assert found[".env holds secrets and has mode 644"].advice == f"chmod 600 {env}"
    assert found["relay.db holds customers' texts and has mode 640"].state == WARNING
    env.chmod(0o600)
    database.chmod(0o600)
    (finding,) = checks_configuration.private_files(given, tmp_path)
    assert finding.state == OK


def test_every_mistake_of_a_configuration_is_found(tmp_path: Path) -> None:
    env = tmp_path / "my.env"
    env.write_text("TWILIO_ACCOUNT_SID=AC1\nPRIMARY_HANDLER_PHONE=555\n")
    given = checks_configuration.Given.read(env, tmp_path, {})
    words = [finding.words for finding in checks_configuration.configuration(given)]
    assert any("TWILIO_ACCOUNT_SID is not AC" in line for line in words)
    assert any("PRIMARY_HANDLER_PHONE" in line for line in words)
    assert any("PUBLIC_BASE_URL is missing" in line for line in words)


def test_a_file_that_cannot_be_read_is_found_without_showing_it(tmp_path: Path) -> None:
    env = tmp_path / "my.env"
    env.write_text("TWILIO_AUTH_TOKEN='secret\n")
    given = checks_configuration.Given.read(env, tmp_path, {})
    (finding,) = checks_configuration.configuration(given)
    assert (finding.state, "line 1" in finding.words, "secret" in finding.words) == (BAD, True, False)


def test_without_credentials_there_is_nothing_to_check(tmp_path: Path) -> None:
    given = checks_configuration.Given.read(None, tmp_path, {})
    findings = [
        *checks_configuration.configuration(given),
        *checks_configuration.private_files(given, tmp_path),
        *checks_twilio.numbers(given.values),
        *checks_twilio.queues(given.values),
    ]
    assert [finding.state for finding in findings] == [SKIPPED] * 4


@pytest.fixture
def account() -> Iterator[dict[str, str]]:
    """Settings for an account at a fake Twilio with one number, which nobody has set up yet."""
    fake = FakeTwilio(FakeSettings(numbers=(NUMBER,)))
    with Server(fake) as server:
        yield {
            "TWILIO_ACCOUNT_SID": fake.settings.account_sid,
            "TWILIO_AUTH_TOKEN": fake.settings.auth_token,
            "TWILIO_API_BASE_URL": server.base_url,
            "BUSINESS_PHONE_NUMBER": NUMBER,
            "PUBLIC_BASE_URL": URL,
        }


def test_a_number_that_is_not_set_up_is_found_and_set_up_is_fine(account: dict[str, str]) -> None:
    (finding,) = checks_twilio.numbers(account)
    assert finding.state == BAD
    assert "SmsUrl is not set" in finding.words
    assert "make configure-number" in finding.advice
    assert NUMBER not in finding.words
    numbers = TwilioNumbers(account)
    number = numbers.find(NUMBER)
    numbers.change(number["sid"], {name: wanted for name, (_, wanted) in difference(number, URL, URL).items()})
    (finding,) = checks_twilio.numbers(account)
    assert (finding.state, finding.words) == (OK, f"…00 hands its texts to {URL}")


def test_a_number_of_somebody_else_and_wrong_credentials_are_found(account: dict[str, str]) -> None:
    (finding,) = checks_twilio.numbers(account | {"BUSINESS_PHONE_NUMBER": "+12025550199"})
    assert (finding.state, "has no number …99" in finding.words) == (BAD, True)
    (finding,) = checks_twilio.numbers(account | {"TWILIO_AUTH_TOKEN": "wrong"})
    assert (finding.state, "does not accept the credentials" in finding.words) == (BAD, True)


QUEUES = [
    {"name": "projects/p/locations/l/queues/escalate-tier-1", "state": "RUNNING"},
    {"name": "projects/p/locations/l/queues/escalate-tier-2", "state": "PAUSED"},
    {"name": "projects/p/locations/l/queues/somebody-elses", "state": "PAUSED"},
]


def test_a_paused_queue_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gcloud:
        def __init__(self, project: str) -> None:
            assert project == "p"

        def text(self, *_arguments: str) -> str:
            return json.dumps(QUEUES)

    monkeypatch.setattr(checks_twilio, "Gcloud", Gcloud)
    found = list(checks_twilio.queues({"GOOGLE_CLOUD_PROJECT": "p", "TASKS_LOCATION": "l"}))
    assert [(finding.state, finding.words) for finding in found] == [
        (OK, "escalate-tier-1 is running"),
        (BAD, "escalate-tier-2 is paused"),
    ]
    assert found[1].advice == "gcloud tasks queues resume escalate-tier-2 --location=l"
