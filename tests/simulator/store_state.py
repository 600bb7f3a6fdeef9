"""What is stored in a run, and what the store can never keep or no longer read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from relay.core.model import FinalStatus, Relay
from relay.core.threads.model import ThreadRecord
from relay.errors import AlreadyStored, StoreRefused, StoreUnavailable, VersionConflict
from relay.ports import Kept, Stored, Write
from relay.record.documents import DOCUMENT_BYTES_MAX, Document
from relay.record.kinds import Key, key_of

from tests.simulator.history import History
from tests.simulator.kinds import Kind, Wide
from tests.simulator.revisions import Revision


class StoreState:
    """What is stored. `deletes_expired` as SQLite does; Firestore's TTL deletes by itself, and late."""

    def __init__(self, history: History, deletes_expired: bool = False) -> None:
        self.relays: dict[str, Stored] = {}
        self.records: dict[Key, Kept[Any]] = {}
        self.watermarks: dict[str, datetime] = {}
        self.bookmarks: dict[str, str] = {}
        self.purged_until: datetime | None = None
        self.kept_until: dict[str, datetime] = {}  # of what a clock dated that was far behind
        self.records_kept_until: dict[Key, datetime] = {}
        self.deletes_expired = deletes_expired
        self.history = history
        self.version = 0
        # Where two revisions share the store: the documents, and how the newer one, which knows all words, reads them.
        self.documents: dict[str, Document] = {}
        self.record_documents: dict[Key, Document] = {}
        self.reader: Revision | None = None
        self.wide: Wide | None = None
        self.unreadable: set[str] = set()  # records, by their ids, that a test has spoilt

    def has_expired(self, relay: Relay, now: datetime) -> bool:
        """Whether it has ended and is kept no longer, at this time."""
        is_over = relay.expires_at <= now and relay.final_status is not FinalStatus.IN_PROGRESS
        return is_over and self.kept_until.get(relay.message_id, relay.expires_at) <= now

    def refuses(self, message_id: str) -> bool:
        """Whether this write of the relay is refused, for good."""
        wide = self.wide
        if wide is None or wide.kind is not Kind.WRITES_REFUSED or message_id != wide.spoiled:
            return False
        return self.written(message_id) + 1 >= wide.spoiled_from

    def cannot_be_read(self, message_id: str) -> bool:
        """Whether what is stored of this relay is no relay any more."""
        wide = self.wide
        if message_id in self.unreadable:
            return True
        if wide is None or wide.kind is not Kind.UNREADABLE or message_id != wide.spoiled:
            return False
        return self.written(message_id) >= wide.spoiled_from

    def written(self, message_id: str) -> int:
        """How many writes of this relay were stored."""
        return len(self.history.commits.get(message_id, ()))


def require_storable(record: Relay | ThreadRecord) -> None:
    """Refuse for good what the real stores refuse, as far as a record of a run can come to hold it: cheaply."""
    _, record_id = key_of(record)
    words = (record.message_body, record.sender_phone) if isinstance(record, Relay) else _words(record)
    try:
        size = sum(len(each.encode()) for each in words)
        for _, value in record.rest:
            json.dumps(value)
    except (TypeError, ValueError):
        raise StoreRefused(record_id, "it holds a value that cannot be stored") from None
    if size > DOCUMENT_BYTES_MAX:
        raise StoreRefused(record_id, "it is too large")


def _words(record: ThreadRecord) -> list[str]:
    return [value for value in (getattr(record, name) for name in record.__slots__) if isinstance(value, str)]


def conflict_of(writes: Sequence[Write], applied: bool) -> Exception:
    """What the caller is told: of a commit that was applied the first document is not as presumed any more; where
    another writer merely held one of them, any that presumes a version will do."""
    presuming = [write for write in writes if write.version is not None]
    if not applied and not presuming:
        return StoreUnavailable("contention")
    one = writes[0] if applied else presuming[0]
    kind, record_id = key_of(one.record)
    return (AlreadyStored if one.version is None else VersionConflict)(record_id, kind)


def only_confirmations_are_open(relay: Relay) -> bool:
    """Whether it has ended, and Twilio alone could tell more of its attempts."""
    ended = relay.final_status is not FinalStatus.IN_PROGRESS and not relay.alarm_is_due
    # Where `sent` ended the relay a failure would begin it anew: that is no confirmation.
    return ended and not any(attempt.is_unresolved or attempt.is_handed_over for attempt in relay.attempts)
