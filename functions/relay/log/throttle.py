"""Throttle lets one log line of each kind through a minute and counts the others: for lines that anything can provoke.

Per process, and bounded: whatever comes in, it remembers a few kinds only.
"""

from __future__ import annotations

import threading

_KINDS_MAX = 64


class Throttle:
    """Which lines may pass. Safe to share between threads."""

    def __init__(self, every_seconds: float = 60.0) -> None:
        self._every = every_seconds
        self._lock = threading.Lock()
        # Kind → when the last one passed, and how many were held back since.
        self._passed: dict[str, tuple[float, int]] = {}

    def held_back(self, kind: str, now: float) -> int | None:
        """Returns how many of this kind were held back before this one, which passes; None when it must not pass.

        `now` is in seconds of a clock that only ever grows.
        """
        with self._lock:
            last, count = self._passed.get(kind, (None, 0))
            if last is not None and now - last < self._every:
                self._passed[kind] = (last, count + 1)
                return None
            self._passed.pop(kind, None)
            if len(self._passed) >= _KINDS_MAX:
                self._passed.pop(next(iter(self._passed)))  # the one that has been quiet for longest
            self._passed[kind] = (now, 0)
            return count
