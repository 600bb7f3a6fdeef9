"""Terraform's own commands on the configuration: formatted, valid, plannable, and its own tests pass."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.deployment import deploy
from scripts.deployment import terraform as programs
from scripts.deployment.terraform import Terraform
from scripts.deployment.tools import LABEL
from tests.deployment import fake_gcloud
from tests.deployment.conftest import install
from tests.terraform.conftest import copy_of_sources
from tests.terraform.deployment import Deployment, deployments_of


def test_every_file_is_formatted(terraform: Terraform, configuration: Path) -> None:
    done = terraform.run(configuration, "fmt", "-check", "-diff", "-recursive")
    assert done.returncode == 0, done.stdout


def test_the_configuration_is_valid(terraform: Terraform, configuration: Path) -> None:
    done = terraform.run(configuration, "validate", "-no-color")
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stdout, done.stdout


def test_whole_deployments_are_as_their_tests_say(whole_deployments: subprocess.CompletedProcess[str]) -> None:
    _, wrong = deployments_of(whole_deployments.stdout)
    assert whole_deployments.returncode == 0, "\n".join(wrong) or whole_deployments.stdout


def test_every_mistake_in_a_variable_is_refused(terraform: Terraform, configuration: Path, tmp_path: Path) -> None:
    """Without anything that could be deployed: a plan of that for each mistake took minutes."""
    for file in configuration.glob("variables*.tf"):
        shutil.copy(file, tmp_path)
    # What the inputs' checks take from place.tf, where that is not refused.
    (tmp_path / "place.tf").write_text("locals {\n  project_id = var.project_id\n}\n")
    mistakes = (configuration / "tests/validation.tftest.hcl").read_text()
    (tmp_path / "mistakes.tftest.hcl").write_text(mistakes[mistakes.index("\nvariables {") :])
    programs.initialise(terraform, tmp_path)
    refused_by_test(terraform, tmp_path, "mistakes.tftest.hcl", runs=mistakes.count("\nrun "))


def test_that_no_address_gets_the_alerts_is_said(terraform: Terraform, configuration: Path) -> None:
    refused_by_test(terraform, configuration, "tests/checks.tftest.hcl", runs=1)


def refused_by_test(terraform: Terraform, folder: Path, file: str, runs: int) -> None:
    done = terraform.run(folder, "test", "-json", f"-filter={file}")
    _, wrong = deployments_of(done.stdout)
    assert done.returncode == 0, "\n".join(wrong) or done.stdout + done.stderr
    assert f"Success! {runs} passed, 0 failed" in done.stdout


def test_everything_that_can_have_labels_has_the_one_by_which_the_commands_find_it(
    terraform: Terraform, configuration: Path
) -> None:
    variables = (f"-var-file={configuration / 'terraform.tfvars.example'}", "-var=project_id=demo-project")
    label = terraform.console(configuration, "local.labels.app", *variables, "-var=region=us-central1")
    assert label == LABEL
    assert (configuration / "versions.tf").read_text().count("default_labels = local.labels") == 2


def test_what_is_made_first_exists_and_waits_for_no_function(deployment: Deployment) -> None:
    for address in deploy.FIRST:
        made = [name for name in deployment.resources if name == address or name.startswith(f"{address}[")]
        assert made, address
        for name in made:
            assert "google_cloudfunctions2_function.this" not in deployment.waited_for[name], name


def test_what_is_refused_about_new_metrics_waits_for_the_functions_and_those_for_the_builds_rights(
    deployment: Deployment,
) -> None:
    about_metrics = ("google_monitoring_alert_policy.", "google_monitoring_slo.")
    waiting = [name for name in deployment.resources if name.startswith(about_metrics)]
    assert len(waiting) > 15
    for name in waiting:
        assert "google_cloudfunctions2_function.this" in deployment.waited_for[name], name
    rights = {address for address in deploy.FIRST if "_iam_member." in address}
    assert rights <= deployment.waited_for['google_cloudfunctions2_function.this["sms-inbound"]']


def test_services_are_enabled_after_the_one_by_which_the_project_is_looked_up(deployment: Deployment) -> None:
    for name in deployment.all("google_project_service.this"):
        waited_for = deployment.waited_for[f'google_project_service.this["{name}"]']
        assert waited_for == {"google_project_service.resource_manager"}


def test_the_state_can_be_kept_in_a_bucket(terraform: Terraform, configuration: Path) -> None:
    example = (configuration / "backend.tf.example").read_text()
    (configuration / "backend.tf").write_text(example)
    try:
        done = terraform.run(configuration, "validate", "-no-color")
    finally:
        (configuration / "backend.tf").unlink()
    assert done.returncode == 0, done.stderr


def test_make_deploy_stands_the_documented_example_up_and_make_destroy_takes_it_down(
    terraform: Terraform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    if not terraform.is_offline:
        pytest.skip("optional: against the real Google providers this would deploy")
    folder = copy_of_sources(tmp_path / "checkout")
    shutil.copy(folder / "terraform.tfvars.example", folder / "terraform.tfvars")
    filled = {f"twilio-{name}": ["x"] for name in ("account-sid", "auth-token", "auth-token-secondary")}
    (tmp_path / "gcloud.json").write_text(json.dumps({**fake_gcloud.EMPTY, "secrets": filled}))
    install(tmp_path, "gcloud", Path(fake_gcloud.__file__))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("GCLOUD_STATE", str(tmp_path / "gcloud.json"))
    for name, value in {**terraform.environ, "RELAY_TERRAFORM": terraform.program}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(programs, "CONFIGURATION", folder)
    where = ("--project=demo-project", "--region=us-central1", "--yes")
    assert deploy.main(["deploy", *where]) == 0, capfd.readouterr().err
    outputs = programs.outputs(folder)
    assert outputs["inbound_url"] == f"{outputs['webhook_base_url']}/sms/inbound"
    assert outputs["business_phone_numbers"] == ["+15550100000"]
    assert deploy.main(["destroy", *where]) == 0
    said = capfd.readouterr().out
    assert "0 changed, 0 destroyed" in said
    assert "Destroy complete!" in said
    destroyed = [line for line in said.splitlines() if "Destruction complete" in line]
    assert "terraform_data.place[0]:" in destroyed[-1], "what stops another project must be the last to go"
    assert deploy.main(["destroy", *where]) == 0
    assert "There is nothing to destroy" in capfd.readouterr().out
