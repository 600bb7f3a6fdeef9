"""Faults from JSON: any field of a dataclass by its name, checked against its type.

A mistake is a ValueError that says which field it is and what it may be.
"""

import dataclasses
import math
import types
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Part = TypeVar("Part")

_SIMPLE = {str: "a text", bool: "true or false", int: "a whole number, 0 or more", float: "a number, 0 or more"}


def changed(part: Part, given: object, name: str) -> Part:
    """Returns the part with the fields that are given in the JSON object; `name` is what it is called there."""
    if not isinstance(given, Mapping):
        raise ValueError(f"{name} must be an object")
    hints = get_type_hints(type(part))
    if unknown := sorted(set(given) - set(hints)):
        raise ValueError(f"{name} has no field {unknown[0]!r}; there are: {', '.join(hints)}")
    values = {field: _value(hints[field], value, f"{name}.{field}") for field, value in given.items()}
    return dataclasses.replace(part, **values)  # type: ignore[type-var]


def _value(kind: Any, value: Any, where: str) -> Any:
    """Returns the value as a field of this kind holds it."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (other,) = (argument for argument in arguments if argument is not type(None))
        return None if value is None else _value(other, value, where)
    if origin is Literal:
        if value not in arguments:
            raise ValueError(f"{where} must be one of: {', '.join(arguments)}")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{where} must be a list")
        return tuple(_value(arguments[0], item, where) for item in value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise ValueError(f"{where} must be an object")
        return {str(key): _value(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    if not _is_simple(kind, value):
        raise ValueError(f"{where} must be {_SIMPLE[kind]}")
    return kind(value)


def _is_simple(kind: type, value: object) -> bool:
    if kind in (int, float):
        if isinstance(value, bool) or not isinstance(value, int if kind is int else int | float):
            return False
        return value >= 0 and math.isfinite(value)
    return isinstance(value, kind)
