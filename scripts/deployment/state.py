"""What Terraform's state holds: in which project and region, so that no command takes one deployment for another.

Whatever PROJECT and REGION say, Terraform changes and destroys what its state holds. So each project has a state of its
own, in the workspace with its name, and each state says its region. A state may hold phone numbers and addresses: no
more of it than the project and the region is ever shown.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.deployment.terraform import DEFAULT_WORKSPACE, Terraform, workspaces
from scripts.deployment.tools import Problem

# terraform/place.tf: the project and region of the first apply.
_RECORD = "terraform_data.place"
# What stands in the deployment's region, and which of its values says so.
_REGIONAL = {
    _RECORD: "region",
    "google_artifact_registry_repository": "location",
    "google_cloud_scheduler_job": "region",
    "google_cloud_tasks_queue": "location",
    "google_cloudfunctions2_function": "location",
}
# terraform/secrets.tf, up to the key in brackets.
_ENTRY = "google_secret_manager_secret.this"
_FIRST_VERSION = "google_secret_manager_secret_version.first"
_FIRST_RECORD = "terraform_data.first_version"
_REMEDY = "bring back the last good one (terraform.tfstate.backup, or an older version in the bucket), then try again"
_UNKNOWN = f"Terraform's state has an unknown form: {_REMEDY}."


@dataclass(frozen=True)
class Place:
    """Where a deployment is. `region` is None as long as nothing of it stands in a region."""

    project: str
    region: str | None

    def __str__(self) -> str:
        return f"{self.project}, {self.region}" if self.region else self.project


def checked_place(program: Terraform, folder: Path, project: str, region: str) -> Place | None:
    """Where the deployment is that the project's state holds; None when it holds none. Terraform must be initialised.

    A state that an earlier revision left, which had one for all projects, is taken over if it is this project's. Raises
    Problem when that is not this project and region, and when it cannot be told.
    """
    held = None
    if project in workspaces(program, folder):
        held = _place(_resources(program.of(project), folder))
    if held:
        _same(held, project, region)
        return held
    earlier = _place(_resources(program.of(DEFAULT_WORKSPACE), folder))
    if earlier is None or earlier.project != project:
        return None
    _same(earlier, project, region)
    _take_over(program, folder, project)
    return earlier


def secrets_held(program: Terraform, folder: Path, project: str) -> dict[str, str | None]:
    """The secrets that the state has an entry for, by variable, and the number of the version that Terraform made.

    That is None where it made none, as an earlier revision, and where it ended before it had recorded that it did: its
    plans ask for the value until then. Raises Problem.
    """
    if project not in workspaces(program, folder):
        return {}
    every = {each["address"]: each["values"] for each in _resources(program.of(project), folder)}
    entries = [address.removeprefix(_ENTRY) for address in every if address.startswith(_ENTRY)]
    made = {
        key: every[_FIRST_VERSION + key] for key in entries if {_FIRST_VERSION + key, _FIRST_RECORD + key} <= set(every)
    }
    return {key[2:-2]: made.get(key, {}).get("version") for key in entries}


def _same(held: Place, project: str, region: str) -> None:
    """Raises Problem when the deployment is in another project or region."""
    if held.project != project or held.region not in (None, region):
        where = f"PROJECT={held.project} REGION={held.region or region}"
        raise Problem(
            f"Terraform's state here holds the relay in {held}, not in {project}, {region}: say {where}, or give the "
            "other a project of its own."
        )


def _take_over(program: Terraform, folder: Path, project: str) -> None:
    """Move the state of an earlier revision to where the project's belongs. Raises Problem."""
    pulled = program.of(DEFAULT_WORKSPACE).run(folder, "state", "pull")
    _taken(pulled)
    _taken(_push(program.of(project), folder, pulled.stdout))
    state = json.loads(pulled.stdout)
    nothing = {**state, "serial": state["serial"] + 1, "outputs": {}, "resources": [], "check_results": None}
    _taken(_push(program.of(DEFAULT_WORKSPACE), folder, json.dumps(nothing)))
    print(f"The state that an earlier revision left here is {project}'s: it was moved to its workspace, {project}.")


def _push(program: Terraform, folder: Path, state: str) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as private:
        file = Path(private) / "pushed.tfstate"
        file.write_text(state)
        return program.run(folder, "state", "push", str(file))


def _taken(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise Problem(f"The state that an earlier revision left could not be taken over: {said}")


def _resources(program: Terraform, folder: Path) -> list[dict[str, Any]]:
    """What the state holds, without what it only looks up. Raises Problem."""
    done = program.run(folder, "show", "-json", "-no-color")
    if done.returncode:
        raise Problem(f"Terraform's state cannot be read ({' '.join(done.stderr.split())}): {_REMEDY}.")
    try:
        found = json.loads(done.stdout).get("values", {}).get("root_module", {}).get("resources", [])
        return [resource for resource in found if resource["mode"] == "managed"]
    except (ValueError, LookupError, TypeError, AttributeError):
        # Not chained to what was raised, whose words and objects are the state's.
        raise Problem(_UNKNOWN) from None


def _place(resources: list[dict[str, Any]]) -> Place | None:
    """Where these resources are. Raises Problem when they do not agree."""
    if not resources:
        return None
    try:
        projects, regions = _named(resources)
    except (LookupError, TypeError, AttributeError):
        raise Problem(_UNKNOWN) from None  # as above
    if len(projects) != 1 or len(regions) > 1:
        raise Problem(
            "Terraform's state here is not that of one deployment, it names "
            f"{', '.join(sorted(projects | regions)) or 'no project'}: see `terraform state list`, and take out "
            "(`terraform state rm`) what is not this deployment's."
        )
    return Place(projects.pop(), regions.pop() if regions else None)


def _named(resources: list[dict[str, Any]]) -> tuple[set[str], set[str]]:
    """The projects and the regions that these resources name."""
    # A state of an earlier revision has no record, but each of its resources says where it is.
    projects, regions = set(), set()
    for resource in resources:
        values, kind = resource["values"], resource["type"]
        if resource["address"].startswith(_RECORD):
            values, kind = values["input"], _RECORD
        if "_iam_" not in kind:  # whose project comes from a name that Google gave, which may have its number instead
            projects.add(values.get("project"))
        regions.add(values.get(_REGIONAL.get(kind, "")))
    return projects - {None}, regions - {None}
