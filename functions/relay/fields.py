"""Fields of JSON bodies, checked: each function returns a field's value or raises BadRequest 400.

Every way in that takes JSON uses these, so that the same mistake is answered in the same words: one sentence that names
the field and says what would be right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Concatenate, ParamSpec, TypeVar

from relay.errors import BadRequest

Fields = dict[str, Any]
Choice = TypeVar("Choice", bound=StrEnum)
T = TypeVar("T")
How = ParamSpec("How")

# Opaque but for this: it must not name anything but a document of our own collection.
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def fields_of(body: bytes) -> Fields:
    """Returns the fields of a body that is a JSON object."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(400, "The body is not JSON.") from error
    if not isinstance(fields, dict):
        raise BadRequest(400, "The body is not a JSON object.")
    return fields


def optional(
    check: Callable[Concatenate[Fields, str, How], T], fields: Fields, name: str, *how: How.args, **also: How.kwargs
) -> T | None:
    """Returns what `check` makes of the field, or None when it is not given or null."""
    return None if fields.get(name) is None else check(fields, name, *how, **also)


def message_id(fields: Fields, name: str = "message_id") -> str:
    """Returns a message's id, which is opaque."""
    return matching(fields, name, _MESSAGE_ID, "a message's id: 1 to 64 letters, digits, - or _")


def request_id_of(fields: Fields) -> str:
    """Returns the caller's own id of a request, by which a repeated one is known."""
    return matching(fields, "request_id", _REQUEST_ID, "8 to 64 letters, digits, - or _")


def spellings(message_id: str) -> tuple[str, ...]:
    """Returns the ids under which the relay may be stored that is asked for by this one.

    As it is given; and with small digits behind its two first letters, as intake writes a provider's hexadecimal ids.
    """
    written = message_id[:2] + message_id[2:].lower()
    return (message_id,) if written == message_id else (message_id, written)


def matching(fields: Fields, name: str, pattern: re.Pattern[str], form: str) -> str:
    """Returns a text that has this pattern; `form` says it in words."""
    value = fields.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BadRequest(400, f"{name} is not {form}.")
    return value


def number(fields: Fields, name: str, highest: int) -> int:
    """Returns a whole number from 1 to `highest`."""
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= highest:
        raise BadRequest(400, f"{name} is not a number from 1 to {highest}.")
    return value


def choice(fields: Fields, name: str, choices: type[Choice]) -> Choice:
    """Returns one of these words."""
    value = fields.get(name)
    if not isinstance(value, str) or value not in set(choices):
        raise BadRequest(400, f"{name} is none of {', '.join(choices)}.")
    return choices(value)


def time(fields: Fields, name: str) -> datetime:
    """Returns a time, which may be given in any zone, in UTC."""
    value = fields.get(name)
    try:
        found = datetime.fromisoformat(value)  # type: ignore[arg-type]  # anything else is a TypeError
        if found.tzinfo is None:
            raise BadRequest(400, f"{name} has no time zone: end it with Z or +00:00.")
        return found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadRequest(400, f"{name} is not a time like 2026-01-31T12:00:00Z.") from error
