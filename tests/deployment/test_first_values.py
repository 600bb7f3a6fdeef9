"""The deployment that makes a secret gets its first value, from Secret Manager if there is one, else from the file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from scripts.deployment import deploy, manage_secrets
from scripts.deployment.tools import Problem
from tests.deployment.conftest import Gcloud, last

WHERE = ("--project=demo-project", "--region=us-central1", "--yes")
ACCOUNT, TOKEN, NEW = "AC" + "1" * 32, "a" * 32, "b" * 32
OF_FILE = {"TF_VAR_twilio_account_sid": ACCOUNT, "TF_VAR_twilio_auth_token": TOKEN}

pytestmark = pytest.mark.usefixtures("configuration", "gcloud", "calls", "repos_env")


def hold(
    monkeypatch: pytest.MonkeyPatch,
    *variables: str,
    without_record: Sequence[str] = (),
    without_version: Sequence[str] = (),
) -> None:
    """Makes the state hold a deployment with the entries, first versions and their records of these secrets."""
    first = [f'terraform_data.first_version["{variable}"]' for variable in variables]
    variables = (*variables, *without_record)
    first += [f'google_secret_manager_secret_version.first["{variable}"]' for variable in variables]
    first += [f'google_secret_manager_secret.this["{variable}"]' for variable in (*variables, *without_version)]
    resources = [
        {"address": address, "mode": "managed", "type": "x", "values": {"project": "demo-project", "version": "1"}}
        for address in ("google_project_service.resource_manager", *first)
    ]
    monkeypatch.setenv("TERRAFORM_WORKSPACES", "demo-project")
    monkeypatch.setenv("TERRAFORM_SHOW", json.dumps({"values": {"root_module": {"resources": resources}}}))


def test_a_first_deployment_gets_the_values_of_the_file_and_asks_secret_manager_nothing(
    calls: Path, gcloud: Gcloud
) -> None:
    deploy.main(["deploy", *WHERE])
    assert last(calls, "plan")["variables"] == last(calls, "apply")["variables"] == OF_FILE
    assert not gcloud.calls_to("secrets"), "its service is not switched on yet"


def test_a_first_deployment_without_a_file_says_how_to_make_one(calls: Path, repos_env: Path) -> None:
    repos_env.unlink()
    with pytest.raises(Problem, match=r"repos\.env cannot be found: `install -m 600 repos\.env\.example"):
        deploy.main(["deploy", *WHERE])
    assert [call["words"][0] for call in json.loads(calls.read_text())].count("plan") == 0


def test_later_deployments_need_no_value_and_no_file(
    calls: Path, gcloud: Gcloud, repos_env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("twilio-account-sid", "twilio-auth-token", "twilio-auth-token-secondary")
    gcloud.set(secrets={name: ["x"] for name in names})
    hold(monkeypatch, "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_SECONDARY")
    for present in (True, False):
        if not present:
            repos_env.unlink()
        deploy.main(["deploy", *WHERE])
        assert last(calls, "plan")["variables"] == {}
    assert not gcloud.calls_to("secrets")


def test_a_deployment_of_an_earlier_revision_keeps_what_is_in_force_also_amid_a_rotation(
    calls: Path, gcloud: Gcloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {"twilio-account-sid": [ACCOUNT], "twilio-auth-token": ["c" * 32], "twilio-auth-token-secondary": [NEW]}
    gcloud.set(secrets=secrets)
    hold(monkeypatch, without_version=("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_SECONDARY"))
    deploy.main(["deploy", *WHERE])
    assert last(calls, "plan")["variables"] == {
        "TF_VAR_twilio_account_sid": ACCOUNT,
        "TF_VAR_twilio_auth_token": "c" * 32,
        "TF_VAR_twilio_auth_token_secondary": NEW,
    }


def test_a_first_deployment_that_failed_half_way_gets_the_values_of_the_file_still(
    calls: Path, gcloud: Gcloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Terraform records the first versions when it has made all of them, and asks for each value until then."""
    rest = ("TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_SECONDARY")
    gcloud.set(secrets={"twilio-account-sid": [ACCOUNT], "twilio-auth-token": [], "twilio-auth-token-secondary": []})
    hold(monkeypatch, without_record=("TWILIO_ACCOUNT_SID",), without_version=rest)
    deploy.main(["deploy", *WHERE])
    assert last(calls, "plan")["variables"] == OF_FILE
    gcloud.set(secrets={secret: values or [TOKEN] for secret, values in gcloud.state["secrets"].items()})
    hold(monkeypatch, without_record=("TWILIO_ACCOUNT_SID", *rest))
    deploy.main(["deploy", *WHERE])
    assert last(calls, "plan")["variables"] == {**OF_FILE, "TF_VAR_twilio_auth_token_secondary": TOKEN}
    hold(monkeypatch)
    deploy.main(["deploy", *WHERE])
    assert last(calls, "plan")["variables"] == OF_FILE


def test_a_secret_that_is_asked_for_later_gets_its_value_from_the_file(
    calls: Path, gcloud: Gcloud, repos_env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repos_env.write_text(repos_env.read_text() + "SMTP_PASSWORD=words of ours\n")
    hold(monkeypatch, "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_SECONDARY")
    deploy.main(["deploy", *WHERE])
    assert last(calls, "plan")["variables"] == {"TF_VAR_smtp_password": "words of ours"}


def test_values_that_terraform_is_given_directly_are_left_to_it(
    calls: Path, repos_env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repos_env.unlink()
    for name, value in OF_FILE.items():
        monkeypatch.setenv(name, value)
    assert deploy.main(["deploy", *WHERE]) == 0
    assert last(calls, "plan")["variables"] == OF_FILE


def test_no_value_is_in_an_argument_or_in_what_is_said(calls: Path, capfd: pytest.CaptureFixture[str]) -> None:
    deploy.main(["deploy", *WHERE])
    said = "".join(capfd.readouterr()) + " ".join(
        word for call in json.loads(calls.read_text()) for word in call["words"]
    )
    assert TOKEN not in said
    assert ACCOUNT not in said


def test_a_rotation_disables_the_version_that_terraform_made_and_would_make_again_and_destroys_others(
    gcloud: Gcloud, repos_env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = ("twilio-auth-token", "twilio-auth-token-secondary")
    gcloud.set(secrets={"twilio-account-sid": [ACCOUNT], **{entry: [TOKEN] for entry in entries}})
    hold(monkeypatch, "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_SECONDARY")
    before = repos_env.read_text()
    repos_env.write_text(f"{before}TWILIO_AUTH_TOKEN_SECONDARY={NEW}\n")
    for step in ("add", "promote"):
        manage_secrets.main([step, *WHERE[:2], f"--file={repos_env}"])
    repos_env.write_text(before.replace(TOKEN, NEW))
    manage_secrets.main(["retire", *WHERE[:2], f"--file={repos_env}"])
    disabled = {(call[3], call[4]) for call in gcloud.calls_to("secrets", "versions", "disable")}
    assert disabled == {("1", f"--secret={entry}") for entry in entries}
    # Of the second one there were two more: the new token, then the old one beside it.
    assert gcloud.state["secrets"]["twilio-auth-token"] == [TOKEN, NEW]
    assert gcloud.state["secrets"]["twilio-auth-token-secondary"] == [TOKEN, None, None, NEW]
