"""The lists of regions fit together, and the gateway stands in the nearest region that it has."""

from __future__ import annotations

import re
from math import asin, cos, radians, sin, sqrt
from pathlib import Path

from scripts.deployment import ROOT
from scripts.deployment import terraform as programs
from scripts.deployment.regions import SAFE_REGIONS
from scripts.deployment.terraform import Terraform
from tests.terraform.conftest import variables_alone, without_state

TEXT = (ROOT / "terraform" / "regions.tf").read_text()

# Latitude and longitude of each region that a deployment can be in, by Google's list of regions.
PLACES = {
    "asia-east1": (24.1, 120.5),
    "asia-east2": (22.3, 114.2),
    "asia-northeast1": (35.7, 139.7),
    "asia-northeast2": (34.7, 135.5),
    "asia-northeast3": (37.6, 127.0),
    "asia-south1": (19.1, 72.9),
    "asia-southeast1": (1.3, 103.7),
    "asia-southeast2": (-6.2, 106.8),
    "australia-southeast1": (-33.9, 151.2),
    "europe-central2": (52.2, 21.0),
    "europe-west1": (50.4, 3.8),
    "europe-west2": (51.5, -0.1),
    "europe-west3": (50.1, 8.7),
    "europe-west6": (47.4, 8.5),
    "northamerica-northeast1": (45.5, -73.6),
    "northamerica-northeast2": (43.7, -79.4),
    "southamerica-east1": (-23.5, -46.8),
    "us-central1": (41.3, -95.9),
    "us-east1": (33.2, -80.0),
    "us-east4": (39.0, -77.5),
    "us-west1": (45.6, -121.2),
    "us-west2": (34.1, -118.2),
    "us-west3": (40.8, -111.9),
    "us-west4": (36.2, -115.1),
}


def listed(name: str) -> set[str]:
    """Returns the regions of a list in regions.tf."""
    (inside,) = re.findall(rf"{name}\"? += \[(.*?)\]", TEXT, re.DOTALL)
    regions = re.findall(r'"(.+?)"', inside)
    assert len(set(regions)) == len(regions), f"{name} names a region twice"
    return set(regions)


SERVICES = ("Cloud Tasks", "Cloud Scheduler", "Cloud Functions", "Firestore")
EVERYWHERE = set.intersection(*(listed(service) for service in SERVICES))


def kilometres(one: str, other: str) -> float:
    (south, west), (north, east) = ((radians(degree) for degree in PLACES[region]) for region in (one, other))
    square = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin((east - west) / 2) ** 2
    return 2 * 6371 * asin(sqrt(square))


def nearest_of(regions: set[str], to: str) -> str:
    return min((kilometres(to, region), region) for region in regions)[1]


def test_what_has_every_service_is_what_has_queues_and_schedules_and_every_list_is_held_against() -> None:
    assert EVERYWHERE == listed("Cloud Tasks") & listed("Cloud Scheduler") == set(PLACES)
    (services,) = re.findall(r"regions_of = \{(.*?)^  \}", TEXT, re.DOTALL | re.MULTILINE)
    assert tuple(re.findall(r'"([A-Z][\w ]+)" += \[', services)) == SERVICES


def test_the_safe_regions_have_everything() -> None:
    assert len(listed("safe_regions")) == 6
    assert listed("safe_regions") < EVERYWHERE


def test_the_gateway_stands_in_the_region_itself_or_in_the_nearest_that_has_it() -> None:
    gateways = listed("gateway_regions")
    (inside,) = re.findall(r"nearest_gateway_regions = \{(.*?)\}", TEXT, re.DOTALL)
    nearest = dict(re.findall(r'([\w-]+) += "([\w-]+)"', inside))
    assert nearest == {region: nearest_of(gateways, region) for region in EVERYWHERE - gateways}


def test_before_anything_is_made_it_is_said_which_service_a_region_lacks_and_which_regions_lack_none(
    terraform: Terraform, configuration: Path, tmp_path: Path
) -> None:
    variables_alone(configuration, tmp_path)
    without_state(terraform, tmp_path)
    programs.initialise(terraform, tmp_path)
    example = configuration / "terraform.tfvars.example"
    inputs = (f"-var-file={example}", "-var=project_id=demo-project", "-input=false", "-no-color", "-auto-approve")
    refused = terraform.run(tmp_path, "apply", "-var=region=europe-west4", *inputs)
    said = " ".join(refused.stderr.replace("│", " ").split())
    assert refused.returncode == 1
    assert "region must have every service that the relay uses, and europe-west4 has no Cloud Tasks (as of" in said
    assert f"also for a new project: {', '.join(SAFE_REGIONS)}. All others: asia-east2, " in said
    assert "Creation complete" not in refused.stdout
    accepted = terraform.run(tmp_path, "apply", "-var=region=europe-west3", *inputs)
    assert accepted.returncode == 0, accepted.stderr
    assert "Creation complete" in accepted.stdout
