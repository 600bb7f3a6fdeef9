"""Relays as rows: what a commit does to them inside a transaction."""

from __future__ import annotations

import json
import secrets
import sqlite3
from datetime import datetime
from typing import Any, cast

from relay.core import clocks
from relay.core.model import Relay
from relay.embedded import feed, timer_rows, words_rows
from relay.embedded.documents import encode, marked
from relay.embedded.file import from_micros, to_micros
from relay.errors import AlreadyStored, StoreRefused, VersionConflict
from relay.record import earlier
from relay.record.documents import to_document
from relay.record.kinds import awaits_claim

Values = tuple[Any, ...]

# The columns beside message_id and version, in the order of values_of.
_COLUMNS = (
    "timestamp",
    "sender_phone",
    "final_status",
    "due_at",
    "expires_at",
    "document",
    "thread_id",
    "unclaimed_in",
    "media_token",
)
_INSERT = (
    f"INSERT INTO relays (message_id, version, {', '.join(_COLUMNS)}, words_row)"
    f" VALUES (?, ?{', ?' * len(_COLUMNS)}, ?)"
)
_IS_STORED = "SELECT 1 FROM relays WHERE message_id = ?"
# The watermark of what was removed.
PURGED_UNTIL = "purged-until"
_SELECT = f"SELECT version, {', '.join(_COLUMNS)} FROM relays WHERE message_id = ?"


def values_of(relay: Relay) -> Values:
    """Returns the values of a relay's columns. Raises StoreRefused when it cannot be stored."""
    try:
        return (
            to_micros(relay.timestamp),
            relay.sender_phone,
            relay.final_status.value,
            None if relay.due_at is None else to_micros(relay.due_at),
            to_micros(relay.expires_at),
            encode(to_document(relay)),
            relay.thread_id or None,
            relay.thread_id if awaits_claim(relay) else None,
            relay.media_token or None,
        )
    except ValueError as error:
        raise StoreRefused(relay.message_id, str(error)) from error
    except (AttributeError, TypeError, OverflowError) as error:
        reason = f"it holds a value that cannot be stored ({type(error).__name__})"
        raise StoreRefused(relay.message_id, reason) from error


def purged_until(connection: sqlite3.Connection) -> datetime | None:
    """Returns the time by which the last round removed what had expired; None before the first one."""
    row = connection.execute("SELECT at FROM watermarks WHERE name = ?", (PURGED_UNTIL,)).fetchone()
    return None if row is None else from_micros(row[0])


def set_aside(connection: sqlite3.Connection, message_id: str, version: object, because: str) -> None:
    """Mark a relay that was set aside, and let nothing wake it. Raises VersionConflict."""
    found = connection.execute("SELECT version, document FROM relays WHERE message_id = ?", (message_id,)).fetchone()
    if found is None or found[0] != version:
        raise VersionConflict(message_id)
    connection.execute(
        "UPDATE relays SET due_at = NULL, document = ?, version = version + 1 WHERE message_id = ?",
        (marked(found[1], because), message_id),
    )
    timer_rows.cancel_all(connection, message_id)


def replaced(connection: sqlite3.Connection, message_id: str, version: object | None) -> Values | None:
    """Returns the values that a write replaces; None when it makes a row (no `version`). Raises VersionConflict."""
    if version is None:
        return None
    row: Values | None = connection.execute(_SELECT, (message_id,)).fetchone()
    if row is None or row[0] != version:
        raise VersionConflict(message_id)
    return row


def put(connection: sqlite3.Connection, relay: Relay, row: Values, old: Values | None, purged: datetime | None) -> int:
    """Write a relay with these values in the place of the `old` ones, and its lines of the feed. Returns its version.

    `purged` is the time until which the store has removed what expired. Raises AlreadyStored.
    """
    place = _COLUMNS.index("expires_at")
    # The time until which it is kept, whatever clock dated the relay.
    row = (*row[:place], to_micros(clocks.kept_until(relay.expires_at, purged)), *row[place + 1 :])
    return _insert(connection, relay, row) if old is None else _update(connection, relay, row, old)


def _insert(connection: sqlite3.Connection, relay: Relay, row: Values) -> int:
    # Random to begin with, so that a relay deleted and made again does not pass for the old one.
    version = secrets.randbits(48)
    if connection.execute(_IS_STORED, (relay.message_id,)).fetchone() is not None:
        raise AlreadyStored(relay.message_id)
    words_row = words_rows.added(connection, relay) if words_rows.is_there(connection) else None
    connection.execute(_INSERT, (relay.message_id, version, *row, words_row))
    feed.record(connection, relay, 0)
    return version


def _update(connection: sqlite3.Connection, relay: Relay, row: Values, old: Values) -> int:
    version, *values = old
    version = cast(int, version) + 1
    before = earlier.completed(json.loads(values[_COLUMNS.index("document")]))
    # Only what changed: every column that is set costs the rewriting of its indexes.
    changed = {name: new for name, new, was in zip(_COLUMNS, row, values, strict=True) if new != was}
    changed |= {"version": version, **_words_changed(connection, relay, before)}
    connection.execute(
        f"UPDATE relays SET {', '.join(f'{name} = ?' for name in changed)} WHERE message_id = ?",
        (*changed.values(), relay.message_id),
    )
    feed.record(connection, relay, before["lines_logged"])
    return version


def _words_changed(connection: sqlite3.Connection, relay: Relay, before: dict[str, Any]) -> dict[str, int]:
    """Bring the full-text index up to date. Returns the column that changes with it, for a relay that is new to it."""
    if not words_rows.is_there(connection) or words_rows.says_the_same(relay, before):
        return {}
    (row,) = connection.execute("SELECT words_row FROM relays WHERE message_id = ?", (relay.message_id,)).fetchone()
    if row is None:
        return {"words_row": words_rows.added(connection, relay)}
    words_rows.updated(connection, row, relay)
    return {}
