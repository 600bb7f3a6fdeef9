"""doctor's checks of what belongs to the relay elsewhere: the number at Twilio, queues and schedules at Google."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relay.core.numbers import E164, same
from relay.twilio.forms import CONNECTION_OVERRIDES
from relay.web import INBOUND_PATH

from scripts.deployment import configure_number
from scripts.deployment.tools import Gcloud, Problem, shown
from scripts.relayctl.checks_relay import NOT_LISTED
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding

_NEEDED = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "BUSINESS_PHONE_NUMBER", "PUBLIC_BASE_URL")
# As terraform/timers.tf names them.
SCHEDULES = ("relay-sweep", "relay-reconcile")


def numbers(values: Mapping[str, str]) -> Iterator[Finding]:
    """Whether each business number hands its texts to the relay, and repeats those that failed."""
    name = "Twilio number"
    missing = [needed for needed in _NEEDED if not values.get(needed)]
    if missing:
        yield Finding(name, SKIPPED, f"not checked without {', '.join(missing)}", "Set them here, or in --env-file.")
        return
    account = configure_number.TwilioNumbers(values)
    base_url = values["PUBLIC_BASE_URL"].rstrip("/")
    listed = [part.strip() for part in values["BUSINESS_PHONE_NUMBER"].split(",")]
    for phone in listed:
        if E164.fullmatch(phone):
            yield _number(name, account, phone, base_url)
    yield from _unlisted(name, account, listed, base_url)


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


def _unlisted(
    name: str, account: configure_number.TwilioNumbers, listed: Sequence[str], base_url: str
) -> Iterator[Finding]:
    """The account's numbers that hand their texts to the relay although its settings do not list them."""
    try:
        numbers = account.all()
    except Problem:
        return  # said of each listed number already
    for number in numbers:
        leads_here = str(number.get("sms_url") or "").partition("#")[0] == base_url + INBOUND_PATH
        phone = str(number["phone_number"])
        if leads_here and not any(same(phone, ours) for ours in listed):
            words = f"{phone} hands its texts to the relay, and BUSINESS_PHONE_NUMBER does not list it"
            yield Finding(name, WARNING, words, NOT_LISTED)


def texts(values: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the credentials may read texts, which an API key that may send them need not."""
    name = "Twilio texts"
    missing = [needed for needed in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN") if not values.get(needed)]
    if missing:
        yield Finding(name, SKIPPED, f"not checked without {', '.join(missing)}", "Set them here, or in --env-file.")
        return
    try:
        configure_number.TwilioNumbers(values).read_texts()
    except Problem as problem:
        advice = (
            "Give the API key the permission to read messages, or make a standard key: until then no look-up works, "
            "texts whose webhook is lost are not found, and handlers may get a text twice or late."
        )
        yield Finding(name, BAD, f"what became of texts cannot be read: {problem}", advice)
    else:
        yield Finding(name, OK, "the credentials may read what became of texts")


def queues(values: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the deployment's queues run; only with gcloud, and only for a project."""
    name = "queues"
    found = _listed(name, values, ("tasks", "queues", "list"), "name,state")
    if isinstance(found, Finding):
        yield found
        return
    prefix = (values.get("TASKS_QUEUE_TEMPLATE") or "escalate-tier-{tier}").split("{tier}")[0]
    ours = {queue: told["state"] for queue, told in found.items() if queue.startswith(prefix)}
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
        return Finding(name, SKIPPED, words, "For a deployment: set them here, the project and its region.")
    try:
        told = json.loads(Gcloud(project).text(*command, f"--location={location}", f"--format=json({fields})"))
        return {str(one["name"]).rpartition("/")[2]: {**one, "state": str(one["state"])} for one in told}
    except (Problem, ValueError, KeyError, TypeError) as error:
        return Finding(name, SKIPPED, str(error) or "gcloud gave no list", "")
