"""Terraform's own commands on the configuration: formatted, valid, plannable, and its own tests pass."""

from __future__ import annotations

import subprocess
from pathlib import Path

from scripts.deployment import terraform as programs
from scripts.deployment.terraform import Terraform
from scripts.deployment.tools import LABEL
from tests.terraform.conftest import variables_alone
from tests.terraform.deployment import deployments_of


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
    variables_alone(configuration, tmp_path)
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


def test_the_state_can_be_kept_in_a_bucket(terraform: Terraform, configuration: Path) -> None:
    example = (configuration / "backend.tf.example").read_text()
    (configuration / "backend.tf").write_text(example)
    try:
        done = terraform.run(configuration, "validate", "-no-color")
    finally:
        (configuration / "backend.tf").unlink()
    assert done.returncode == 0, done.stderr
