"""Searching relays by words: `terms_of` what was asked, and `fits` whether a relay has all of it. Pure.

A term is found in the words of the text, in the name of a handler who was texted or took it, and as a phone number in
any form; one that stands alone, as the beginning of the relay's id too. Every store decides by this, whatever it
narrows the search down with.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from relay.core import numbers
from relay.core.model import Purpose, Relay
from relay.core.policy import SMS

# What may be a number, as people write it: with grouping, and with or without the country's code.
_NUMBER = re.compile(r"\+?[\d(][\d\s().\-/\u00a0\u2010-\u2015]{5,}\d")

# The beginning of an id as providers make them, folded: two letters, then hexadecimal digits; and what we add to one.
_ID_BEGINNING = re.compile(r"[a-z]{2}[0-9a-f]{4,32}(-\w*)*")

_CONTROL = dict.fromkeys((*range(32), 127), " ")


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that is looked for: its words, folded; and the last digits of the number that it may be, or ""."""

    words: str
    digits: str = ""


@dataclass(frozen=True, slots=True)
class Searchable:
    """What of a relay is searched: its words and the names of handlers, folded, and the digits of numbers."""

    words: str
    names: tuple[str, ...]
    digits: tuple[str, ...]

    @property
    def text(self) -> str:
        """Returns all of it as one text, for an index."""
        return "\n".join((self.words, *self.names, *self.digits))

    def has(self, term: Term) -> bool:
        """Whether it has this term."""
        if term.words in self.words or any(term.words in name for name in self.names):
            return True
        return bool(term.digits) and any(each.endswith(term.digits) for each in self.digits)


def folded(text: str) -> str:
    """Returns a text as it is compared: without case, accents and vowel points, and with single blanks."""
    if text.isascii():  # nearly every text, and each one that comes in is folded
        return " ".join(text.lower().translate(_CONTROL).split())
    plain = unicodedata.normalize("NFKD", text.casefold()).casefold()
    kept = "".join(char for char in plain if unicodedata.category(char) != "Mn")
    return " ".join("".join(char if char.isprintable() else " " for char in kept).split())


def terms_of(words: str) -> tuple[Term, ...]:
    """Returns what these words ask for, all of which a relay must have; nothing where they are blank."""
    found: list[Term] = []
    rest, end = "", 0
    for match in _NUMBER.finditer(words):
        if digits := numbers.last_digits(match[0]):
            found.append(Term(folded(match[0]), digits))
            rest, end = f"{rest}{words[end : match.start()]} ", match.end()
    rest += words[end:]
    return tuple(dict.fromkeys((*found, *(Term(each) for each in folded(rest).split()))))


def searchable(relay: Relay) -> Searchable:
    """Returns what of a relay is searched."""
    addresses = {relay.sender_phone, *(each.reach.address for each in relay.attempts if each.reach.kind == SMS)}
    digits = {each.lstrip("+") for address in addresses for each in numbers.spellings(address)}
    names = tuple(dict.fromkeys(folded(name) for name in _names(relay) if name))
    return Searchable(folded(relay.message_body), names, tuple(sorted(each for each in digits if each.isdecimal())))


def fits(relay: Relay, terms: Sequence[Term]) -> bool:
    """Whether a relay has all of these terms."""
    beginning = beginning_of_id(terms)
    if beginning and relay.message_id.startswith(beginning):
        return True
    found = searchable(relay)
    return all(found.has(term) for term in terms)


def beginning_of_id(terms: Sequence[Term]) -> str:
    """Returns the beginning of an id that these terms may be, as intake writes ids; "" where they are none."""
    words = terms[0].words if len(terms) == 1 else ""
    return words[:2].upper() + words[2:] if _ID_BEGINNING.fullmatch(words) else ""


def _names(relay: Relay) -> list[str]:
    """Returns the names of the handlers who were texted, wrote it, or took it, and a sender's that is no number."""
    tiers = relay.policy.tiers
    names = [relay.claimed_by, relay.sender_phone if numbers.e164(relay.sender_phone) is None else ""]
    if relay.purpose is not Purpose.ANSWER:  # its one tier is the customer
        tried = {attempt.reach for attempt in relay.attempts}
        names += [tier.name for tier in tiers if tier.reach in tried]
    names += [tier.name for tier in tiers if numbers.same(tier.reach.address, relay.sender_phone)]
    return names
