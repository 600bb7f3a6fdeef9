"""doctor's checks of the handlers: when each was last delivered to, or a test text that each answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from relay.core.failures import ADVICE
from relay.core.model import AttemptStatus
from relay.core.numbers import canonical
from relay.errors import ConfigurationError
from relay.settings.settings import load_settings
from relay.twilio.codes import failure_of

from scripts.deployment.tools import Problem
from scripts.deployment.twilio_api import TwilioApi
from scripts.relayctl.api import ApiError, Json, RelayApi
from scripts.relayctl.checks_twilio import missing
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding
from scripts.relayctl.times import named_clock, parsed, span
from scripts.relayctl.tokens import NoToken

_NAME = "handlers' phones"
# So many relays are looked through for the last one that each got.
_ROWS_MAX = 1000
_LOOK_SECONDS = 2.0
ANSWER_SECONDS = 300.0
_WORDS = "Test of the relay: you get the texts of customers at this phone. Please answer with a question mark: ?"
_HOW = "relayctl doctor --text-handlers texts each handler now and waits for an answer."
_SETTLED = ("delivered", "undelivered", "failed", "canceled")


@dataclass(frozen=True)
class Handler:
    """Who is texted at some tier, and at which number."""

    name: str
    phone: str

    def __str__(self) -> str:
        return f"{self.name} ({self.phone})" if self.name != self.phone else self.phone


def handlers_of(values: Mapping[str, str], documents: Sequence[Json]) -> list[Handler]:
    """Returns the handlers of the settings here, or else of the latest relay that has tiers; each phone once."""
    try:
        policy = load_settings(values, ["sms_inbound"]).policy
        tiers = [Handler(tier.name, tier.reach.address) for tier in policy.tiers] if policy else []
    except ConfigurationError:
        tiers = []
    if not tiers:
        latest: Json = next((each for each in documents if each["policy"]["tiers"]), {"policy": {"tiers": []}})
        tiers = [Handler(str(tier["name"]), str(tier["phone"])) for tier in latest["policy"]["tiers"]]
    return list({canonical(tier.phone): tier for tier in reversed(tiers)}.values())[::-1]


def last_delivered(api: RelayApi, values: Mapping[str, str]) -> Iterator[Finding]:
    """When each handler was last delivered to; texts no one."""
    try:
        documents = list(api.rows(limit=_ROWS_MAX, view="full"))
    except (ApiError, NoToken) as error:
        yield Finding(_NAME, SKIPPED, f"when they were last delivered to is not known: {error}", _HOW)
        return
    found = handlers_of(values, documents)
    if not found:
        yield Finding(_NAME, SKIPPED, "no handler is known here", "Set them in .env, or in --env-file.")
    delivered = _delivered(documents)
    for handler in found:
        if at := delivered.get(canonical(handler.phone)):
            yield Finding(_NAME, OK, f"{handler} was last delivered to with a text of {named_clock(at)}")
        else:
            looked = "yet" if len(documents) < _ROWS_MAX else f"of the latest {_ROWS_MAX:,}"
            yield Finding(_NAME, WARNING, f"no text was delivered to {handler} {looked}", _HOW)


def _delivered(documents: Sequence[Json]) -> dict[str, str]:
    """Returns for each phone when the latest text came in that was delivered there. The newest document first."""
    found: dict[str, str] = {}
    for document in documents:
        for attempt in document["attempts"]:
            if attempt["status"] == AttemptStatus.DELIVERED:
                found.setdefault(canonical(attempt["phone"]), document["timestamp"])
    return found


@dataclass
class _Texted:
    """A test text: when it was sent, what Twilio says of it, and when an answer was seen, by our own clock."""

    handler: Handler
    sid: str
    sent: float
    status: str = "queued"
    code: int | None = None
    delivered: float | None = None
    answered: float | None = None

    @property
    def is_over(self) -> bool:
        return self.answered is not None or self.status in ("undelivered", "failed", "canceled")


def texted(
    api: RelayApi,
    values: Mapping[str, str],
    told: Callable[[str], None],
    wait_seconds: float = ANSWER_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Finding]:
    """A text to each handler, whose answer must come in at the relay. Raises ApiError and NoToken.

    `told` hears what happens meanwhile. The answer asks the relay for a list, or is recorded: it reaches no customer.
    """
    if lacking := missing(values, "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "BUSINESS_PHONE_NUMBER"):
        yield Finding(_NAME, SKIPPED, f"texted no one without {lacking}", "Set them here, or in --env-file.")
        return
    began = str(api.search(limit=1)["now"])
    handlers = handlers_of(values, list(api.rows(limit=1, view="full")))
    sender = values["BUSINESS_PHONE_NUMBER"].split(",")[0].strip()
    account = TwilioApi(values)
    under_way: list[_Texted] = []
    for handler in handlers:
        try:
            under_way.append(_Texted(handler, account.send(sender, handler.phone, _WORDS), time.monotonic()))
            told(f"Texted {handler}.")
        except Problem as problem:
            yield Finding(
                _NAME, BAD, f"{handler} cannot be texted: {problem}", "docs/operations.md has Twilio's codes."
            )
    until = time.monotonic() + wait_seconds
    while not all(each.is_over for each in under_way) and time.monotonic() < until:
        for each in under_way:
            _look(api, account, each, began, told)
        sleep(_LOOK_SECONDS)
    yield from map(_judged, under_way)


def _look(api: RelayApi, account: TwilioApi, each: _Texted, began: str, told: Callable[[str], None]) -> None:
    """Bring what is known of a test text up to date."""
    if each.status not in _SETTLED:
        try:
            message = account.text(each.sid)
        except Problem:
            return  # asked again
        each.status, each.code = str(message["status"]), message.get("error_code")
        if each.status == "delivered":
            each.delivered = time.monotonic() - each.sent
            told(f"Delivered to {each.handler}; waiting for the answer.")
    if each.answered is None and any(_is_after(row, began) for row in api.rows(5, sender_phone=each.handler.phone)):
        each.answered = time.monotonic() - each.sent
        told(f"{each.handler} answered.")


def _is_after(row: Json, began: str) -> bool:
    return parsed(row["timestamp"]) >= parsed(began)


def _judged(each: _Texted) -> Finding:
    if each.answered is not None:
        return Finding(_NAME, OK, f"{each.handler} got a test text and answered it within {span(each.answered)}")
    if each.status in ("undelivered", "failed", "canceled"):
        failure = failure_of(each.code)
        words = f"the test text to {each.handler} is {each.status}: {failure.words} ({each.code})"
        return Finding(_NAME, BAD, words, ADVICE[failure.failure_class])
    if each.delivered is not None:
        words = f"{each.handler} got the test text after {span(each.delivered)}, and no answer came in"
        advice = "If an answer was written, Twilio could not bring it: see the lines of webhooks. Else ask the handler."
        return Finding(_NAME, WARNING, words, advice)
    words = f"the test text to {each.handler} is {each.status}, and no delivery was confirmed"
    return Finding(
        _NAME, WARNING, words, "Ask the handler. Some carriers never confirm: set success of that tier to sent."
    )
