"""Tidings says on the terminal what keeps the serving process from taking texts, and that the clock was set."""

from __future__ import annotations

import time
from datetime import timedelta

from relay.homes import SystemClock
from relay.ports import Clock

from scripts.local_stack.client import StackClient
from scripts.local_stack.screen import Screen

_LOOK_EVERY_SECONDS = 2.0
_TIMEOUT_SECONDS = 5.0
# As much as the relay itself takes notice of (embedded/ticker.py).
_SET_SECONDS = 60.0
# A machine that is busy for a moment is no news.
_SILENT_FOR_SECONDS = 15.0


class Tidings:
    """What was said of the relay at the other end of `client`: each trouble once, and its end."""

    def __init__(self, client: StackClient, screen: Screen, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._offset = self._offset_now()
        self._client = client
        self._screen = screen
        self._trouble_kind = ""
        self._is_silent = False
        self._looked_at = self._answered_at = time.monotonic()

    def look(self) -> None:
        """Say what is new, if it is time to ask."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_EVERY_SECONDS:
            return
        self._looked_at = now
        self._mind_the_clock()
        try:
            told = self._client.description(_TIMEOUT_SECONDS)
        except OSError as error:
            self._say_silent(now, error)
            return
        self._answered_at = time.monotonic()
        if self._is_silent:
            self._is_silent = False
            self._screen.say("\nThe relay answers again.", "bold green")
        if told["trouble_kind"] != self._trouble_kind:
            self._trouble_kind = told["trouble_kind"]
            self._say(told["trouble"])

    def _offset_now(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()

    def _mind_the_clock(self) -> None:
        before, self._offset = self._offset, self._offset_now()
        seconds = round(self._offset - before)
        if abs(seconds) > _SET_SECONDS:
            direction = "back" if seconds < 0 else "forward"
            words = f"This machine's clock was set {direction} by {timedelta(seconds=abs(seconds))} h. Texts that wait"
            self._screen.say(
                f"\n{words} go on as if it had not been; times of before stay as they were.", "bold yellow"
            )

    def _say(self, trouble: str) -> None:
        if trouble:
            self._screen.say(f"\nTexts are refused: {trouble}. More: docs/operations.md", "bold red")
        else:
            self._screen.say("\nTexts are taken again.", "bold green")

    def _say_silent(self, now: float, error: OSError) -> None:
        if self._is_silent or now - self._answered_at < _SILENT_FOR_SECONDS:
            return
        self._is_silent = True
        words = f"The relay has not answered for {now - self._answered_at:.0f} s ({error}). See its log; stopping and "
        self._screen.say(f"\n{words}starting it again is safe at any moment.", "bold red")
