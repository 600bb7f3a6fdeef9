"""`Saying` has the phrases that notices are made of: who is meant, and as many words as one segment holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from relay.core.comparing import smart_encoded
from relay.core.numbers import e164
from relay.core.threads.model import Thread
from relay.core.threads.verdict import Notice
from relay.flow.segments import is_gsm, segments

_NAME_MAX = 20
QUOTE_MAX = 60
_UNNAMED = "Another person"


def customer(thread: Thread) -> str:
    """Returns what a customer is called in a notice: `K71 (...4567)`."""
    return f"{thread.code} ({ending(thread.customer_phone)})".strip()


@dataclass(frozen=True, slots=True)
class Saying:
    """One notice, and the phrases that are made of it."""

    notice: Notice
    names: Mapping[str, str]

    @property
    def thread(self) -> Thread | None:
        """Returns the thread, where the notice names a single one."""
        return self.notice.threads[0] if len(self.notice.threads) == 1 else None

    @property
    def who(self) -> str:
        """Returns what the other person is called."""
        return gsm(self.names.get(self.notice.other, ""))[:_NAME_MAX].strip() or _UNNAMED

    @property
    def customer(self) -> str:
        return customer(self.thread) if self.thread else "the customer"

    def example(self, word: str) -> str:
        """Returns what to text so that this word is for the notice's thread: `K71 mine`."""
        return f"{self.thread.code} {word}".lstrip() if self.thread else f"the code and {word}"

    def quoting(self, before: str, after: str = "") -> str:
        """Returns the two with the person's words between them, as much of these as one segment holds."""
        words = gsm(self.notice.words)
        for length in range(min(len(words), QUOTE_MAX), -1, -1):
            quoted = words if length == len(words) else f"{words[:length].rstrip()}..."
            if segments(before + quoted + after) == 1:
                return before + quoted + after
        return before + after

    def listing(self, before: str, threads: tuple[Thread, ...]) -> str:
        """Returns the words with as many of the threads behind them as one segment holds."""
        named = [customer(thread) for thread in threads]
        for count in range(len(named), 0, -1):
            more = f" and {len(named) - count} more" if count < len(named) else ""
            if segments(text := f"{before}{', '.join(named[:count])}{more}") == 1:
                return text
        return before.rstrip()


def ending(address: str) -> str:
    """Returns the last four digits of a number, or a sender's name as it is."""
    number = e164(address) or address
    digits = re.sub(r"[^0-9]", "", number)
    return f"...{digits[-4:]}" if len(digits) >= 4 and not re.search(r"[A-Za-z]", number) else gsm(address)[:11]


def gsm(words: str) -> str:
    """Returns words in one line and in the letters that a segment has 160 of; what has no such twin is left out."""
    plain = " ".join(smart_encoded(words).split())
    if is_gsm(plain):
        return plain
    kept = (each if is_gsm(each) else unicodedata.normalize("NFKD", each)[:1] for each in plain)
    return " ".join("".join(each for each in kept if is_gsm(each)).split())
