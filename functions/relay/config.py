"""Configuration from the environment: read once, checked whole, every mistake reported together and in words."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from relay.errors import ConfigurationError
from relay.policy import (
    DEFAULT_RECEIPT_TIMEOUT_SECONDS,
    DEFAULT_RETRY_DELAYS_SECONDS,
    Policy,
    Success,
    Tier,
)
from relay.variables import ENTRY_POINTS, VARIABLES, Need

# ITU-T E.164: a plus sign and at most 15 digits, the first not zero; below 8 digits no mobile number exists.
E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")
_API_KEY_SID = re.compile(r"SK[0-9a-f]{32}")
_HANDLER_VARIABLES = ("PRIMARY_HANDLER_PHONE", "SECONDARY_HANDLER_PHONE", "BACKUP_HANDLER_PHONE")
_TIER_KEYS = ("name", "phone", "retry_delays_seconds", "receipt_timeout_seconds", "success")
# Twilio keeps a text queued for at most this long (ValidityPeriod), so waiting longer for its receipt is in vain.
_RECEIPT_TIMEOUT_MAX_SECONDS = 36000
DATABASE_DEFAULT = ".local/relay.db"
_GOOGLE_CERTS_URL = "https://www.googleapis.com/oauth2/v1/certs"


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration, checked. Fields that the entry point does not need are empty."""

    backend: str
    database_path: str
    project: str
    firestore_database: str
    collection: str
    tasks_location: str
    tasks_queue_template: str
    escalation_url_template: str
    tasks_invoker_email: str
    account_sid: str
    auth_tokens: tuple[str, ...]
    api_key_sid: str
    api_key_secret: str
    api_base_url: str
    public_base_url: str
    callback_base_url: str
    business_phones: tuple[str, ...]
    policy: Policy | None
    escalation_tier: int | None
    audience: str
    allowed_emails: frozenset[str]
    certs_url: str
    allowed_origins: frozenset[str]
    events_topic: str
    dead_letter_topic: str
    console_api_url: str

    def __repr__(self) -> str:
        # Secrets and phone numbers must not reach a log through an innocent print.
        return f"Settings(backend={self.backend!r}, project={self.project!r})"


class _Reader:
    """Collects values and mistakes side by side."""

    def __init__(self, environ: Mapping[str, str], needs: Collection[Need], backend: str) -> None:
        self.mistakes: list[str] = []
        self._environ = environ
        self._wanted = {variable.name: variable for variable in VARIABLES if variable.needs & frozenset(needs)}
        self._backend = backend

    def text(self, name: str, default: str = "") -> str:
        """The value, or the default; a mistake when it is required and missing. Empty when nobody needs it."""
        variable = self._wanted.get(name)
        if variable is None:
            return ""
        value = self._environ.get(name, "").strip()
        if not value and variable.required in ("always", self._backend):
            self.mistakes.append(f"{name} is missing: {variable.words}.")
        return value or default

    def listed(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def matching(self, name: str, pattern: re.Pattern[str], form: str) -> str:
        value = self.text(name)
        if value and not pattern.fullmatch(value):
            self.mistakes.append(f"{name} is not {form}.")
        return value

    def url(self, name: str) -> str:
        value = self.text(name)
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment):
            self.mistakes.append(f"{name} is not a web address like https://relay.example.com, without ? or #.")
        if "_" in (parts.hostname or ""):
            self.mistakes.append(f"{name} has an underscore in its host name, which Twilio refuses in a callback.")
        return value.rstrip("/")


def load_settings(environ: Mapping[str, str], entry_points: Collection[str]) -> Settings:
    """Settings for these entry points (names of variables.ENTRY_POINTS).

    Raises ConfigurationError with every mistake in words; none of them shows a secret or a full phone number.
    """
    needs = frozenset().union(*(ENTRY_POINTS[name] for name in entry_points))
    backend = environ.get("RELAY_BACKEND", "").strip()
    chosen = backend or ("google" if environ.get("GOOGLE_CLOUD_PROJECT", "").strip() else "embedded")
    read = _Reader(environ, needs, chosen)
    if chosen not in ("embedded", "google"):
        read.mistakes.append("RELAY_BACKEND is neither `embedded` nor `google`.")
    known = {variable.name for variable in VARIABLES}
    for name in sorted(environ):
        if name.startswith("RELAY_") and name not in known and not name.startswith("RELAY_LOCAL_"):
            read.mistakes.append(f"{name} is not a setting of this relay; see .env.example for those it knows.")
    policy, phones = _policy(read, environ) if Need.TIERS in needs else (None, ())
    public_base_url = read.url("PUBLIC_BASE_URL")
    settings = Settings(
        backend=chosen,
        database_path=read.text("RELAY_DATABASE", DATABASE_DEFAULT),
        project=read.text("GOOGLE_CLOUD_PROJECT"),
        firestore_database=read.text("FIRESTORE_DATABASE", "(default)"),
        collection=read.text("RELAY_COLLECTION", "message-relay-state"),
        tasks_location=read.text("TASKS_LOCATION"),
        tasks_queue_template=read.text("TASKS_QUEUE_TEMPLATE", "escalate-tier-{tier}"),
        escalation_url_template=read.text("ESCALATION_URL_TEMPLATE"),
        tasks_invoker_email=read.text("TASKS_INVOKER_EMAIL"),
        account_sid=read.matching("TWILIO_ACCOUNT_SID", _ACCOUNT_SID, "AC followed by 32 hexadecimal digits"),
        auth_tokens=tuple(filter(None, (read.text("TWILIO_AUTH_TOKEN"), read.text("TWILIO_AUTH_TOKEN_SECONDARY")))),
        api_key_sid=read.matching("TWILIO_API_KEY_SID", _API_KEY_SID, "SK followed by 32 hexadecimal digits"),
        api_key_secret=read.text("TWILIO_API_KEY_SECRET"),
        api_base_url=read.url("TWILIO_API_BASE_URL"),
        public_base_url=public_base_url,
        callback_base_url=read.url("CALLBACK_BASE_URL") or public_base_url,
        business_phones=phones,
        policy=policy,
        escalation_tier=_escalation_tier(read),
        audience=read.text("RELAY_STATE_AUDIENCE"),
        allowed_emails=frozenset(email.lower() for email in read.listed("RELAY_STATE_ALLOWED_EMAILS")),
        certs_url=read.url("RELAY_STATE_CERTS_URL") or _GOOGLE_CERTS_URL,
        allowed_origins=frozenset(read.listed("RELAY_STATE_ALLOWED_ORIGINS")),
        events_topic=read.text("EVENTS_TOPIC"),
        dead_letter_topic=read.text("DEAD_LETTER_TOPIC"),
        console_api_url=read.url("CONSOLE_API_URL"),
    )
    if bool(settings.api_key_sid) != bool(settings.api_key_secret):
        read.mistakes.append("TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET go together: give both or neither.")
    for name in ("TASKS_QUEUE_TEMPLATE", "ESCALATION_URL_TEMPLATE"):
        value = environ.get(name, "")
        if value and "{tier}" not in value:
            read.mistakes.append(f"{name} does not contain {{tier}}, so every tier would share one.")
    for origin in settings.allowed_origins:
        if not re.fullmatch(r"https?://[^/*]+", origin):
            read.mistakes.append("RELAY_STATE_ALLOWED_ORIGINS holds something that is not an origin like https://a.b.")
    if read.mistakes:
        raise ConfigurationError(read.mistakes)
    return settings


def _escalation_tier(read: _Reader) -> int | None:
    value = read.text("ESCALATION_TIER")
    if value in ("", "any"):
        return None
    if not value.isdecimal() or int(value) < 1:
        read.mistakes.append("ESCALATION_TIER is not a tier's number: 1, 2, … (or `any`).")
        return None
    return int(value)


def _policy(read: _Reader, environ: Mapping[str, str]) -> tuple[Policy | None, tuple[str, ...]]:
    """Today's tiers and our own numbers, checked against each other."""
    own = read.listed("BUSINESS_PHONE_NUMBER")
    for number in own:
        if not E164.fullmatch(number):
            read.mistakes.append(f"BUSINESS_PHONE_NUMBER: {_shown(number)} is not E.164, like +15551234567.")
    source = "RELAY_TIERS"
    text = read.text(source)
    if text:
        for name in _HANDLER_VARIABLES:
            if environ.get(name, "").strip():
                read.mistakes.append(f"{name} is given beside RELAY_TIERS: use one way to name the handlers.")
        tiers = _tiers_from_json(read, text)
    else:
        tiers = _tiers_from_phones(read)
        source = "PRIMARY_, SECONDARY_ and BACKUP_HANDLER_PHONE"
    seen: dict[str, int] = {}
    for level, tier in enumerate(tiers, start=1):
        if tier.phone in own:
            read.mistakes.append(f"{source}: tier {level} is our own number; the relay would text itself.")
        if tier.phone in seen:
            read.mistakes.append(f"{source}: tiers {seen[tier.phone]} and {level} have the same phone number.")
        seen.setdefault(tier.phone, level)
    return (Policy(tuple(tiers)) if tiers else None), own


def _tiers_from_phones(read: _Reader) -> list[Tier]:
    values = [(name, read.text(name)) for name in _HANDLER_VARIABLES]
    given = [bool(value) for _, value in values]
    if not any(given):
        read.mistakes.append("No handlers are given: set RELAY_TIERS, or PRIMARY_HANDLER_PHONE and the two after it.")
    elif sorted(given, reverse=True) != given:
        read.mistakes.append("The handlers have a gap: fill PRIMARY_, then SECONDARY_, then BACKUP_HANDLER_PHONE.")
    for name, value in values:
        if value and not E164.fullmatch(value):
            read.mistakes.append(f"{name}: {_shown(value)} is not E.164, like +15551234567.")
    return [Tier(name.split("_")[0].lower(), value) for name, value in values if value]


def _tiers_from_json(read: _Reader, text: str) -> list[Tier]:
    try:
        values = json.loads(text)
    except ValueError as error:
        read.mistakes.append(f"RELAY_TIERS is not JSON: {type(error).__name__} (is a quote or a comma missing?).")
        return []
    if not isinstance(values, list) or not values or not all(isinstance(value, dict) for value in values):
        read.mistakes.append('RELAY_TIERS is not a list of at least one tier like {"name": "…", "phone": "+1…"}.')
        return []
    tiers = [_tier(read, number, value) for number, value in enumerate(values, start=1)]
    return [tier for tier in tiers if tier is not None]


def _tier(read: _Reader, number: int, value: dict[str, Any]) -> Tier | None:
    before = len(read.mistakes)

    def wrong(words: str) -> None:
        read.mistakes.append(f"RELAY_TIERS: tier {number}{words}")

    for key in value:
        if key not in _TIER_KEYS:
            wrong(f" has an unknown key `{key}`; a tier has {', '.join(_TIER_KEYS)}.")
    phone = value.get("phone")
    if not isinstance(phone, str) or not E164.fullmatch(phone):
        wrong(f": phone {_shown(str(phone or ''))} is not E.164, like +15551234567.")
    name = value.get("name", f"tier {number}")
    if not isinstance(name, str) or not name.strip() or len(name) > 100:
        wrong(": name is not a text of 1 to 100 characters.")
    delays = value.get("retry_delays_seconds", list(DEFAULT_RETRY_DELAYS_SECONDS))
    if not isinstance(delays, list) or len(delays) > 10 or not all(_is_seconds(delay, 0, 3600) for delay in delays):
        wrong(": retry_delays_seconds is not a list of at most 10 waits of 0 to 3600 seconds.")
    timeout = value.get("receipt_timeout_seconds", DEFAULT_RECEIPT_TIMEOUT_SECONDS)
    if not _is_seconds(timeout, 1, _RECEIPT_TIMEOUT_MAX_SECONDS):
        wrong(f": receipt_timeout_seconds is not between 1 and {_RECEIPT_TIMEOUT_MAX_SECONDS} seconds.")
    success = value.get("success", Success.DELIVERED.value)
    if success not in set(Success):
        wrong(": success is neither `delivered` nor `sent`.")
    if len(read.mistakes) > before:
        return None
    return Tier(name, str(phone), tuple(float(delay) for delay in delays), float(timeout), Success(success))


def _is_seconds(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _shown(number: str) -> str:
    """Enough of a number to find the mistake, not enough to be one: its last two characters."""
    return f"…{number[-2:]}" if len(number) > 2 else "(nothing)"
