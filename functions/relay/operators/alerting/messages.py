"""Message: one thing to tell one address by one channel; `messages_to` makes one for each recipient."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class ChannelKind(StrEnum):
    """By what an operator is told. The word is stored, and stands in settings."""

    TEXT = "text"
    EMAIL = "email"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        key: what it is about and to whom, for a record's key: the same key again is not told twice.
        to: E.164, an e-mail address, or the webhook's address.
        subject: one line, which a text does not show.
        words: what is told, in whole sentences.
        link: where to look, or "".
        until: from then on it is not told any more: a code is over, an alarm a day old.
        relay_id: of no interest once this relay waits for no person any more; "" for what always is.
    """

    key: str
    channel: ChannelKind
    to: str
    subject: str
    words: str
    link: str
    until: datetime
    relay_id: str = ""


# Who is told, by channel: addresses as in `Message.to`.
Recipients = Mapping[ChannelKind, Sequence[str]]


def messages_to(
    recipients: Recipients,
    by: Collection[ChannelKind],
    about: tuple[str, ...],
    subject: str,
    words: str,
    until: datetime,
    link: str = "",
    relay_id: str = "",
) -> list[Message]:
    """Returns a message for each recipient of these channels.

    `about` says what they are about; what it begins with their keys begin with, too.
    """
    return [
        Message(f"{about[0]}{_digest(*about[1:], kind.value, to)}", kind, to, subject, words, link, until, relay_id)
        for kind in ChannelKind
        if kind in by
        for to in recipients.get(kind, ())
    ]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


class Outbox(Protocol):
    """Where messages are put; they leave in the background, at once if all is well."""

    def put(self, message: Message, *, timeout_seconds: float) -> None:
        """Store it and have it told. Nothing happens when its key is known. Raises StoreUnavailable."""
        ...
