"""What the smoke test is aimed at: the relay in a Google Cloud project, or a local stack.

Owns how each is reached: addresses, credentials, identity tokens, and how a synthetic relay is removed again.
"""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from relay import wiring
from relay.addresses import is_loopback
from relay.errors import RelayError
from relay.outgoing import open_url
from relay.settings.settings import load_settings

from scripts.deployment.asking import Asker
from scripts.deployment.deployed import find, operator_of, token_arguments
from scripts.deployment.tools import Gcloud, Problem, credentials

_TIMEOUT_SECONDS = 30
_REMOVE_SECONDS = 20.0
# Rights that were just given, and a gateway that was just made, are everywhere by then.
_GOOGLE_SECONDS = 600.0
_AT_GOOGLE = (
    "docs/first-project.md says what may stand in the way "
    "(`gcloud run services get-iam-policy sms-inbound --region={region} --project={project}` must name relay-gateway, "
    "or allUsers without a gateway)."
)
_AT_HOME = "is PUBLIC_BASE_URL the address at which your proxy or tunnel passes /sms/ on to the relay?"
_IMPATIENT = Asker(0, _AT_HOME)


@dataclass(frozen=True)
class Target:
    """Where the text goes and where its story is read. `settings`: the environment that reaches its store."""

    base_url: str
    relay_state_url: str
    account_sid: str
    auth_token: str
    business_phone: str
    settings: Mapping[str, str]
    token: Callable[[], str]
    is_behind_gateway: bool = True
    asker: Asker = _IMPATIENT

    def identity_headers(self) -> dict[str, str]:
        """Headers that show who is asking.

        Cloud Run takes the signature off the token it checks itself, so without a gateway it gets one of its own, in
        a header that must not be there with a gateway: the gateway would hand it on, and Cloud Run would obey it.
        """
        bearer = f"Bearer {self.token()}"
        own = {} if self.is_behind_gateway else {"X-Serverless-Authorization": bearer}
        return {"Authorization": bearer, **own}

    def remove(self, message_id: str) -> bool:
        """Remove the relay from the store; whether that worked."""
        try:
            runtime = wiring.Runtime(load_settings(self.settings, ["sms_relay_state"]))
            runtime.store.delete(message_id, timeout_seconds=_REMOVE_SECONDS)
        except RelayError:
            return False
        return True


def deployed(project: str, region: str | None, file: Path) -> Target:
    """The relay in this project. Raises Problem."""
    gcloud = Gcloud(project)
    gcloud.need_login()
    found = find(gcloud, project, region)
    given = credentials(file)

    def token() -> str:
        done = gcloud.run(*token_arguments(project, found.audience), check=False)
        if done.returncode:
            words = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
            raise Problem(
                f"gcloud gives no identity token of {operator_of(project)} ({words}): who runs this must stand in "
                "`operators` of terraform.tfvars, as user:jo@business.example, and since some minutes."
            )
        return done.stdout.strip()

    return Target(
        base_url=found.base_url,
        relay_state_url=found.relay_state_url,
        account_sid=given["TWILIO_ACCOUNT_SID"],
        auth_token=given["TWILIO_AUTH_TOKEN"],
        business_phone=found.business_phones[0],
        settings=found.settings,
        token=_cached(token),
        is_behind_gateway=found.is_behind_gateway,
        asker=Asker(_GOOGLE_SECONDS, _AT_GOOGLE.format(project=project, region=found.region)),
    )


def local(address: str) -> Target:
    """A stack on this machine, as `make run` starts it with this environment and `.env`. Raises Problem.

    With the real Twilio the text goes in by PUBLIC_BASE_URL, as a real one does; the record is read here.
    """
    from scripts.local_stack.client import StackClient
    from scripts.local_stack.environment import make_plan
    from scripts.local_stack.places import Twilio, with_env_file

    address = address.rstrip("/")
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme != "http" or not is_loopback(host) or not parts.port:
        raise Problem("STACK must be a local stack's address, like http://127.0.0.1:8080.")
    try:
        described = StackClient(address).description()
    except (OSError, ValueError) as error:
        raise Problem(f"No local stack answers at {address}: start one with make run.") from error
    is_fake = "relay_state" in described
    plan = make_plan(with_env_file(os.environ), _backend_here(is_fake), host, parts.port)
    if (plan.twilio is Twilio.FAKE) != is_fake:
        which = "its fake" if is_fake else "a real"
        raise Problem(
            f"The stack at {address} works with {which} Twilio, and the settings here are for another one: "
            "RELAY_LOCAL_ENV_FILE names its file of settings."
        )
    settings = plan.settings()
    return Target(
        base_url=settings.public_base_url,
        relay_state_url=f"{address}/sms/relay-state",
        account_sid=settings.account_sid,
        auth_token=settings.auth_tokens[0],
        business_phone=settings.business_phones[0],
        settings=plan.environ,
        token=_cached(_issued(address, described["relay_state"]) if is_fake else _operators(address)),
    )


def _backend_here(is_fake: bool) -> str:
    return (os.environ.get("BACKEND") or "embedded") if is_fake else "embedded"


def _issued(address: str, identity: Mapping[str, str]) -> Callable[[], str]:
    """Returns what asks the stack's own issuer for a token."""
    query = urllib.parse.urlencode(identity)

    def token() -> str:
        with open_url(f"{address}/local/token?{query}", _TIMEOUT_SECONDS) as answer:
            return str(answer.read().decode().strip())

    return token


def _operators(address: str) -> Callable[[], str]:
    """Returns what shows who is asking as relayctl does on this machine."""
    from scripts.relayctl.tokens import NoToken, Tokens

    tokens = Tokens(address, os.environ.get("RELAYCTL_TOKEN", ""), os.environ.get("RELAYCTL_TOKEN_COMMAND", ""))

    def token() -> str:
        try:
            return tokens.token()
        except NoToken as error:
            raise Problem(str(error)) from error

    return token


def _cached(make: Callable[[], str]) -> Callable[[], str]:
    """Tokens live for an hour, longer than any smoke test."""
    made: list[str] = []

    def token() -> str:
        if not made:
            made.append(make())
        return made[0]

    return token
