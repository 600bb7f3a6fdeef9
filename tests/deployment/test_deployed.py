"""A relay at Google is found by its project, with gcloud alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts.deployment import smoke, smoke_target
from scripts.deployment.configure_number import main as configure_number
from scripts.deployment.deployed import audience_of, find, operator_of
from scripts.deployment.tools import Gcloud as Commands
from scripts.deployment.tools import Problem
from scripts.relayctl.__main__ import main as relayctl
from scripts.relayctl.api import RelayApi
from scripts.relayctl.at_google import AtGoogle
from scripts.relayctl.checks_configuration import Given
from tests.deployment.conftest import Gcloud

FOUND: dict[str, object] = {"relays": [], "next_page_token": None, "now": "2026-01-31T12:00:00+00:00"}
GATEWAY = "https://sms-relay-x1.uc.gateway.dev"
STATE_URL = "https://sms-relay-state-12.us-central1.run.app"


def listed(region: str = "us-central1", *, has_gateway: bool = True, **changes: str) -> list[dict[str, Any]]:
    """The two functions that are asked, as gcloud lists them."""
    inbound = GATEWAY if has_gateway else "https://sms-inbound-12.us-central1.run.app"
    audience = "https://sms-relay.my-project" if has_gateway else STATE_URL
    store = {
        "GOOGLE_CLOUD_PROJECT": "my-project",
        "FIRESTORE_DATABASE": "(default)",
        "RELAY_COLLECTION": "message-relay-state",
    }
    environments = {
        "sms-inbound": {**store, "PUBLIC_BASE_URL": inbound, "BUSINESS_PHONE_NUMBER": "+15550100000,+15550100009"},
        "sms-relay-state": {**store, "RELAY_STATE_AUDIENCE": audience, "RELAY_STATE_ALLOWED_EMAILS": "a@example.com"},
        "sweep": store,
    }
    return [
        {
            "name": f"projects/my-project/locations/{region}/functions/{name}",
            "serviceConfig": {"environmentVariables": {**environment, **changes}},
        }
        for name, environment in environments.items()
    ]


@pytest.fixture
def repos_env(tmp_path: Path) -> Path:
    file = tmp_path / "repos.env"
    file.write_text(f"TWILIO_ACCOUNT_SID=AC{'0' * 32}\nTWILIO_AUTH_TOKEN={'1' * 32}\n")
    file.chmod(0o600)
    return file


def test_its_functions_say_where_it_is_and_whose_numbers_it_has(gcloud: Gcloud) -> None:
    gcloud.set(listed=listed())
    found = find(Commands("my-project"), "my-project")
    assert (found.region, found.base_url) == ("us-central1", GATEWAY)
    assert found.relay_state_url == f"{GATEWAY}/sms/relay-state"
    assert found.business_phones == ("+15550100000", "+15550100009")
    assert found.is_behind_gateway
    (call,) = gcloud.calls
    assert {"--filter=labels.app=sms-relay", "--regions=-", "--project=my-project"} <= set(call)


def test_without_a_gateway_each_function_has_its_own_address(gcloud: Gcloud) -> None:
    gcloud.set(listed=listed(has_gateway=False))
    found = find(Commands("my-project"), "my-project")
    assert found.base_url == "https://sms-inbound-12.us-central1.run.app"
    assert found.relay_state_url == f"{STATE_URL}/sms/relay-state"
    assert not found.is_behind_gateway


@pytest.mark.parametrize(
    ("functions", "words"),
    [
        ([], "There is no relay in my-project, or not all of it"),
        (listed()[:1], "There is no relay in my-project, or not all of it"),
        (
            listed() + listed("europe-west1"),
            r"has a relay in each of europe-west1, us-central1: say REGION=europe-west1",
        ),
        ([{"name": "sms-inbound"}], "unknown form"),
        (
            [{**each, "serviceConfig": {}} for each in listed()],
            "another revision: its functions lack RELAY_STATE_AUDIENCE",
        ),
    ],
    ids=["none", "half of it", "two regions", "another form", "another revision"],
)
def test_what_is_no_relay_is_told_in_one_sentence(gcloud: Gcloud, functions: list[dict[str, Any]], words: str) -> None:
    gcloud.set(listed=functions)
    with pytest.raises(Problem, match=words):
        find(Commands("my-project"), "my-project")


def test_the_region_is_asked_for_where_it_is_given(gcloud: Gcloud) -> None:
    gcloud.set(listed=listed())
    assert find(Commands("my-project"), "my-project", "us-central1").region == "us-central1"
    assert "--regions=us-central1" in gcloud.calls[0]


def test_names_follow_from_the_project_also_from_one_of_a_domain() -> None:
    assert operator_of("my-project") == "relay-operator@my-project.iam.gserviceaccount.com"
    assert operator_of("example.com:my-project") == "relay-operator@my-project.example.com.iam.gserviceaccount.com"
    assert audience_of("example.com:my-project") == "https://sms-relay.my-project.example.com"


def test_smoke_is_aimed_at_it_without_terraform(gcloud: Gcloud, repos_env: Path) -> None:
    """PATH has gcloud alone."""
    gcloud.set(listed=listed())
    target = smoke_target.deployed("my-project", None, repos_env)
    assert (target.base_url, target.business_phone) == (GATEWAY, "+15550100000")
    assert target.identity_headers() == {"Authorization": "Bearer aaa.bbb.ccc"}
    assert target.asker.patience_seconds == 600
    (printed,) = gcloud.calls_to("auth", "print-identity-token")
    assert "--impersonate-service-account=relay-operator@my-project.iam.gserviceaccount.com" in printed
    assert "--audiences=https://sms-relay.my-project" in printed


def test_who_is_no_operator_is_told_before_a_text_is_sent(
    gcloud: Gcloud, repos_env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gcloud.set(listed=listed(), token=None)
    monkeypatch.setattr(smoke, "refuse_strangers", lambda target, message_id: None)
    monkeypatch.setattr(smoke, "send", lambda *_: pytest.fail("a text was sent"))
    with pytest.raises(Problem, match=r"no identity token of relay-operator@my-project.* must stand in `operators`"):
        smoke.main(["--project=my-project", f"--file={repos_env}"])


def test_numbers_are_pointed_at_it_without_terraform(
    gcloud: Gcloud, repos_env: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gcloud.set(listed=listed())
    asked: list[tuple[str, str]] = []

    def configure(numbers: object, phone: str, base_url: str, fallback: str, **_: bool) -> None:
        asked.append((phone, base_url))

    monkeypatch.setattr("scripts.deployment.configure_number.configure", configure)
    assert configure_number(["--project=my-project", f"--file={repos_env}"]) == 0
    assert asked == [("+15550100000", GATEWAY), ("+15550100009", GATEWAY)]
    assert f"As the project my-project says: the relay is at {GATEWAY}." in capsys.readouterr().out


def test_relayctl_needs_the_project_alone(gcloud: Gcloud, monkeypatch: pytest.MonkeyPatch) -> None:
    gcloud.set(listed=listed())
    asked: list[tuple[str, str]] = []

    def post(api: RelayApi, path: str, _body: object, token: str) -> dict[str, object]:
        asked.append((f"{api.url}{path}", token))
        return FOUND

    monkeypatch.setattr(RelayApi, "_ask", post)
    assert relayctl(["--project=my-project", "list", "--json"]) == 0
    assert asked == [(f"{GATEWAY}/sms/relay-state", "aaa.bbb.ccc")]
    (printed,) = gcloud.calls_to("auth", "print-identity-token")
    assert "--impersonate-service-account=relay-operator@my-project.iam.gserviceaccount.com" in printed
    assert "--audiences=https://sms-relay.my-project" in printed


def test_relayctl_asks_gcloud_for_no_address_that_is_given(gcloud: Gcloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who stands in `operators` alone may not list functions."""
    monkeypatch.setattr(RelayApi, "_ask", lambda *_: FOUND)
    monkeypatch.setenv("RELAYCTL_PROJECT", "my-project")
    assert relayctl(["--url=https://relay.example.com", "list", "--json"]) == 0
    assert gcloud.calls_to("functions") == []


def test_relayctl_says_what_to_give_when_the_address_is_not_found(
    programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not list(programs.iterdir()), "no gcloud"
    assert relayctl(["--project=my-project", "list"]) == 1
    said = capsys.readouterr().err
    assert "gcloud is not installed" in said
    assert "give it by --url: it is what stands before /console/" in said


def test_relayctl_has_no_use_for_a_relay_without_a_gateway(gcloud: Gcloud, capsys: pytest.CaptureFixture[str]) -> None:
    gcloud.set(listed=listed(has_gateway=False))
    assert relayctl(["--project=my-project", "list"]) == 1
    assert "has no gateway, and relayctl works with one address only" in capsys.readouterr().err


def test_doctor_examines_the_deployments_own_settings(gcloud: Gcloud, tmp_path: Path) -> None:
    gcloud.set(listed=listed())
    given = Given.read(None, tmp_path, AtGoogle("my-project").settings())
    assert given.values["GOOGLE_CLOUD_PROJECT"] == "my-project"
    assert (given.values["PUBLIC_BASE_URL"], given.our_numbers) == (GATEWAY, ["+15550100000", "+15550100009"])
    assert not given.is_embedded(GATEWAY)
    gcloud.set(listed=[])
    assert AtGoogle("my-project").settings() == {}, "who may not list the functions goes without"
