"""Whether the services that a deployment needs are in its region, by lists of their own: newer than our regions.tf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scripts.deployment.tools import Gcloud, Problem

# Where all of it is surely, also for a new project: Cloud Build restricts some to these (terraform/regions.tf).
SAFE_REGIONS = ("us-central1", "us-west2", "europe-west1", "asia-east1", "australia-southeast1", "southamerica-east1")

# By service: the command that lists its regions. API Gateway is left out, since it may stand elsewhere.
LISTS: Mapping[str, Sequence[str]] = {
    "Cloud Tasks": ("tasks", "locations", "list"),
    "Cloud Scheduler": ("scheduler", "locations", "list"),
    "Cloud Functions": ("functions", "regions", "list", "--gen2"),
    "Cloud Run": ("run", "regions", "list"),
    "Artifact Registry": ("artifacts", "locations", "list"),
}


def check_region(gcloud: Gcloud, region: str) -> list[str]:
    """Ask each service for its regions and return those that did not answer, as before they are switched on.

    Raises Problem that names the services that are not in the region.
    """
    lists = {service: _regions(gcloud, command) for service, command in LISTS.items()}
    missing = [service for service, regions in lists.items() if regions and region not in regions]
    if missing:
        everywhere = set.intersection(*(regions for regions in lists.values() if regions))
        raise Problem(
            f"{region} has no {' and no '.join(missing)}, by the service's own list: choose another REGION. Surely "
            f"enough, also for a new project: {', '.join(SAFE_REGIONS)}. By the lists that could be asked: "
            f"{', '.join(sorted(everywhere))}."
        )
    return [service for service, regions in lists.items() if not regions]


def _regions(gcloud: Gcloud, command: Sequence[str]) -> set[str]:
    """Returns the names of the regions, or nothing where the service is not switched on or may not be asked."""
    done = gcloud.run(*command, "--format=value(name.basename())", check=False)
    return {line.strip() for line in done.stdout.splitlines() if line.strip()} if done.returncode == 0 else set()
