"""`first_of` reads a query's documents, as many as are needed to have so many of those that count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from relay.google import clients
from relay.google.calls import Deadline, call, checked

T = TypeVar("T")


def first_of(query: Any, wanted: int, deadline: Deadline, read: Callable[[Any], T | None]) -> list[T]:
    """Returns the first `wanted` documents of a query, as `read` has them; without those that it makes None of.

    Such are expired, mostly: Firestore removes them within a day. Raises StoreUnavailable.
    """
    never = clients.never_retry()
    found: list[T] = []
    while len(found) < wanted:
        size = wanted - len(found)
        page = query.limit(size)
        snapshots = checked(
            lambda page=page: call(lambda seconds: page.get(retry=never, timeout=seconds), deadline)  # type: ignore[misc]
        )
        found.extend(one for snapshot in snapshots if (one := read(snapshot)) is not None)
        if len(snapshots) < size:
            break
        query = query.start_after(snapshots[-1])
    return found
