"""What is said around codes: the message with one, the addresses it goes to as people type them, and refusals. Pure."""

from __future__ import annotations

import re

from relay.core.numbers import e164
from relay.errors import BadRequest
from relay.operators.alerting.messages import ChannelKind

WRONG = "That is not the code, or it is over. If right ones fail: a browser that you signed in with before, or a link."
NOT_ASKED = "Ask for a code first, in this browser."
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,250}")
_ADDRESS_MAX = 320


def code_words(digits: str, business_name: str) -> tuple[str, str]:
    """Returns the subject and the words of the message with a code. They hold no link: a code is typed."""
    console = f"{business_name}'s console" if business_name else "the console of the text relay"
    first = f"{digits} is your code for {console}."
    return first, f"{first} It is good for 10 minutes in the browser that asked. Not you? Ignore it, tell it to no one."


def address_in(typed: object) -> tuple[str, ChannelKind]:
    """Returns an address as it is compared, and by what it is reached. Raises BadRequest 400."""
    text = typed.strip() if isinstance(typed, str) and len(typed) <= _ADDRESS_MAX else ""
    if _EMAIL.fullmatch(text):
        return text, ChannelKind.EMAIL
    number = e164(text)
    if number is None:
        raise BadRequest(400, "That is neither a number like +15551234567 nor an e-mail address.")
    return number, ChannelKind.TEXT


def too_many_codes(wait: int) -> str:
    """Returns the refusal of a further code for so many seconds."""
    return f"Three codes an hour are the most. Ask again in {_time(wait)}."


def too_many_guesses(wait: int) -> str:
    """Returns the refusal of a further guess for so many seconds."""
    return f"Too many wrong codes today. Try again in {_time(wait)}, or sign in by a link (relayctl link)."


def _time(seconds: int) -> str:
    minutes = max(1, -(-seconds // 60))
    return "a minute" if minutes == 1 else f"{minutes} minutes" if minutes < 120 else f"{-(-minutes // 60)} hours"
