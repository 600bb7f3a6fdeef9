"""Customers' texts as Twilio would send them: whole signed HTTP requests, made before anything is timed."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode

from relay.twilio.signature import signature

from scripts.bench import settings

# What Twilio sends with a text, beside what changes (docs/messaging/guides/webhook-request).
_FIELDS = {
    "ToCountry": "US",
    "ToState": "DC",
    "SmsStatus": "received",
    "FromState": "DC",
    "FromCity": "WASHINGTON",
    "FromZip": "20001",
    "FromCountry": "US",
    "ToCity": "",
    "ToZip": "",
    "NumMedia": "0",
    "NumSegments": "1",
    "ApiVersion": "2010-04-01",
    "AccountSid": settings.ACCOUNT_SID,
    "To": settings.BUSINESS_PHONE,
    "Body": "Hi, the boiler in flat 4 is leaking again. Can somebody come today? It is dripping into the hall.",
}


def message_id(number: int, series: int = 0) -> str:
    """A MessageSid that no other number or series gives."""
    return f"SM{series:08x}{number:024x}"


def form(sid: str, body: str | None = None) -> dict[str, str]:
    """The webhook's parameters for one text. Each has a customer of its own: the relay brakes one who sends many."""
    customer = f"+1202{int(sid[2:], 16) % 10**7:07d}"
    fields = {**_FIELDS, "MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "From": customer}
    return fields if body is None else {**fields, "Body": body}


def signed(path: str, fields: dict[str, str], *, token: str = settings.AUTH_TOKEN) -> bytes:
    """The whole request, headers included. `path` may carry a query, which is signed too."""
    body = urlencode(fields)
    values = {name: [value] for name, value in parse_qsl(body, keep_blank_values=True)}
    given = signature(token, settings.PUBLIC_BASE_URL + path, values)
    head = (
        f"POST {path} HTTP/1.1\r\n"
        "Host: relay.example.com\r\n"
        "User-Agent: TwilioProxy/1.1\r\n"
        "Accept: */*\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"
        f"X-Twilio-Signature: {given}\r\n"
        f"I-Twilio-Idempotency-Token: {fields.get('MessageSid', '')}\r\n"
        f"Content-Length: {len(body)}\r\n"
        "\r\n"
    )
    return head.encode() + body.encode()


def inbound(count: int, series: int = 0) -> Iterator[bytes]:
    """Genuine webhooks, each for another text."""
    for number in range(count):
        yield signed("/sms/inbound", form(message_id(number, series)))


def forged(count: int) -> Iterator[bytes]:
    """The same requests signed without the token."""
    for number in range(count):
        yield signed("/sms/inbound", form(message_id(number)), token="0" * 32)
