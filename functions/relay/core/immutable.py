"""Changing what cannot be changed: a copy of a frozen dataclass with some fields replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")

_Layout = tuple[Callable[[Any], tuple[Any, ...]], dict[str, int]]
_LAYOUTS: dict[type, _Layout] = {}


def with_changes(value: T, **changes: Any) -> T:
    """Like `dataclasses.replace`, at little more than half its cost: every event changes a relay. No init=False fields.

    Raises KeyError for a field that there is not.
    """
    kind = type(value)
    values_of, places = _LAYOUTS.get(kind) or _layout(kind)
    values = list(values_of(value))
    for name, new in changes.items():
        values[places[name]] = new
    return kind(*values)


def _layout(kind: Any) -> _Layout:
    names = [field.name for field in fields(kind)]
    _LAYOUTS[kind] = attrgetter(*names), {name: place for place, name in enumerate(names)}
    return _LAYOUTS[kind]
