"""IdentityVerifier says who calls: it checks a Google identity token's signature, audience, issuer, expiry, e-mail.

The signature check is google-auth's; this module keeps the issuer's keys, which google-auth would fetch on every call.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from relay.core.operators import Role
from relay.errors import BadRequest, StoreUnavailable
from relay.outgoing import open_url
from relay.web import Request

# Source: Google's documentation of OpenID Connect: ID tokens carry one of these two as `iss`.
_ISSUERS = ("accounts.google.com", "https://accounts.google.com")
_CLOCK_SKEW_SECONDS = 10
_FETCH_TIMEOUT_SECONDS = 3.0
# How many bytes of the issuer's answer are read. Google's keys are far below this; a longer answer is not JSON then.
_KEYS_MAX_BYTES = 256 * 1024
_KEYS_MAX_AGE_SECONDS = 3600.0
# The least time between two fetches of the keys. A token with an unknown key id causes a fetch, but only after
# _REFETCH_LEAST_SECONDS, so that made-up key ids do not cause one each; after a failed fetch only after
# _RETRY_LEAST_SECONDS, so that callers do not wait for the issuer's timeout one after the other.
_REFETCH_LEAST_SECONDS = 30.0
_RETRY_LEAST_SECONDS = 5.0
# How many callers at a time may wait for the issuer: what strangers send must not hold every thread of a server.
_WAITING_MAX = 4
# Keys that could not be renewed are trusted this long after they were fetched, then every call gets 503. Google
# publishes a new key days before it signs with it.
_KEYS_KEPT_SECONDS = 24 * 3600.0


class CallerKind(StrEnum):
    """How a caller was told."""

    PERSON = "person"  # by a session
    WALL = "wall"  # by the link of a wall
    MACHINE = "machine"  # by this machine's credential
    PROGRAM = "program"  # by an identity token


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an operator, a wall, a program on this machine, or one with an identity token.

    Attributes:
        name: what trail and log say of who did it.
        email: an identity token's.
        cookies: Set-Cookie headers for the answer, when the session was prolonged.
    """

    name: str
    role: Role = Role.ACT
    kind: CallerKind = CallerKind.PROGRAM
    email: str = ""
    cookies: tuple[str, ...] = field(default=(), repr=False)


def fetch_keys(url: str) -> dict[str, str]:
    """Returns the issuer's public keys: key id → PEM certificate. Raises OSError or ValueError."""
    try:
        with open_url(url, _FETCH_TIMEOUT_SECONDS) as answer:
            keys = json.loads(answer.read(_KEYS_MAX_BYTES))
    except http.client.HTTPException as error:
        raise OSError("the keys' server did not answer in HTTP") from error
    if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys.values()):
        raise ValueError("the keys are not a JSON object of key ids and certificates")
    return keys


class IdentityVerifier:
    """Checks callers' tokens against one audience and one list of e-mail addresses. Thread-safe."""

    def __init__(
        self,
        audience: str,
        allowed_emails: frozenset[str],
        certs_url: str,
        fetch: Callable[[str], dict[str, str]] = fetch_keys,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._audience = audience
        self._allowed_emails = allowed_emails
        self._certs_url = certs_url
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._waiting = threading.BoundedSemaphore(_WAITING_MAX)
        self._keys: dict[str, str] = {}
        self._fetched_at = float("-inf")
        self._failed_at = float("-inf")

    def caller(self, request: Request) -> Caller:
        """Returns the caller of a request.

        Raises BadRequest 401 when there is no token, 403 when it is not accepted (without saying why), and
        StoreUnavailable when the issuer's keys cannot be fetched, so that the token cannot be checked.
        """
        token = bearer_token(request.headers)
        if not self._audience or not self._allowed_emails:
            # google-auth would accept tokens made out for any service. And a stranger's costs no look for keys then.
            raise _forbidden()
        from google.auth import exceptions, jwt  # only here: the webhooks never need it

        try:
            key_id = jwt.decode_header(token).get("kid", "")  # type: ignore[no-untyped-call]
            claims: Mapping[str, Any] = jwt.decode(  # type: ignore[no-untyped-call]
                token,
                certs=self._certificates(str(key_id)),
                audience=self._audience,
                clock_skew_in_seconds=_CLOCK_SKEW_SECONDS,
            )
        except (ValueError, TypeError, AttributeError, RecursionError, exceptions.GoogleAuthError) as error:
            # The library trips over some made-up tokens instead of refusing them.
            raise _forbidden() from error
        email = str(claims.get("email", "")).lower()
        if claims.get("iss") not in _ISSUERS or claims.get("email_verified") is not True:
            raise _forbidden()
        if email not in self._allowed_emails:
            raise _forbidden()
        return Caller(email, email=email)

    def _certificates(self, key_id: str) -> dict[str, str]:
        if key_id in self._keys and self._monotonic() - self._fetched_at <= _KEYS_MAX_AGE_SECONDS:
            return dict(self._keys)
        if not self._waiting.acquire(blocking=False):
            raise StoreUnavailable("others wait for the identity token's keys already")
        try:
            return self._renewed(key_id)
        finally:
            self._waiting.release()

    def _renewed(self, key_id: str) -> dict[str, str]:
        """Returns the keys, fetched anew where they are old or lack this one and that was not done a moment ago."""
        with self._lock:
            now = self._monotonic()
            age = now - self._fetched_at
            known = key_id in self._keys and age <= _KEYS_KEPT_SECONDS
            is_stale = age > _KEYS_MAX_AGE_SECONDS or (not known and age > _REFETCH_LEAST_SECONDS)
            if is_stale and now - self._failed_at > _RETRY_LEAST_SECONDS:
                try:
                    self._keys = self._fetch(self._certs_url)
                    self._fetched_at, is_stale = self._monotonic(), False
                except (OSError, ValueError):
                    self._failed_at = self._monotonic()
            if is_stale and not known:
                raise StoreUnavailable("the identity token's keys could not be fetched")
            return dict(self._keys)


def _forbidden() -> BadRequest:
    return BadRequest(403, "Forbidden.")


def bearer_token(headers: Mapping[str, str]) -> str:
    """Returns the token of a request. Raises BadRequest 401 when there is none.

    API Gateway puts its own token into Authorization and passes the caller's on in X-Forwarded-Authorization. Either
    may be forged; it is the token that is checked.
    """
    value = headers.get("x-forwarded-authorization") or headers.get("authorization", "")
    match = re.fullmatch(r"bearer +([A-Za-z0-9_.~+/=-]+)", value.strip(), re.IGNORECASE)
    if match is None:
        words = "Send a Google identity token: Authorization: Bearer TOKEN."
        raise BadRequest(401, words, {"WWW-Authenticate": "Bearer"})
    return match.group(1)
