"""No command takes one deployment for another: what Terraform's state holds is compared with PROJECT and REGION."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.deployment import ROOT, terraform
from scripts.deployment.tools import Problem
from tests.deployment.conftest import Gcloud, commands
from tests.deployment.held import COMMANDS, PRIVATE, changed, queue, recorded, resource, service

pytestmark = pytest.mark.usefixtures("configuration", "deployed")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("project", "region"), [("staging", "us-central1"), ("prod", "europe-west1"), ("staging", "europe-west1")]
)
def test_another_project_or_region_than_the_states_is_refused_in_one_sentence(
    run: Callable[..., int],
    hold: Callable[..., None],
    calls: Path,
    gcloud: Gcloud,
    capfd: pytest.CaptureFixture[str],
    command: str,
    project: str,
    region: str,
) -> None:
    hold(service("prod"), queue("prod", "us-central1"))
    with pytest.raises(Problem) as told:
        run(command, project, region)
    assert str(told.value) == (
        f"Terraform's state here holds the relay in prod, us-central1, not in {project}, {region}: say PROJECT=prod "
        "REGION=us-central1, or give the other a project of its own."
    )
    assert not changed(calls, gcloud)
    assert "Will" not in capfd.readouterr().out


def test_the_record_alone_is_enough_to_refuse(run: Callable[..., int], hold: Callable[..., None]) -> None:
    hold(recorded("prod"))
    for place in (("staging", "us-central1"), ("prod", "europe-west1")):
        with pytest.raises(Problem, match="holds the relay in prod, us-central1, not in"):
            run("plan", *place)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_states_own_project_and_region_are_gone_on_with(
    run: Callable[..., int], hold: Callable[..., None], calls: Path, gcloud: Gcloud, command: str
) -> None:
    hold(recorded("prod"), service("prod"), queue("prod", "us-central1"))
    assert run(command, "prod") == 0
    assert changed(calls, gcloud)


@pytest.mark.parametrize("command", ["plan", "deploy", "secrets"])
def test_a_first_deployment_has_nothing_to_be_compared_with(
    run: Callable[..., int], calls: Path, gcloud: Gcloud, command: str
) -> None:
    assert run(command, "prod") == 0
    assert changed(calls, gcloud)


def test_what_is_only_looked_up_does_not_make_a_deployment(
    run: Callable[..., int], hold: Callable[..., None], calls: Path, gcloud: Gcloud
) -> None:
    hold(resource("data.google_project.this", mode="data", project="prod"))
    assert run("plan", "staging") == 0
    assert changed(calls, gcloud)


def test_destroy_names_the_project_and_region_that_the_state_holds(
    run: Callable[..., int], hold: Callable[..., None], capfd: pytest.CaptureFixture[str]
) -> None:
    hold(service("prod"))
    assert run("destroy", "prod") == 0
    assert capfd.readouterr().out.startswith("Will destroy the relay in prod.\n"), "nothing there is in a region"
    hold(service("prod"), recorded("prod"))
    assert run("destroy", "prod") == 0
    assert capfd.readouterr().out.startswith("Will destroy the relay in prod, us-central1.\n")


def test_destroy_says_when_there_is_nothing_to_destroy(
    run: Callable[..., int], calls: Path, gcloud: Gcloud, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("destroy", "prod") == 0
    assert capfd.readouterr().out == "There is nothing to destroy: Terraform's state here holds no deployment.\n"
    assert not changed(calls, gcloud)


def test_a_project_alone_is_compared_while_nothing_stands_in_a_region(
    run: Callable[..., int], hold: Callable[..., None]
) -> None:
    hold(service("prod"))
    assert run("plan", "prod", "europe-west1") == 0
    with pytest.raises(Problem, match=r"holds the relay in prod, not in staging, europe-west1: say PROJECT=prod "):
        run("plan", "staging", "europe-west1")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_state_that_cannot_be_read_stops_every_command(
    run: Callable[..., int],
    calls: Path,
    gcloud: Gcloud,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    monkeypatch.setenv("TERRAFORM_FAILS", "show")
    with pytest.raises(Problem, match=r"^Terraform's state cannot be read .*: bring back the last good one"):
        run(command, "prod")
    assert not changed(calls, gcloud)


@pytest.mark.parametrize("command", COMMANDS)
def test_terraform_that_cannot_be_initialised_stops_every_command(
    run: Callable[..., int],
    calls: Path,
    gcloud: Gcloud,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    monkeypatch.setenv("TERRAFORM_FAILS", "init")
    with pytest.raises(Problem, match=r"^terraform init (failed|did not succeed)"):
        run(command, "prod")
    assert [call[0] for call in commands(calls)] == ["init"]
    assert not gcloud.calls_to("secrets")


@pytest.mark.parametrize(
    "shown",
    [
        f'{{"values": "{PRIVATE}',
        f'["{PRIVATE}"]',
        json.dumps({"values": {"root_module": {"resources": [{"phone": PRIVATE}]}}}),
        json.dumps({"values": {"root_module": {"resources": [resource("terraform_data.place[0]", input=PRIVATE)]}}}),
    ],
    ids=["no JSON", "a list", "a resource without a kind", "a record without a project"],
)
def test_a_state_of_unknown_form_is_told_and_nothing_of_it_shown(
    run: Callable[..., int],
    calls: Path,
    gcloud: Gcloud,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    shown: str,
) -> None:
    monkeypatch.setenv("TERRAFORM_SHOW", shown)
    monkeypatch.setenv("TERRAFORM_WORKSPACES", "prod")
    with pytest.raises(Problem, match=r"^Terraform's state has an unknown form: bring back") as told:
        run("plan", "prod")
    assert PRIVATE not in str(told.value) + "".join(capfd.readouterr())
    assert told.value.__suppress_context__
    assert not changed(calls, gcloud)


@pytest.mark.parametrize(
    ("others", "named"),
    [
        ((service("staging"),), "prod, staging, us-central1"),
        ((queue("prod", "europe-west1"),), "europe-west1, prod, us-central1"),
        ((recorded("staging"),), "prod, staging, us-central1"),
    ],
    ids=["two projects", "two regions", "a record that is not theirs"],
)
def test_a_state_of_several_deployments_is_gone_on_with_for_none_of_them(
    run: Callable[..., int], hold: Callable[..., None], others: tuple[dict[str, Any], ...], named: str
) -> None:
    hold(service("prod"), queue("prod", "us-central1"), *others)
    for project in ("prod", "staging"):
        with pytest.raises(Problem, match=f"is not that of one deployment, it names {named}: see `terraform state"):
            run("destroy", project)


def test_a_state_that_names_no_project_is_refused(run: Callable[..., int], hold: Callable[..., None]) -> None:
    hold(resource("google_storage_bucket_object.functions", name="functions.zip"))
    with pytest.raises(Problem, match="it names no project: see"):
        run("destroy", "prod")


def test_a_right_that_names_the_project_by_its_number_is_no_other_project(
    run: Callable[..., int], hold: Callable[..., None]
) -> None:
    hold(service("prod"), resource("google_cloud_run_v2_service_iam_binding.invokers", project="123456789012"))
    assert run("plan", "prod") == 0


def test_secrets_without_terraform_are_refused_since_nothing_can_be_compared(
    run: Callable[..., int], programs: Path, gcloud: Gcloud
) -> None:
    (programs / "terraform").unlink()
    with pytest.raises(Problem, match="terraform is not installed: get it from"):
        run("secrets", "prod")
    assert not gcloud.calls_to("secrets")


def test_the_refusal_is_all_that_make_shows(hold: Callable[..., None]) -> None:
    hold(service("prod"), queue("prod", "us-central1"))
    where = ("--project=staging", "--region=us-central1")
    code = (
        "import sys, pathlib; from scripts.deployment import deploy, terraform, tools; "
        "terraform.CONFIGURATION = pathlib.Path(sys.argv.pop(1)); tools.run_command(deploy.main)"
    )
    command = [sys.executable, "-c", code, str(terraform.CONFIGURATION), "destroy", *where]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Terraform's state here holds the relay in prod, us-central1, not in staging,")
    assert done.stderr.count("\n") == 1
