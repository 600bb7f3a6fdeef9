"""Calls through Google's clients, each with one deadline; shared by the Firestore and the Cloud Tasks adapter.

The clients' own retries are switched off: they last up to 60 s by default, and given a timeout of their own they hand
the whole of it to the last try again once less than a second is left (api_core.timeout.TimeToDeadlineTimeout).
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from relay.errors import StoreUnavailable
from relay.google import clients

T = TypeVar("T")

# How often a call is tried before its error is raised. A broken connection shows as UNAVAILABLE and the next try opens
# another, so a few quick tries are worth it; more would only delay the caller, whose own caller (Twilio, Cloud Tasks,
# the scheduler) tries again anyway. While a server cannot be reached at all, gRPC itself connects ever more rarely
# (after 1 s, at last every 2 minutes, whatever the number of clients), and tries in between fail at once.
_TRIES = 4
_FIRST_PAUSE_SECONDS = 0.05


class Deadline:
    """The time by which a call must have ended, all tries included."""

    def __init__(self, timeout_seconds: float) -> None:
        self._ends_at = time.monotonic() + timeout_seconds

    @property
    def remaining_seconds(self) -> float:
        return self._ends_at - time.monotonic()


class LazyClient:
    """A client made on first use and shared by all threads.

    Not made earlier, because loading it is slow and because gRPC does not survive the fork of a server's workers.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._client: Any = None

    def get(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._make()
            return self._client


def call(attempt: Callable[[float], T], deadline: Deadline) -> T:
    """Returns the result of `attempt(timeout_seconds)`, tried again while the service is unavailable and there is time.

    Only for calls that may be repeated: each of ours is a read, or a write that says what it expects to find.
    Raises what the last try raised.
    """
    exceptions = clients.google_exceptions()
    for tries in range(1, _TRIES + 1):
        try:
            return attempt(max(deadline.remaining_seconds, 0.001))
        except (exceptions.ServiceUnavailable, exceptions.InternalServerError):
            pause = _FIRST_PAUSE_SECONDS * 2 ** (tries - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - not a secret
            if tries == _TRIES or pause >= deadline.remaining_seconds:
                raise
            time.sleep(pause)
    raise AssertionError("unreachable")


def checked(do: Callable[[], T]) -> T:
    """Returns what `do` returns. Raises StoreUnavailable for an error of Google's client."""
    try:
        return do()
    except clients.google_errors() as error:
        raise unavailable(error) from error


def unavailable(error: Exception) -> StoreUnavailable:
    """Returns an error of Firestore's client as the store's, by its name alone."""
    return StoreUnavailable(f"Firestore: {type(error).__name__}")
