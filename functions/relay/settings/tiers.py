"""`read_policy` reads today's tiers and our own numbers, from RELAY_TIERS or from one variable a handler."""

from __future__ import annotations

import json
import re
from typing import Any

from relay.core.bounds import RETRIES_MAX, TIERS_MAX
from relay.core.numbers import E164, canonical, is_inside
from relay.core.people import PLACES, place_of, told_apart
from relay.core.policy import DEFAULT_RECEIPT_TIMEOUT_SECONDS, DEFAULT_RETRY_DELAYS_SECONDS, Policy, Success, Tier, sms
from relay.settings.reader import JsonObject, Reader

_HANDLER_VARIABLES = tuple((f"{place.upper()}_HANDLER_PHONE", f"{place.upper()}_HANDLER_NAME") for place in PLACES)
_NAME_MAX = 100
_TIER_KEYS = (
    *("name", "phone", "retry_delays_seconds", "receipt_timeout_seconds", "success", "claim_timeout_seconds"),
    "attachments",
)
# How a tier's texts show the files that came with a text: their number and the link, or the number alone.
_LINK, _NO_LINK = "link", "none"
# Twilio keeps a text queued for at most this long (ValidityPeriod), so waiting longer for its receipt is in vain.
_RECEIPT_TIMEOUT_MAX_SECONDS = 36000
# A day: who has not answered by then will not.
_CLAIM_TIMEOUT_MAX_SECONDS = 86400


def read_policy(read: Reader, *, replies: bool) -> tuple[Policy | None, tuple[str, ...]]:
    """Returns today's tiers (None when none could be read) and our own numbers, checked against each other.

    `replies`: handlers' texts answer customers, so that handlers are told of each other by name.
    """
    own = read.listed("BUSINESS_PHONE_NUMBER")
    for number in own:
        if not E164.fullmatch(number):
            read.mistakes.append(f"BUSINESS_PHONE_NUMBER: {_shown(number)} is not E.164, like +15551234567.")
    text = read.text("RELAY_TIERS")
    if text:
        for name in (name for pair in _HANDLER_VARIABLES for name in pair):
            if read.text(name):
                read.mistakes.append(f"{name} is given beside RELAY_TIERS: use one way to name the handlers.")
        tiers, places = _tiers_from_json(read, text, replies=replies)
    else:
        tiers, places = _tiers_from_variables(read)
    source = "RELAY_TIERS" if text else "PRIMARY_, SECONDARY_ and BACKUP_HANDLER_PHONE"
    ours = {canonical(number) for number in own}
    seen: dict[str, int] = {}
    for level, (phone, name) in places.items():
        handset = canonical(phone)
        if handset in ours:
            read.mistakes.append(f"{source}: tier {level} is our own number; the relay would text itself.")
        first = seen.setdefault(handset, level)
        # With replies a person may stand at several tiers; one number under two names is a mistake all the same.
        if first != level and not (replies and places[first][1] == name):
            read.mistakes.append(f"{source}: tiers {first} and {level} have the same phone number.")
    if replies:
        tiers = list(map(told_apart, tiers))
    return (Policy(tuple(tiers)) if tiers else None), own


# The tiers without a mistake; and every tier's phone and name by its level, so that a phone's mistake is reported
# although its tier has another one.
_Read = tuple[list[Tier], dict[int, tuple[str, str]]]


def _tiers_from_variables(read: Reader) -> _Read:
    values = [(variable, read.text(variable), read.text(naming)) for variable, naming in _HANDLER_VARIABLES]
    given = [bool(phone) for _, phone, _ in values]
    if not any(given):
        read.mistakes.append("No handlers are given: set RELAY_TIERS, or PRIMARY_HANDLER_PHONE and the two after it.")
    elif sorted(given, reverse=True) != given:
        read.mistakes.append("The handlers have a gap: fill PRIMARY_, then SECONDARY_, then BACKUP_HANDLER_PHONE.")
    places: dict[int, tuple[str, str]] = {}
    for level, ((variable, naming), (_, phone, name)) in enumerate(zip(_HANDLER_VARIABLES, values, strict=True), 1):
        if phone and not E164.fullmatch(phone):
            read.mistakes.append(f"{variable}: {_shown(phone)} is not E.164, like +15551234567.")
        if name and not phone and any(given):
            read.mistakes.append(f"{naming} is given without {variable}.")
        if name and (why := _why_not_told(name)):
            read.mistakes.append(f"{naming} {why}.")
        if phone:
            places[level] = (phone, name or PLACES[level - 1])
    return [Tier(name, sms(phone)) for phone, name in places.values()], places


def _why_not_told(name: str) -> str:
    """Returns why other people cannot be shown this name, to follow it in a sentence; "" when they can."""
    if len(name) > _NAME_MAX:
        return f"has more than {_NAME_MAX} characters"
    if not name.isprintable():
        return "has a character that does not show, or is not one line"
    # Alarms have it, it is kept with threads and written into the log, which hold no number.
    return "has a phone number in it, which other people would be shown" if is_inside(name) else ""


def _tiers_from_json(read: Reader, text: str, *, replies: bool) -> _Read:
    try:
        values = json.loads(text, object_pairs_hook=JsonObject)
    except (ValueError, RecursionError):
        read.mistakes.append("RELAY_TIERS is not JSON (is a quote or a comma missing?).")
        return [], {}
    if not isinstance(values, list) or not values or not all(isinstance(value, dict) for value in values):
        read.mistakes.append('RELAY_TIERS is not a list of at least one tier like {"name": "…", "phone": "+1…"}.')
        return [], {}
    if len(values) > TIERS_MAX:
        read.mistakes.append(f"RELAY_TIERS has {len(values)} tiers; there may be {TIERS_MAX}.")
    tiers = [_tier(read, number, value) for number, value in enumerate(values, start=1)]
    places: dict[int, tuple[str, str]] = {}
    for level, value in enumerate(values, start=1):
        _check_together(read, level, value, replies=replies)
        if isinstance(phone := value.get("phone"), str) and phone:
            places[level] = (phone, _name_of(value, level))
    return [tier for tier in tiers if tier is not None], places


def _name_of(value: JsonObject, level: int) -> str:
    """Returns the tier's name without blanks around it; its place where it has none that can be one."""
    name = value.get("name")
    return name.strip() if isinstance(name, str) and name.strip() else place_of(level)


def _check_together(read: Reader, level: int, value: JsonObject, *, replies: bool) -> None:
    """Reports a name that cannot be shown, and what only makes sense with replies."""
    if not replies and value.get("claim_timeout_seconds", 0) not in (None, 0):
        read.mistakes.append(
            f"RELAY_TIERS: tier {level} waits for a claim (claim_timeout_seconds), which a handler can only send with "
            "RELAY_REPLIES=on."
        )
    if len(name := _name_of(value, level)) <= _NAME_MAX and (why := _why_not_told(name)):
        read.mistakes.append(f"RELAY_TIERS: tier {level}: name {why}.")


def _tier(read: Reader, number: int, value: JsonObject) -> Tier | None:
    before = len(read.mistakes)

    def wrong(words: str) -> None:
        read.mistakes.append(f"RELAY_TIERS: tier {number}{words}")

    for key in value:
        if key not in _TIER_KEYS:
            # A key that does not look like one may be a number or a secret in the wrong place.
            named = f" `{key}`" if re.fullmatch(r"[A-Za-z_]{1,40}", key) else ""
            wrong(f" has an unknown key{named}; a tier has {', '.join(_TIER_KEYS)}.")
        elif key in value.repeated:
            wrong(f" has `{key}` more than once (is a brace missing between two tiers?).")
    phone = value.get("phone")
    if not isinstance(phone, str) or not E164.fullmatch(phone):
        wrong(f": phone {_shown(str(phone or ''))} is not E.164, like +15551234567.")
    name = value.get("name", place_of(number))
    if not isinstance(name, str) or not name.strip() or len(name) > _NAME_MAX:
        wrong(f": name is not a text of 1 to {_NAME_MAX} characters.")
    delays = value.get("retry_delays_seconds", list(DEFAULT_RETRY_DELAYS_SECONDS))
    if isinstance(delays, list) and any(isinstance(delay, str) for delay in delays):
        wrong(": retry_delays_seconds has a number in quotes; write it without them.")
    elif (
        not isinstance(delays, list)
        or len(delays) > RETRIES_MAX
        or not all(_is_seconds(delay, 0, 3600) for delay in delays)
    ):
        wrong(f": retry_delays_seconds is not a list of at most {RETRIES_MAX} waits of 0 to 3600 seconds.")
    timeout = value.get("receipt_timeout_seconds", DEFAULT_RECEIPT_TIMEOUT_SECONDS)
    if isinstance(timeout, str):
        wrong(": receipt_timeout_seconds is in quotes; write the number without them.")
    elif not _is_seconds(timeout, 1, _RECEIPT_TIMEOUT_MAX_SECONDS):
        wrong(f": receipt_timeout_seconds is not between 1 and {_RECEIPT_TIMEOUT_MAX_SECONDS} seconds.")
    success = value.get("success", Success.DELIVERED.value)
    if not isinstance(success, str) or success not in set(Success):
        wrong(": success is neither `delivered` nor `sent`.")
    claim = value.get("claim_timeout_seconds", 0)
    if isinstance(claim, str):
        wrong(": claim_timeout_seconds is in quotes; write the number without them.")
    elif not _is_seconds(claim, 0, _CLAIM_TIMEOUT_MAX_SECONDS):
        wrong(f": claim_timeout_seconds is not between 0 (asks for no claim) and {_CLAIM_TIMEOUT_MAX_SECONDS} seconds.")
    attachments = value.get("attachments", _LINK)
    if attachments not in (_LINK, _NO_LINK):
        wrong(f": attachments is neither `{_LINK}` nor `{_NO_LINK}`.")
    if len(read.mistakes) > before:
        return None
    name = _name_of(value, number)
    waits = tuple(float(delay) for delay in delays)
    reach, is_without = sms(str(phone)), attachments == _NO_LINK
    return Tier(name, reach, waits, float(timeout), Success(success), float(claim), without_link=is_without)


def _is_seconds(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _shown(number: str) -> str:
    """Returns as much of a number as a mistake may show: its last two characters."""
    if not number:
        return "(nothing)"
    return f"…{number[-2:]}" if len(number) > 4 else "(a few characters)"
