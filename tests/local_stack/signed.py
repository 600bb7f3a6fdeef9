"""A signed inbound webhook, posted as Twilio posts it, with how long its answer took."""

from __future__ import annotations

import http.client
import itertools
import time
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from scripts.fake_twilio.webhooks import sign

# Generous: on a busy machine a wait that succeeds costs nothing.
_PATIENCE_SECONDS = 120.0
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
    began = time.monotonic()
    return _posted(address, *webhook(environ), timeout_seconds), time.monotonic() - began


def text_in(address: str, environ: Mapping[str, str]) -> None:
    """Bring a new text until it is taken in.

    As Twilio does, it comes again when the relay answers 503: a store that was not in time, on a machine that is busy.
    """
    body, headers = webhook(environ)
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while (status := _posted(address, body, headers, _PATIENCE_SECONDS)) != 200:
        assert status == 503
        assert time.monotonic() < give_up_at, "no text is taken in"
        time.sleep(0.1)


def _posted(address: str, body: bytes, headers: dict[str, str], timeout_seconds: float) -> int:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=timeout_seconds)
    try:
        connection.request("POST", "/sms/inbound", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
