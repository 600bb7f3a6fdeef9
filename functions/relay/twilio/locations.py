"""`location_in_words` makes words and a link to a map of a location that a customer shared.

WhatsApp's come as parameters of the webhook, with an empty body. What iPhones share by MMS is a contact card whose
address of Apple's map differs from release to release: it stays a file, and opens on the phone of who follows the link.
"""

from __future__ import annotations

import re

_DEGREES = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,20})?")
# A label or an address is a line, not a text of its own.
_CHARACTERS_MAX = 200
# More digits than these tell less than the width of a hand.
_DIGITS = 6


def location_in_words(latitude: str, longitude: str, address: str, label: str) -> str:
    """Returns the location in words, with a link to a map where both numbers are a place on Earth; "" for none."""
    place = [_degrees(latitude, 90), _degrees(longitude, 180)]
    words = ", ".join(filter(None, (_line(label), _line(address))))
    link = f"https://maps.google.com/?q={','.join(place)}" if all(place) else ""
    told = " ".join(filter(None, (words, link)))
    return f"Location: {told}" if told else ""


def _degrees(given: str, most: int) -> str:
    """Returns a number of degrees in the shortest way to write it; "" for what is none."""
    given = given.strip(" ")
    if not _DEGREES.fullmatch(given) or abs(float(given)) > most:
        return ""
    return f"{float(given):.{_DIGITS}f}".rstrip("0").rstrip(".")


def _line(words: str) -> str:
    return " ".join(words.split())[:_CHARACTERS_MAX]
