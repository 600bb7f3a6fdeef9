"""doctor looks beyond the relay: the number at Twilio, the queues and schedules at Google."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

import pytest

from scripts.deployment.configure_number import difference
from scripts.deployment.tools import Problem
from scripts.deployment.twilio_api import TwilioApi
from scripts.fake_twilio import FakeTwilio, Server, Service, Standing
from scripts.fake_twilio import Settings as FakeSettings
from scripts.relayctl import ROOT, checks_google, checks_twilio
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING

URL = "https://relay.example.com"
NUMBER, TOLL_FREE = "+12025550100", "+18335550100"


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
    owned, urls = checks_twilio.numbers(account)
    assert (owned.state, owned.words) == (OK, f"{NUMBER} is the account's")
    assert urls.state == BAD
    assert "SmsUrl is not set" in urls.words
    assert "make configure-number" in urls.advice
    numbers = TwilioApi(account)
    number = numbers.find(NUMBER)
    numbers.change(number["sid"], {name: wanted for name, (_, wanted) in difference(number, URL, URL).items()})
    _, urls = checks_twilio.numbers(account)
    assert (urls.state, urls.words) == (OK, f"{NUMBER} hands its texts to {URL}")


@pytest.mark.parametrize(
    ("service", "words"),
    [
        (Service("Office", (NUMBER,)), ""),
        (Service("Office", (), defers=False), ""),
        (Service("Office", (NUMBER,), defers=False, inbound_url=f"{URL}/sms/inbound#rc=5"), ""),
        (Service("Office", (NUMBER,), defers=False), "throws its texts away: they are not even in Twilio's list"),
        (Service("Office", (NUMBER,), defers=False, inbound_url="https://x.example"), "its texts to https://x.example"),
    ],
)
def test_a_messaging_service_that_takes_a_numbers_texts_is_found(service: Service, words: str) -> None:
    fake = FakeTwilio(FakeSettings(numbers=(NUMBER,)))
    fake.stand(Standing(services=(service,)))
    with Server(fake) as server:
        given = _with_key(fake, server) | {"BUSINESS_PHONE_NUMBER": NUMBER, "PUBLIC_BASE_URL": URL}
        numbers = TwilioApi(given)
        wanted = difference(numbers.find(NUMBER), URL, URL)
        numbers.change(numbers.find(NUMBER)["sid"], {name: each for name, (_, each) in wanted.items()})
        _, found = checks_twilio.numbers(given)
    if not words:
        assert (found.state, found.words) == (OK, f"{NUMBER} hands its texts to {URL}")
    else:
        assert (found.state, words in found.words, "defer" in found.advice) == (BAD, True, True)


def test_services_that_may_not_be_read_do_not_hide_where_the_number_leads(
    account: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise Problem("Twilio refused with status 403.")

    monkeypatch.setattr(TwilioApi, "services_of", refused)
    numbers = TwilioApi(account)
    wanted = difference(numbers.find(NUMBER), URL, URL)
    numbers.change(numbers.find(NUMBER)["sid"], {name: each for name, (_, each) in wanted.items()})
    _, right, unknown = checks_twilio.numbers(account)
    assert (right.state, unknown.state, "cannot be read" in unknown.words) == (OK, SKIPPED, True)


def test_a_number_that_leads_to_the_relay_and_is_not_listed_is_named(account: dict[str, str]) -> None:
    second = "+12025550177"
    fake = FakeTwilio(FakeSettings(numbers=(NUMBER, second)))
    with Server(fake) as server:
        given = account | {"TWILIO_API_BASE_URL": server.base_url}
        assert [finding.state for finding in checks_twilio.numbers(given)] == [OK, BAD]
        numbers = TwilioApi(given)
        number = numbers.find(second)
        numbers.change(number["sid"], {name: wanted for name, (_, wanted) in difference(number, URL, URL).items()})
        *_, unlisted = checks_twilio.numbers(given)
        assert (unlisted.state, second in unlisted.words) == (WARNING, True)
        assert len(list(checks_twilio.numbers(given | {"BUSINESS_PHONE_NUMBER": f"{NUMBER},{second}"}))) == 4


def test_a_number_of_another_account_and_wrong_credentials_are_found(account: dict[str, str]) -> None:
    (finding,) = checks_twilio.numbers(account | {"BUSINESS_PHONE_NUMBER": "+12025550199"})
    assert (finding.state, "has no number +12025550199" in finding.words) == (BAD, True)
    wrong = account | {"TWILIO_AUTH_TOKEN": "wrong"}
    (finding,) = checks_twilio.numbers(wrong)
    assert (finding.state, "does not accept the credentials" in finding.words) == (BAD, True)
    found = list(checks_twilio.credentials(wrong))
    assert [finding.state for finding in found] == [BAD, BAD]
    assert "by the auth token: Twilio does not accept the credentials" in found[0].words
    (finding,) = checks_twilio.registered(wrong)
    assert (finding.state, "cannot be read" in finding.words) == (SKIPPED, True)


def test_an_api_key_that_may_send_and_not_read_is_found() -> None:
    fake = FakeTwilio(FakeSettings(numbers=(NUMBER,)))
    with Server(fake) as server:
        given = _with_key(fake, server)
        assert [finding.state for finding in checks_twilio.credentials(given)] == [OK, OK]
        fake.restrict_key(("send", "numbers"))
        state, finding = checks_twilio.credentials(given)
        assert (state.state, finding.state) == (OK, BAD)
        assert "70051" in finding.words
        assert "standard key" in finding.advice
    (finding,) = checks_twilio.credentials(given)
    assert finding.state == BAD
    assert "is the network up?" in finding.words
    assert "API key" not in finding.advice
    (finding,) = checks_twilio.credentials({})
    assert finding.state == SKIPPED


def test_an_auth_token_is_tried_although_a_key_sends() -> None:
    """Only the token tells Twilio's webhooks from others', and no text that is sent would show that it is wrong."""
    fake = FakeTwilio(FakeSettings(numbers=(NUMBER,)))
    with Server(fake) as server:
        state, texts = checks_twilio.credentials(_with_key(fake, server) | {"TWILIO_AUTH_TOKEN": "wrong"})
    assert (state.state, texts.state) == (BAD, OK)


@pytest.mark.parametrize(
    ("standing", "state", "words"),
    [
        (Standing(status="suspended"), BAD, "the account is suspended"),
        (Standing(type="Trial"), WARNING, "the account is a trial one"),
        (Standing(), OK, "the account is active"),
    ],
)
def test_how_the_account_stands_is_told(standing: Standing, state: str, words: str) -> None:
    fake = FakeTwilio(FakeSettings(numbers=(NUMBER,)))
    fake.stand(standing)
    with Server(fake) as server:
        finding, _ = checks_twilio.credentials(_with_key(fake, server))
    assert (finding.state, words in finding.words) == (state, True)


def _with_key(fake: FakeTwilio, server: Server) -> dict[str, str]:
    return {
        "TWILIO_ACCOUNT_SID": fake.settings.account_sid,
        "TWILIO_AUTH_TOKEN": fake.settings.auth_token,
        "TWILIO_API_KEY_SID": fake.settings.api_key_sid,
        "TWILIO_API_KEY_SECRET": fake.settings.api_key_secret,
        "TWILIO_API_BASE_URL": server.base_url,
    }


def _service(status: str, *numbers: str) -> Standing:
    return Standing(services=(Service("Other", ()), Service("Relay", numbers or (NUMBER,), status)))


@pytest.mark.parametrize(
    ("number", "standing", "state", "words"),
    [
        (NUMBER, Standing(), BAD, "it is in no messaging service, and so not registered (10DLC); until"),
        (NUMBER, _service("VERIFIED", "+12025550177"), BAD, "it is in no messaging service"),
        (NUMBER, _service(""), BAD, "its messaging service has no A2P campaign"),
        (
            NUMBER,
            _service("IN_PROGRESS"),
            BAD,
            "its campaign is being reviewed; until it is registered every text",
        ),
        (NUMBER, _service("FAILED"), BAD, "its campaign was refused"),
        (NUMBER, _service("SUSPENDED"), BAD, "its campaign is suspended"),
        (NUMBER, _service("VERIFIED"), OK, "its campaign is verified"),
        (TOLL_FREE, _service("VERIFIED", TOLL_FREE), BAD, "it has no toll-free verification; until it is registered"),
        (TOLL_FREE, Standing(verifications={TOLL_FREE: "PENDING_REVIEW"}), BAD, "is being reviewed; until"),
        (TOLL_FREE, Standing(verifications={TOLL_FREE: "TWILIO_REJECTED"}), BAD, "was refused"),
        (TOLL_FREE, Standing(verifications={TOLL_FREE: "TWILIO_APPROVED"}), OK, "is approved"),
        ("+447700900123", Standing(), SKIPPED, "what its country asks for is not known here"),
    ],
)
def test_what_is_registered_of_a_number_is_told(number: str, standing: Standing, state: str, words: str) -> None:
    fake = FakeTwilio(FakeSettings(numbers=(number,)))
    fake.stand(standing)
    with Server(fake) as server:
        (finding,) = checks_twilio.registered(_with_key(fake, server) | {"BUSINESS_PHONE_NUMBER": number})
    assert (finding.state, finding.words.startswith(number), words in finding.words) == (state, True, True)


def test_how_long_a_registration_takes_is_said_before_there_is_an_account() -> None:
    (finding,) = checks_twilio.registered({})
    assert finding.state == SKIPPED
    assert "days to several weeks" in finding.advice


QUEUES = [
    {"name": "projects/p/locations/l/queues/escalate-tier-1", "state": "RUNNING"},
    {"name": "projects/p/locations/l/queues/escalate-tier-2", "state": "PAUSED"},
    {"name": "projects/p/locations/l/queues/tell", "state": "PAUSED"},
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

    monkeypatch.setattr(checks_google, "Gcloud", Gcloud)


def test_a_paused_queue_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    _gcloud_lists(monkeypatch, {"tasks": QUEUES})
    found = list(checks_google.queues(_PROJECT))
    assert [(finding.state, finding.words) for finding in found] == [
        (OK, "escalate-tier-1 is running"),
        (BAD, "escalate-tier-2 is paused"),
        (BAD, "tell is paused"),
    ]
    assert found[1].advice == "gcloud tasks queues resume escalate-tier-2 --location=l"


def test_a_schedule_that_is_paused_or_missing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    _gcloud_lists(monkeypatch, {"scheduler": JOBS})
    found = list(checks_google.schedules(_PROJECT))
    assert [(finding.state, finding.words) for finding in found] == [
        (BAD, "relay-sweep is paused"),
        (BAD, "there is no relay-reconcile in the project"),
        (BAD, "there is no relay-tell in the project"),
    ]
    assert found[0].advice == "gcloud scheduler jobs resume relay-sweep --location=l"


def test_a_schedule_whose_last_run_failed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [
        {"name": "relay-sweep", "state": "ENABLED", "lastAttemptTime": "2026-01-31T12:00:00Z", "status": {"code": 13}},
        {"name": "relay-reconcile", "state": "ENABLED", "status": {}},
        {"name": "relay-tell", "state": "ENABLED", "status": {}},
    ]
    _gcloud_lists(monkeypatch, {"scheduler": runs})
    found = list(checks_google.schedules(_PROJECT))
    assert [finding.state for finding in found] == [WARNING, OK, OK]
    assert "relay-sweep failed (at 2026-01-31T12:00:00Z)" in found[0].words


def test_the_schedules_that_are_looked_for_are_those_that_are_deployed() -> None:
    declared = (ROOT / "terraform/timers.tf").read_text("utf-8")
    names = re.findall(r"^    (\w+) += \{ cron", declared, re.MULTILINE)
    assert {f"relay-{name}" for name in names} == set(checks_google.SCHEDULES)
