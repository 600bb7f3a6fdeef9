"""`require_shape` refuses a relay whose record holds values of wrong types, which would fail later, in mid-work.

The types are those that the classes of core/ declare; there is no second list of them.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from relay.core.model import Relay

Types = tuple[type, ...]


class WrongType(ValueError):
    """A field holds a value of a type that it cannot have; the message names the field alone."""


def require_shape(relay: Relay) -> None:
    """Raises WrongType, naming the field, for a relay with a value of a wrong type at any depth."""
    require_types([relay])
    require_types([relay.policy])
    require_types(relay.policy.tiers)
    require_types(relay.attempts)
    require_types(relay.error_log)
    require_types(relay.attachments)
    require_types(attempt.failure for attempt in relay.attempts if attempt.failure)
    numbers = [delay for tier in relay.policy.tiers for delay in tier.retry_delays_seconds]
    if not all(isinstance(delay, int | float) for delay in numbers):
        raise WrongType("retry_delays_seconds is not made of numbers")
    if not all(isinstance(request_id, str) for request_id in relay.redrive_ids):
        raise WrongType("redrive_ids is not made of texts")


def require_types(values: Iterable[Any]) -> None:
    """Raises WrongType, naming the field, for a value with a field of another type than its class declares."""
    for value in values:
        values_of, declared = _declared(type(value))
        for found, (name, kinds) in zip(values_of(value), declared, strict=True):
            if not isinstance(found, kinds):
                raise WrongType(f"{name} is of a wrong type")
            if isinstance(found, datetime) and found.tzinfo is None:
                raise WrongType(f"{name} has no time zone")


_Declared = tuple[Callable[[Any], tuple[Any, ...]], tuple[tuple[str, Types], ...]]
_DECLARED: dict[type, _Declared] = {}


def _declared(kind: Any) -> _Declared:
    """Returns how to get a class's values, and the name and the types of each."""
    if kind not in _DECLARED:
        hints = typing.get_type_hints(kind)
        names = [field.name for field in fields(kind)]
        _DECLARED[kind] = attrgetter(*names), tuple((name, _types_in(hints[name])) for name in names)
    return _DECLARED[kind]


def _types_in(hint: Any) -> Types:
    """Returns the classes that a value with this type hint may have; of a tuple's items nothing is said."""
    if isinstance(hint, types.UnionType):
        return tuple(one for part in typing.get_args(hint) for one in _types_in(part))
    one: type = typing.get_origin(hint) or hint
    return (float, int) if one is float else (one,)
