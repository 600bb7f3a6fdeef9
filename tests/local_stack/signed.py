"""A signed inbound webhook, posted as Twilio posts it, with how long its answer took."""

from __future__ import annotations

import http.client
import itertools
import time
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from scripts.fake_twilio.webhooks import sign

_texts = itertools.count(1)


def webhook(environ: Mapping[str, str], body: str = "A couch") -> tuple[bytes, dict[str, str]]:
    """The body and the headers of a new customer's text, signed for these settings of a relay."""
    number = next(_texts)
    form = {
        "AccountSid": environ["TWILIO_ACCOUNT_SID"],
        "Body": body,
        "From": f"+1404555{number:04d}",
        "MessageSid": f"SM{number:032x}",
        "NumMedia": "0",
        "To": environ["BUSINESS_PHONE_NUMBER"],
    }
    url = f"{environ['PUBLIC_BASE_URL']}/sms/inbound"
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Host": urlsplit(url).netloc,
        "X-Twilio-Signature": sign(environ["TWILIO_AUTH_TOKEN"], url, form.items()),
    }
    return urlencode(form).encode(), headers


def post_webhook(address: str, environ: Mapping[str, str], timeout_seconds: float = 15.0) -> tuple[int, float]:
    """The status of the answer, and the seconds until it was there. 15 s is what Twilio waits."""
    body, headers = webhook(environ)
    began = time.monotonic()
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=timeout_seconds)
    try:
        connection.request("POST", "/sms/inbound", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, time.monotonic() - began
    finally:
        connection.close()
