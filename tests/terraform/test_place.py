"""A state keeps to its project and region: with any other Terraform itself stops, however it is called."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.deployment import state
from scripts.deployment.terraform import Terraform
from scripts.deployment.tools import Problem
from tests.terraform.conftest import copy_of_sources

Run = Callable[..., subprocess.CompletedProcess[str]]
# A small part of the deployment, with what another region would replace.
DATABASE = "-target=google_firestore_database.this"
REPOSITORY = "-target=google_artifact_registry_repository.images"
HERE, STAGING, MOVED = (
    ("prod-project", "us-central1"),
    ("stage-project", "us-central1"),
    ("prod-project", "europe-west1"),
)


@pytest.fixture(scope="module")
def folder(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of its own."""
    if not terraform.is_offline:
        pytest.skip("optional: against the real Google providers this would deploy")
    folder = copy_of_sources(tmp_path_factory.mktemp("prod"))
    shutil.copy(folder / "terraform.tfvars.example", folder / "terraform.tfvars")
    return folder


@pytest.fixture(scope="module")
def run(terraform: Terraform, folder: Path) -> Run:
    """Runs Terraform in `folder` with a project and a region, after a first apply in HERE."""

    def run(*words: str, place: tuple[str, str]) -> subprocess.CompletedProcess[str]:
        variables = (f"-var=project_id={place[0]}", f"-var=region={place[1]}")
        return terraform.run(folder, *words, "-input=false", "-no-color", *variables)

    first = run("apply", "-auto-approve", DATABASE, REPOSITORY, place=HERE)
    assert first.returncode == 0, first.stderr
    return run


@pytest.mark.parametrize(
    "words",
    [
        ("plan",),
        ("apply", "-auto-approve"),
        ("destroy", "-auto-approve"),
        ("destroy", "-auto-approve", "-refresh=false"),
        ("destroy", "-auto-approve", REPOSITORY),
    ],
    ids=" ".join,
)
def test_terraform_without_make_stops_for_another_project_too(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words, place=STAGING)
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert (
        "The state here holds the relay in prod-project, us-central1, not in stage-project, us-central1: give" in said
    )
    assert "Plan:" not in done.stdout


@pytest.mark.parametrize("words", [("plan",), ("apply", "-auto-approve"), ("destroy", "-auto-approve")], ids=" ".join)
def test_terraform_without_make_stops_for_another_region_before_it_replaces_the_database(
    run: Run, words: tuple[str, ...]
) -> None:
    done = run(*words, DATABASE, place=MOVED)
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert (
        "The state here holds the relay in prod-project, us-central1, not in prod-project, europe-west1: give" in said
    )
    assert "Plan:" not in done.stdout


def test_what_was_deployed_is_left_alone_by_its_own_project_and_region(run: Run) -> None:
    done = run("plan", "-detailed-exitcode", DATABASE, REPOSITORY, place=HERE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_state_is_compared_as_terraform_shows_it(terraform: Terraform, folder: Path, run: Run) -> None:
    assert str(state.checked_place(terraform, folder, *HERE)) == "prod-project, us-central1"
    with pytest.raises(Problem, match="holds the relay in prod-project, us-central1, not in"):
        state.checked_place(terraform, folder, *STAGING)


def test_no_state_is_nothing_to_compare_with(terraform: Terraform, configuration: Path) -> None:
    assert state.checked_place(terraform, configuration, *HERE) is None


# The state as an earlier revision left it: no test after these has the record, and the last one destroys the rest.


@pytest.fixture(scope="module")
def without_record(terraform: Terraform, folder: Path, run: Run) -> None:
    assert terraform.run(folder, "state", "rm", "terraform_data.place[0]").returncode == 0


@pytest.mark.usefixtures("without_record")
def test_a_state_of_an_earlier_revision_gets_the_record_and_nothing_is_replaced(run: Run) -> None:
    done = run("plan", DATABASE, REPOSITORY, place=HERE)
    assert done.returncode == 0, done.stderr
    assert "terraform_data.place[0] will be created" in done.stdout
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in done.stdout


@pytest.mark.usefixtures("without_record")
def test_a_state_of_an_earlier_revision_is_compared_by_what_it_holds(terraform: Terraform, folder: Path) -> None:
    assert str(state.checked_place(terraform, folder, *HERE)) == "prod-project, us-central1"
    for place in (STAGING, MOVED):
        with pytest.raises(Problem, match="holds the relay in prod-project, us-central1, not in"):
            state.checked_place(terraform, folder, *place)


@pytest.mark.usefixtures("without_record")
def test_a_state_of_an_earlier_revision_can_be_destroyed(run: Run) -> None:
    done = run("destroy", "-auto-approve", REPOSITORY, place=HERE)
    assert done.returncode == 0, done.stderr
    assert "Destroy complete! Resources: 1 destroyed." in done.stdout
