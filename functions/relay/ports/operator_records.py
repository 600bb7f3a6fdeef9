"""OperatorRecords: the port to what is kept of operators: sessions, codes, allowances, links, messages to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class OperatorKind(StrEnum):
    """What a record is of. The word is stored."""

    SESSION = "session"  # a browser that is signed in, or a wall
    BROWSER = "browser"  # a browser that asked for a code, with the code's digest while it is good
    ALLOWANCE = "allowance"  # how many codes and wrong guesses an address or a browser has had
    LINK = "link"  # a link that signs in, not spent yet
    OPERATOR = "operator"  # what holds for all sessions of one operator
    MESSAGE = "message"  # what an operator is to be told, until it was
    INCIDENT = "incident"  # alarms of one cause that are told together


@dataclass(frozen=True, slots=True)
class OperatorRecord:
    """One record.

    Attributes:
        key: unique in its kind: 1 to 200 of A-Z, a-z, 0-9, `_`, `-`, `.`, `:`. It holds no number and no secret; where
            a secret names the record, its SHA-256 does.
        content: JSON. It holds no secret in the clear either.
        expires_at: from then on it is not returned any more.
        due_at: when something is to be done with it, if anything is.
        version: to compare-and-set against, opaque; None while it is not stored.
    """

    kind: OperatorKind
    key: str
    content: Mapping[str, Any]
    expires_at: datetime
    due_at: datetime | None = None
    version: object | None = None


def time_in(content: Mapping[str, Any], name: str) -> datetime | None:
    """Returns the time that a content has under this name, in ISO 8601; None for none, or one without its zone."""
    try:
        at = datetime.fromisoformat(content[name])
    except (KeyError, TypeError, ValueError):
        return None
    return at if at.tzinfo is not None else None


class OperatorRecords(Protocol):
    """What is kept of operators, durable, with compare-and-set; each home has one.

    Every method raises StoreUnavailable when the store is out of order for now; a write may then have been applied or
    not. A write that is refused for good raises StoreRefused: a key of another form, a content that would come back as
    something else, one of more than CONTENT_BYTES_MAX bytes. Under a key of another form nothing is ever found.
    A record that cannot be read counts as none: a session is signed in anew, and the journal hears of it.
    """

    def get(self, kind: OperatorKind, key: str, *, timeout_seconds: float) -> OperatorRecord | None:
        """Returns the record, or None when there is none or it has expired."""
        ...

    def put(self, record: OperatorRecord, *, timeout_seconds: float) -> OperatorRecord:
        """Store it if it is still stored in `record.version`; with None, if nothing that has not expired is stored.

        Returns it with its new version, once durable. Raises VersionConflict; that may also mean that this very write
        was stored and the reply to it lost: read before trying again.
        """
        ...

    def delete(self, kind: OperatorKind, key: str, *, timeout_seconds: float) -> None:
        """Remove it; nothing happens when there is none."""
        ...

    def due(self, kind: OperatorKind, before: datetime, limit: int, *, timeout_seconds: float) -> list[OperatorRecord]:
        """Returns at most `limit` records whose due_at is earlier than `before`, the longest overdue first."""
        ...

    def lasting(self, kind: OperatorKind, limit: int, *, timeout_seconds: float) -> list[OperatorRecord]:
        """Returns at most `limit` records of this kind, those that expire last first."""
        ...
