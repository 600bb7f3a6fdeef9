"""Records of operators as rows: what a write does to them inside a transaction."""

from __future__ import annotations

import secrets
import sqlite3
from typing import Any

from relay.errors import VersionConflict
from relay.record.operator_contents import from_text

# A row but for its key and its version: kind, due_at, expires_at, content.
Values = tuple[str, int | None, int, str]

_PUT = (
    "INSERT INTO operator_records (kind, key, version, due_at, expires_at, content) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (kind, key) DO UPDATE SET"
    " version = excluded.version, due_at = excluded.due_at, expires_at = excluded.expires_at,"
    " content = excluded.content"
)
_EXPIRED = "SELECT kind, key FROM operator_records WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"
_DELETE = "DELETE FROM operator_records WHERE kind = ? AND key = ?"


def put(connection: sqlite3.Connection, key: str, values: Values, presumed: object | None, now: int) -> int:
    """Write a record in the place of the `presumed` version; None: of none that counts now. Returns its version.

    Raises VersionConflict.
    """
    kind, due_at, expires_at, content = values
    row: Any = connection.execute(
        "SELECT version, expires_at, content FROM operator_records WHERE kind = ? AND key = ?", (kind, key)
    ).fetchone()
    if presumed is None:
        is_as_presumed = row is None or row[1] <= now or from_text(row[2]) is None
    else:
        is_as_presumed = row is not None and row[0] == presumed
    if not is_as_presumed:
        raise VersionConflict(key, kind)
    # Random to begin with, so that a record removed and made again does not pass for the old one.
    version: int = secrets.randbits(48) if row is None else row[0] + 1
    connection.execute(_PUT, (kind, key, version, due_at, expires_at, content))
    return version


def delete(connection: sqlite3.Connection, kind: str, key: str) -> None:
    """Remove a record, if it is there."""
    connection.execute(_DELETE, (kind, key))


def purge(connection: sqlite3.Connection, until: int, limit: int) -> int:
    """Remove at most `limit` records, of whatever kind, that have expired by `until`. Returns how many."""
    keys = connection.execute(_EXPIRED, (until, limit)).fetchall()
    connection.executemany(_DELETE, keys)
    return len(keys)
