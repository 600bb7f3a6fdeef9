"""Decides the settings of the local stack: `.env`, then made-up values for whatever a fake Twilio needs.

What the environment says always wins over `.env`, and both over what is made up here. Settings of the stack itself are
named RELAY_LOCAL_…; the relay ignores those.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from relay.addresses import is_loopback
from relay.errors import ConfigurationError
from relay.settings.settings import DATABASE_DEFAULT, Settings, load_settings
from relay.web import MEDIA_PATH

from scripts.fake_twilio.settings import Settings as FakeSettings
from scripts.local_stack.places import FAKE_DATABASE, Twilio, refuse_made_up_database, twilio_of

# The operators' page, and below it the routes by which they sign in; public, since the page holds nothing.
CONSOLE_PATH = "/console/"
# The entry points that the stack serves, by path; {tier} stands for a number. All that begins as one of PREFIXES is
# that one's.
PUBLIC_ROUTES = {
    "/sms/inbound": "sms_inbound",
    "/sms/delivery-status": "sms_delivery_status",
    "/sms/relay-state": "sms_relay_state",
    "/sms/redrive": "sms_redrive",
    "/sms/threads": "sms_redrive",
    CONSOLE_PATH: "console",
    MEDIA_PATH: "media",
}
PREFIXES = (MEDIA_PATH, CONSOLE_PATH)
PRIVATE_ROUTES = {
    "/tasks/escalate/{tier}": "escalate_tier",
    "/tasks/sweep": "sweep",
    "/tasks/reconcile": "reconcile",
    "/tasks/tell": "tell",
}
# Where the stand-in for Eventarc tells of written documents.
EVENTS_ROUTE = "/tasks/relay-events"

# 202-555-01XX is set aside for made-up people: no real phone rings if one of these gets to a carrier.
CUSTOMER_PHONE = "+12025550142"
_BUSINESS_PHONE = "+12025550100"
# Short enough to watch: a silent carrier is given up after six seconds.
_TIERS = [
    {"name": "Dana (on call)", "phone": "+12025550111", "receipt_timeout_seconds": 6},
    {"name": "Sam (backup)", "phone": "+12025550112", "receipt_timeout_seconds": 6},
    {"name": "Front desk", "phone": "+12025550113", "receipt_timeout_seconds": 6},
]
_BUSINESS_NAME = "Harbor Heating"
# Who signs in at the console: the code comes to this phone.
_OPERATORS = [{"name": "Olivia", "phone": "+12025550121"}]
_ALL_INTERFACES = "0.0.0.0"  # noqa: S104 - only compared with, never bound to unasked
_HANDLERS = ("RELAY_TIERS", "PRIMARY_HANDLER_PHONE", "SECONDARY_HANDLER_PHONE", "BACKUP_HANDLER_PHONE")
LOCAL_EMAIL = "you@local.example.com"


@dataclass(frozen=True)
class Plan:
    """What to start. `environ` is the whole environment of the serving process, settings of the relay included."""

    environ: dict[str, str]
    twilio: Twilio
    backend: str
    host: str
    port: int

    @property
    def address(self) -> str:
        """Where this machine reaches it."""
        return _address(self.host, self.port)

    def settings(self) -> Settings:
        """The relay's settings for everything that is served. Raises ConfigurationError."""
        return load_settings(self.environ, [*PUBLIC_ROUTES.values(), *PRIVATE_ROUTES.values(), "relay_events"])


def _address(host: str, port: int) -> str:
    # Bound to all interfaces, it is on the loopback too.
    return f"http://{'127.0.0.1' if host == _ALL_INTERFACES else host}:{port}"


def make_plan(environ: Mapping[str, str], backend: str, host: str, port: int, database: str = "") -> Plan:
    """The plan for this address, whose port is already ours. `database` replaces the embedded home's file.

    Raises ConfigurationError with every mistake in words.
    """
    twilio = twilio_of(environ)
    if twilio is Twilio.REAL and backend == "google":
        raise ConfigurationError(
            [
                "BACKEND=google runs on emulators, which forget everything when they stop. Use it with the fake Twilio "
                "(without TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN), and the real Twilio with BACKEND=embedded."
            ]
        )
    if twilio is Twilio.FAKE and host != _ALL_INTERFACES and not is_loopback(host):
        # Tokens, and the keys that tell true ones, go over http between parts of the stack.
        words = (
            f"RELAY_LOCAL_HOST: with the fake Twilio it is to be 127.0.0.1, or {_ALL_INTERFACES} for all interfaces."
        )
        raise ConfigurationError([words])
    if not database:
        refuse_made_up_database(environ)
    address = _address(host, port)
    chosen = dict(environ)
    chosen["RELAY_BACKEND"] = backend
    if database:
        chosen["RELAY_DATABASE"] = database
    if backend == "google":
        chosen.update(_emulated_google(chosen, address))
    if twilio is Twilio.FAKE:
        chosen.update(made_up(chosen, address))
        # Where the stack's own issuer publishes its keys; tokens of another issuer make no sense here.
        chosen["RELAY_STATE_CERTS_URL"] = f"{address}/local/certs/x509"
        # What the fake one sends is kept apart from real customers' texts.
        _fill(chosen, "RELAY_DATABASE", FAKE_DATABASE)
    if twilio is Twilio.OTHER:
        _fill(chosen, "PUBLIC_BASE_URL", address)
    if backend == "google":
        # As Terraform has it: what is not told PUBLIC_BASE_URL there shows what links begin with.
        _fill(chosen, "MEDIA_BASE_URL", chosen["PUBLIC_BASE_URL"])
        _fill(chosen, "CONSOLE_BASE_URL", chosen["PUBLIC_BASE_URL"])
    _fill(chosen, "RELAY_DATABASE", DATABASE_DEFAULT)
    # The serving process runs in the repository's folder, whatever ours is.
    chosen["RELAY_DATABASE"] = str(Path(chosen["RELAY_DATABASE"]).absolute())
    chosen["RELAY_LOCAL_TWILIO"] = twilio.value
    chosen["RELAY_LOCAL_HOST"], chosen["RELAY_LOCAL_PORT"] = host, str(port)
    plan = Plan(chosen, twilio, backend, host, port)
    plan.settings()
    return plan


def made_up(environ: Mapping[str, str], address: str) -> dict[str, str]:
    """Settings that only make sense with a fake Twilio, for whatever is not given."""
    fake = FakeSettings()
    values = {
        "TWILIO_ACCOUNT_SID": fake.account_sid,
        "TWILIO_AUTH_TOKEN": fake.auth_token,
        # The fake one has an address of its own as soon as it listens, which is put here then.
        "TWILIO_API_BASE_URL": address,
        "PUBLIC_BASE_URL": address,
        "BUSINESS_PHONE_NUMBER": _BUSINESS_PHONE,
        "RELAY_STATE_AUDIENCE": f"{address}/sms/relay-state",
        "RELAY_STATE_ALLOWED_EMAILS": LOCAL_EMAIL,
        "RELAY_REPLIES": "on",
        "RELAY_BUSINESS_NAME": _BUSINESS_NAME,
        "RELAY_OPERATORS": json.dumps(_OPERATORS),
    }
    if not any(environ.get(name, "").strip() for name in _HANDLERS):
        values["RELAY_TIERS"] = json.dumps(_TIERS)
    missing = {name: value for name, value in values.items() if not environ.get(name, "").strip()}
    # Every run's fake starts with an empty memory, so its ids must not be those of an earlier run's texts.
    missing["RELAY_LOCAL_SEED"] = secrets.token_hex(8)
    return missing


def _emulated_google(environ: Mapping[str, str], address: str) -> dict[str, str]:
    values = {
        "GOOGLE_CLOUD_PROJECT": "local-relay",
        "TASKS_LOCATION": "us-central1",
        "TASKS_INVOKER_EMAIL": "tasks@local.example.com",
        # One function serves the queues of all tiers here; the path says which.
        "ESCALATION_TIER": "any",
        "EVENTS_TOPIC": "relay-events",
        "DEAD_LETTER_TOPIC": "relay-dead-letters",
        "RELAY_STATE_AUDIENCE": f"{address}/sms/relay-state",
        "RELAY_STATE_ALLOWED_EMAILS": LOCAL_EMAIL,
    }
    missing = {name: value for name, value in values.items() if not environ.get(name, "").strip()}
    missing["ESCALATION_URL_TEMPLATE"] = f"{address}/tasks/escalate/{{tier}}"
    missing["TELL_URL"] = f"{address}/tasks/tell"
    return missing


def _fill(environ: dict[str, str], name: str, value: str) -> None:
    if not environ.get(name, "").strip():
        environ[name] = value


def make_folder_of(database: str) -> None:
    """The folder of the embedded home's file, for its owner only. Raises ConfigurationError.

    Only the default's own is made: a misspelt path, or a disk that is not mounted, must not become an empty database.
    """
    folder = Path(database).absolute().parent
    if folder != Path(DATABASE_DEFAULT).absolute().parent and not folder.exists():
        raise ConfigurationError([f"RELAY_DATABASE: the folder {folder} is not there; make it, or correct the path."])
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        raise ConfigurationError([f"{folder} cannot be made ({error.strerror}); set RELAY_DATABASE."]) from error
