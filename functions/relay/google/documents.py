"""A record's document as Firestore keeps it: its own kind of datetimes, and what the store writes beside the record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from relay.core.model import FinalStatus, Relay
from relay.core.threads.model import ThreadRecord
from relay.google import clients
from relay.record import thread_documents
from relay.record.documents import RELAY_FIELDS, Document, from_document, to_document
from relay.record.kinds import Kind, awaits_claim

# What is the store's own, and no field of a record: how often a document was updated; and a relay's thread for as long
# as a claim takes the relay.
_UPDATES = "update_count"
UNCLAIMED_IN = "unclaimed_in"


def relay_in(content: dict[str, Any], now: datetime) -> Relay | None:
    """Returns the relay in a document's content; None when it has expired. Raises what from_document does."""
    document = _plain_document(content)
    # Firestore itself removes by this field, so it means the same in every version. What has not ended is shown for as
    # long as it is there: a clock that was wrong may have written the time (core/clocks.py puts it right).
    if _has_expired(document, now) and document.get("final_status") != FinalStatus.IN_PROGRESS:
        return None
    return from_document(document)


def record_in(kind: Kind, content: dict[str, Any]) -> Any:
    """Returns the record in a document's content. Raises what thread_documents.from_document does."""
    return thread_documents.from_document(kind, _plain_document(content))


def lasting_record_in(kind: Kind, content: dict[str, Any], now: datetime) -> Any | None:
    """Returns the same; None when its time is over."""
    return None if _has_expired(plain(content), now) else record_in(kind, content)


def content_of(record: Relay | ThreadRecord) -> Document:
    """Returns what a new document of a record holds."""
    if not isinstance(record, Relay):
        return thread_documents.to_document(record)
    document = to_document(record)
    if awaits_claim(record):
        document[UNCLAIMED_IN] = record.thread_id
    return document


def with_bookkeeping(record: Relay | ThreadRecord, content: Document) -> Document:
    """Returns what an update of a record says: its content, and what is to go or to be counted."""
    if not isinstance(record, Relay):
        return {**content, **counted()}
    # An update leaves what it does not name: what is written only where it is set, and the statuses of tiers that an
    # earlier drive's policy had and this one has not.
    highest = max((attempt.tier for attempt in record.attempts), default=0)
    dropped = {f"tier_{number}_status" for number in range(record.policy.last_tier + 1, highest + 1)}
    gone = (RELAY_FIELDS | {UNCLAIMED_IN} | dropped) - content.keys()
    return {**content, **counted(), **dict.fromkeys(sorted(gone), clients.firestore().DELETE_FIELD)}


def counted() -> Document:
    """Returns what each update says, so that it makes a version that was never used.

    Firestore keeps the update time of a document that a write leaves as it was.
    """
    return {_UPDATES: clients.firestore().Increment(1)}


def mark(because: str) -> Document:
    """Returns what an update says that sets a relay aside. It leaves every other field as it is."""
    return {"set_aside_because": because, "due_at": None, **counted()}


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


def _plain_document(content: dict[str, Any]) -> Document:
    """Returns a document's content as the record's own: without what is the store's."""
    return {name: plain(value) for name, value in content.items() if name not in (_UPDATES, UNCLAIMED_IN)}


def _has_expired(document: Document, now: datetime) -> bool:
    expires_at = document.get("expires_at")
    return isinstance(expires_at, datetime) and expires_at <= now
