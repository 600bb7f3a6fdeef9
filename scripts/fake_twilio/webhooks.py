"""Webhooks as Twilio sends them: signed, tried again by the URL's connection overrides, within one time budget.

Overrides stand in the URL's fragment (`#rc=5&rp=all&ct=3000&rt=4000`, times in milliseconds); the fragment is
neither sent nor signed. Without them only a failed connection is tried again, once.
Source: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
Not documented and so chosen here: an answer that is reset half-way counts as a read failure (`rt`).
"""

import base64
import dataclasses
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import Literal
from urllib.parse import parse_qsl, urldefrag, urlencode

from scripts.fake_twilio.clock import Clock
from scripts.fake_twilio.state import Exchange, State
from scripts.fake_twilio.transport import Transport

TOTAL_SECONDS = 15.0
_POLICIES = frozenset({"4xx", "5xx", "ct", "rt"})


@dataclasses.dataclass(frozen=True)
class Overrides:
    """How one URL is to be called: retries, which failures are tried again, and three time limits."""

    retries: int = 1
    policies: frozenset[str] = frozenset({"ct"})
    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = TOTAL_SECONDS


def parse_overrides(fragment: str) -> Overrides:
    """Overrides from a URL's fragment.

    A number out of range is moved to the nearest allowed one; what is no number counts as not given.
    """
    given = dict(parse_qsl(fragment))
    numbers = {key: int(value) for key, value in given.items() if value.isascii() and value.isdigit()}
    usual = Overrides()

    def seconds(key: str, usual_seconds: float, most_ms: int) -> float:
        return min(max(numbers[key], 100), most_ms) / 1000 if key in numbers else usual_seconds

    asked = set(given.get("rp", "ct").split(","))
    return Overrides(
        retries=min(numbers.get("rc", usual.retries), 5),
        policies=_POLICIES if "all" in asked else frozenset(asked & _POLICIES),
        connect_seconds=seconds("ct", usual.connect_seconds, 10_000),
        read_seconds=seconds("rt", usual.read_seconds, 15_000),
        total_seconds=seconds("tt", usual.total_seconds, 15_000),
    )


def sign(auth_token: str, url: str, parameters: Iterable[tuple[str, str]] = ()) -> str:
    """`X-Twilio-Signature`: base64 of HMAC-SHA1 over the URL and each name and value, sorted by name."""
    signed = url + "".join(name + value for name, value in sorted(parameters))
    digest = hmac.new(auth_token.encode(), signed.encode("utf-8", "surrogateescape"), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


@dataclasses.dataclass(frozen=True)
class Webhook:
    """One webhook to send. `url` may have overrides in its fragment.

    lost_answers: so many answers never reach the fake, which therefore tries again, whatever the policy.
    """

    kind: Literal["inbound", "fallback", "status"]
    message_sid: str
    url: str
    parameters: Mapping[str, str]
    idempotency_token: str
    method: str = "POST"
    lost_answers: int = 0


class Dispatcher:
    """Sends webhooks and records every try."""

    def __init__(
        self,
        state: State,
        clock: Clock,
        transport: Transport,
        auth_token: Callable[[], str],
        retry_pause_seconds: float,
    ) -> None:
        """`auth_token`: asked at each try, since webhooks are signed with the token that is primary then."""
        self._state = state
        self._clock = clock
        self._transport = transport
        self._auth_token = auth_token
        self._pause_seconds = retry_pause_seconds

    def send(self, webhook: Webhook, done: Callable[[Exchange], None], delay_seconds: float = 0.0) -> None:
        """Send it later (never inside this call); `done` gets the last try, successful or not."""
        url, fragment = urldefrag(webhook.url)
        overrides = parse_overrides(fragment)
        self._clock.call_later(delay_seconds, lambda: self._try(webhook, url, overrides, 1, self._clock.now(), done))

    def _try(
        self,
        webhook: Webhook,
        url: str,
        overrides: Overrides,
        attempt: int,
        began_at: float,
        done: Callable[[Exchange], None],
    ) -> None:
        left_seconds = began_at + overrides.total_seconds - self._clock.now()
        exchange = self._request(webhook, url, overrides, attempt, left_seconds)
        with self._state.lock:
            self._state.exchanges.append(exchange)
            self._state.changed()
        next_at = self._clock.now() + self._pause_seconds
        again = attempt <= overrides.retries and next_at < began_at + overrides.total_seconds
        if not exchange.succeeded and again and _is_retried(exchange, overrides):
            self._clock.call_later(
                self._pause_seconds,
                lambda: self._try(webhook, url, overrides, attempt + 1, began_at, done),
            )
        else:
            done(exchange)

    def _request(self, webhook: Webhook, url: str, overrides: Overrides, attempt: int, left_seconds: float) -> Exchange:
        parameters = tuple(webhook.parameters.items())
        headers = {
            "I-Twilio-Idempotency-Token": webhook.idempotency_token,
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "Connection": "close",
        }
        if webhook.method == "GET":
            url = f"{url}{'&' if '?' in url else '?'}{_encoded(parameters)}"
            body = b""
            headers["X-Twilio-Signature"] = sign(self._auth_token(), url)
        else:
            body = _encoded(parameters).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
            headers["X-Twilio-Signature"] = sign(self._auth_token(), url, parameters)
        started_at = self._clock.now()
        answer = self._transport.send(
            webhook.method,
            url,
            headers,
            body,
            connect_seconds=max(0.001, min(overrides.connect_seconds, left_seconds)),
            read_seconds=max(0.001, min(overrides.read_seconds, left_seconds)),
        )
        is_lost = answer.failure is None and attempt <= webhook.lost_answers
        return Exchange(
            kind=webhook.kind,
            message_sid=webhook.message_sid,
            method=webhook.method,
            url=url,
            parameters=parameters,
            attempt=attempt,
            started_at=started_at,
            ended_at=self._clock.now(),
            http_status=answer.status,
            content_type=answer.content_type,
            body=answer.body,
            failure="lost" if is_lost else answer.failure,
        )


def _encoded(parameters: Iterable[tuple[str, str]]) -> str:
    return urlencode(tuple(parameters), errors="surrogateescape")


def _is_retried(exchange: Exchange, overrides: Overrides) -> bool:
    """Whether the URL's policy names this kind of failure."""
    match exchange.failure:
        case "lost":
            return True
        case "connect":
            return "ct" in overrides.policies
        case "read":
            return "rt" in overrides.policies
    status = exchange.http_status or 0
    return (400 <= status < 500 and "4xx" in overrides.policies) or (status >= 500 and "5xx" in overrides.policies)
