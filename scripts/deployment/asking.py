"""Asking a relay over HTTP, and telling its own answers from those of what stands before it.

What was just made at Google is not known everywhere for some minutes (IAM's page on access change propagation says two
for a right, and seven or more at worst). Until then Cloud Run or the gateway answers in the relay's place, with 403 or
404 as the relay would.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from relay.outgoing import may_carry_secrets, open_url

from scripts.deployment.tools import Problem

_TIMEOUT_SECONDS = 30
_PAUSE_SECONDS = 5.0


@dataclass(frozen=True)
class Answer:
    """What came back: its status, its media type in lower case, its body."""

    status: int
    media_type: str
    body: bytes

    @property
    def value(self) -> dict[str, Any]:
        """The JSON object that it is; an empty one when it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def is_the_relays(self) -> bool:
        """Whether the relay said it. Its routes below /sms/ never answer with a page, as Google's front ends do ("Your
        client does not have permission to get URL"), nor with `code` and `message`, as the gateway (ESPv2) does."""
        return self.media_type != "text/html" and not {"code", "message"} <= self.value.keys()


class NotReached(Problem):
    """Nothing answered at all."""


@dataclass(frozen=True)
class Asker:
    """Asks a relay, and asks again while something else answers, for so many seconds. `hint`: what to look at then."""

    patience_seconds: float
    hint: str
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def ask(self, url: str, body: bytes | Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        """Returns the relay's own answer. Raises Problem when none comes in time, NotReached for none at all."""
        until = self.now() + self.patience_seconds
        is_told = False
        while True:
            unreached: NotReached | None = None
            what = "does not answer"
            try:
                answer = ask(url, body, headers)
                if answer.is_the_relays:
                    return answer
                what = f"answers {answer.status} in the relay's place"
            except NotReached as error:
                unreached = error
            if self.now() >= until:
                raise unreached or Problem(f"{urlsplit(url).netloc} {what}: {self.hint}")
            if not is_told:
                minutes = self.patience_seconds / 60
                print(f"  {urlsplit(url).netloc} {what}: asking again for up to {minutes:.0f} minutes", flush=True)
                is_told = True
            self.sleep(_PAUSE_SECONDS)


def ask(url: str, body: bytes | Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
    """Returns what answers a POST of a form (bytes) or of JSON (a mapping).

    Raises NotReached, and Problem for an address that a token must not be sent to.
    """
    if isinstance(body, bytes):
        data, sent = body, dict(headers)
    else:
        data, sent = json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
    if not may_carry_secrets(url):
        raise Problem(f"{urlsplit(url).netloc} is asked with an identity token, so its address must be https.")
    request = urllib.request.Request(url, data=data, headers=sent, method="POST")  # noqa: S310 - scheme checked above
    try:
        with open_url(request, _TIMEOUT_SECONDS) as answer:
            return Answer(answer.status, answer.headers.get_content_type(), answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers.get_content_type(), error.read())
    except OSError as error:
        raise NotReached(f"{urlsplit(url).netloc} does not answer ({type(error).__name__}).") from error
