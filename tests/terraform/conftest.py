"""One Terraform for all tests here, on a copy of the configuration and the functions: edits meanwhile do not matter."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.deployment import ROOT
from scripts.deployment.terraform import Terraform, for_tests
from scripts.deployment.tools import Problem
from tests.terraform.deployment import Deployment, deployments_of

_NOT_COPIED = shutil.ignore_patterns("__pycache__", ".terraform*", "*.tfstate*", "*.tfvars", "backend.tf", "build")
LOCAL = ROOT / ".local" / "tests"


def copy_of_sources(target: Path) -> Path:
    """functions/ and terraform/ as they are now, below `target`; the configuration's folder in there.

    Its terraform.tfvars.example is filled in: what is in the real one is refused.
    """
    for name in ("functions", "terraform"):
        shutil.copytree(ROOT / name, target / name, ignore=_NOT_COPIED)
    example = target / "terraform" / "terraform.tfvars.example"
    example.write_text(
        example.read_text().replace("+1202555010", "+1555010000").replace("business.example", "example.com")
    )
    return target / "terraform"


def variables_alone(configuration: Path, target: Path) -> None:
    """Copy the variables and what they are held against to `target`, without anything that could be deployed."""
    for file in (*configuration.glob("variables*.tf"), configuration / "regions.tf"):
        shutil.copy(file, target)
    # What the inputs' checks take from place.tf, where that is not refused.
    (target / "place.tf").write_text("locals {\n  project_id = var.project_id\n}\n")


@pytest.fixture(scope="session")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_sources(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def terraform(configuration: Path) -> Terraform:
    """Terraform, initialised in `configuration`."""
    try:
        return for_tests(configuration, LOCAL / "terraform")
    except Problem as problem:
        pytest.skip(f"Terraform 1.11 or newer is needed: {problem}")


@pytest.fixture(scope="session")
def whole_deployments(terraform: Terraform, configuration: Path) -> subprocess.CompletedProcess[str]:
    """`terraform test` on whole deployments, once, everything that was made told as JSON."""
    return terraform.run(configuration, "test", "-json", "-verbose", "-filter=tests/deployment.tftest.hcl")


@pytest.fixture(scope="session")
def deployments(whole_deployments: subprocess.CompletedProcess[str]) -> dict[str, Deployment]:
    """What each run of terraform/tests/deployment.tftest.hcl made."""
    runs, wrong = deployments_of(whole_deployments.stdout)
    assert runs, f"terraform test made nothing: {wrong or whole_deployments.stderr}"
    return runs


@pytest.fixture(scope="session")
def deployment(deployments: dict[str, Deployment]) -> Deployment:
    """The one with defaults: three tiers behind a gateway."""
    return deployments["defaults"]


@pytest.fixture(scope="session")
def working_folder(terraform: Terraform) -> Callable[[Path], Path]:
    """Where a configuration's files are written: the offline wrapper works on a copy of its own."""

    def folder(configuration: Path) -> Path:
        if not terraform.is_offline:
            return configuration
        return Path(terraform.run(configuration, "--where").stdout.strip())

    return folder


@pytest.fixture(scope="session")
def functions_zip(deployment: Deployment, configuration: Path, working_folder: Callable[[Path], Path]) -> Path:
    """The zip that was built for `deployment`."""
    return working_folder(configuration) / str(deployment.one("data.archive_file.functions")["output_path"])
