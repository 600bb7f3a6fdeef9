"""`readable` says of a record that cannot be read what is wrong with it, without quoting it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from relay.errors import NewerRecord, Unreadable
from relay.record.shape import WrongType

T = TypeVar("T")


def readable(message_id: str, read: Callable[[], T]) -> T:
    """Returns what `read` makes of the record stored under this id. Raises NewerRecord or Unreadable."""
    try:
        return read()
    except NewerRecord:
        raise
    except Exception as error:  # whatever can be stored can be stored wrongly, and no reader foresees each way
        raise Unreadable(message_id, _in_words(error)) from error


def _in_words(error: Exception) -> str:
    if isinstance(error, WrongType):
        return f"its record cannot be read: {error}"
    if isinstance(error, KeyError) and str(error.args[0]).isidentifier():
        return f"its record cannot be read: {error.args[0]} is missing"
    # Another error's own words may quote the record.
    return f"its record cannot be read ({type(error).__name__})"
