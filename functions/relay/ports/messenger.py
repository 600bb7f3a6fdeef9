"""Messenger: the port to the provider of texts, and what goes out and comes back by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from relay.core.events import Receipt
from relay.core.failures import Failure
from relay.core.model import Attachment, InboundText


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """One text to one handler or customer.

    Attributes:
        validity_seconds: how long the provider may keep it queued, 1 to 36000.
        message_id, tier, attempt: which attempt of which relay it is. The provider's receipts come back with these, so
            that they find it even when its id at the provider was never learned.
        attachments: the files that came with the text it passes on. A provider may send them along; Twilio's room does
            not, since a text's receipt decides and those of an MMS often never come.
        media_urls: links of ours by which the provider fetches files that it must send along, at most ten. Of an answer
            alone; its `body` may be empty then.
    """

    to: str
    from_: str
    body: str
    validity_seconds: int
    message_id: str
    tier: int
    attempt: int
    attachments: tuple[Attachment, ...] = ()
    media_urls: tuple[str, ...] = ()


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

    `receipt` is None too where it says nothing of an outgoing text. An empty `body` was redacted, or is that of files
    that were sent without words.
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
        """Returns the texts it took from us for this number, however spelt, since then. Raises MessengerUnavailable.

        And of earlier ones the newest, as many as stand on the list's first page: the caller's clock may be ahead.
        """
        ...

    def received_page(self, our_phone: str, place: str, *, timeout_seconds: float) -> ReceivedPage:
        """Returns the texts that came in to our number, spelt so, from this place of the list on; "" is its beginning.

        A place stays good while further texts come in. Raises MessengerUnavailable.
        """
        ...
