"""The two cookies: a browser's session, and the mark by which a browser is known again. Pure.

The mark also holds what the browser was told: when it asked for codes and when it guessed wrong. What a browser that
never signed in is told is made of that alone, and not of the store, so that it cannot tell an operator's address from
any other. Who changes the times changes only what is told; the store counts by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from relay.operators.allowances import LIMITS, What, counting, wait_for
from relay.operators.signing_in.codes import GUESSES_MAX
from relay.operators.signing_in.tokens import TokenKind, kind_of, new_token

SESSION, BROWSER = "relay-session", "relay-browser"
# A cookie of this name comes from this very host, by https: no other site or subdomain can set it (RFC 6265bis).
_HOST = "__Host-"
_BROWSER_SECONDS = 365 * 24 * 3600
_TIMES = r"(?:[0-9a-f]{1,10}(?:-[0-9a-f]{1,10}){0,19})?"
_MARK = re.compile(rf"(rb_[A-Za-z0-9_-]{{43}})\.({_TIMES})\.({_TIMES})")


@dataclass(frozen=True, slots=True)
class Mark:
    """What the browser's cookie holds. Times are seconds since 1970."""

    token: str
    asked: tuple[int, ...] = ()
    guessed: tuple[int, ...] = ()

    def wait(self, what: What, now: int) -> int:
        """Returns in how many seconds this browser may again, as far as it was told; 0 for now."""
        return wait_for(self.asked if what is What.CODES else self.guessed, LIMITS[what], now)

    @property
    def tries_left(self) -> int:
        """Returns how many guesses the last code has left, as far as this browser was told."""
        if not self.asked:
            return 0
        return max(0, GUESSES_MAX - sum(at >= self.asked[-1] for at in self.guessed))

    def after_asking(self, now: int) -> Mark:
        """Returns it with one code more. Guesses of before are made older, so that none is the new one's."""
        guessed = tuple(min(at, now - 1) for at in counting(self.guessed, LIMITS[What.GUESSES], now))
        return replace(self, asked=(*counting(self.asked, LIMITS[What.CODES], now), now), guessed=guessed)

    def after_guessing(self, now: int) -> Mark:
        """Returns it with one wrong guess more."""
        at = max(now, *self.asked[-1:]) if self.asked else now
        return replace(self, guessed=(*counting(self.guessed, LIMITS[What.GUESSES], now), at))


def new_mark() -> Mark:
    """Returns the mark of a browser that was never here."""
    return Mark(new_token(TokenKind.BROWSER))


def cookie_in(headers: Mapping[str, str], name: str, *, is_plain: bool) -> str:
    """Returns the value of a request's cookie; "" when there is none, or several that differ.

    `is_plain`: by http, which is this machine's alone.
    """
    wanted = name if is_plain else f"{_HOST}{name}"
    pairs = (pair.strip().partition("=") for pair in headers.get("cookie", "").split(";"))
    values = {value.strip() for found, _, value in pairs if found == wanted}
    return values.pop() if len(values) == 1 else ""


def mark_in(headers: Mapping[str, str], *, is_plain: bool) -> Mark | None:
    """Returns the mark of the browser that asks; None when it has none."""
    found = _MARK.fullmatch(cookie_in(headers, BROWSER, is_plain=is_plain))
    if found is None:
        return None
    asked, guessed = (tuple(int(each, 16) for each in times.split("-") if each) for times in found.groups()[1:])
    return Mark(found[1], asked, guessed)


def session_in(headers: Mapping[str, str], *, is_plain: bool) -> str:
    """Returns the token of a session or wall; "" when there is none, or something else."""
    token = cookie_in(headers, SESSION, is_plain=is_plain)
    return token if kind_of(token) in (TokenKind.SESSION, TokenKind.WALL) else ""


def set_session(token: str, seconds: int, *, is_plain: bool) -> str:
    """Returns the header that has a browser keep a session for so long."""
    return _set(SESSION, token, seconds, is_plain=is_plain)


def forget_session(*, is_plain: bool) -> str:
    """Returns the header that has a browser forget its session."""
    return _set(SESSION, "", 0, is_plain=is_plain)


def set_mark(mark: Mark, *, is_plain: bool) -> str:
    """Returns the header that has a browser keep its mark."""
    asked, guessed = ("-".join(f"{at:x}" for at in times) for times in (mark.asked, mark.guessed))
    return _set(BROWSER, f"{mark.token}.{asked}.{guessed}", _BROWSER_SECONDS, is_plain=is_plain)


def _set(name: str, value: str, seconds: int, *, is_plain: bool) -> str:
    first = f"{name}={value}" if is_plain else f"{_HOST}{name}={value}"
    return f"{first}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax{'' if is_plain else '; Secure'}"
