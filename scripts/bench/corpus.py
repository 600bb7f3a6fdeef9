"""Texts as customers write them to a small business, in several languages: what forwarding them costs in SMS segments.

The texts are made up, in the mixture of lengths, spelling and emoji of everyday messages; one per line of corpus/*.txt,
a file per language.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from relay.flow.wording import compose

from scripts.bench import settings

_FOLDER = Path(__file__).resolve().parent / "corpus"
# GSM 03.38's basic characters and those that take two septets, written down a second time: a count is not checked by
# itself. A text outside of them is sent in UCS-2.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_DOUBLE = frozenset("\f^{}\\[~]|€")
_SMART: dict[int, str] = {
    **dict.fromkeys(map(ord, "\u2018\u2019"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d"), '"'),
    **dict.fromkeys(map(ord, "\u2013\u2014"), "-"),
    0x2026: "...",
}


@dataclass(frozen=True, slots=True)
class Forwarded:
    """One text: what the customer paid for, and what is paid for its way to a handler, in segments."""

    language: str
    text: str
    paid: int
    sent: int

    @property
    def added(self) -> int:
        return max(0, self.sent - self.paid)


def texts() -> list[tuple[str, str]]:
    """(language, text), all of them."""
    return [
        (path.stem, line)
        for path in sorted(_FOLDER.glob("*.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line
    ]


def forwarded() -> list[Forwarded]:
    """Every text as a handler would get it. Twilio's SmartEncoded makes plain what has a plain twin; phones do not."""
    found = []
    for language, text in texts():
        body = compose(settings.CUSTOMER_PHONE, settings.BUSINESS_PHONE, text, 0)
        found.append(Forwarded(language, text, segments(text), segments(smart(body))))
    return found


def smart(text: str) -> str:
    """The few characters of this corpus that Twilio's SmartEncoded replaces."""
    return text.translate(_SMART)


def segments(text: str) -> int:
    """How many SMS segments a text takes, as it is."""
    if set(text) <= _BASIC | _DOUBLE:
        units, single, part = len(text) + sum(character in _DOUBLE for character in text), 160, 153
    else:
        units, single, part = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if units <= single else -(-units // part)
