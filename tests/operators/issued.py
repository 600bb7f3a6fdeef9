"""An issuer's keys and its tokens, for tests of who may call."""

from __future__ import annotations

from collections.abc import Callable

from relay.operators.identity import IdentityVerifier
from relay.web import Request

from scripts.local_google.issuer import TokenIssuer

AUDIENCE = "https://relay.example.com/sms/relay-state"
EMAIL = "operator@example.com"
ISSUER = TokenIssuer()
STRANGER = TokenIssuer()


class Keys:
    """The issuer's keys, and how often they were asked for."""

    def __init__(self) -> None:
        self.fetches = 0
        self.now = 1000.0
        self.is_down = False
        self.answer: Callable[[], dict[str, str]] = ISSUER.x509_certificates

    def fetch(self, _url: str) -> dict[str, str]:
        self.fetches += 1
        if self.is_down:
            raise OSError("down")
        return self.answer()

    def verifier(self, audience: str = AUDIENCE, emails: frozenset[str] = frozenset({EMAIL})) -> IdentityVerifier:
        return IdentityVerifier(audience, emails, "https://keys.example.com", self.fetch, lambda: self.now)


def asking(token: str) -> Request:
    """A request with this token."""
    return Request("POST", "/sms/relay-state", headers={"authorization": f"Bearer {token}"})


def mint(**changes: object) -> str:
    """The operator's token, with these arguments of the issuer changed."""
    arguments: dict[str, object] = {"audience": AUDIENCE, "email": EMAIL, **changes}
    return ISSUER.mint(**arguments)  # type: ignore[arg-type]
