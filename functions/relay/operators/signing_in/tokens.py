"""Tokens of sessions, walls, links and this machine: random, of a form of their own, and stored by their SHA-256 alone.

A token of another form is refused before the store is asked.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from enum import StrEnum

# 256 bits are 43 characters.
_BYTES = 32
_FORM = re.compile(r"(r[swlcb])_[A-Za-z0-9_-]{43}")


class TokenKind(StrEnum):
    """How a token begins, by what it is for."""

    SESSION = "rs"
    WALL = "rw"
    LINK = "rl"
    MACHINE = "rc"
    BROWSER = "rb"


def new_token(kind: TokenKind) -> str:
    """Returns a token that was never there and is not guessed."""
    return f"{kind}_{secrets.token_urlsafe(_BYTES)}"


def kind_of(token: str) -> TokenKind | None:
    """Returns what a token is for, by its form; None when it has none."""
    found = _FORM.fullmatch(token)
    return TokenKind(found[1]) if found else None


def key_of(token: str) -> str:
    """Returns the key under which a token's record is: who reads the store does not learn the token."""
    return hashlib.sha256(token.encode()).hexdigest()
