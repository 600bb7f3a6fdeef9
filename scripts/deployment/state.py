"""What Terraform's state holds: in which project and region, so that no command takes one deployment for another.

Whatever PROJECT and REGION say, Terraform changes and destroys what its state holds. A state may hold phone numbers and
addresses: no more of it than the project and the region is ever shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.deployment.terraform import Terraform
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
_REMEDY = "bring back the last good one (terraform.tfstate.backup, or an older version in the bucket), then try again"


@dataclass(frozen=True)
class Place:
    """Where a deployment is. `region` is None as long as nothing of it stands in a region."""

    project: str
    region: str | None

    def __str__(self) -> str:
        return f"{self.project}, {self.region}" if self.region else self.project


def checked_place(program: Terraform, folder: Path, project: str, region: str) -> Place | None:
    """Where the deployment is that the state holds; None when it holds none. Terraform must be initialised.

    Raises Problem when that is not this project and region, and when it cannot be told.
    """
    held = _held_place(program, folder)
    if held and (held.project != project or held.region not in (None, region)):
        where = f"PROJECT={held.project} REGION={held.region or region}"
        raise Problem(
            f"Terraform's state here holds the relay in {held}, not in {project}, {region}: say {where}, or use a "
            "checkout and state of its own for the other."
        )
    return held


def _held_place(program: Terraform, folder: Path) -> Place | None:
    done = program.run(folder, "show", "-json", "-no-color")
    if done.returncode:
        raise Problem(f"Terraform's state cannot be read ({' '.join(done.stderr.split())}): {_REMEDY}.")
    try:
        found = json.loads(done.stdout).get("values", {}).get("root_module", {}).get("resources", [])
        return _place([resource for resource in found if resource["mode"] == "managed"])
    except (ValueError, LookupError, TypeError, AttributeError):
        # Not chained to what was raised, whose words and objects are the state's.
        raise Problem(f"Terraform's state has an unknown form: {_REMEDY}.") from None


def _place(resources: list[dict[str, Any]]) -> Place | None:
    """Where these resources are. Raises Problem when they do not agree."""
    if not resources:
        return None
    # A state of an earlier revision has no record, but each of its resources says where it is.
    projects, regions = set(), set()
    for resource in resources:
        values, kind = resource["values"], resource["type"]
        if resource["address"].startswith(_RECORD):
            values, kind = values["input"], _RECORD
        if "_iam_" not in kind:  # whose project comes from a name that Google gave, which may have its number instead
            projects.add(values.get("project"))
        regions.add(values.get(_REGIONAL.get(kind, "")))
    projects, regions = projects - {None}, regions - {None}
    if len(projects) != 1 or len(regions) > 1:
        raise Problem(
            "Terraform's state here is not that of one deployment, it names "
            f"{', '.join(sorted(projects | regions)) or 'no project'}: see `terraform state list`, and take out "
            "(`terraform state rm`) what is not this deployment's."
        )
    return Place(projects.pop(), regions.pop() if regions else None)
