"""A region that lacks a service is refused before anything is made, by the services' own lists where they answer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.deployment import ROOT, deploy
from scripts.deployment.regions import LISTS, SAFE_REGIONS, check_region
from scripts.deployment.tools import Gcloud as RealGcloud
from scripts.deployment.tools import Problem
from tests.deployment.conftest import Gcloud, commands

WHERE = ("--project=demo-project", "--region=us-central1")


@pytest.mark.parametrize("action", ["plan", "deploy"])
def test_a_region_that_a_service_does_not_list_is_refused_before_terraform_is_called(
    calls: Path, configuration: Path, gcloud: Gcloud, action: str
) -> None:
    everywhere = ["europe-west1", "us-central1", "us-west2"]
    gcloud.set(
        regions={**dict.fromkeys(("scheduler", "functions", "run", "artifacts"), everywhere), "tasks": ["us-west2"]}
    )
    words = r"^us-central1 has no Cloud Tasks, by the service's own list: .*us-west2, europe-west1.*asked: us-west2\.$"
    with pytest.raises(Problem, match=words):
        deploy.main([action, *WHERE])
    assert commands(calls) == []


def test_every_service_that_a_region_lacks_is_named(gcloud: Gcloud) -> None:
    gcloud.set(regions={"functions": ["us-west2"], "run": ["us-west2"]})
    with pytest.raises(Problem, match="europe-west1 has no Cloud Functions and no Cloud Run, by"):
        check_region(RealGcloud("demo-project"), "europe-west1")


def test_each_list_is_asked_for_once_and_for_functions_of_this_generation(gcloud: Gcloud) -> None:
    assert check_region(RealGcloud("demo-project"), "us-central1") == []
    assert [call[: len(command)] for call, command in zip(gcloud.calls, LISTS.values(), strict=True)] == [
        list(command) for command in LISTS.values()
    ]
    assert "--gen2" in gcloud.calls_to("functions")[0]


def test_services_that_are_not_switched_on_yet_are_named_and_stop_nothing(
    calls: Path, configuration: Path, gcloud: Gcloud, repos_env: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    gcloud.set(regions={"tasks": None, "scheduler": None})
    assert deploy.main(["plan", *WHERE]) == 0
    said = capfd.readouterr().out
    assert "not asked whether they are in us-central1: Cloud Tasks, Cloud Scheduler. Terraform has a list" in said


def test_what_stands_somewhere_is_destroyed_whatever_is_listed_now(
    calls: Path, configuration: Path, gcloud: Gcloud
) -> None:
    gcloud.set(regions={"tasks": ["us-west2"]})
    assert deploy.main(["destroy", *WHERE]) == 0
    assert gcloud.calls_to("tasks") == []


def test_the_safe_regions_are_the_same_wherever_they_are_named() -> None:
    (listed,) = re.findall(r"safe_regions = \[(.*?)\]", (ROOT / "terraform/regions.tf").read_text())
    assert tuple(re.findall(r'"(.+?)"', listed)) == SAFE_REGIONS
    for file in ("terraform/variables.tf", "terraform/README.md"):
        assert ", ".join(SAFE_REGIONS) in (ROOT / file).read_text(), file
