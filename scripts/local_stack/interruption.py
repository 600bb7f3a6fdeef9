"""Being told to stop. Python drops a KeyboardInterrupt that comes while it cleans up an object: so it is also kept."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_told = threading.Event()


def listen() -> None:
    """From now on Ctrl-C, SIGTERM and SIGHUP raise KeyboardInterrupt, and `check` does for good."""
    for number in _SIGNALS:
        signal.signal(number, _handle)


def check() -> None:
    """Raises KeyboardInterrupt once it was told to stop; for loops that would else go on for ever."""
    if _told.is_set():
        raise KeyboardInterrupt


@contextlib.contextmanager
def put_off() -> Iterator[None]:
    """Meanwhile none of these signals interrupts; one that came raises KeyboardInterrupt at the end.

    For calls of Google's clients: gRPC waits for ever for a call that an exception has cut off when the process ends.
    """
    with instead(_told.set):
        yield
    check()


@contextlib.contextmanager
def instead(act: Callable[[], None]) -> Iterator[None]:
    """Meanwhile each of these signals has `act` called, and interrupts nothing: a clean end is under way."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's, and so is a stack's end but for tests
        return
    before = {number: signal.signal(number, lambda *_: act()) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _handle(_number: int, _frame: object) -> None:
    _told.set()
    raise KeyboardInterrupt
