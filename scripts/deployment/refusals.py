"""What Google's refusals of a deployment mean, where its own words do not say what to do."""

from __future__ import annotations

import re

from scripts.deployment.regions import SAFE_REGIONS

# Terraform breaks lines, draws a bar beside them, and colours both.
_FRAME = re.compile(r"\x1b\[[0-9;]*m|[│╷╵]")
# Words that were met, each with what they mean. Newer ones of the same refusal stand beside the older.
_QUOTA = re.compile(
    r"maxScale may not exceed (?P<old>\d+)"
    r"|Max instances must be set to (?P<new>\d+) or fewer"
    r"|Quota violated:|CpuAllocPerProjectRegion|MemAllocPerProjectRegion",
    re.IGNORECASE,
)
_BUILD = re.compile(r"due to quota restrictions|cannot run builds in this region", re.IGNORECASE)
# What runs counts together, and a deployment starts each function once. It passes when those have stopped.
_CROWDED = re.compile(r"Quota exceeded for total allowable (CPU|memory)", re.IGNORECASE)
# The provider has then written down what was wanted, so that no plan shows it again.
_UPDATE = re.compile(r"Error (waiting for Updating|updating) function")
_QUEUE_NAME = re.compile(r"queue with this name existed too recently", re.IGNORECASE)
_EXISTS = re.compile(r"already[ _]?exists", re.IGNORECASE)


def plain(said: str) -> str:
    """Returns what Terraform said as one line of words."""
    return " ".join(_FRAME.sub(" ", said).split())


def is_crowded(said: str) -> bool:
    """Whether more ran at once than the project's quota allows, as while many functions are deployed."""
    return bool(_CROWDED.search(plain(said)))


def is_lost_update(said: str) -> bool:
    """Whether a function that there was could not be changed, which Terraform takes for done all the same."""
    return bool(_UPDATE.search(plain(said)))


def explained(said: str) -> list[str]:
    """Returns a sentence for each refusal in what Terraform said that has an explanation."""
    said = plain(said)
    explanations = []
    if found := _QUOTA.search(said):
        most = int(found["old"] or found["new"] or 0)
        allowed = f" to {most} or fewer" if most else ""
        explanations.append(
            "The project's quota of Cloud Run in this region is less than a function asks for (its instances times "
            "its vCPUs and memory count, whether or not it ever runs that many): lower max_instances of its kind"
            f"{allowed}, or ask for more under IAM, Quotas, Cloud Run Admin API, `Total CPU allocation, in milli vCPU, "
            "per project per region`. See terraform/README.md, Quotas."
        )
    if _BUILD.search(said):
        explanations.append(
            "Cloud Build does not build in this region for this project, as for some new ones: ask Google for it, or "
            "take a first deployment down, which has made nothing yet that is for ever (`make destroy`), and deploy to "
            f"one of {', '.join(SAFE_REGIONS)}."
        )
    if _QUEUE_NAME.search(said):
        explanations.append(
            "A deleted queue's name is taken for a week: deploy with another tasks_queue_prefix, or wait until then."
        )
    if _EXISTS.search(said):
        explanations.append(
            "What exists already was left by a destroy, and is taken over as terraform/README.md, Taking it down, says,"
            " or made by a deployment that ended before it was written down: delete that, or `terraform import` it."
        )
    if _CROWDED.search(said):
        explanations.append(
            "More instances ran at once than the project's quota of Cloud Run in this region allows, and those that a "
            "deployment starts count for some minutes: do it again in a quarter of an hour, or ask for more, as "
            "terraform/README.md, Quotas, says."
        )
    if _UPDATE.search(said):
        explanations.append(
            "A function that could not be updated goes on as it was, but Terraform takes it for changed and would not "
            "change it again: terraform/README.md, Traps, has the two commands that make it look again."
        )
    return explanations
