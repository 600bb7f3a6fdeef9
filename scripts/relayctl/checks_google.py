"""doctor's checks of what belongs to a deployment at Google: its queues and schedules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scripts.deployment.tools import Gcloud, Problem
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding

# As terraform/timers.tf names them.
SCHEDULES = ("relay-sweep", "relay-reconcile", "relay-tell")


def queues(values: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the deployment's queues run; only with gcloud, and only for a project."""
    name = "queues"
    found = _listed(name, values, ("tasks", "queues", "list"), "name,state")
    if isinstance(found, Finding):
        yield found
        return
    prefix = (values.get("TASKS_QUEUE_TEMPLATE") or "escalate-tier-{tier}").split("{tier}")[0]
    tell = values.get("TELL_QUEUE") or "tell"
    ours = {queue: told["state"] for queue, told in found.items() if queue.startswith(prefix) or queue == tell}
    if not ours:
        yield Finding(name, BAD, f"there is no queue {prefix}… in the project", "make deploy creates them.")
    for queue, state in ours.items():
        words = f"{queue} is {state.lower()}"
        if state == "RUNNING":
            yield Finding(name, OK, words)
        else:
            advice = f"gcloud tasks queues resume {queue} --location={values['TASKS_LOCATION']}"
            yield Finding(name, BAD, words, advice)


def schedules(values: Mapping[str, str]) -> Iterator[Finding]:
    """Whether sweep and reconcile are called, and answer; as for queues. Without them a lost timer is lost for good."""
    name = "schedules"
    found = _listed(name, values, ("scheduler", "jobs", "list"), "name,state,lastAttemptTime,status.code")
    if isinstance(found, Finding):
        yield found
        return
    for job in SCHEDULES:
        told = found.get(job)
        location = f"--location={values['TASKS_LOCATION']}"
        if told is None:
            yield Finding(name, BAD, f"there is no {job} in the project", "make deploy creates it.")
        elif told["state"] != "ENABLED":
            advice = f"gcloud scheduler jobs resume {job} {location}"
            yield Finding(name, BAD, f"{job} is {told['state'].lower()}", advice)
        elif told.get("status", {}).get("code"):
            words = f"the last run of {job} failed (at {told.get('lastAttemptTime', 'an unknown time')})"
            advice = f"Look at the log of the function; gcloud scheduler jobs run {job} {location} tries again."
            yield Finding(name, WARNING, words, advice)
        else:
            yield Finding(name, OK, f"{job} is enabled, and its last run was answered")


def _listed(name: str, values: Mapping[str, str], command: Sequence[str], fields: str) -> dict[str, Any] | Finding:
    """What gcloud lists, by the last part of each name; or why that cannot be known."""
    project, location = values.get("GOOGLE_CLOUD_PROJECT"), values.get("TASKS_LOCATION")
    if not project or not location:
        words = "not checked without GOOGLE_CLOUD_PROJECT and TASKS_LOCATION"
        return Finding(name, SKIPPED, words, "For a deployment: relayctl --project finds them, and its settings.")
    try:
        told = json.loads(Gcloud(project).text(*command, f"--location={location}", f"--format=json({fields})"))
        return {str(one["name"]).rpartition("/")[2]: {**one, "state": str(one["state"])} for one in told}
    except (Problem, ValueError, KeyError, TypeError) as error:
        return Finding(name, SKIPPED, str(error) or "gcloud gave no list", "")
