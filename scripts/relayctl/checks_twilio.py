"""doctor's checks of what belongs to the relay elsewhere: the number's settings at Twilio, the queues at Google."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from relay.config import E164
from relay.webhook import CONNECTION_OVERRIDES

from scripts.deployment import configure_number
from scripts.deployment.tools import Gcloud, Problem, shown
from scripts.relayctl.findings import BAD, OK, SKIPPED, Finding

_NEEDED = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "BUSINESS_PHONE_NUMBER", "PUBLIC_BASE_URL")


def numbers(values: Mapping[str, str]) -> Iterator[Finding]:
    """Whether each business number hands its texts to the relay, and repeats those that failed."""
    name = "Twilio number"
    missing = [needed for needed in _NEEDED if not values.get(needed)]
    if missing:
        yield Finding(name, SKIPPED, f"not checked without {', '.join(missing)}", "Set them here, or in --env-file.")
        return
    account = configure_number.TwilioNumbers(values)
    base_url = values["PUBLIC_BASE_URL"].rstrip("/")
    for phone in (part.strip() for part in values["BUSINESS_PHONE_NUMBER"].split(",")):
        if E164.fullmatch(phone):
            yield _number(name, account, phone, base_url)


def _number(name: str, account: configure_number.TwilioNumbers, phone: str, base_url: str) -> Finding:
    try:
        number = account.find(phone)
    except Problem as problem:
        return Finding(name, BAD, str(problem), "Until that is right, texts to it are lost.")
    wrong = configure_number.difference(number, base_url, base_url)
    if not wrong:
        return Finding(name, OK, f"{shown(phone)} hands its texts to {base_url}")
    parts = [f"{setting} is {now or 'not set'}" for setting, (now, _) in wrong.items()]
    words = f"{shown(phone)}: {'; '.join(parts)}"
    advice = f"make configure-number sets it. It should be {base_url}/sms/inbound{CONNECTION_OVERRIDES} (POST), twice."
    return Finding(name, BAD, words, advice)


def queues(values: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the deployment's queues run; only with gcloud, and only for a project."""
    name = "queues"
    project, location = values.get("GOOGLE_CLOUD_PROJECT"), values.get("TASKS_LOCATION")
    if not project or not location:
        yield Finding(name, SKIPPED, "not checked without GOOGLE_CLOUD_PROJECT and TASKS_LOCATION", "")
        return
    prefix = (values.get("TASKS_QUEUE_TEMPLATE") or "escalate-tier-{tier}").split("{tier}")[0]
    try:
        told = Gcloud(project).text("tasks", "queues", "list", f"--location={location}", "--format=json(name,state)")
        found = {str(queue["name"]).rpartition("/")[2]: str(queue["state"]) for queue in json.loads(told)}
    except (Problem, ValueError, KeyError, TypeError) as error:
        yield Finding(name, SKIPPED, str(error) or "gcloud gave no list", "")
        return
    ours = {queue: state for queue, state in found.items() if queue.startswith(prefix)}
    if not ours:
        yield Finding(name, BAD, f"there is no queue {prefix}… in {project}", "make deploy creates them.")
    for queue, state in ours.items():
        words = f"{queue} is {state.lower()}"
        if state == "RUNNING":
            yield Finding(name, OK, words)
        else:
            yield Finding(name, BAD, words, f"gcloud tasks queues resume {queue} --location={location}")
