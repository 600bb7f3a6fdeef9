"""A relay's document as Firestore keeps it: its own kind of datetimes, and what the store writes beside the relay."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from relay.core.model import FinalStatus, Relay
from relay.google import clients
from relay.record.documents import Document, from_document

# How often a document was updated. The store's own: it is no field of the relay.
_UPDATES = "update_count"


def relay_in(content: dict[str, Any], now: datetime) -> Relay | None:
    """Returns the relay in a document's content; None when it has expired. Raises what from_document does."""
    document: Document = plain(content)
    document.pop(_UPDATES, None)
    # Firestore itself removes by this field, so it means the same in every version. What has not ended is shown for as
    # long as it is there: a clock that was wrong may have written the time (core/clocks.py puts it right).
    expires_at = document.get("expires_at")
    has_expired = isinstance(expires_at, datetime) and expires_at <= now
    if has_expired and document.get("final_status") != FinalStatus.IN_PROGRESS:
        return None
    return from_document(document)


def bookkeeping(relay: Relay) -> Document:
    """Returns what an update says beside the relay itself."""
    firestore = clients.firestore()
    highest = max((attempt.tier for attempt in relay.attempts), default=0)
    dropped = range(relay.policy.last_tier + 1, highest + 1)
    return {
        # Firestore keeps the update time of a document that a write leaves as it was; a version must be used once.
        _UPDATES: firestore.Increment(1),
        # The statuses of tiers that an earlier drive's policy had and this one has not.
        **{f"tier_{number}_status": firestore.DELETE_FIELD for number in dropped},
    }


def mark(because: str) -> Document:
    """Returns what an update says that sets a relay aside. It leaves every other field as it is."""
    return {"set_aside_because": because, "due_at": None, _UPDATES: clients.firestore().Increment(1)}


def plain(value: Any) -> Any:
    """Returns a value with Firestore's own datetimes, which carry nanoseconds, as plain ones; at any depth."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        return datetime(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, UTC)
    return value
