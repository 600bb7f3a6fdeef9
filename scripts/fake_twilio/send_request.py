"""Reading `POST Messages.json`: which requests Twilio refuses, and with which code.

Stricter than Twilio in two points, so that sloppy input shows: `To` must be E.164 (Twilio also takes national
numbers), and unknown parameters are refused (Twilio ignores them).
"""

import dataclasses
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from werkzeug.datastructures import MultiDict

from scripts.fake_twilio.errors import ApiError
from scripts.fake_twilio.text import smart_encoded

MAX_BODY_CHARACTERS = 1600
MAX_MEDIA = 10
MAX_VALIDITY_SECONDS = 36000
_MAX_URL_CHARACTERS = 4000

_E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+\Z")
CHANNELS = frozenset({"rcs", "whatsapp", "messenger"})

# The create parameters of Twilio's OpenAPI description.
KNOWN = frozenset(
    [
        "AddressRetention",
        "ApplicationSid",
        "Attempt",
        "Body",
        "ContentRetention",
        "ContentSid",
        "ContentVariables",
        "FallbackFrom",
        "ForceDelivery",
        "From",
        "MaxPrice",
        "MediaUrl",
        "MessagingServiceSid",
        "PersistentAction",
        "ProvideFeedback",
        "RiskCheck",
        "ScheduleType",
        "SendAsMms",
        "SendAt",
        "ShortenUrls",
        "SmartEncoded",
        "StatusCallback",
        "To",
        "TrafficType",
        "ValidityPeriod",
    ]
)


@dataclasses.dataclass(frozen=True)
class SendRequest:
    """A valid request. `body` is already smart-encoded where that was asked."""

    to: str
    from_: str
    body: str
    media_urls: tuple[str, ...]
    status_callback: str | None
    validity_seconds: int


def is_e164(number: str) -> bool:
    return _E164.match(number) is not None


def is_address(address: str) -> bool:
    """Whether it is a phone number, or one on a channel: `rcs:+1…`, `whatsapp:+1…`."""
    channel, separator, number = address.rpartition(":")
    return is_e164(number) and (not separator or channel in CHANNELS)


def is_web_url(url: str) -> bool:
    """Whether Twilio would take it: absolute, http or https, no underscore in the host, 4,000 characters."""
    try:
        parts = urlsplit(url)
        # Reading a port that is none raises.
        _ = parts.port
    except ValueError:
        return False
    host = parts.netloc.rpartition("@")[2]
    return parts.scheme in {"http", "https"} and bool(_HOST.match(host)) and len(url) <= _MAX_URL_CHARACTERS


def parse(form: MultiDict[str, str], own_numbers: Collection[str]) -> SendRequest:
    """The request in a form. Raises ApiError with the code Twilio gives the first thing that is wrong."""
    if set(form) - KNOWN:
        raise ApiError(20001)
    to = form.get("To", "")
    from_ = form.get("From", "")
    media_urls = tuple(url for url in form.getlist("MediaUrl") if url)
    status_callback = form.get("StatusCallback") or None
    _check_numbers(to, from_, form.get("MessagingServiceSid", ""), own_numbers)
    body = form.get("Body", "")
    if not body and not media_urls:
        raise ApiError(21602)
    if len(body) > MAX_BODY_CHARACTERS:
        raise ApiError(21617)
    if len(media_urls) > MAX_MEDIA:
        raise ApiError(21623)
    if not all(map(is_web_url, media_urls)):
        raise ApiError(21620)
    if status_callback and not is_web_url(status_callback):
        raise ApiError(21609)
    return SendRequest(
        to=to,
        from_=from_,
        body=smart_encoded(body) if form.get("SmartEncoded", "").lower() == "true" else body,
        media_urls=media_urls,
        status_callback=status_callback,
        validity_seconds=_validity(form.get("ValidityPeriod", "")),
    )


def _check_numbers(to: str, from_: str, service_sid: str, own_numbers: Collection[str]) -> None:
    if not to:
        raise ApiError(21604)
    if not is_address(to):
        raise ApiError(21211)
    if service_sid:
        # The account has no messaging service, so any sid is unknown.
        raise ApiError(21705)
    if not from_:
        raise ApiError(21603)
    if from_.rpartition(":")[0] != to.rpartition(":")[0]:
        raise ApiError(21910)
    if ":" in from_:
        # The account has no sender on any channel.
        raise ApiError(63007)
    if not is_e164(from_):
        raise ApiError(21212)
    if from_ not in own_numbers:
        raise ApiError(21606)
    if to == from_:
        raise ApiError(21266)


def _validity(given: str) -> int:
    if not given:
        return MAX_VALIDITY_SECONDS
    if not given.isascii() or not given.isdigit() or not 1 <= int(given) <= MAX_VALIDITY_SECONDS:
        raise ApiError(21624)
    return int(given)
