"""Every environment variable this project reads, as one table that .env.example and Terraform are held against.

A variable belongs to a need; an entry point has needs. So a function is given exactly what it uses, secrets included.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Need(StrEnum):
    """Something an entry point must be able to do."""

    STORE = "store"  # read and write relays
    TIMERS = "timers"  # arm and cancel wake-up calls
    WEBHOOK = "webhook"  # check that a request is Twilio's
    SENDING = "sending"  # send texts and look up their fate
    CALLBACK = "callback"  # tell Twilio where to report
    TIERS = "tiers"  # know today's tiers, our own numbers, and who else is no customer
    IDENTITY = "identity"  # check a caller's Google identity token
    BROWSER = "browser"  # answer a browser's cross-origin calls
    OWN_TIER = "own_tier"  # know which tier this function escalates to
    EVENTS = "events"  # publish relay events
    CONSOLE = "console"  # hand out the operator's page
    LINKS = "links"  # write the links by which the files of texts are opened
    MEDIA = "media"  # fetch those files
    REPLIES = "replies"  # know whether handlers' texts answer customers, and who has one
    OPERATORS = "operators"  # know today's operators, and from where they sign in
    ALARMS = "alarms"  # have operators told: know whether a channel is set, and wake what tells
    TELLING = "telling"  # tell operators by each channel


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable.

    Attributes:
        needs: what it is for; it is read by the entry points with any of these needs.
        required: "always", "google" (on that backend only), or "" when it may be left out.
        secret: its value must come from Secret Manager in the cloud and is never shown.
        words: what it is, for .env.example and error messages.
    """

    name: str
    needs: frozenset[Need]
    required: str
    secret: bool
    words: str


def _variable(name: str, needs: tuple[Need, ...], words: str, *, required: str = "", secret: bool = False) -> Variable:
    return Variable(name, frozenset(needs), required, secret, words)


_WEBHOOK, _SENDING, _TIERS = (Need.WEBHOOK,), (Need.SENDING,), (Need.TIERS,)
_SIGNED_IN = (Need.SENDING, Need.MEDIA)
_IDENTITY, _STORE, _TIMERS = (Need.IDENTITY,), (Need.STORE,), (Need.TIMERS,)
_OPERATORS = (Need.OPERATORS,)
_TASKS, _TELLING, _ALARMS = (Need.TIMERS, Need.ALARMS), (Need.TELLING,), (Need.ALARMS, Need.TELLING)

VARIABLES: tuple[Variable, ...] = (
    _variable("RELAY_BACKEND", _STORE, "`embedded` (SQLite) or `google`; google when GOOGLE_CLOUD_PROJECT is set"),
    _variable("RELAY_DATABASE", _STORE, "embedded: path of the SQLite file (default .local/relay.db)"),
    _variable("HEARTBEAT_URL", _STORE, "embedded: a watcher's https address, called after each good sweep"),
    _variable("GOOGLE_CLOUD_PROJECT", _STORE, "google: the project id", required="google"),
    _variable("FIRESTORE_DATABASE", _STORE, "google: the Firestore database (default (default))"),
    _variable("RELAY_COLLECTION", _STORE, "google: the collection of relays (default message-relay-state)"),
    _variable("TASKS_LOCATION", _TASKS, "google: the region of the Cloud Tasks queues", required="google"),
    _variable("TASKS_QUEUE_TEMPLATE", _TIMERS, "google: a queue's name (default escalate-tier-{tier})"),
    _variable("ESCALATION_URL_TEMPLATE", _TIMERS, "google: URL of a tier's function, with {tier}", required="google"),
    _variable("TASKS_INVOKER_EMAIL", _TASKS, "google: service account whose token calls them", required="google"),
    _variable(
        "TWILIO_ACCOUNT_SID",
        (Need.WEBHOOK, Need.SENDING, Need.MEDIA),
        "the account: AC and 32 hexadecimal digits",
        required="always",
    ),
    _variable(
        "TWILIO_AUTH_TOKEN",
        (Need.WEBHOOK, Need.SENDING, Need.MEDIA),
        "signs the webhooks; sends too when no API key is given",
        required="always",
        secret=True,
    ),
    _variable(
        "TWILIO_AUTH_TOKEN_SECONDARY",
        _WEBHOOK,
        "during a rotation: a second auth token whose signatures are accepted",
        secret=True,
    ),
    _variable("TWILIO_API_KEY_SID", _SIGNED_IN, "API key for sending: SK and 32 hexadecimal digits"),
    _variable("TWILIO_API_KEY_SECRET", _SIGNED_IN, "the API key's secret", secret=True),
    _variable(
        "TWILIO_API_BASE_URL",
        (Need.WEBHOOK, Need.SENDING, Need.MEDIA),
        "another Twilio-compatible server (default: Twilio itself)",
    ),
    _variable(
        "PUBLIC_BASE_URL",
        (Need.WEBHOOK, Need.CALLBACK),
        "the https address Twilio reaches, without a path's slash at the end; signatures are checked against it",
        required="always",
    ),
    _variable(
        "CALLBACK_BASE_URL",
        (Need.CALLBACK,),
        "where Twilio reports what became of a text, if not at PUBLIC_BASE_URL too (functions without a gateway)",
    ),
    _variable(
        "MEDIA_BASE_URL",
        (Need.LINKS,),
        "the https address of the links by which handlers open photos, if not PUBLIC_BASE_URL: best a short one",
    ),
    _variable(
        "BUSINESS_PHONE_NUMBER",
        (Need.TIERS, Need.TELLING),
        "our published number, E.164; several separated by commas",
        required="always",
    ),
    _variable("RELAY_TIERS", _TIERS, "JSON list of tiers: name, phone, retry_delays_seconds, …"),
    _variable("PRIMARY_HANDLER_PHONE", _TIERS, "tier 1's number, when RELAY_TIERS is not given"),
    _variable("SECONDARY_HANDLER_PHONE", _TIERS, "tier 2's number, when RELAY_TIERS is not given"),
    _variable("BACKUP_HANDLER_PHONE", _TIERS, "tier 3's number, when RELAY_TIERS is not given"),
    _variable("PRIMARY_HANDLER_NAME", _TIERS, "what the handler with PRIMARY_HANDLER_PHONE is called"),
    _variable("SECONDARY_HANDLER_NAME", _TIERS, "what the handler with SECONDARY_HANDLER_PHONE is called"),
    _variable("BACKUP_HANDLER_NAME", _TIERS, "what the handler with BACKUP_HANDLER_PHONE is called"),
    _variable(
        "RELAY_REPLIES",
        (Need.REPLIES,),
        "`on`: handlers' texts answer customers and claim them; `off` (default): they are recorded and go nowhere",
    ),
    _variable(
        "RELAY_BUSINESS_NAME",
        (Need.SENDING, Need.CONSOLE),
        "the business's name, as customers read it in the first answer, and operators with their code; "
        "required with RELAY_REPLIES=on",
    ),
    _variable(
        "RELAY_OWNER_ACTIVE_SECONDS",
        (Need.REPLIES,),
        "for how long after a text in a thread its owner is taken to read what comes next, without a claim "
        "(0 to 86400, default 7200)",
    ),
    _variable("RELAY_ALARM_PHONES", _ALARMS, "operators who are texted alarms, E.164, separated by commas"),
    _variable("RELAY_ALARM_EMAILS", _ALARMS, "operators who are e-mailed alarms, separated by commas"),
    _variable("RELAY_ALARM_WEBHOOK_URL", _ALARMS, "the https address to which alarms are posted as JSON"),
    _variable("RELAY_ALARM_WEBHOOK_SECRET", _TELLING, "signs what is posted there", secret=True),
    _variable(
        "RELAY_ALARM_WORDS",
        (Need.ALARMS,),
        "`on`: alarms name the customer's number and quote the text; `off` (default): the number's last digits",
    ),
    _variable("SMTP_URL", _TELLING, "the server that takes our e-mail: smtp://user@host:587 or smtps://user@host:465"),
    _variable("SMTP_PASSWORD", _TELLING, "that user's password there", secret=True),
    _variable("RELAY_EMAIL_FROM", _TELLING, "the address from which our e-mail comes"),
    _variable("TELL_URL", (Need.ALARMS,), "google: URL of the function that tells operators what is due"),
    _variable("TELL_QUEUE", (Need.ALARMS,), "google: the queue of tasks that call it at once (default tell)"),
    _variable(
        "ESCALATION_TIER",
        (Need.OWN_TIER,),
        "the tier this function escalates to: 1, 2, …, or `any`",
        required="google",
    ),
    _variable(
        "RELAY_OPERATORS",
        (Need.OPERATORS, Need.TIERS),
        "JSON list of who may sign in at the console: name, phone, email, role (`look` or `act`)",
    ),
    _variable(
        "CONSOLE_BASE_URL",
        (Need.OPERATORS, Need.ALARMS),
        "the https address at which operators reach /console/, if not PUBLIC_BASE_URL",
    ),
    _variable(
        "RELAY_TRUSTED_PROXIES",
        _OPERATORS,
        "how many proxies in front are believed what X-Forwarded-For says (0 to 5, default 0)",
    ),
    _variable("RELAY_STATE_AUDIENCE", _IDENTITY, "audience that identity tokens must carry", required="google"),
    _variable("RELAY_STATE_ALLOWED_EMAILS", _IDENTITY, "callers, separated by commas", required="google"),
    _variable("RELAY_STATE_CERTS_URL", _IDENTITY, "where the token issuer's keys are (default: Google's)"),
    _variable("RELAY_STATE_ALLOWED_ORIGINS", (Need.BROWSER,), "exact origins of browser pages, separated by commas"),
    _variable("EVENTS_TOPIC", (Need.EVENTS,), "google: Pub/Sub topic of relay events", required="google"),
    _variable("DEAD_LETTER_TOPIC", (Need.EVENTS,), "google: Pub/Sub topic of exhausted relays", required="google"),
    _variable(
        "CONSOLE_API_URL",
        (Need.CONSOLE,),
        "where the console finds relay-state and redrive, if not at its own address",
    ),
)

_ATTEMPTING = frozenset({Need.STORE, Need.TIMERS, Need.SENDING, Need.CALLBACK, Need.LINKS, Need.REPLIES, Need.ALARMS})
# Who calls is told by a session, a token or this machine's credential.
_ASKED_BY_OPERATORS = frozenset({Need.IDENTITY, Need.BROWSER, Need.OPERATORS})

# What each function must be able to do. One row per entry point of main.py; Terraform deploys from the same list.
ENTRY_POINTS: dict[str, frozenset[Need]] = {
    "sms_inbound": _ATTEMPTING | {Need.WEBHOOK, Need.TIERS},
    "sms_delivery_status": frozenset({Need.STORE, Need.TIMERS, Need.WEBHOOK, Need.REPLIES, Need.ALARMS}),
    "sms_relay_state": frozenset({Need.STORE, Need.LINKS, Need.TIERS, Need.REPLIES}) | _ASKED_BY_OPERATORS,
    "sms_redrive": frozenset({Need.STORE, Need.TIMERS, Need.TIERS, Need.REPLIES, Need.ALARMS}) | _ASKED_BY_OPERATORS,
    "escalate_tier": _ATTEMPTING | {Need.OWN_TIER},
    "sweep": _ATTEMPTING,
    "reconcile": _ATTEMPTING | {Need.TIERS},
    "tell": frozenset({Need.STORE, Need.SENDING, Need.CALLBACK, Need.ALARMS, Need.TELLING}),
    "relay_events": frozenset({Need.STORE, Need.EVENTS}),
    "console": frozenset({Need.STORE, Need.CONSOLE, Need.IDENTITY, Need.OPERATORS, Need.ALARMS}),
    "media": frozenset({Need.STORE, Need.MEDIA}),
}


def variables_of(entry_point: str) -> tuple[Variable, ...]:
    """Returns the variables that this entry point reads. KeyError when there is no such entry point."""
    needs = ENTRY_POINTS[entry_point]
    return tuple(variable for variable in VARIABLES if variable.needs & needs)
