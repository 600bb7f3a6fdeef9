"""Bytes as a row of choices. When it has been read to its end, every further choice is the ordinary one, zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Tape:
    """Reads choices from bytes, in order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        if self._at >= len(self._data):
            return 0
        self._at += 1
        return self._data[self._at - 1]

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        number = self.byte()
        if limit > 256:
            number = number << 8 | self.byte()
        if limit > 65536:
            number = number << 8 | self.byte()
        return number % limit

    def pick(self, choices: Sequence[T]) -> T:
        """One of them; the first is the ordinary one."""
        return choices[self.below(len(choices))]

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases; never when the tape is at its end."""
        return self.byte() * 100 >= (100 - percent) * 256

    def raw(self, count: int) -> bytes:
        """The next bytes as they are, as many as there are."""
        self._at += count
        return self._data[self._at - count : self._at]
