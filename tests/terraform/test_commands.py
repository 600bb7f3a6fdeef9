"""Terraform's own commands on the configuration: formatted, valid, plannable, and its own tests pass."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.deployment.terraform import Terraform
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


def test_every_mistake_in_a_variable_is_refused(terraform: Terraform, configuration: Path) -> None:
    done = terraform.run(configuration, "test", "-json", "-filter=tests/validation.tftest.hcl")
    _, wrong = deployments_of(done.stdout)
    assert done.returncode == 0, "\n".join(wrong) or done.stdout


def test_the_documented_example_can_be_planned(terraform: Terraform, configuration: Path) -> None:
    if not terraform.is_offline:
        pytest.skip("optional: a plan against the real Google providers needs an account")
    example = configuration / "terraform.tfvars.example"
    variables = (f"-var-file={example}", "-var=project_id=demo-project", "-var=region=us-central1")
    done = terraform.run(configuration, "plan", "-input=false", "-no-color", "-lock=false", *variables)
    assert done.returncode == 0, done.stderr
    assert "0 to change, 0 to destroy" in done.stdout


def test_the_state_can_be_kept_in_a_bucket(terraform: Terraform, configuration: Path) -> None:
    example = (configuration / "backend.tf.example").read_text()
    (configuration / "backend.tf").write_text(example)
    try:
        done = terraform.run(configuration, "validate", "-no-color")
    finally:
        (configuration / "backend.tf").unlink()
    assert done.returncode == 0, done.stderr
