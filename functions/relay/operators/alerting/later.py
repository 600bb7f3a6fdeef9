"""Later does small things in the background, in order, and again where the store was out of order. Bounded."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from relay.errors import RelayError

# How long is waited after the first, second, … failure; then it is given up.
WAITS = (1, 5, 20, 60, 120, 300, 600)
_KEPT_MAX = 200


class Later:
    """One thread, which lives as long as there is something to do. Threads may share it."""

    def __init__(self, given_up: Callable[[Exception], None], sleep: Callable[[float], object] = time.sleep) -> None:
        """`given_up` is told of what was not done: after the last try, or at once for an error of no store."""
        self._given_up = given_up
        self._sleep = sleep
        self._waiting: deque[Callable[[], None]] = deque(maxlen=_KEPT_MAX)
        self._lock = threading.Lock()
        self._is_running = False

    def do(self, something: Callable[[], None]) -> None:
        """Have this done. Of more than can be kept, the oldest is let go."""
        with self._lock:
            self._waiting.append(something)
            if self._is_running:
                return
            self._is_running = True
        threading.Thread(target=self._run, name="relay-alarms", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._is_running = False
                    return
                something = self._waiting.popleft()
            self._do(something)

    def _do(self, something: Callable[[], None]) -> None:
        for seconds in (*WAITS, 0):
            try:
                something()
                return
            except RelayError as error:
                if not seconds:
                    self._given_up(error)
                    return
                self._sleep(seconds)
            except Exception as error:
                self._given_up(error)
                return
