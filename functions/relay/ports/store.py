"""RelayStore: the port to what is kept, relays and what is kept beside them (threads.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from relay.core.model import FinalStatus, Relay, Timer
from relay.core.threads.model import ThreadRecord
from relay.ports.threads import ThreadStore


@dataclass(frozen=True, slots=True)
class Stored:
    """A relay as read, with the version to compare-and-set against. Versions are opaque: only compared for equality."""

    relay: Relay
    version: object

    @property
    def message_id(self) -> str:
        return self.relay.message_id


@dataclass(frozen=True, slots=True)
class UnreadableRelay:
    """A relay that is due and whose record cannot be read: its id, the version to set it aside by, and why."""

    message_id: str
    version: object
    reason: str


@dataclass(frozen=True, slots=True)
class Write:
    """One document of a commit, with its precondition: it is still stored in this `version`; None creates it.

    `only_checks`: the precondition alone counts; the document and its version stay as they are.
    """

    record: Relay | ThreadRecord
    version: object | None = None
    only_checks: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for, newest first. Every condition is optional; times are inclusive `since`, exclusive `until`."""

    final_status: FinalStatus | None = None
    since: datetime | None = None
    until: datetime | None = None
    sender_phone: str | None = None  # finds this number in each of its spellings (core/numbers.py)
    limit: int = 50
    page_token: str | None = None
    thread_id: str | None = None  # relays of this thread, of every purpose
    # Words of the text, names of handlers, numbers in any form: a relay has all of them (core/searching.py).
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search; `next_page_token` is None on the last.

    A search by words looks at no more than SCANNED_MAX relays for one page, which then may have few or none;
    `searched_back_to` says how far it has come, None on the last page and for any other search.
    """

    relays: tuple[Relay, ...]
    next_page_token: str | None
    searched_back_to: datetime | None = None


class RelayStore(ThreadStore, Protocol):
    """Relays and records of threads, durable, with compare-and-set.

    Expired relays (expires_at ≤ now, and ended) are never returned.
    Every method raises StoreUnavailable when the store is out of order for now, e.g. when it does not answer within
    `timeout_seconds`; a write may then have been applied or not. A write that is refused for good raises StoreRefused:
    what is larger than DOCUMENT_BYTES_MAX, text that is no Unicode (half of an emoji), values that no store keeps.
    A record of a later version, or one that cannot be read, is never returned: `get` raises NewerRecord (one kind of
    StoreUnavailable) or Unreadable, lists pass it over, and the store raises the alarm.
    """

    def commit(self, writes: Sequence[Write], timers: Sequence[Timer], *, timeout_seconds: float) -> tuple[object, ...]:
        """Store several documents, all or none of them, and arm their timers. Returns their versions once durable.

        The deadline of an attempt of a relay that is created here may be armed side by side with the commit, any other
        timer only after it: one that is due at once must find its relay. A timer that could not be armed is logged and
        not raised: the sweep stands behind every timer.
        Raises AlreadyStored or VersionConflict, naming one document that was not as its write presumed by its kind and
        id: nothing is stored then. A created relay's timers may have been armed nevertheless, which is harmless.
        """
        ...

    def create(self, relay: Relay, timers: Sequence[Timer], *, timeout_seconds: float) -> object:
        """Commit this one new relay. Returns its version. Raises AlreadyStored."""
        ...

    def get(self, message_id: str, *, timeout_seconds: float) -> Stored | None:
        """Returns the relay, or None when there is none or it has expired."""
        ...

    def with_media_token(self, token: str, *, timeout_seconds: float) -> Relay | None:
        """Returns the relay whose files this token opens, or None when there is none or it has expired.

        An empty token finds nothing. What comes from outside has been held against a token's form before: what can be
        none (text that is no Unicode, or longer than an index compares) is not the store's to refuse.
        """
        ...

    def missing(self, message_ids: Sequence[str], *, timeout_seconds: float) -> set[str]:
        """Returns the ids under which nothing is stored: for many, at a fraction of what a `get` of each costs.

        An expired relay counts as stored until it is removed.
        """
        ...

    def update(self, relay: Relay, version: object, timers: Sequence[Timer], *, timeout_seconds: float) -> object:
        """Commit this one relay, if it is still stored in `version`. Returns the new version.

        Raises VersionConflict, also when the relay is gone; then no timer was armed.
        """
        ...

    def set_aside(self, message_id: str, version: object, because: str, *, timeout_seconds: float) -> None:
        """Take a relay out of what is due and mark it (`set_aside_because`), whatever else its record holds.

        Raises VersionConflict when it is stored in another version.
        """
        ...

    def due(self, before: datetime, limit: int, *, timeout_seconds: float) -> list[Stored | UnreadableRelay]:
        """Returns at most `limit` relays whose due_at is earlier than `before`, the longest overdue first.

        What only a newer revision can act on (a record of a later version, an end that is a foreign word) is passed
        over and does not count towards `limit`. Costs in proportion to what is overdue, not to what is stored.
        """
        ...

    def search(self, search: Search, *, timeout_seconds: float) -> Page:
        """Returns relays by timestamp, newest first. Raises ValueError on a page token that is not one of its own."""
        ...

    def delete(self, message_id: str, *, timeout_seconds: float) -> None:
        """Remove a relay (clean-up of a synthetic text); nothing happens when there is none."""
        ...

    def purge_expired(self, now: datetime, limit: int, *, timeout_seconds: float) -> int:
        """Remove at most `limit` records that expired by `clocks.purge_until`.

        So a clock that jumps ahead removes nothing. What a clock dated that was far behind is kept until
        `clocks.kept_until`. Returns how many were removed; 0 where the store removes them by itself.
        """
        ...

    def get_watermark(self, name: str, *, timeout_seconds: float) -> datetime | None:
        """Returns the time that was set under this name, up to which something has been done; None when none was."""
        ...

    def set_watermark(self, name: str, at: datetime, *, timeout_seconds: float) -> None:
        """Set the time under this name."""
        ...

    def get_bookmark(self, name: str, *, timeout_seconds: float) -> str:
        """Returns the text that was set under this name, which no watermark has; "" when none was."""
        ...

    def swap_bookmark(self, name: str, before: str, after: str, *, timeout_seconds: float) -> bool:
        """Set the text under this name if it still is `before` ("": none is set). Returns whether it was.

        False may also mean that it was set and the reply to that was lost: read before trying again.
        """
        ...
