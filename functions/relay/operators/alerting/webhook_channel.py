"""WebhookChannel tells an operator's program, or a service such as ntfy or Slack, by a POST of JSON.

`text` holds everything as plain words, for services that show one field; the others are for programs. With a secret the
header X-Relay-Signature says when it was signed, and by HMAC-SHA256 that it is ours: `t=SECONDS,v1=HEX`, over
`SECONDS.BODY`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from http.client import HTTPException

from relay.operators.alerting.channel import TAKEN, Outcome
from relay.operators.alerting.messages import Message
from relay.outgoing import REDIRECTS, open_url
from relay.ports import Clock

SIGNATURE_HEADER = "X-Relay-Signature"
# Services read these as marks of their own (Slack: <!channel>, <https://…|words>), and customers' words may hold them.
_MARKS = str.maketrans(
    {"<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"}
)


class WebhookChannel:
    """The port OperatorChannel over HTTP. The address may hold a token and is therefore never logged."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self._secret = secret.encode()
        self._clock = clock

    def tell(self, message: Message, *, timeout_seconds: float) -> Outcome:
        body = _body_of(message)
        headers = {"Content-Type": "application/json", "User-Agent": "sms-relay"}
        if self._secret:
            headers[SIGNATURE_HEADER] = signature(self._secret, round(self._clock.now().timestamp()), body)
        try:
            request = urllib.request.Request(message.to, body, headers, method="POST")  # noqa: S310 - open_url checks it
            open_url(request, timeout_seconds).close()
        except urllib.error.HTTPError as error:
            error.close()
            is_redirect = error.code in REDIRECTS
            return Outcome(f"it answers {error.code}{', a redirect: give the address it leads to' * is_redirect}")
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            return Outcome(f"no answer ({type(reason).__name__})")
        return TAKEN


def signature(secret: bytes, at: int, body: bytes) -> str:
    """Returns what the header says of this body, signed at this time in seconds since 1970."""
    digest = hmac.new(secret, b"%d.%s" % (at, body), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def _body_of(message: Message) -> bytes:
    text = "\n".join(filter(None, (message.subject, message.words, message.link))).translate(_MARKS)
    fields = {
        "text": text,
        "subject": message.subject,
        "words": message.words,
        "link": message.link,
        "id": message.key,
    }
    return json.dumps(fields).encode()
