"""Configuration from the environment: read once, checked whole, every mistake reported together and in words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from relay.core.numbers import E164
from relay.core.operators import Operators
from relay.core.policy import Policy
from relay.errors import ConfigurationError
from relay.settings.alarms import Alerting, read_alerting
from relay.settings.operators import read_operators
from relay.settings.reader import Reader, host_of
from relay.settings.replies import read_replies
from relay.settings.tiers import read_policy
from relay.settings.variables import ENTRY_POINTS, VARIABLES, Need

__all__ = [
    "DATABASE_DEFAULT",
    "E164",
    "Settings",
    "backend_of",
    "forms_of_credentials",
    "is_twilio_itself",
    "load_settings",
]

_SIDS = {
    "TWILIO_ACCOUNT_SID": (re.compile(r"AC[0-9a-fA-F]{32}"), "AC followed by 32 hexadecimal digits"),
    "TWILIO_API_KEY_SID": (re.compile(r"SK[0-9a-fA-F]{32}"), "SK followed by 32 hexadecimal digits"),
}
_TOKEN = (re.compile(r"[0-9a-fA-F]{32}"), "32 hexadecimal digits: copy it again from the Twilio console")
_TOKENS = {"TWILIO_AUTH_TOKEN": _TOKEN, "TWILIO_AUTH_TOKEN_SECONDARY": _TOKEN}
# A collection of Firestore's; the embedded home needs no name.
_COLLECTION = re.compile(r"(?!__)[A-Za-z0-9_.-]{1,200}")
# As a browser sends it: exactly scheme, host and port.
_ORIGIN = re.compile(r"https?://[a-z0-9.\[\]:-]+")
_PATH = (re.compile(r"(?!(?:.*/)?~/)[^$]+"), "a path without ~/ and $, which only a shell would replace")
DATABASE_DEFAULT = ".local/relay.db"
# Names that begin like ours but belong to the local stack and to the tests.
_NOT_SETTINGS = ("RELAY_LOCAL_", "RELAY_FORBID_", "RELAY_TERRAFORM")
_GOOGLE_CERTS_URL = "https://www.googleapis.com/oauth2/v1/certs"


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration, checked. Fields that the entry point does not need are empty."""

    backend: str
    database_path: str
    heartbeat_url: str
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
    media_base_url: str
    business_phones: tuple[str, ...]
    policy: Policy | None
    replies: bool
    business_name: str
    owner_active_seconds: float
    escalation_tier: int | None
    audience: str
    allowed_emails: frozenset[str]
    certs_url: str
    allowed_origins: frozenset[str]
    events_topic: str
    dead_letter_topic: str
    console_api_url: str
    console_base_url: str
    operators: Operators
    trusted_proxies: int
    alerting: Alerting

    @property
    def operator_phones(self) -> frozenset[str]:
        """Returns the numbers of those who sign in, or are told alarms."""
        return self.operators.phones | frozenset(self.alerting.phones)

    def __repr__(self) -> str:
        # Secrets and phone numbers must not reach a log through an innocent print.
        return f"Settings(backend={self.backend!r}, project={self.project!r})"


def load_settings(environ: Mapping[str, str], entry_points: Collection[str]) -> Settings:
    """Returns the settings for these entry points (names of variables.ENTRY_POINTS).

    Raises ConfigurationError with every mistake in words; none of them shows a secret or a full phone number.
    """
    needs = frozenset().union(*(ENTRY_POINTS[name] for name in entry_points))
    chosen = backend_of(environ) if Need.STORE in needs else "embedded"
    read = Reader(environ, needs, chosen)
    if chosen not in ("embedded", "google"):
        read.mistakes.append("RELAY_BACKEND is neither `embedded` nor `google`.")
    read.mistakes.extend(_names_that_are_none(environ))
    api_base_url = read.url("TWILIO_API_BASE_URL")
    is_real = is_twilio_itself(api_base_url)
    replies = read_replies(read, is_real=is_real)
    if Need.TIERS in needs:
        policy, phones = read_policy(read, replies=replies.are_on)
    else:
        policy, phones = None, read.listed("BUSINESS_PHONE_NUMBER")
    if is_real and urlsplit(api_base_url).path:
        read.mistakes.append(
            "TWILIO_API_BASE_URL has a path: leave it away, the relay adds /2010-04-01 and the rest itself."
        )
    public_base_url = read.address_of_ours("PUBLIC_BASE_URL", is_real=is_real)
    forms = forms_of_credentials(api_base_url)
    signing_in = read_operators(read, phones)

    def credential(name: str) -> str:
        return read.matching(name, *forms[name]) if name in forms else read.text(name)

    settings = Settings(
        backend=chosen,
        database_path=read.matching("RELAY_DATABASE", *_PATH, DATABASE_DEFAULT),
        heartbeat_url=read.address_to_call("HEARTBEAT_URL"),
        project=read.text("GOOGLE_CLOUD_PROJECT"),
        firestore_database=read.text("FIRESTORE_DATABASE", "(default)"),
        collection=read.matching("RELAY_COLLECTION", _COLLECTION, "a collection's name", "message-relay-state"),
        tasks_location=read.text("TASKS_LOCATION"),
        tasks_queue_template=read.template("TASKS_QUEUE_TEMPLATE", "escalate-tier-{tier}"),
        escalation_url_template=read.template("ESCALATION_URL_TEMPLATE", is_url=True),
        tasks_invoker_email=read.text("TASKS_INVOKER_EMAIL"),
        account_sid=credential("TWILIO_ACCOUNT_SID"),
        auth_tokens=tuple(filter(None, (credential("TWILIO_AUTH_TOKEN"), credential("TWILIO_AUTH_TOKEN_SECONDARY")))),
        api_key_sid=credential("TWILIO_API_KEY_SID"),
        api_key_secret=read.text("TWILIO_API_KEY_SECRET"),
        api_base_url=api_base_url,
        public_base_url=public_base_url,
        callback_base_url=read.address_of_ours("CALLBACK_BASE_URL", is_real=is_real) or public_base_url,
        # What only shows links is not told which Twilio it is.
        media_base_url=read.address_of_ours("MEDIA_BASE_URL", is_real=is_real and read.wants("TWILIO_API_BASE_URL"))
        or public_base_url,
        business_phones=phones,
        policy=policy,
        replies=replies.are_on,
        business_name=replies.business_name,
        owner_active_seconds=replies.owner_active_seconds,
        escalation_tier=_escalation_tier(read),
        audience=read.text("RELAY_STATE_AUDIENCE"),
        allowed_emails=frozenset(email.lower() for email in read.listed("RELAY_STATE_ALLOWED_EMAILS")),
        certs_url=read.url("RELAY_STATE_CERTS_URL") or _GOOGLE_CERTS_URL,
        allowed_origins=frozenset(read.listed("RELAY_STATE_ALLOWED_ORIGINS")),
        events_topic=read.text("EVENTS_TOPIC"),
        dead_letter_topic=read.text("DEAD_LETTER_TOPIC"),
        console_api_url=read.url("CONSOLE_API_URL"),
        console_base_url=signing_in.console_base_url or public_base_url,
        operators=signing_in.operators,
        trusted_proxies=signing_in.trusted_proxies,
        alerting=read_alerting(read, phones),
    )
    if bool(settings.api_key_sid) != bool(settings.api_key_secret):
        read.mistakes.append("TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET go together: give both or neither.")
    if not all(_ORIGIN.fullmatch(origin) for origin in settings.allowed_origins):
        read.mistakes.append("RELAY_STATE_ALLOWED_ORIGINS holds something that is not an origin like https://a.b.")
    if read.mistakes:
        raise ConfigurationError(read.mistakes)
    return settings


def _names_that_are_none(environ: Mapping[str, str]) -> Iterator[str]:
    """Yields a mistake for each variable that looks like a setting of this relay and is none.

    That is every other RELAY_ name, and a name so near to one of ours, in small letters too, that it must be meant for
    it: a misspelt second auth token would not be read, and texts would be refused during a rotation.
    """
    known = {variable.name for variable in VARIABLES}
    first_words = {name.partition("_")[0] for name in known}
    for name in sorted(environ):
        if name in known or name.startswith(_NOT_SETTINGS) or name.upper().partition("_")[0] not in first_words:
            continue
        if name.startswith("RELAY_"):
            yield f"{name} is not a setting of this relay; see .env.example for those it knows."
        elif meant := _nearest(name.upper(), known):
            yield f"{name} is not a setting of this relay; {meant} seems to be meant."


def _nearest(name: str, known: Collection[str]) -> str | None:
    from difflib import get_close_matches  # hardly ever needed, and every start would pay for it

    return next(iter(get_close_matches(name, known, n=1, cutoff=0.9)), None)


def backend_of(environ: Mapping[str, str]) -> str:
    """Returns `embedded`, `google`, or any other word that RELAY_BACKEND was set to."""
    given = environ.get("RELAY_BACKEND", "").strip()
    return given or ("google" if environ.get("GOOGLE_CLOUD_PROJECT", "").strip() else "embedded")


def forms_of_credentials(api_base_url: str) -> Mapping[str, tuple[re.Pattern[str], str]]:
    """Returns for each credential's variable the pattern that it has, and that in words.

    Tokens have one at Twilio itself; another server that behaves like it may give out what it likes.
    """
    return {**_SIDS, **_TOKENS} if is_twilio_itself(api_base_url) else _SIDS


def is_twilio_itself(api_base_url: str) -> bool:
    """Returns whether texts go to Twilio itself (no address, or one of its own), not to a server that stands in."""
    return not api_base_url or f".{host_of(api_base_url)}".endswith(".twilio.com")


def _escalation_tier(read: Reader) -> int | None:
    value = read.text("ESCALATION_TIER")
    if value in ("", "any"):
        return None
    if not value.isdecimal() or int(value) < 1:
        read.mistakes.append("ESCALATION_TIER is not a tier's number: 1, 2, … (or `any`).")
        return None
    return int(value)
