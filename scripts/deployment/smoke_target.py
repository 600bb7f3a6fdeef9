"""What the smoke test is aimed at: a deployment, as Terraform describes it, or a local stack.

Owns how each is reached: addresses, credentials, identity tokens, and how a synthetic relay is removed again.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from relay import wiring
from relay.addresses import is_loopback
from relay.errors import RelayError
from relay.outgoing import may_carry_secrets, open_url
from relay.settings.settings import load_settings

from scripts.deployment import terraform
from scripts.deployment.tools import Gcloud, Problem, credentials

_TIMEOUT_SECONDS = 30
_REMOVE_SECONDS = 20.0


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


def deployed(project: str | None, file: Path) -> Target:
    """The deployment that was made from this checkout. Raises Problem."""
    outputs = terraform.outputs()
    if project and project != outputs["project_id"]:
        raise Problem(f"This checkout's deployment is in {outputs['project_id']}, not in {project}.")
    gcloud = Gcloud(outputs["project_id"])
    gcloud.need_login()
    given = credentials(file)
    audience, email = outputs["identity_audiences"]["relay_state"], outputs["operator_email"]
    settings = {
        "RELAY_BACKEND": "google",
        "GOOGLE_CLOUD_PROJECT": outputs["project_id"],
        "FIRESTORE_DATABASE": outputs["firestore"]["database"],
        "RELAY_COLLECTION": outputs["firestore"]["collection"],
        "RELAY_STATE_AUDIENCE": audience,
        "RELAY_STATE_ALLOWED_EMAILS": email,
    }
    return Target(
        base_url=outputs["webhook_base_url"],
        relay_state_url=outputs["relay_state_url"],
        account_sid=given["TWILIO_ACCOUNT_SID"],
        auth_token=given["TWILIO_AUTH_TOKEN"],
        business_phone=outputs["business_phone_numbers"][0],
        settings=settings,
        token=_cached(
            lambda: gcloud.text(
                "auth",
                "print-identity-token",
                f"--impersonate-service-account={email}",
                f"--audiences={audience}",
                "--include-email",
            )
        ),
        is_behind_gateway=not outputs["relay_state_url"].startswith(f"{audience}/"),
    )


def local(address: str) -> Target:
    """A local stack with a fake Twilio, as `make run` starts it with this environment. Raises Problem."""
    from scripts.local_stack.client import StackClient
    from scripts.local_stack.environment import make_plan
    from scripts.local_stack.places import with_env_file

    address = address.rstrip("/")
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme != "http" or not is_loopback(host) or not parts.port:
        raise Problem("STACK must be a local stack's address, like http://127.0.0.1:8080.")
    try:
        described = StackClient(address).description()
    except (OSError, ValueError) as error:
        raise Problem(f"No local stack answers at {address}: start one with make run.") from error
    if "relay_state" not in described:
        raise Problem(f"The stack at {address} works with the real Twilio; a synthetic text needs its fake one.")
    backend = os.environ.get("BACKEND") or "embedded"
    plan = make_plan(with_env_file(os.environ), backend, host, parts.port)
    settings = plan.settings()
    query = urllib.parse.urlencode(described["relay_state"])

    def token() -> str:
        with open_url(f"{address}/local/token?{query}", _TIMEOUT_SECONDS) as answer:
            return str(answer.read().decode().strip())

    return Target(
        base_url=settings.public_base_url,
        relay_state_url=f"{address}/sms/relay-state",
        account_sid=settings.account_sid,
        auth_token=settings.auth_tokens[0],
        business_phone=settings.business_phones[0],
        settings=plan.environ,
        token=_cached(token),
    )


def _cached(make: Callable[[], str]) -> Callable[[], str]:
    """Tokens live for an hour, longer than any smoke test."""
    made: list[str] = []

    def token() -> str:
        if not made:
            made.append(make())
        return made[0]

    return token


def ask(url: str, body: bytes | Mapping[str, Any], headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """POST a form (bytes) or JSON (a mapping): the status and, if it is JSON, the answer. Raises Problem."""
    if isinstance(body, bytes):
        data, sent = body, dict(headers)
    else:
        data, sent = json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
    if not may_carry_secrets(url):
        raise Problem(f"{urlsplit(url).netloc} is asked with an identity token, so its address must be https.")
    request = urllib.request.Request(url, data=data, headers=sent, method="POST")  # noqa: S310 - scheme checked above
    try:
        with open_url(request, _TIMEOUT_SECONDS) as answer:
            return answer.status, _json(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, _json(error.read())
    except OSError as error:
        raise Problem(f"{urlsplit(url).netloc} does not answer ({type(error).__name__}).") from error


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
