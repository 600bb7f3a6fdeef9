"""Plan, deploy and destroy say what they will do, stop early in one sentence, and go in an order that works."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.deployment import ROOT, deploy, smoke_target
from scripts.deployment.tools import Problem
from tests.deployment.conftest import Gcloud, commands

WHERE = ("--project=demo-project", "--region=us-central1")
FILLED = {"twilio-account-sid": ["AC"], "twilio-auth-token": ["x"], "twilio-auth-token-secondary": ["x"]}


pytestmark = pytest.mark.usefixtures("configuration", "gcloud")


@pytest.mark.parametrize("action", ["plan", "deploy", "destroy"])
@pytest.mark.parametrize(("missing", "words"), [(0, "PROJECT is missing: say PROJECT="), (1, "REGION is missing")])
def test_a_missing_project_or_region_is_told(calls: Path, action: str, missing: int, words: str) -> None:
    with pytest.raises(Problem, match=words):
        deploy.main([action, WHERE[1 - missing]])
    assert commands(calls) == []


@pytest.mark.parametrize("action", ["plan", "deploy", "destroy"])
def test_a_missing_terraform_is_told(gcloud: Gcloud, action: str) -> None:
    with pytest.raises(Problem, match="terraform is not installed: get it from"):
        deploy.main([action, *WHERE])


def test_a_terraform_that_was_named_and_does_not_exist_is_told(
    calls: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RELAY_TERRAFORM", str(tmp_path / "nothing"))
    with pytest.raises(Problem, match=r"RELAY_TERRAFORM names .*, which is no program"):
        deploy.main(["plan", *WHERE])


def test_a_missing_gcloud_is_told(calls: Path, programs: Path) -> None:
    (programs / "gcloud").unlink()
    with pytest.raises(Problem, match="gcloud is not installed"):
        deploy.main(["plan", *WHERE])


def test_missing_variables_are_told(calls: Path, configuration: Path) -> None:
    (configuration / "terraform.tfvars").unlink()
    with pytest.raises(Problem, match=r"copy terraform/terraform\.tfvars\.example"):
        deploy.main(["plan", *WHERE])


def test_variables_may_come_from_the_environment(
    calls: Path, configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (configuration / "terraform.tfvars").unlink()
    monkeypatch.setenv("TF_VAR_tiers", "[]")
    monkeypatch.setenv("TF_VAR_business_phone_numbers", "[]")
    assert deploy.main(["plan", *WHERE]) == 0


@pytest.mark.parametrize(
    ("login", "words"),
    [("logged_in", "run `gcloud auth login`"), ("application_login", "run `gcloud auth application-default login`")],
)
def test_a_missing_login_is_told(calls: Path, gcloud: Gcloud, login: str, words: str) -> None:
    gcloud.set(**{login: False})
    with pytest.raises(Problem, match=words):
        deploy.main(["deploy", *WHERE])
    assert commands(calls) == []


def test_a_plan_changes_nothing_and_says_so(calls: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert deploy.main(["plan", *WHERE]) == 0
    assert [call[0] for call in commands(calls)] == ["init", "show", "plan"]
    assert "Nothing is changed." in capfd.readouterr().out


def test_project_region_and_runtime_reach_terraform(calls: Path) -> None:
    deploy.main(["plan", *WHERE])
    version = f"python{sys.version_info.major}{sys.version_info.minor}"
    assert commands(calls)[-1][2:] == [
        "-var=project_id=demo-project",
        "-var=region=us-central1",
        f"-var=runtime={version}",
    ]


def test_a_first_deployment_makes_the_secret_entries_then_stops_and_says_how_to_fill_them(
    calls: Path, gcloud: Gcloud
) -> None:
    gcloud.set(secrets={entry: [] for entry in FILLED})
    with pytest.raises(Problem, match=r"no value yet: twilio-account-sid, .*Run `make secrets PROJECT=demo-project"):
        deploy.main(["deploy", *WHERE])
    init, show, first = commands(calls)
    assert (init[0], show[0]) == ("init", "show")
    assert first[0] == "apply"
    targets = [word for word in first if word.startswith("-target=")]
    assert "-target=google_project_service.this" in targets
    assert targets[-1] == "-target=google_secret_manager_secret.this"


def test_one_empty_secret_is_enough_to_stop(calls: Path, gcloud: Gcloud) -> None:
    gcloud.set(secrets={**FILLED, "twilio-api-key-secret": []})
    with pytest.raises(Problem, match="no value yet: twilio-api-key-secret"):
        deploy.main(["deploy", *WHERE])


def test_with_secrets_filled_everything_else_follows(
    calls: Path, gcloud: Gcloud, capfd: pytest.CaptureFixture[str]
) -> None:
    gcloud.set(secrets=FILLED)
    assert deploy.main(["deploy", *WHERE]) == 0
    *before, first, rest = commands(calls)
    assert [call[0] for call in before] == ["init", "show"]
    assert (first[0], rest[0]) == ("apply", "apply")
    assert not any(word.startswith("-target") for word in rest)
    assert "-auto-approve" not in first + rest
    said = capfd.readouterr().out
    assert said.startswith("Will deploy to demo-project in us-central1")
    assert "make configure-number" in said


def test_terraform_asks_unless_told_not_to(calls: Path, gcloud: Gcloud) -> None:
    gcloud.set(secrets=FILLED)
    deploy.main(["deploy", *WHERE, "--yes"])
    assert all("-auto-approve" in call for call in commands(calls) if call[0] == "apply")


def test_a_destroy_says_beforehand_what_stays(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    made = {"address": "x.y", "type": "x", "mode": "managed", "values": {"project": "demo-project"}}
    monkeypatch.setenv("TERRAFORM_SHOW", json.dumps({"values": {"root_module": {"resources": [made]}}}))
    assert deploy.main(["destroy", *WHERE]) == 0
    said = capfd.readouterr().out
    for kept in ("Firestore database", "enabled services", "gcf-v2-sources", "tasks_queue_prefix", "Twilio number"):
        assert kept in said
    assert [call[0] for call in commands(calls)] == ["init", "show", "destroy"]


def test_a_failed_apply_is_an_error_with_a_hint(calls: Path, gcloud: Gcloud, monkeypatch: pytest.MonkeyPatch) -> None:
    gcloud.set(secrets=FILLED)
    monkeypatch.setenv("TERRAFORM_FAILS", "apply")
    with pytest.raises(Problem, match=r"terraform apply did not succeed; .* try again after a minute"):
        deploy.main(["deploy", *WHERE])


def test_no_deployment_is_told_where_one_is_needed(calls: Path) -> None:
    with pytest.raises(Problem, match="Terraform knows of no deployment: run make deploy"):
        smoke_target.deployed(None, Path("repos.env"))


def test_another_projects_deployment_is_not_taken_for_this_one(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERRAFORM_OUTPUT", json.dumps({"project_id": {"value": "other-project"}}))
    with pytest.raises(Problem, match="deployment is in other-project, not in demo-project"):
        smoke_target.deployed("demo-project", Path("repos.env"))


def test_a_command_ends_with_one_sentence_and_no_traceback(programs: Path) -> None:
    command = [sys.executable, "-m", "scripts.deployment.deploy", "plan"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "PROJECT is missing: say PROJECT=my-project.\n"
    assert done.stdout == ""


def test_make_has_a_target_for_each_command_and_help_names_it() -> None:
    make = (ROOT / "Makefile").read_text().splitlines()
    for target in ("plan", "deploy", "destroy", "secrets", "configure-number", "smoke"):
        assert [line for line in make if line.startswith(f"{target}: ") and " ## " in line], target
