"""A body that is sent as it comes: what breaks off does not look whole, and whatever happens it is closed."""

from __future__ import annotations

import errno
from collections.abc import Generator

import pytest
from relay.web import Streamed


def test_an_error_breaks_the_connection_off_and_is_told_of() -> None:
    said: list[Exception] = []
    odd = ValueError("the words of a customer")

    def breaks() -> Generator[bytes, None, None]:
        yield b"half"
        raise odd

    body = Streamed(breaks(), said.append)
    assert next(body) == b"half"
    with pytest.raises(ConnectionResetError) as error:
        next(body)
    # The one that servers keep silent about, and without what led to it.
    assert error.value.errno == errno.ECONNRESET
    assert (error.value.__cause__, error.value.__suppress_context__, said) == (None, True, [odd])


def test_an_end_is_an_end_and_closing_reaches_the_source() -> None:
    said: list[Exception] = []
    closed: list[bool] = []

    def whole() -> Generator[bytes, None, None]:
        try:
            yield b"one"
            yield b"two"
        finally:
            closed.append(True)

    assert list(Streamed(whole(), said.append)) == [b"one", b"two"]
    left = Streamed(whole(), said.append)
    next(left)
    left.close()
    assert (closed, said) == ([True, True], [])
