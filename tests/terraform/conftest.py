"""One Terraform for all tests here, on a copy of the configuration and the functions: edits meanwhile do not matter."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.deployment import ROOT
from scripts.deployment.terraform import Terraform, for_tests, initialise
from scripts.deployment.tools import Problem
from tests.terraform.deployment import Deployment, deployments_of

_NOT_COPIED = shutil.ignore_patterns("__pycache__", ".terraform*", "*.tfstate*", "*.tfvars", "backend.tf", "build")
LOCAL = ROOT / ".local" / "tests"
# They stand for all of functions/ where it does not matter which files these are: whenever Terraform looks at what the
# zip is made of, it sorts that by every file's quoted text, which is more than half of all that a plan computes.
_FEW_FUNCTIONS = ("main.py", "relay/__init__.py", "relay/core/policy.py")


def _few_functions(target: Path) -> None:
    for name in _FEW_FUNCTIONS:
        copy = target / "functions" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "functions" / name, copy)


def copy_of_sources(target: Path) -> Path:
    """terraform/ as it is now and a few files of functions/, below `target`; the configuration's folder in there.

    Its terraform.tfvars.example is filled in: what is in the real one is refused.
    """
    shutil.copytree(ROOT / "terraform", target / "terraform", ignore=_NOT_COPIED)
    _few_functions(target)
    example = target / "terraform" / "terraform.tfvars.example"
    example.write_text(
        example.read_text().replace("+1202555010", "+1555010000").replace("business.example", "example.com")
    )
    return target / "terraform"


def to_deploy(terraform: Terraform, target: Path) -> Path:
    """A checkout below `target` with its variables filled in, to be deployed offline; its configuration's folder."""
    if not terraform.is_offline:
        pytest.skip("optional: against the real Google providers this would deploy")
    folder = copy_of_sources(target)
    shutil.copy(folder / "terraform.tfvars.example", folder / "terraform.tfvars")
    without_state(terraform, folder)
    return folder


def without_state(terraform: Terraform, folder: Path) -> None:
    """Have the offline wrapper forget what an earlier run deployed from a folder of this name.

    It works on a copy, beside others' in the home folder; pytest numbers its folders anew once /tmp was emptied.
    """
    if terraform.is_offline:
        terraform.run(folder, "--reset")


def zip_alone(target: Path, *, of_all: bool = False) -> Path:
    """Of terraform/ as it is now only what builds the zip, which needs no Google, of all functions or of a few."""
    if of_all:
        shutil.copytree(ROOT / "functions", target / "functions", ignore=_NOT_COPIED)
    else:
        _few_functions(target)
    (target / "terraform").mkdir()
    source = (ROOT / "terraform" / "source.tf").read_text()
    (target / "terraform" / "source.tf").write_text(source[: source.index("\nresource ")])
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
def built(terraform: Terraform, working_folder: Callable[[Path], Path]) -> Callable[[Path], Path]:
    """Builds the zip by such a configuration as `zip_alone` makes."""

    def build(configuration: Path) -> Path:
        plan = terraform.run(configuration, "plan", "-input=false")
        assert plan.returncode == 0, plan.stderr
        return working_folder(configuration) / "build" / "functions.zip"

    return build


@pytest.fixture(scope="session")
def functions_zip(
    terraform: Terraform, built: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The zip of all functions as they are now."""
    configuration = zip_alone(tmp_path_factory.mktemp("zip"), of_all=True)
    initialise(terraform, configuration)
    return built(configuration)
