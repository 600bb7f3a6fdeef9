"""Relays as rows: what a commit does to them inside a transaction."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from relay.core import clocks
from relay.core.model import Relay
from relay.embedded import feed, timer_rows
from relay.embedded.documents import encode, marked
from relay.embedded.file import from_micros, to_micros
from relay.errors import AlreadyStored, StoreRefused, VersionConflict
from relay.ports import Write
from relay.record import earlier
from relay.record.documents import to_document

Values = tuple[Any, ...]

# The columns beside message_id and version, in the order of values_of.
_COLUMNS = ("timestamp", "sender_phone", "final_status", "due_at", "expires_at", "document")
_INSERT = (
    f"INSERT INTO relays (message_id, version, {', '.join(_COLUMNS)}) VALUES (?, ?{', ?' * len(_COLUMNS)})"
    " ON CONFLICT DO NOTHING"
)
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
        )
    except ValueError as error:
        raise StoreRefused(relay.message_id, str(error)) from error
    except (AttributeError, TypeError, OverflowError) as error:
        reason = f"it holds a value that cannot be stored ({type(error).__name__})"
        raise StoreRefused(relay.message_id, reason) from error


def write(connection: sqlite3.Connection, writes: Sequence[Write], rows: Sequence[Values]) -> tuple[int, ...]:
    """Write the relays with these values, and their lines of the feed. Returns their versions.

    Raises AlreadyStored or VersionConflict; the transaction must then be undone.
    """
    rows = _kept(connection, writes, rows)
    # First what only reads: a commit that is refused before it has written disturbs no other of its group.
    found = [_replaced(connection, each) for each in writes]
    return tuple(
        _insert(connection, each.record, row) if old is None else _update(connection, each, row, old)
        for each, row, old in zip(writes, rows, found, strict=True)
    )


def purged_until(connection: sqlite3.Connection) -> datetime | None:
    """Returns the time by which the last round removed what had expired; None before the first one."""
    row = connection.execute("SELECT at FROM watermarks WHERE name = ?", (PURGED_UNTIL,)).fetchone()
    return None if row is None else from_micros(row[0])


def _kept(connection: sqlite3.Connection, writes: Sequence[Write], rows: Sequence[Values]) -> list[Values]:
    """Returns the values with the time until which each row is kept, whatever clock dated its relay."""
    mark = purged_until(connection)
    kept = [to_micros(clocks.kept_until(each.record.expires_at, mark)) for each in writes]
    place = _COLUMNS.index("expires_at")
    return [(*row[:place], until, *row[place + 1 :]) for row, until in zip(rows, kept, strict=True)]


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


def _replaced(connection: sqlite3.Connection, write: Write) -> Values | None:
    """Returns the values that a write replaces; None when it makes a row. Raises VersionConflict."""
    if write.version is None:
        return None
    row: Values | None = connection.execute(_SELECT, (write.record.message_id,)).fetchone()
    if row is None or row[0] != write.version:
        raise VersionConflict(write.record.message_id)
    return row[1:]


def _insert(connection: sqlite3.Connection, relay: Relay, row: Values) -> int:
    # Random to begin with, so that a relay deleted and made again does not pass for the old one.
    version = secrets.randbits(48)
    if connection.execute(_INSERT, (relay.message_id, version, *row)).rowcount == 0:
        raise AlreadyStored(relay.message_id)
    feed.record(connection, relay, 0)
    return version


def _update(connection: sqlite3.Connection, write: Write, row: Values, old: Values) -> int:
    version = cast(int, write.version) + 1
    # Only what changed: every column that is set costs the rewriting of its indexes.
    changed = {name: new for name, new, was in zip(_COLUMNS, row, old, strict=True) if new != was}
    changed["version"] = version
    connection.execute(
        f"UPDATE relays SET {', '.join(f'{name} = ?' for name in changed)} WHERE message_id = ?",
        (*changed.values(), write.record.message_id),
    )
    before = earlier.completed(json.loads(old[_COLUMNS.index("document")]))
    feed.record(connection, write.record, before["lines_logged"])
    return version
