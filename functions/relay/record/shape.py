"""`require_shape` refuses a relay whose record holds values of wrong types, which would fail later, in mid-work.

The types are those that the classes of core/ declare; there is no second list of them.
"""

from __future__ import annotations

import functools
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
        declared = _declared(value.__class__)
        found = declared.values_of(value)
        if not all(map(isinstance, found, declared.types)):
            wrong = list(map(isinstance, found, declared.types)).index(False)
            raise WrongType(f"{declared.names[wrong]} is of a wrong type")
        for place in declared.times:
            if found[place] is not None and found[place].tzinfo is None:
                raise WrongType(f"{declared.names[place]} has no time zone")


class _Declared:
    """How to get a class's values, the name and the types of each, and the places of those that are times."""

    def __init__(self, kind: Any) -> None:
        hints = typing.get_type_hints(kind)
        self.names = [field.name for field in fields(kind)]
        self.types = [_types_in(hints[name]) for name in self.names]
        self.times = [place for place, its in enumerate(self.types) if datetime in its]
        self.values_of: Callable[[Any], tuple[Any, ...]] = attrgetter(*self.names)


@functools.cache
def _declared(kind: type) -> _Declared:
    return _Declared(kind)


def _types_in(hint: Any) -> Types:
    """Returns the classes that a value with this type hint may have; of a tuple's items nothing is said."""
    if isinstance(hint, types.UnionType):
        return tuple(one for part in typing.get_args(hint) for one in _types_in(part))
    one: type = typing.get_origin(hint) or hint
    return (float, int) if one is float else (one,)
