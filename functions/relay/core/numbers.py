"""Phone numbers: the one form in which they are compared, and the spellings under which one handset is shown.

`canonical` stands behind every comparison of two numbers: handlers, our own numbers, look-ups, searches, the brake. It
is for comparing only: a text is sent to the number as it was configured, and a record keeps the number as it came.
"""

from __future__ import annotations

import re
from functools import lru_cache

# ITU-T E.164: a plus sign and at most 15 digits, the first not zero; below 8 digits no mobile number exists.
E164 = re.compile(r"\+[1-9][0-9]{7,14}")
# `rcs:`, `whatsapp:` and the like before an address.
_CHANNEL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,31}):(.*)", re.DOTALL)
# How people group the digits of a number. (0) is the zero that is dialled only within the country.
_GROUPING = re.compile(r"\(0\)|[\s().\-/\u00a0\u2010-\u2015]")
# Seven digits or more, of any script, grouped as people group them.
_INSIDE = re.compile(r"\d(?:[\s().\-/\u2010-\u2015]*\d){6}")


class _Spelling:
    """A second way in which networks and channels write the numbers of a country.

    `groups` are the parts of a national number, `plain` the canonical order of them, `also` the other one.
    """

    def __init__(self, country: str, groups: tuple[str, ...], plain: str, also: str) -> None:
        self._country = country
        self._plain, self._also = plain, also
        parts = [f"({group})" for group in groups]
        # Compiled when a number of the country comes: `re` remembers them, and most processes never meet one.
        self._is_plain = re.escape(country) + plain.format(*parts)
        self._is_other = re.escape(country) + also.format(*parts)

    def to_plain(self, number: str) -> str | None:
        """Returns the canonical form of a number in the other spelling, None for any other number."""
        found = self._match(self._is_other, number)
        return self._country + self._plain.format(*found.groups()) if found else None

    def to_other(self, number: str) -> str | None:
        """Returns the other spelling of a number in its canonical form, None for any other number."""
        found = self._match(self._is_plain, number)
        return self._country + self._also.format(*found.groups()) if found else None

    def _match(self, pattern: str, number: str) -> re.Match[str] | None:
        return re.fullmatch(pattern, number) if number.startswith(self._country) else None


# A row belongs here only if both spellings are in use and can never be two subscribers: a customer taken for a handler
# would not be forwarded. So there is none for Ivory Coast (2021) and Vietnam (2018): what was put before a number there
# went by its operator, networks gave the old spelling up, and new subscribers got numbers of the new form since.
_ARGENTINIAN_AREAS = (("11", r"\d{8}"), (r"[23]\d\d", r"\d{7}"), (r"[23]\d{3}", r"\d{6}"))
_SPELLINGS = (
    # Mexico: mobiles were called with a 1 before the area code until 2019; WhatsApp and some carriers still write it.
    _Spelling("+52", (r"[2-9]\d{9}",), "{}", "1{}"),
    # Argentina: mobiles have a 9 when called from abroad, a 15 behind the area code at home, and neither as a plain
    # national number. The plan gives a number to a mobile or to a fixed line, never to both.
    _Spelling("+54", (r"[1-3]\d{9}",), "{}", "9{}"),
    *(_Spelling("+54", area, "{}{}", "{}15{}") for area in _ARGENTINIAN_AREAS),
    *(_Spelling("+54", area, "{}{}", "9{}15{}") for area in _ARGENTINIAN_AREAS),
    # Brazil: mobiles got a ninth digit, a 9, until 2016; WhatsApp keeps older accounts without it. Fixed lines begin
    # with 2 to 5, so eight digits that begin with 6 to 9 are a mobile's.
    _Spelling("+55", (r"[1-9][1-9]", r"[6-9]\d{7}"), "{}{}", "{}9{}"),
    # Benin: every number of eight digits got 01 before it at the end of 2024.
    _Spelling("+229", (r"\d{8}",), "{}", "01{}"),
)


@lru_cache(maxsize=4096)
def canonical(address: str) -> str:
    """Returns the form in which an address is compared.

    For a phone number that is E.164 in one spelling, without the channel before it and the grouping that people write.
    Any other address (a short code, a sender's name, a channel's own) stays as it is.
    """
    number = e164(address)
    if number is None:
        return address.strip()
    return next((plain for row in _SPELLINGS if (plain := row.to_plain(number))), number)


def same(one: str, other: str) -> bool:
    """Whether two addresses are one handset, or one of our numbers."""
    return one == other or canonical(one) == canonical(other)


def spellings(address: str) -> tuple[str, ...]:
    """Returns every spelling under which a number may be on record, the given one first."""
    number = e164(address)
    if number is None:
        return (address,)
    plain = canonical(number)
    others = (row.to_other(plain) for row in _SPELLINGS)
    return tuple(dict.fromkeys((address, number, plain, *(other for other in others if other))))


def last_digits(number: str) -> str:
    """Returns the digits by which a number is found that may be written without its country: at most the last ten.

    "" for fewer than seven, which are no number. A zero in front is dialled only within the country.
    """
    digits = "".join(char for char in number.replace("(0)", "") if char in "0123456789").lstrip("0")
    return digits[-10:] if 7 <= len(digits) <= 15 else ""


def e164(address: str) -> str | None:
    """Returns the phone number that an address spells, in E.164; None when it is no phone number.

    A channel's name may stand before it (`whatsapp:+1…`), and people may have grouped its digits (`+1 (303) 555-0100`).
    """
    number = _GROUPING.sub("", behind_channel(address)[1])
    return number if E164.fullmatch(number) else None


def is_inside(words: str) -> bool:
    """Whether there is a phone number in these words, such as a name, which logs and other people would be shown."""
    return _INSIDE.search(words) is not None


def behind_channel(address: str) -> tuple[str, str]:
    """Returns the channel's name before an address, in lower case and "" for a plain one, and what stands behind it."""
    found = _CHANNEL.fullmatch(address.strip())
    return (found[1].lower(), found[2].strip()) if found else ("", address.strip())
