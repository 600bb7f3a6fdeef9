"""Secrets' first versions: made once, kept nowhere, and afterwards no business of Terraform's."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.deployment.terraform import Terraform
from tests.terraform.conftest import to_deploy

Run = Callable[..., subprocess.CompletedProcess[str]]
PROJECT = "demo-project"
VALUES = {"TF_VAR_twilio_account_sid": "AC" + "5" * 32, "TF_VAR_twilio_auth_token": "6" * 32}
LATER = {"TF_VAR_twilio_account_sid": "AC" + "7" * 32, "TF_VAR_twilio_auth_token": "8" * 32}
TARGETS = ("-target=terraform_data.first_version", "-target=terraform_data.first_values_are_given")
TOKEN = 'google_secret_manager_secret_version.first["TWILIO_AUTH_TOKEN"]'


@pytest.fixture(scope="module")
def run(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs Terraform on the part of a deployment that concerns secrets, in a checkout of its own."""
    folder = to_deploy(terraform, tmp_path_factory.mktemp("checkout"))
    place = (f"-var=project_id={PROJECT}", "-var=region=us-central1")

    def run(
        *words: str, values: dict[str, str] | None = None, targets: tuple[str, ...] = TARGETS
    ) -> subprocess.CompletedProcess[str]:
        planning = words[0] in ("plan", "apply", "destroy")
        options = ("-input=false", "-no-color", *place, *targets) if planning else ()
        return terraform.of(PROJECT, **(values or {})).run(folder, *words, *options)

    return run


@pytest.fixture(scope="module")
def applied(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same after the one apply that gets values; the plan of it was saved, and held none of them."""
    plan = str(tmp_path_factory.mktemp("plan") / "plan")
    assert run("plan", f"-out={plan}", values=VALUES).returncode == 0
    shown = run("show", "-json", plan).stdout
    assert TOKEN in json.dumps(json.loads(shown)).replace('\\"', '"')
    assert not [value for value in VALUES.values() if value in shown]
    done = run("apply", "-auto-approve", values=VALUES)
    assert done.returncode == 0, done.stderr
    return run


def test_without_values_a_first_plan_stops_and_names_what_is_missing(run: Run) -> None:
    done = run("plan")
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert "give TF_VAR_twilio_account_sid, TF_VAR_twilio_auth_token in the environment, once." in said


def test_half_of_the_values_is_not_enough(run: Run) -> None:
    assert run("plan", values={"TF_VAR_twilio_account_sid": VALUES["TF_VAR_twilio_account_sid"]}).returncode == 1


def test_a_deployment_that_ended_amid_the_first_versions_is_asked_for_all_values_again(run: Run) -> None:
    """And `make deploy` gives them all: what was made is told from what was recorded, which comes last."""
    first = 'google_secret_manager_secret_version.first["TWILIO_ACCOUNT_SID"]'
    made = run("apply", "-auto-approve", values=VALUES, targets=(f"-target={first}",))
    assert made.returncode == 0, made.stderr
    assert first in run("state", "list").stdout.splitlines()
    rest = {"TF_VAR_twilio_auth_token": VALUES["TF_VAR_twilio_auth_token"]}
    assert "give TF_VAR_twilio_account_sid, " in " ".join(run("plan", values=rest).stderr.split())
    done = run("plan", values=VALUES)
    assert done.returncode == 0, done.stderr
    assert first not in done.stdout.partition("Terraform will perform")[2]


def test_values_that_cannot_be_right_are_refused_and_not_shown(run: Run) -> None:
    done = run("plan", values={"TF_VAR_twilio_account_sid": "AC1", "TF_VAR_twilio_auth_token": "t0ken"})
    assert done.returncode == 1
    for name in ("twilio_account_sid", "twilio_auth_token"):
        assert f"{name} must be" in done.stderr
    assert "t0ken" not in done.stderr


def test_the_state_holds_no_value(applied: Run) -> None:
    pulled = applied("state", "pull").stdout
    assert "google_secret_manager_secret_version" in pulled
    assert not [value for value in VALUES.values() if value in pulled]


@pytest.mark.parametrize("values", [None, VALUES, LATER], ids=["none", "the same", "others"])
def test_later_plans_need_no_value_and_take_no_notice_of_one(applied: Run, values: dict[str, str] | None) -> None:
    done = applied("plan", "-detailed-exitcode", values=values)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_version_that_was_disabled_after_a_rotation_is_left_disabled(applied: Run, tmp_path: Path) -> None:
    """As Terraform would find it, had `make secrets ROTATE=retire` disabled it."""
    pulled = json.loads(applied("state", "pull").stdout)
    for resource in pulled["resources"]:
        if resource["type"] == "google_secret_manager_secret_version":
            for instance in resource["instances"]:
                assert instance["attributes"]["enabled"] is True
                instance["attributes"]["enabled"] = False
    pulled["serial"] += 1
    (tmp_path / "changed.tfstate").write_text(json.dumps(pulled))
    assert applied("state", "push", str(tmp_path / "changed.tfstate")).returncode == 0
    done = applied("plan", "-detailed-exitcode")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_secret_that_is_asked_for_later_needs_its_own_value_and_no_other(applied: Run) -> None:
    done = applied("plan", "-var=send_with_api_key=true")
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert "give TF_VAR_twilio_api_key_secret, TF_VAR_twilio_api_key_sid in the environment" in said
    given = {"TF_VAR_twilio_api_key_sid": "SK" + "9" * 32, "TF_VAR_twilio_api_key_secret": "words of ours"}
    done = applied("plan", "-var=send_with_api_key=true", values=given)
    assert done.returncode == 0, done.stderr
    assert TOKEN not in done.stdout.replace("Refreshing", "").partition("Terraform will perform")[2]


def test_a_destroy_needs_no_value(applied: Run) -> None:
    done = applied("destroy", "-auto-approve")
    assert done.returncode == 0, done.stderr
    assert "Destroy complete!" in done.stdout
