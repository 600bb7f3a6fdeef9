"""doctor looks beyond the relay: the number at Twilio, the queues and schedules at Google."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

import pytest

from scripts.deployment.configure_number import TwilioNumbers, difference
from scripts.fake_twilio import FakeTwilio, Server
from scripts.fake_twilio import Settings as FakeSettings
from scripts.relayctl import ROOT, checks_twilio
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING

URL = "https://relay.example.com"
NUMBER = "+12025550100"


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


def test_a_number_that_leads_to_the_relay_and_is_not_listed_is_named(account: dict[str, str]) -> None:
    second = "+12025550177"
    fake = FakeTwilio(FakeSettings(numbers=(NUMBER, second)))
    with Server(fake) as server:
        given = account | {"TWILIO_API_BASE_URL": server.base_url}
        assert [finding.state for finding in checks_twilio.numbers(given)] == [BAD]
        numbers = TwilioNumbers(given)
        number = numbers.find(second)
        numbers.change(number["sid"], {name: wanted for name, (_, wanted) in difference(number, URL, URL).items()})
        *_, unlisted = checks_twilio.numbers(given)
        assert (unlisted.state, second in unlisted.words) == (WARNING, True)
        assert len(list(checks_twilio.numbers(given | {"BUSINESS_PHONE_NUMBER": f"{NUMBER},{second}"}))) == 2


def test_a_number_of_somebody_else_and_wrong_credentials_are_found(account: dict[str, str]) -> None:
    (finding,) = checks_twilio.numbers(account | {"BUSINESS_PHONE_NUMBER": "+12025550199"})
    assert (finding.state, "has no number …99" in finding.words) == (BAD, True)
    (finding,) = checks_twilio.numbers(account | {"TWILIO_AUTH_TOKEN": "wrong"})
    assert (finding.state, "does not accept the credentials" in finding.words) == (BAD, True)


def test_an_api_key_that_may_send_and_not_read_is_found() -> None:
    fake = FakeTwilio(FakeSettings(numbers=(NUMBER,)))
    with Server(fake) as server:
        given = {
            "TWILIO_ACCOUNT_SID": fake.settings.account_sid,
            "TWILIO_AUTH_TOKEN": fake.settings.auth_token,
            "TWILIO_API_KEY_SID": fake.settings.api_key_sid,
            "TWILIO_API_KEY_SECRET": fake.settings.api_key_secret,
            "TWILIO_API_BASE_URL": server.base_url,
        }
        (finding,) = checks_twilio.texts(given)
        assert finding.state == OK
        fake.restrict_key(("send", "numbers"))
        (finding,) = checks_twilio.texts(given)
        assert finding.state == BAD
        assert "70051" in finding.words
        assert "standard key" in finding.advice
    (finding,) = checks_twilio.texts({})
    assert finding.state == SKIPPED


QUEUES = [
    {"name": "projects/p/locations/l/queues/escalate-tier-1", "state": "RUNNING"},
    {"name": "projects/p/locations/l/queues/escalate-tier-2", "state": "PAUSED"},
    {"name": "projects/p/locations/l/queues/somebody-elses", "state": "PAUSED"},
]


JOBS = [
    {"name": "projects/p/locations/l/jobs/relay-sweep", "state": "PAUSED"},
    {"name": "projects/p/locations/l/jobs/somebody-elses", "state": "ENABLED"},
]
_PROJECT = {"GOOGLE_CLOUD_PROJECT": "p", "TASKS_LOCATION": "l"}


def _gcloud_lists(monkeypatch: pytest.MonkeyPatch, listed: Mapping[str, object]) -> None:
    """gcloud lists these, by the first word of the command."""

    class Gcloud:
        def __init__(self, project: str) -> None:
            assert project == "p"

        def text(self, *arguments: str) -> str:
            assert "--location=l" in arguments
            return json.dumps(listed[arguments[0]])

    monkeypatch.setattr(checks_twilio, "Gcloud", Gcloud)


def test_a_paused_queue_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    _gcloud_lists(monkeypatch, {"tasks": QUEUES})
    found = list(checks_twilio.queues(_PROJECT))
    assert [(finding.state, finding.words) for finding in found] == [
        (OK, "escalate-tier-1 is running"),
        (BAD, "escalate-tier-2 is paused"),
    ]
    assert found[1].advice == "gcloud tasks queues resume escalate-tier-2 --location=l"


def test_a_schedule_that_is_paused_or_missing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    _gcloud_lists(monkeypatch, {"scheduler": JOBS})
    found = list(checks_twilio.schedules(_PROJECT))
    assert [(finding.state, finding.words) for finding in found] == [
        (BAD, "relay-sweep is paused"),
        (BAD, "there is no relay-reconcile in the project"),
    ]
    assert found[0].advice == "gcloud scheduler jobs resume relay-sweep --location=l"


def test_a_schedule_whose_last_run_failed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [
        {"name": "relay-sweep", "state": "ENABLED", "lastAttemptTime": "2026-01-31T12:00:00Z", "status": {"code": 13}},
        {"name": "relay-reconcile", "state": "ENABLED", "status": {}},
    ]
    _gcloud_lists(monkeypatch, {"scheduler": runs})
    found = list(checks_twilio.schedules(_PROJECT))
    assert [finding.state for finding in found] == [WARNING, OK]
    assert "relay-sweep failed (at 2026-01-31T12:00:00Z)" in found[0].words


def test_the_schedules_that_are_looked_for_are_those_that_are_deployed() -> None:
    declared = (ROOT / "terraform/timers.tf").read_text("utf-8")
    names = re.findall(r"^    (\w+) += \{ cron", declared, re.MULTILINE)
    assert {f"relay-{name}" for name in names} == set(checks_twilio.SCHEDULES)
