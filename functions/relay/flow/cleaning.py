"""`cleaned` replaces in a text that comes in what is no character: no store keeps it all, and it trips up readers."""

from __future__ import annotations

import re
from dataclasses import replace

from relay.core.model import InboundText

# What Unicode keeps free for ever, and NUL.
_NO_CHARACTER = re.compile(
    "[\0\ufdd0-\ufdef" + "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF)) + "]"
)


def cleaned(text: InboundText) -> InboundText:
    """Returns the text with U+FFFD in place of what is no character: half of an emoji, NUL, Unicode's noncharacters.

    No store keeps the first, and the others trip up what reads them later.
    """
    return replace(
        text,
        body=_characters(text.body),
        sender_phone=_characters(text.sender_phone),
        recipient_phone=_characters(text.recipient_phone),
        recipient_address=_characters(text.recipient_address),
    )


def _characters(words: str) -> str:
    if words.isascii() and "\0" not in words:  # nearly every text, and every number
        return words
    # The two halves of one character, each by itself, are put together on the way.
    whole = words.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", whole)
