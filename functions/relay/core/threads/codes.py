"""Codes: the short names of threads, like `K71`, as they are given and as handlers write them. Pure.

`code_in_front` names the customer that a text is for. Any other code in a text is a reason to ask.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from math import gcd

# No letter that is taken for a digit or another letter: I and L for 1, O for 0, S for 5, B for 8.
LETTERS = "ACDEFGHJKMNPQRTUVWXYZ"
_NUMBERS = 100
COUNT = len(LETTERS) * _NUMBERS

# Letters that are words by themselves ("a 10 minute walk", "y 20 más"): with a blank before the digits they make none.
_WORDS_BY_THEMSELVES = "AEUY"

_LETTER = f"[{LETTERS}{LETTERS.lower()}]"
# What people put around a code, or an app in front of it.
_BEFORE = r"""[\s#"'“”‘’«»(\[>@*]*"""  # noqa: RUF001 - people's phones write them
# A number goes on behind a point or a comma: "F10.5" names an aircraft sooner than a customer. "K71's" is about one.
_ENDS = r"(?!\w|[.,/][0-9]|['’]\w)"  # noqa: RUF001
_BEHIND = r"""[:;,.?!)\]"'“”’»*\-–—]*"""  # noqa: RUF001 - people's phones write them
# How notices name a customer, "K71 (...4567)": people copy it.
_ENDING = r"(?:\s*\((?:\.\.\.|…)[0-9]{4}\)[:;,.]?)?"
# "K71 - on my way", "K71 : on my way"; a minus sign stands at its number.
_APART = r"(?:\s+[:\-–—]+(?=\s|$))?\s*"  # noqa: RUF001
_IN_FRONT = re.compile(f"({_BEFORE})({_LETTER})([-. ]?)([0-9]{{2}}){_ENDS}({_BEHIND}){_ENDING}{_APART}")
# It may name a customer in letters of another keyboard, with any dash, and with a word stuck to it ("K71on my way").
_ANY_LETTER = "[A-Za-zΑ-ωА-яＡ-Ｚａ-ｚ]"  # noqa: RUF001 - those of Greek and Cyrillic look alike
_RESEMBLING = re.compile(rf"{_BEFORE}({_ANY_LETTER}(?:[-‐-―]?\d{{1,3}}{_ENDS}|-?\d\d{_ANY_LETTER}+))")  # noqa: RUF001
_QUOTES = frozenset('"“”«»')
_TIGHT = re.compile(rf"(?<!\w)({_LETTER})-?([0-9]{{2}})(?!\w)")
_SPACED = re.compile(rf"(?<!\w)({_LETTER})[-. ]\s?([0-9]{{2}})(?!\w)")
_FORM = re.compile(f"[{LETTERS}][0-9]{{2}}")


def is_code(word: str) -> bool:
    """Whether a word has the form of a code, as we write it."""
    return _FORM.fullmatch(word) is not None


def candidates(number: int) -> Iterator[str]:
    """Yields every code once, in an order that a random integer settles: two integers hardly begin alike."""
    number = abs(number)
    start, number = number % COUNT, number // COUNT
    stride = _STRIDES[number % len(_STRIDES)]
    return (_written((start + step * stride) % COUNT) for step in range(COUNT))


def code_in_front(body: str) -> tuple[str, str] | None:
    """Returns the code with which a text begins, as we write it, and the words behind it; None where none does."""
    found = _IN_FRONT.match(body)
    if found is None:
        return None
    before, letter, between, digits, behind = found.groups()
    rest = body[found.end() :].strip()
    if _QUOTES.intersection(before) and not _QUOTES.intersection(behind):
        return None  # a quote begins with it: some phones put what a reaction is about in front
    if between == " " and letter.upper() in _WORDS_BY_THEMSELVES and rest:
        return None
    return letter.upper() + digits, rest


def resembling_in_front(body: str) -> str | None:
    """Returns the first word of a text where it may be a mistyped code (K7, K711, B12), as written; else None."""
    found = _RESEMBLING.match(body)
    return found[1] if found else None


def codes_inside(words: str, known: Collection[str] = ()) -> tuple[str, ...]:
    """Returns the codes that stand anywhere in these words; of the known ones also those that are written apart."""
    tight = [letter.upper() + digits for letter, digits in _TIGHT.findall(words)]
    apart = [letter.upper() + digits for letter, digits in _SPACED.findall(words)]
    return tuple(dict.fromkeys([*tight, *(code for code in apart if code in known)]))


def may_name(words: str) -> bool:
    """Whether anything in these words can be a code, of whatever codes are known."""
    return _TIGHT.search(words) is not None or _SPACED.search(words) is not None


def _written(number: int) -> str:
    return f"{LETTERS[number // _NUMBERS]}{number % _NUMBERS:02d}"


# Steps that lead through all codes before they come back to the first.
_STRIDES = tuple(stride for stride in range(1, COUNT) if gcd(stride, COUNT) == 1)
