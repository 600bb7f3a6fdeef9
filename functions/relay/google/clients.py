"""Loads the client libraries on first use: a process that only refuses forgeries never pays for them.

One at a time, because threads that import the same packages side by side can see each other's half-loaded modules.
The costs named below were measured on a 2-core machine with compiled bytecode, medians of seven.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_lock = threading.RLock()


def firestore() -> ModuleType:
    """`google.cloud.firestore` (about 180 ms and 45 MB, grpc and protobuf included)."""
    with _lock:
        from google.cloud import firestore

        return firestore


def cloud_tasks() -> ModuleType:
    """`google.cloud.tasks_v2` (about 40 ms and 3 MB after Firestore; 85 ms and 8 MB more if aiohttp came along)."""
    with _lock, _absent("aiohttp"):
        from google.cloud import tasks_v2

        return tasks_v2


def cloud_tasks_transports() -> ModuleType:
    """The transports of the Cloud Tasks client, for a channel of one's own."""
    with _lock, _absent("aiohttp"):
        from google.cloud.tasks_v2.services.cloud_tasks import transports

        return transports


def google_exceptions() -> ModuleType:
    """`google.api_core.exceptions` (loaded by either client)."""
    with _lock:
        from google.api_core import exceptions

        return exceptions


def google_errors() -> tuple[type[Exception], ...]:
    """Everything Google's clients raise for what goes wrong outside of this process."""
    exceptions = google_exceptions()
    with _lock:
        from google.auth.exceptions import GoogleAuthError

        return (exceptions.GoogleAPIError, GoogleAuthError, OSError)


def never_retry() -> Any:
    """A retry policy that retries nothing, for calls that do not take None for it."""
    with _lock:
        from google.api_core.retry import Retry

        return Retry(predicate=lambda _error: False)


def twilio_rest() -> Any:
    """`twilio.rest` with its Messages resource (about 95 ms and 15 MB alone, 30 ms and 7 MB after Firestore)."""
    with _lock:
        # The client itself loads a resource only when it is first touched; do that here, under the lock.
        import twilio.rest.api

        return twilio.rest


def twilio_response() -> Any:
    """The class in which an HTTP client of one's own gives an answer to `twilio.rest`."""
    with _lock:
        from twilio.http.response import Response

        return Response


@contextmanager
def _absent(name: str) -> Iterator[None]:
    """While this holds, an import of `name` fails as if it were not installed, unless it is loaded already.

    google-api-core uses aiohttp for its asynchronous REST transport, where it is installed, and does without it
    where it is not. It is installed only because twilio asks for it, and nothing here uses either's asynchronous
    side. None in sys.modules is the import system's own way to say "not there" (Python reference, 5.3.1).
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
