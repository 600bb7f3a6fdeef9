"""What a text costs: SMS's two alphabets, and the parts a text is sent in after Twilio's SmartEncoded.

The only table of GSM characters in the product. The fake Twilio has its own, so that a mistake in one is seen by the
other; tests hold both against the same published counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from relay.core.comparing import smart_encoded

# GSM 03.38: the basic set costs one septet a character, the extension table two.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_GSM = re.compile(f"[{re.escape(''.join(_BASIC | _EXTENSION))}]*")
_EXTENDED = re.compile(f"[{re.escape(''.join(_EXTENSION))}]")

_GSM_SINGLE, _GSM_PART = 160, 153  # septets
_UCS2_SINGLE, _UCS2_PART = 70, 67  # UTF-16 code units

# Twilio refuses a longer body, and in it "emojis, emoticons or non-GSM characters will be counted as multiple
# characters". How many it does not say; UTF-16 code units are what SMS itself counts.
BODY_MAX_CHARACTERS = 1600


def is_gsm(text: str) -> bool:
    """Whether every character is one of GSM 03.38's, so that the text need not be sent in UCS-2."""
    return _GSM.fullmatch(text) is not None


def segments(text: str) -> int:
    """Returns how many SMS segments Twilio bills for this text; at least 1."""
    text = smart_encoded(text)
    if is_gsm(text):
        if 2 * len(text) <= _GSM_SINGLE:
            return 1
        septets = _EXTENDED.sub("\x1b\\g<0>", text)
        return _parts(len(septets), _GSM_SINGLE, _GSM_PART, lambda index: septets[index] == "\x1b")
    units = text.encode("utf-16-be", "surrogatepass")
    return _parts(len(units) // 2, _UCS2_SINGLE, _UCS2_PART, lambda index: 0xD8 <= units[2 * index] <= 0xDB)


def _parts(units: int, single: int, part: int, begins_a_pair: Callable[[int], bool]) -> int:
    """Returns how many parts so many units take, none of which ends between the two halves of a character."""
    if units <= single:
        return 1
    parts = end = 0
    while end < units:
        end += part
        parts += 1
        if end < units and begins_a_pair(end - 1):
            end -= 1
    return parts


def excess(text: str) -> int:
    """Returns by how many characters Twilio may find a body too long, as it is or smart-encoded; 0 when it fits."""
    if 3 * len(text) <= BODY_MAX_CHARACTERS:
        return 0
    forms = (text, smart_encoded(text))
    longest = max(len(form.encode("utf-16-be", "surrogatepass")) // 2 for form in forms)
    return max(0, longest - BODY_MAX_CHARACTERS)
