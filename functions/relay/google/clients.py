"""Loads Google's client libraries on first use: a process that only refuses forgeries never pays for them.

The costs named below were measured on a 2-core machine with compiled bytecode, medians of seven.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from relay.loading import absent, http_library, late, one_at_a_time


def _is_unused(module: str) -> bool:
    """Whether this is a part of a client that nothing here uses: its asynchronous half, and transports but gRPC."""
    part = module.rpartition(".")[2]
    return module.startswith("google.cloud.") and (part.startswith("async_") or part in ("grpc_asyncio", "rest"))


def firestore() -> ModuleType:
    """Returns `google.cloud.firestore` (about 180 ms and 45 MB, grpc and protobuf included)."""
    with one_at_a_time, late(_is_unused):
        http_library()
        from google.cloud import firestore

        return firestore


def cloud_tasks() -> ModuleType:
    """Returns `google.cloud.tasks_v2` (about 40 ms and 3 MB after Firestore; with aiohttp 85 ms and 8 MB more).

    google-api-core uses aiohttp for its asynchronous REST transport, where it is installed. It is installed only
    because twilio asks for it, and nothing here uses either's asynchronous side.
    """
    with one_at_a_time, absent("aiohttp"), late(_is_unused):
        http_library()
        from google.cloud import tasks_v2

        return tasks_v2


def cloud_tasks_transports() -> ModuleType:
    """Returns the transports of the Cloud Tasks client, for a channel of one's own."""
    with one_at_a_time, absent("aiohttp"), late(_is_unused):
        from google.cloud.tasks_v2.services.cloud_tasks import transports

        return transports


def pubsub() -> Any:
    """Returns `google.cloud.pubsub_v1`, which only the function that publishes events needs."""
    with one_at_a_time, absent("aiohttp"):
        http_library()
        from google.cloud import pubsub_v1

        return pubsub_v1


def google_exceptions() -> ModuleType:
    """Returns `google.api_core.exceptions` (loaded by either client)."""
    with one_at_a_time:
        from google.api_core import exceptions

        return exceptions


def google_errors() -> tuple[type[Exception], ...]:
    """Returns everything Google's clients raise for what goes wrong outside of this process."""
    exceptions = google_exceptions()
    with one_at_a_time:
        from google.auth.exceptions import GoogleAuthError

        return (exceptions.GoogleAPIError, GoogleAuthError, OSError)


def never_retry() -> Any:
    """Returns a retry policy that retries nothing, for calls that do not take None for it."""
    with one_at_a_time:
        from google.api_core.retry import Retry

        return Retry(predicate=lambda _error: False)
