"""doctor's checks of the account at Twilio: credentials, the numbers and where their texts go, what is registered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relay.core.numbers import E164, same
from relay.twilio.forms import CONNECTION_OVERRIDES
from relay.web import INBOUND_PATH

from scripts.deployment import configure_number
from scripts.deployment.tools import Problem
from scripts.deployment.twilio_api import NotReached, TwilioApi
from scripts.relayctl.checks_relay import NOT_LISTED
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding

_CREDENTIALS = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
_URLS = "number's URLs"
# NANP's area codes without a place.
_TOLL_FREE = re.compile(r"\+1(?:800|833|844|855|866|877|888)\d{7}")
_NEEDS_LONG = (
    "Start it before anything else: it takes days to several weeks, by people. docs/compliance.md has the steps."
)
_DEFER = "In Twilio's console let the service's integration defer to the sender's webhook."
_SEE_WHY = "Twilio's console says what is missing, under the number's regulatory information. docs/compliance.md."
# By Twilio's word: what it means, and how long it takes.
_CAMPAIGNS = {
    "VERIFIED": (OK, "its campaign is verified", ""),
    "IN_PROGRESS": (BAD, "its campaign is being reviewed", "At present up to 5 business days, in busy times weeks."),
    "PENDING": (BAD, "its campaign is being reviewed", "At present up to 5 business days, in busy times weeks."),
    "FAILED": (BAD, "its campaign was refused", _SEE_WHY),
    "SUSPENDED": (BAD, "its campaign is suspended", _SEE_WHY),
}
_VERIFICATIONS = {
    "TWILIO_APPROVED": (OK, "its toll-free verification is approved", ""),
    "IN_REVIEW": (BAD, "its toll-free verification is being reviewed", "Reckon with two to three weeks."),
    "PENDING_REVIEW": (BAD, "its toll-free verification is being reviewed", "Reckon with two to three weeks."),
    "TWILIO_REJECTED": (BAD, "its toll-free verification was refused", f"Correct it within seven days. {_SEE_WHY}"),
}


def missing(values: Mapping[str, str], *names: str) -> str:
    """Returns which of these settings are not given, in words; "" where none is missing."""
    return ", ".join(name for name in names if not values.get(name))


def _listed(values: Mapping[str, str]) -> list[str]:
    parts = (part.strip() for part in values.get("BUSINESS_PHONE_NUMBER", "").split(","))
    return [part for part in parts if E164.fullmatch(part)]


def registered(values: Mapping[str, str]) -> Iterator[Finding]:
    """Whether carriers take texts from each business number: of all links the one that takes longest."""
    name = "registered"
    if lacking := missing(values, *_CREDENTIALS, "BUSINESS_PHONE_NUMBER"):
        yield Finding(name, SKIPPED, f"not checked without {lacking}. It takes weeks, so begin with it", _NEEDS_LONG)
        return
    account = TwilioApi(values)
    for phone in _listed(values):
        try:
            yield _registered(name, account, phone)
        except NotReached as problem:
            yield Finding(name, SKIPPED, f"{phone}: {problem}", "Try again when Twilio can be reached.")
        except Problem as problem:
            yield Finding(name, SKIPPED, f"{phone}: what is registered cannot be read: {problem}", _SEE_WHY)


def _registered(name: str, account: TwilioApi, phone: str) -> Finding:
    """Raises Problem."""
    if _TOLL_FREE.fullmatch(phone):
        found = [str(one["status"]) for one in account.verifications_of(str(account.find(phone)["sid"]))]
        state, words, advice = _best(found, _VERIFICATIONS, "it has no toll-free verification", _NEEDS_LONG)
        blocked = "every text to the US and Canada fails with 30032"
    elif phone.startswith("+1"):
        services = account.services_of(phone)
        found = [str(campaign["campaign_status"]) for service in services for campaign in service["campaigns"]]
        lacking = "its messaging service has no A2P campaign" if services else "it is in no messaging service"
        state, words, advice = _best(found, _CAMPAIGNS, f"{lacking}, and so not registered (10DLC)", _NEEDS_LONG)
        blocked = "every text to a US phone fails with 30034"
    else:
        advice = "Twilio's console lists what each country asks for, under Regulatory Compliance."
        return Finding(name, SKIPPED, f"{phone}: what its country asks for is not known here", advice)
    until = "" if state == OK else f"; until it is registered {blocked}"
    return Finding(name, state, f"{phone}: {words}{until}", advice)


def _best(
    found: Sequence[str], known: Mapping[str, tuple[str, str, str]], nothing: str, advice: str
) -> tuple[str, str, str]:
    """Returns state, words and advice of the one that is furthest, of several that were asked for."""
    for status, told in known.items():
        if status in found:
            return told
    return (WARNING, f"Twilio calls it {found[0]}", _SEE_WHY) if found else (BAD, nothing, advice)


def credentials(values: Mapping[str, str]) -> Iterator[Finding]:
    """Whether Twilio takes the auth token, the account may send, and what sends may read what became of texts."""
    name = "credentials"
    if lacking := missing(values, *_CREDENTIALS):
        yield Finding(name, SKIPPED, f"not checked without {lacking}", "Set them here, or in --env-file.")
        return
    account = TwilioApi(values)
    try:
        yield _state(name, account.itself())
    except NotReached as problem:
        yield Finding(name, BAD, str(problem), "Until it can be, no text is sent either.")
        return
    except Problem as problem:
        advice = "Without the right one no webhook is believed: Twilio's console shows it, under API keys & tokens."
        yield Finding(name, BAD, f"by the auth token: {problem}", advice)
    try:
        account.read_texts()
    except Problem as problem:
        advice = (
            "Give the API key the permission to read messages, or make a standard key: until then no look-up works, "
            "texts whose webhook is lost are not found, and handlers may get a text twice or late."
        )
        yield Finding(name, BAD, f"what became of texts cannot be read: {problem}", advice)
    else:
        yield Finding(name, OK, "the credentials may read what became of texts")


def _state(name: str, account: Mapping[str, Any]) -> Finding:
    status, kind = str(account.get("status", "")), str(account.get("type", ""))
    if status != "active":
        return Finding(name, BAD, f"the account is {status or 'in an unknown state'}", "Twilio's console says why.")
    if kind == "Trial":
        advice = "Upgrade it in Twilio's console: a trial account texts only numbers that were verified there."
        return Finding(name, WARNING, "the auth token is right, and the account is a trial one", advice)
    return Finding(name, OK, "the auth token is right, and the account is active")


def numbers(values: Mapping[str, str]) -> Iterator[Finding]:
    """Whether each business number is the account's, hands its texts to the relay, and repeats those that failed."""
    name = "number"
    if lacking := missing(values, *_CREDENTIALS, "BUSINESS_PHONE_NUMBER", "PUBLIC_BASE_URL"):
        yield Finding(name, SKIPPED, f"not checked without {lacking}", "Set them here, or in --env-file.")
        return
    account = TwilioApi(values)
    base_url = values["PUBLIC_BASE_URL"].rstrip("/")
    listed = _listed(values)
    for phone in listed:
        yield from _number(name, account, phone, base_url)
    yield from _unlisted(name, account, listed, base_url)


def _number(name: str, account: TwilioApi, phone: str, base_url: str) -> Iterator[Finding]:
    try:
        number = account.find(phone)
    except Problem as problem:
        yield Finding(name, BAD, f"{phone}: {problem}", "Until that is right, texts to it are lost.")
        return
    can = number.get("capabilities", {})
    if not can.get("sms", True):
        yield Finding(name, BAD, f"{phone} is the account's and cannot receive texts", "Take another number.")
        return
    yield Finding(name, OK, f"{phone} is the account's")
    wrong = configure_number.difference(number, base_url, base_url)
    in_front = _in_front(account, phone, base_url)
    if wrong:
        parts = [f"{setting} is {now or 'not set'}" for setting, (now, _) in wrong.items()]
        words = f"{phone}: {'; '.join(parts)}"
        should = f"It should be {base_url}/sms/inbound{CONNECTION_OVERRIDES} (POST), twice."
        yield Finding(_URLS, BAD, words, f"make configure-number sets it. {should}")
    elif all(finding.state == SKIPPED for finding in in_front):
        yield Finding(_URLS, OK, f"{phone} hands its texts to {base_url}")
    yield from in_front


def _in_front(account: TwilioApi, phone: str, base_url: str) -> list[Finding]:
    """Returns what is wrong with a messaging service that takes the number's texts in place of its own webhook."""
    try:
        services = account.services_of(phone)
    except Problem as problem:
        words = f"{phone}: whether a messaging service takes its texts cannot be read: {problem}"
        return [Finding(_URLS, SKIPPED, words, _DEFER)]
    found = []
    for service in services:
        url = str(service.get("inbound_request_url") or "")
        if service.get("use_inbound_webhook_on_number") or url.partition("#")[0] == base_url + INBOUND_PATH:
            continue
        gone = f"hands its texts to {url}" if url else "throws its texts away: they are not even in Twilio's list"
        words = f"{phone} is in the messaging service “{service['friendly_name']}”, which {gone}"
        found.append(Finding(_URLS, BAD, words, _DEFER))
    return found


def _unlisted(name: str, account: TwilioApi, listed: Sequence[str], base_url: str) -> Iterator[Finding]:
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
