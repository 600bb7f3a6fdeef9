"""Waking tells in the background of one process what is due, as soon as it is woken. The ticker stands behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from relay.errors import RelayError
from relay.ports import Journal


class Waking:
    """A thread that runs `tell` when it is woken, once for all that woke it meanwhile."""

    def __init__(self, tell: Callable[[], object], journal: Journal) -> None:
        self._tell = tell
        self._journal = journal
        self._woken = threading.Event()
        self._is_stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start; what is due already is told at once. A second call does nothing."""
        if self._thread is None:
            self._is_stopping = False
            self._woken.set()
            self._thread = threading.Thread(target=self._run, name="relay-telling", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Have what is due told now. Never raises, never waits."""
        self._woken.set()

    def stop(self, seconds: float = 5.0) -> None:
        """Take no further run, and wait a moment for the one under way: what it leaves stays stored."""
        if self._thread is not None:
            self._is_stopping = True
            self._woken.set()
            self._thread.join(seconds)
            self._thread = None

    def _run(self) -> None:
        while True:
            self._woken.wait()
            self._woken.clear()
            if self._is_stopping:
                return
            try:
                self._tell()
            except RelayError:
                continue  # the store is out of order, which is told of by itself
            except Exception as error:
                self._journal.note("ERROR", "operators could not be told", error=type(error).__name__)
