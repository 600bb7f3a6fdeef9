"""A state belongs to a project by its workspace's name and keeps to its region: else Terraform itself stops."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.deployment import state
from scripts.deployment.terraform import DEFAULT_WORKSPACE, Terraform, workspaces
from scripts.deployment.tools import Problem
from tests.terraform.conftest import to_deploy

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
    return to_deploy(terraform, tmp_path_factory.mktemp("prod"))


@pytest.fixture(scope="module")
def run(terraform: Terraform, folder: Path) -> Run:
    """Runs Terraform in `folder` with a project and a region, on that project's state, after a first apply in HERE."""

    def run(*words: str, place: tuple[str, str], workspace: str = "") -> subprocess.CompletedProcess[str]:
        variables = (f"-var=project_id={place[0]}", f"-var=region={place[1]}")
        return terraform.of(workspace or place[0]).run(folder, *words, "-input=false", "-no-color", *variables)

    first = run("apply", "-auto-approve", DATABASE, REPOSITORY, place=HERE)
    assert first.returncode == 0, first.stderr
    return run


def held(program: Terraform, folder: Path) -> tuple[object, ...]:
    """The state's number and what is in it; nothing where there is no state. (The checks in it have no order.)"""
    pulled = program.run(folder, "state", "pull").stdout
    state_there = json.loads(pulled) if pulled.strip() else {}
    return tuple(state_there.get(name) for name in ("serial", "resources", "outputs"))


@pytest.mark.parametrize(
    ("workspace", "words"),
    [
        (HERE[0], "plan"),
        (HERE[0], "apply -auto-approve"),
        (HERE[0], "destroy -auto-approve"),
        (HERE[0], "destroy -auto-approve -refresh=false"),
        (HERE[0], f"destroy -auto-approve {REPOSITORY}"),
        # Where there is nothing yet, and so nothing to destroy.
        (DEFAULT_WORKSPACE, "plan"),
        (DEFAULT_WORKSPACE, "apply -auto-approve"),
    ],
)
def test_a_project_is_planned_in_no_workspace_but_its_own(
    terraform: Terraform, folder: Path, run: Run, workspace: str, words: str
) -> None:
    before = held(terraform.of(workspace), folder)
    done = run(*words.split(), place=STAGING, workspace=workspace)
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert f"this is the workspace {workspace}: say `terraform workspace select -or-create stage-project`." in said
    assert "complete!" not in done.stdout
    assert held(terraform.of(workspace), folder) == before


@pytest.mark.parametrize("words", [("plan",), ("apply", "-auto-approve"), ("destroy", "-auto-approve")], ids=" ".join)
def test_another_region_stops_before_it_replaces_the_database(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words, DATABASE, place=MOVED)
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert (
        "The state here holds the relay in prod-project, us-central1, not in prod-project, europe-west1: give" in said
    )
    assert "Plan:" not in done.stdout


def test_staging_and_production_are_planned_side_by_side_in_one_checkout(
    terraform: Terraform, folder: Path, run: Run
) -> None:
    """Each with a file of its own for what differs."""
    (folder / "stage-project.tfvars").write_text('firestore_database = "staging"\n')
    options = (DATABASE, REPOSITORY, f"-var-file={folder / 'stage-project.tfvars'}")
    staging = run("apply", "-auto-approve", *options, place=STAGING)
    assert "google_firestore_database.this[0] will be created" in staging.stdout, staging.stderr
    assert staging.returncode == 0, staging.stderr
    for place, database in ((HERE, '"(default)"'), (STAGING, '"staging"')):
        shown = terraform.of(place[0]).run(folder, "show", "-no-color").stdout
        assert database in shown
        assert str(state.checked_place(terraform, folder, *place)) == ", ".join(place)
        other = STAGING if place == HERE else HERE
        assert other[0] not in shown
    assert set(workspaces(terraform, folder)) >= {HERE[0], STAGING[0]}


def test_what_was_deployed_is_left_alone_by_its_own_project_and_region(run: Run) -> None:
    done = run("plan", "-detailed-exitcode", DATABASE, REPOSITORY, place=HERE)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("run")
def test_a_state_is_compared_as_terraform_shows_it(terraform: Terraform, folder: Path) -> None:
    with pytest.raises(
        Problem, match="holds the relay in prod-project, us-central1, not in prod-project, europe-west1"
    ):
        state.checked_place(terraform, folder, *MOVED)


def test_no_state_is_nothing_to_compare_with(terraform: Terraform, configuration: Path) -> None:
    assert state.checked_place(terraform, configuration, *HERE) is None


# The state as an earlier revision left it, without a record and in the workspace that every checkout has: no test after
# these has another one, and the last one destroys the rest.


@pytest.fixture(scope="module")
def earlier(terraform: Terraform, folder: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    copy = tmp_path_factory.mktemp("earlier") / "terraform.tfstate"
    here, default = terraform.of(HERE[0]), terraform.of(DEFAULT_WORKSPACE)
    assert here.run(folder, "state", "rm", "terraform_data.place[0]").returncode == 0
    copy.write_text(here.run(folder, "state", "pull").stdout)
    pushed = default.run(folder, "state", "push", str(copy))
    assert pushed.returncode == 0, pushed.stderr
    deleted = default.run(folder, "workspace", "delete", "-force", HERE[0])
    assert deleted.returncode == 0, deleted.stderr


@pytest.mark.usefixtures("earlier")
def test_an_earlier_state_is_refused_by_terraform_and_the_way_out_named(run: Run) -> None:
    done = run("plan", DATABASE, REPOSITORY, place=HERE, workspace=DEFAULT_WORKSPACE)
    assert done.returncode == 1
    assert "README, State, says how a state of an earlier revision is taken over." in " ".join(done.stderr.split())


@pytest.mark.usefixtures("earlier")
def test_an_earlier_state_that_was_not_taken_over_is_refused_by_terraform_in_its_projects_workspace_too(
    terraform: Terraform, folder: Path, run: Run
) -> None:
    for made in (False, True):
        if made:  # as the refusal above says
            assert terraform.of("").run(folder, "workspace", "select", "-or-create", HERE[0]).returncode == 0
        done = run("plan", DATABASE, REPOSITORY, place=HERE)
        assert done.returncode == 1
        said = " ".join(done.stderr.split())
        assert (
            "terraform.tfstate here is the state of prod-project as an earlier revision left it: `make deploy`" in said
        )
    done = run("plan", DATABASE, REPOSITORY, place=STAGING)
    assert done.returncode == 0, "it is none of another project's"


@pytest.mark.usefixtures("earlier")
def test_an_earlier_state_is_taken_over_and_nothing_in_it_is_replaced(
    terraform: Terraform, folder: Path, run: Run
) -> None:
    # As `make` runs it, which asks for no workspace where one is made.
    program = terraform.of("")
    with pytest.raises(
        Problem, match="holds the relay in prod-project, us-central1, not in prod-project, europe-west1"
    ):
        state.checked_place(program, folder, *MOVED)
    assert held(terraform.of(HERE[0]), folder) == (None, None, None)
    assert str(state.checked_place(program, folder, *HERE)) == "prod-project, us-central1"
    assert held(terraform.of(DEFAULT_WORKSPACE), folder)[1:] == ([], {}), "it is in one place only"
    done = run("plan", DATABASE, REPOSITORY, place=HERE)
    assert "terraform_data.place[0] will be created" in done.stdout, done.stderr
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in done.stdout


@pytest.mark.usefixtures("earlier")
def test_an_earlier_state_that_was_taken_over_can_be_destroyed(run: Run) -> None:
    done = run("destroy", "-auto-approve", REPOSITORY, place=HERE)
    assert done.returncode == 0, done.stderr
    assert "google_artifact_registry_repository.images: Destruction complete" in done.stdout
    assert "Destroy complete!" in done.stdout
