"""`read_operators` reads who may sign in at the console, from where, and behind how many proxies."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from relay.core.numbers import E164, canonical, is_inside
from relay.core.operators import Operator, Operators, Role
from relay.settings.reader import JsonObject, Reader

_KEYS = ("name", "phone", "email", "role")
_NAME_MAX = 40
_PEOPLE_MAX = 100
# What is behind the @ is checked by who takes the message; here a number in the wrong place is to be noticed.
_EMAIL = re.compile(r"[^\s@<>,;:\"()\\]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])")
_PROXIES = re.compile(r"[0-5]")


@dataclass(frozen=True, slots=True)
class SigningIn:
    """What the environment says of signing in: no operators, "" and 0 where the entry point needs none of it."""

    operators: Operators
    console_base_url: str
    trusted_proxies: int


def read_operators(read: Reader, our_phones: tuple[str, ...]) -> SigningIn:
    """Returns who may sign in. `console_base_url` is "" when it is not said. `our_phones` must not be texted."""
    proxies = read.matching("RELAY_TRUSTED_PROXIES", _PROXIES, "a number of proxies from 0 to 5", "0")
    count = int(proxies) if _PROXIES.fullmatch(proxies) else 0
    text = read.text("RELAY_OPERATORS")
    before = len(read.mistakes)
    people = _people(read, text) if text else []
    ours = {canonical(phone) for phone in our_phones}
    for person in people:
        if person.phone and canonical(person.phone) in ours:
            read.mistakes.append(
                f"RELAY_OPERATORS: {person.name}'s phone is our own number; the relay would text itself."
            )
    if not read.wants("RELAY_TRUSTED_PROXIES"):
        # A way in for texts goes on with those that it can read: the console's functions report mistakes.
        del read.mistakes[before:]
    return SigningIn(Operators(tuple(people)), read.url("CONSOLE_BASE_URL"), count)


def _people(read: Reader, text: str) -> list[Operator]:
    try:
        values = json.loads(text, object_pairs_hook=JsonObject)
    except (ValueError, RecursionError):
        read.mistakes.append("RELAY_OPERATORS is not JSON (is a quote or a comma missing?).")
        return []
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        read.mistakes.append('RELAY_OPERATORS is not a list of operators like {"name": "…", "phone": "+1…"}.')
        return []
    if len(values) > _PEOPLE_MAX:
        read.mistakes.append(f"RELAY_OPERATORS has {len(values)} operators; there may be {_PEOPLE_MAX}.")
    people = [person for place, value in enumerate(values, 1) if (person := _operator(read, place, value))]
    _check_unique(read, people)
    return people


def _operator(read: Reader, place: int, value: JsonObject) -> Operator | None:
    before = len(read.mistakes)

    def wrong(words: str) -> None:
        read.mistakes.append(f"RELAY_OPERATORS: operator {place}{words}")

    for key in value.repeated:
        if key in _KEYS:
            wrong(f" has `{key}` more than once (is a brace missing between two operators?).")
    for key in value:
        if key not in _KEYS:
            # A key that does not look like one may be a number in the wrong place.
            named = f" `{key}`" if re.fullmatch(r"[A-Za-z_]{1,40}", key) else ""
            wrong(f" has an unknown key{named}; an operator has {', '.join(_KEYS)}.")
    name = value.get("name")
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= _NAME_MAX or not name.isprintable():
        wrong(f": name is not a text of 1 to {_NAME_MAX} characters on one line.")
    elif is_inside(name):
        wrong(": name has a phone number in it, which the trail and the log would show.")
    phone, email = value.get("phone") or "", value.get("email") or ""
    if phone and (not isinstance(phone, str) or not E164.fullmatch(phone)):
        wrong(": phone is not E.164, like +15551234567.")
    if email and (not isinstance(email, str) or not _EMAIL.fullmatch(email.strip().lower())):
        wrong(": email is not an e-mail address like ana@example.com.")
    if not phone and not email:
        wrong(" has neither a phone nor an email, by which a code could come.")
    role = value.get("role", Role.ACT.value)
    if not isinstance(role, str) or role not in set(Role):
        wrong(": role is neither `look` nor `act`.")
    if len(read.mistakes) > before:
        return None
    return Operator(str(name).strip(), str(phone), str(email).strip().lower(), Role(str(role)))


def _check_unique(read: Reader, people: list[Operator]) -> None:
    """Reports what two operators share: a code that comes there would not say who signs in."""
    for what, of in (("name", _name), ("phone", _phone), ("email", _email)):
        seen: dict[str, Operator] = {}
        for person in people:
            if (value := of(person)) and (first := seen.setdefault(value, person)) is not person:
                read.mistakes.append(f"RELAY_OPERATORS: {first.name} and {person.name} have the same {what}.")


def _name(person: Operator) -> str:
    return person.name.casefold()


def _phone(person: Operator) -> str:
    return canonical(person.phone) if person.phone else ""


def _email(person: Operator) -> str:
    return person.email
