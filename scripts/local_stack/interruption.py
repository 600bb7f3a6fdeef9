"""Being told to stop. Python drops a KeyboardInterrupt that comes while it cleans up an object: so it is also kept."""

from __future__ import annotations

import signal
import threading

_told = threading.Event()


def listen() -> None:
    """From now on Ctrl-C, SIGTERM and SIGHUP raise KeyboardInterrupt, and `check` does for good."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _handle)


def check() -> None:
    """Raises KeyboardInterrupt once it was told to stop; for loops that would else go on for ever."""
    if _told.is_set():
        raise KeyboardInterrupt


def _handle(_number: int, _frame: object) -> None:
    _told.set()
    raise KeyboardInterrupt
