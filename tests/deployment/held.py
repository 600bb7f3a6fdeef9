"""What Terraform's state may hold, and whether a command did anything with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.deployment.conftest import Gcloud, commands

COMMANDS = ("plan", "deploy", "destroy", "secrets")
PRIVATE = "+15550100001"


def resource(address: str, mode: str = "managed", **values: Any) -> dict[str, Any]:
    return {"address": address, "mode": mode, "type": address.split(".", 1)[0], "values": values}


def recorded(project: str, region: str = "us-central1") -> dict[str, Any]:
    return resource("terraform_data.place[0]", input={"project": project, "region": region})


def service(project: str) -> dict[str, Any]:
    return resource("google_project_service.resource_manager", project=project)


def queue(project: str, region: str) -> dict[str, Any]:
    return resource('google_cloud_tasks_queue.tier["1"]', project=project, location=region, phone=PRIVATE)


def changed(calls: Path, gcloud: Gcloud) -> bool:
    """Whether Terraform was told to do anything, or a secret was touched."""
    return not {call[0] for call in commands(calls)} <= {"init", "show"} or bool(gcloud.calls_to("secrets"))
