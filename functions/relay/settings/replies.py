"""`read_replies` reads whether handlers' texts answer customers, and what such answers need."""

from __future__ import annotations

import re
from dataclasses import dataclass

from relay.settings.reader import Reader

_BUSINESS_NAME_MAX = 40
_OWNER_ACTIVE_SECONDS, _OWNER_ACTIVE_SECONDS_MAX = 7200.0, 86400.0
_SECONDS = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Replies:
    """What the environment says of replies: off, no name and 0 seconds where the entry point needs none of it."""

    are_on: bool
    business_name: str
    owner_active_seconds: float


def read_replies(read: Reader, *, is_real: bool) -> Replies:
    """Returns what is said of replies. `is_real`: texts go to Twilio itself, so that people read them."""
    said = read.text("RELAY_REPLIES", "off")
    if said not in ("", "on", "off"):
        read.mistakes.append("RELAY_REPLIES is neither `on` nor `off`.")
    are_on = said == "on"
    return Replies(are_on, _business_name(read, is_required=are_on and is_real), _owner_active_seconds(read))


def _business_name(read: Reader, *, is_required: bool) -> str:
    """Returns the name. One line that shows, since it stands in front of an answer's words."""
    name = read.text("RELAY_BUSINESS_NAME")
    if not name and is_required and read.wants("RELAY_BUSINESS_NAME"):
        read.mistakes.append(
            "RELAY_BUSINESS_NAME is missing: with RELAY_REPLIES=on the first answer tells a customer who writes."
        )
    if name and not (name.isprintable() and any(map(str.isalnum, name)) and len(name) <= _BUSINESS_NAME_MAX):
        read.mistakes.append(f"RELAY_BUSINESS_NAME is not a name of 1 to {_BUSINESS_NAME_MAX} characters on one line.")
    return name


def _owner_active_seconds(read: Reader) -> float:
    said = read.text("RELAY_OWNER_ACTIVE_SECONDS")
    if not said:
        return _OWNER_ACTIVE_SECONDS if read.wants("RELAY_OWNER_ACTIVE_SECONDS") else 0.0
    if not _SECONDS.fullmatch(said) or float(said) > _OWNER_ACTIVE_SECONDS_MAX:
        read.mistakes.append(
            f"RELAY_OWNER_ACTIVE_SECONDS is not a number of seconds from 0 to {_OWNER_ACTIVE_SECONDS_MAX:.0f}."
        )
        return _OWNER_ACTIVE_SECONDS
    return float(said)
