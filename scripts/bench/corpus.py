"""Texts as customers write them to a small business, in several languages: what forwarding them costs in SMS segments.

The texts are made up, in the mixture of lengths, spelling and emoji of everyday messages; one per line of corpus/*.txt,
a file per language.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from relay.flow.wording import compose
from relay.web import media_link

from scripts.bench import settings
from scripts.fake_twilio.text import segment_count, smart_encoded

# Where links to photos lead: a short host of the business's own, and the gateway's, whose name Google makes.
SHORT_HOST = "https://p.example.co"
GATEWAYS_HOST = "https://sms-relay-1a2b3c4d.uc.gateway.dev"
_TOKEN = "t" * 22

_FOLDER = Path(__file__).resolve().parent / "corpus"


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


def forwarded(base_url: str = "", code: str = "") -> list[Forwarded]:
    """Every text as a handler would get it: with two photos and their link where that has a base, and with a code.

    Twilio's SmartEncoded makes plain what has a plain twin; phones do not. Counted by the fake Twilio's table: a count
    is not checked by itself.
    """
    files, link = ("2 photos", media_link(base_url, _TOKEN)) if base_url else ("", "")
    found = []
    for language, text in texts():
        body = compose(settings.CUSTOMER_PHONE, settings.BUSINESS_PHONE, text, files, code, link)
        found.append(Forwarded(language, text, segment_count(text), segment_count(smart_encoded(body))))
    return found
