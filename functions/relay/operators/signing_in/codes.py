"""Codes: six digits that sign one browser in, good for ten minutes and five guesses. Pure, but for the randomness."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from relay.operators.alerting.messages import ChannelKind
from relay.ports import time_in

GOOD_FOR = timedelta(minutes=10)
GUESSES_MAX = 5
_DIGITS = 6
_FORM = re.compile(rf"[0-9]{{{_DIGITS}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was sent and not used.

    Attributes:
        name: the operator's who is signed in by it.
        channel: by what it was sent.
        digest: keyed with the browser's token, which is not stored: six digits by themselves are found by trying.
        guesses: how many there were.
    """

    name: str
    channel: ChannelKind
    digest: str
    until: datetime
    guesses: int = 0

    def is_over(self, now: datetime) -> bool:
        """Returns whether no guess is right any more."""
        return now >= self.until or self.guesses >= GUESSES_MAX

    def guessed(self) -> Code:
        """Returns it with one guess more."""
        return replace(self, guesses=self.guesses + 1)

    def is_(self, digits: str, browser_token: str) -> bool:
        """Returns whether it is these digits, in constant time."""
        return hmac.compare_digest(self.digest, digest_of(digits, browser_token))


def new_digits() -> str:
    """Returns the digits of a new code, each as likely as any other."""
    return f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"


def digits_in(text: object) -> str | None:
    """Returns the digits that a person typed, who may group them; None when it is no code."""
    digits = re.sub(r"[\s-]", "", text) if isinstance(text, str) else ""
    return digits if _FORM.fullmatch(digits) else None


def digest_of(digits: str, browser_token: str) -> str:
    """Returns what is stored of a code."""
    return hmac.new(browser_token.encode(), digits.encode(), hashlib.sha256).hexdigest()


def to_content(code: Code) -> dict[str, Any]:
    """Returns a code as JSON."""
    return {
        "name": code.name,
        "channel": code.channel.value,
        "digest": code.digest,
        "until": code.until.isoformat(),
        "guesses": code.guesses,
    }


def from_content(content: object) -> Code | None:
    """Returns the inverse of to_content; None for what is no code."""
    if not isinstance(content, Mapping):
        return None
    until = time_in(content, "until")
    if until is None:
        return None
    try:
        channel, guesses = ChannelKind(content["channel"]), int(content["guesses"])
        return Code(str(content["name"]), channel, str(content["digest"]), until, guesses)
    except (KeyError, TypeError, ValueError):
        return None
