"""What a handler is told that no text of a handler's asked for: how to answer, a lost answer, a customer's reaction."""

from __future__ import annotations

from relay.core.comparing import smart_encoded
from relay.core.threads.model import Thread
from relay.flow.phrases import QUOTE_MAX, customer, ending, gsm
from relay.flow.segments import segments


def how_to_answer(code: str) -> str:
    """Returns the line that follows the first text which is forwarded to a person."""
    return (
        f"To answer the customer just text back, or begin with {code}. ok takes it without a word to the customer, "
        "pass hands it on. ? lists yours."
    )


def reacted(thread: Thread, words: str) -> str:
    """Returns what the owner reads of a customer's reaction to an answer, with the emoji, which says it all."""
    before, whole = f"{customer(thread)}: ", " ".join(smart_encoded(words).split())
    for length in range(min(len(whole), QUOTE_MAX), 0, -1):
        quoted = whole if length == len(whole) else f"{whole[:length].rstrip()}..."
        if segments(before + quoted) == 1:
            return before + quoted
    return before.rstrip()


def not_delivered(code: str, phone: str, why: str, what: str = "text") -> str:
    """Returns what the handler reads whose answer did not reach its customer; `why` in words, or ""."""
    return _without(code, phone, what, why, "Please call.")


def words_alone(code: str, phone: str, why: str) -> str:
    """Returns what the handler reads whose answer goes without its files; `why` in words, or ""."""
    return _without(code, phone, "photos", why, "Your words go alone.")


def _without(code: str, phone: str, what: str, why: str, then: str) -> str:
    text = f"{f'{code} ({ending(phone)})'.strip()} did not get your {what}"
    whole = f"{text}: {gsm(why)}. {then}" if why else f"{text}. {then}"
    return whole if segments(whole) == 1 else f"{text}. {then}"
