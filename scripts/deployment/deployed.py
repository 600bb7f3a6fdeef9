"""The relay in a Google Cloud project, as its functions say of themselves, and the names that follow from the project.

Needs gcloud and a login, and neither Terraform nor its state: any machine will do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from relay.web import RELAY_STATE_PATH

from scripts.deployment.tools import LABEL, Gcloud, Problem

# The functions that are asked: the first knows where Twilio calls, the second who may look relays up.
_INBOUND, _RELAY_STATE = "sms-inbound", "sms-relay-state"


@dataclass(frozen=True)
class Deployment:
    """A relay that is deployed.

    Attributes:
        audience: whom identity tokens must be meant for.
        settings: what reaches its store.
        told: what its functions are told in plain, all in one; what Secret Manager has is not among it.
    """

    project: str
    region: str
    base_url: str
    relay_state_url: str
    business_phones: tuple[str, ...]
    audience: str
    settings: Mapping[str, str]
    told: Mapping[str, str]

    @property
    def is_behind_gateway(self) -> bool:
        """Without a gateway Cloud Run demands tokens that are made out to the function's own address."""
        return not self.relay_state_url.startswith(f"{self.audience}/")


def find(gcloud: Gcloud, project: str, region: str | None = None) -> Deployment:
    """Returns the relay in this project (and region). Raises Problem when there is none, or one in two regions each."""
    where = f"{project}, {region}" if region else project
    functions = _functions(gcloud, region)
    regions = sorted({place for place, _ in functions})
    if len(regions) > 1:
        raise Problem(f"{project} has a relay in each of {', '.join(regions)}: say REGION={regions[0]}, or the other.")
    if not regions or any((regions[0], name) not in functions for name in (_INBOUND, _RELAY_STATE)):
        raise Problem(f"There is no relay in {where}, or not all of it: is that the project, and is it deployed?")
    inbound, state = functions[regions[0], _INBOUND], functions[regions[0], _RELAY_STATE]
    try:
        audience, base_url = state["RELAY_STATE_AUDIENCE"], inbound["PUBLIC_BASE_URL"]
        return Deployment(
            project=project,
            region=regions[0],
            base_url=base_url,
            relay_state_url=(audience if audience.endswith(".run.app") else base_url) + RELAY_STATE_PATH,
            business_phones=tuple(inbound["BUSINESS_PHONE_NUMBER"].split(",")),
            audience=audience,
            settings={
                "RELAY_BACKEND": "google",
                **{
                    name: state[name]
                    for name in (
                        *("GOOGLE_CLOUD_PROJECT", "FIRESTORE_DATABASE", "RELAY_COLLECTION"),
                        *("RELAY_STATE_AUDIENCE", "RELAY_STATE_ALLOWED_EMAILS"),
                    )
                },
            },
            told={name: value for environment in functions.values() for name, value in environment.items()},
        )
    except KeyError as error:
        raise Problem(f"The relay in {where} is of another revision: its functions lack {error.args[0]}.") from error


def _functions(gcloud: Gcloud, region: str | None) -> dict[tuple[str, str], Mapping[str, str]]:
    """Returns each function's environment, by its region and name. Raises Problem."""
    # Without regions gcloud takes the one of its own settings, if there is one.
    listing = ("functions", "list", "--v2", f"--regions={region or '-'}", f"--filter=labels.app={LABEL}")
    told = gcloud.text(*listing, "--format=json(name,serviceConfig.environmentVariables)")
    try:
        return dict(_told(told))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Problem("gcloud lists the functions in an unknown form: is it up to date?") from error


def _told(text: str) -> Iterator[tuple[tuple[str, str], Mapping[str, str]]]:
    for function in json.loads(text or "[]"):
        _, _, _, region, _, name = function["name"].split("/")
        yield (region, name), function.get("serviceConfig", {}).get("environmentVariables", {})


def inactive(gcloud: Gcloud, region: str) -> list[str]:
    """Returns the functions whose last deployment failed, as Google says; none where it cannot be asked."""
    listing = ("functions", "list", "--v2", f"--regions={region}", f"--filter=labels.app={LABEL} AND state!=ACTIVE")
    done = gcloud.run(*listing, "--format=value(name.basename())", check=False)
    return sorted(done.stdout.split()) if done.returncode == 0 else []


def operator_of(project: str) -> str:
    """Returns the account whose identity operators borrow, as terraform/identity.tf names it."""
    return f"relay-operator@{_domain(project)}.iam.gserviceaccount.com"


def audience_of(project: str) -> str:
    """Returns whom identity tokens must be meant for behind the gateway, as terraform/environment.tf names it."""
    return f"https://sms-relay.{_domain(project)}"


def token_arguments(project: str, audience: str) -> tuple[str, ...]:
    """Returns the arguments with which gcloud prints an operator's identity token."""
    return (
        *("auth", "print-identity-token", "--include-email"),
        f"--impersonate-service-account={operator_of(project)}",
        f"--audiences={audience}",
    )


def _domain(project: str) -> str:
    """Returns the project's id as part of an address: that of example.com:my-project is my-project.example.com."""
    return ".".join(reversed(project.split(":")))
