"""The ports: what the flow needs from the world, as small protocols.

Each port has an adapter per home (embedded, google), a double for fast tests and one in the simulator; one contract
suite runs over all of them (tests/contract). Alarms and Journal, by which people are told, are in telling.py.
`timeout_seconds` bounds a call in total, connection and retries included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from relay.core.events import Receipt
from relay.core.failures import Failure
from relay.core.model import Attachment, FinalStatus, InboundText, Relay, Timer
from relay.telling import Alarms as Alarms
from relay.telling import Journal as Journal


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
    """One document of a commit, with its precondition: it is still stored in this `version`; None creates it."""

    relay: Relay
    version: object | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for, newest first. Every condition is optional; times are inclusive `since`, exclusive `until`."""

    final_status: FinalStatus | None = None
    since: datetime | None = None
    until: datetime | None = None
    sender_phone: str | None = None  # finds this number in each of its spellings (core/numbers.py)
    limit: int = 50
    page_token: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search; `next_page_token` is None on the last."""

    relays: tuple[Relay, ...]
    next_page_token: str | None


class RelayStore(Protocol):
    """Relays, durable, with compare-and-set. Expired relays (expires_at ≤ now, and ended) are never returned.

    Every method raises StoreUnavailable when the store is out of order for now, e.g. when it does not answer within
    `timeout_seconds`; a write may then have been applied or not. A write that is refused for good raises StoreRefused:
    what is larger than DOCUMENT_BYTES_MAX, text that is no Unicode (half of an emoji), values that no store keeps.
    A record of a later version, or one that cannot be read, is never returned: `get` raises NewerRecord (one kind of
    StoreUnavailable) or Unreadable, lists pass it over, and the store raises the alarm.
    """

    def commit(self, writes: Sequence[Write], timers: Sequence[Timer], *, timeout_seconds: float) -> tuple[object, ...]:
        """Store several documents, all or none of them, and arm their timers. Returns their versions once durable.

        A timer of a relay that is created here may be armed side by side with the commit, one of any other only after
        it. A timer that could not be armed is logged and not raised: the sweep stands behind every timer.
        Raises AlreadyStored or VersionConflict, naming one document that was not as its write presumed: nothing is
        stored then. A created relay's timers may have been armed nevertheless, which is harmless.
        """
        ...

    def create(self, relay: Relay, timers: Sequence[Timer], *, timeout_seconds: float) -> object:
        """Commit this one new relay. Returns its version. Raises AlreadyStored."""
        ...

    def get(self, message_id: str, *, timeout_seconds: float) -> Stored | None:
        """Returns the relay, or None when there is none or it has expired."""
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
        """Remove at most `limit` relays that expired by `clocks.purge_until`: a clock that jumps ahead removes nothing.

        What a clock dated that was far behind is kept until `clocks.kept_until`. Returns how many were removed; 0 where
        the store removes them by itself.
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


class Timers(Protocol):
    """Wake-up calls. At least once, possibly late, doubled and out of order, never early by the service's own clock."""

    def arm(self, timer: Timer, *, timeout_seconds: float) -> bool:
        """Arm a timer; arming it again changes nothing. Returns whether it is armed; logs a failure, never raises."""
        ...

    def cancel(self, timer: Timer, *, timeout_seconds: float) -> None:
        """Try to withdraw it. Best effort, never raises: a timer that fires all the same is ignored."""
        ...


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """One SMS to one handler.

    Attributes:
        validity_seconds: how long the provider may keep it queued, 1 to 36000.
        message_id, tier, attempt: which attempt of which relay it is. The provider's receipts come back with these, so
            that they find it even when its id at the provider was never learned.
        attachments: the files that came with the text it passes on. A provider may send them along; Twilio's room sends
            the words alone, since a text's receipt decides and those of an MMS often never come.
    """

    to: str
    from_: str
    body: str
    validity_seconds: int
    message_id: str
    tier: int
    attempt: int
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has the text and gave it this id, which is opaque."""

    sent_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider certainly did not take the text, and may ask us to wait before we try again."""

    failure: Failure
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The text may or may not have left: timeout, reset, 5xx. `reason` in plain words."""

    reason: str


# What a send came to: the machine's SEND_ACCEPTED, SEND_REFUSED or SEND_UNKNOWN (flow/sending.py).
SendOutcome = Accepted | Refused | Ambiguous


@dataclass(frozen=True, slots=True)
class SentMessage:
    """What the provider shows of a text it has. Any of it may be missing: then it is "" or None.

    `receipt` is None too where it says nothing of an outgoing text. An empty `body` was redacted: we send none.
    """

    sent_id: str
    receipt: Receipt | None
    to: str
    from_: str
    body: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """An inbound text in the provider's list, and when the provider took it in; None where it does not show that.

    `unusable_because` says in plain words why it cannot become a relay; "" when it can. `is_arriving`: not whole yet.
    """

    text: InboundText
    received_at: datetime | None
    unusable_because: str = ""
    is_arriving: bool = False


@dataclass(frozen=True, slots=True)
class ReceivedPage:
    """A part of the list of texts that came in, newest first. `next_place` is where it goes on; "" at its end."""

    messages: tuple[ReceivedMessage, ...]
    next_place: str = ""


class Messenger(Protocol):
    """The provider of texts, as far as the relay needs it: sends one, and says what became of it."""

    def send(self, text: OutgoingText, *, timeout_seconds: float) -> SendOutcome:
        """POST the text once, no retries. Never raises for anything that the provider or the network do."""
        ...

    def fetch(self, sent_id: str, *, timeout_seconds: float) -> SentMessage | None:
        """Returns the text with its true status; None when the provider has none. Raises MessengerUnavailable."""
        ...

    def sent_to(self, to: str, from_: str, since: datetime, *, timeout_seconds: float) -> list[SentMessage]:
        """Returns the texts it took from us for this number, however spelt, since then. Raises MessengerUnavailable."""
        ...

    def received_page(self, our_phone: str, place: str, *, timeout_seconds: float) -> ReceivedPage:
        """Returns the texts that came in to our number, spelt so, from this place of the list on; "" is its beginning.

        A place stays good while further texts come in. Raises MessengerUnavailable.
        """
        ...


class Clock(Protocol):
    """The time of day, and a clock to measure with."""

    def now(self) -> datetime:
        """Returns the time of day, aware, in UTC. It may jump and may differ between machines."""
        ...

    def monotonic(self) -> float:
        """Returns seconds that only ever grow, for measuring how long something takes."""
        ...
