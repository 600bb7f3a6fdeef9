"""Records of threads as rows: what a commit does to them inside a transaction."""

from __future__ import annotations

import secrets
import sqlite3
from datetime import datetime
from typing import Any, cast

from relay.core import clocks
from relay.core.threads.model import Thread, ThreadRecord
from relay.embedded.documents import encode
from relay.embedded.file import to_micros
from relay.errors import AlreadyStored, StoreRefused, VersionConflict
from relay.record.kinds import Key, Kind, expires_at, key_of, touched_at
from relay.record.thread_documents import to_document

Values = tuple[Any, ...]

_INSERT = "INSERT INTO thread_records (kind, id, version, touched_at, expires_at, document) VALUES (?, ?, ?, ?, ?, ?)"
_UPDATE = (
    "UPDATE thread_records SET version = ?, touched_at = ?, expires_at = ?, document = ? WHERE kind = ? AND id = ?"
)
_EXPIRED = "SELECT kind, id FROM thread_records WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"


def values_of(record: ThreadRecord) -> Values:
    """Returns the values of a record's columns that do not depend on others. Raises StoreRefused."""
    _, record_id = key_of(record)
    try:
        return to_micros(touched_at(record)), encode(to_document(record))
    except ValueError as error:
        raise StoreRefused(record_id, str(error)) from error
    except (AttributeError, TypeError, OverflowError) as error:
        raise StoreRefused(record_id, f"it holds a value that cannot be stored ({type(error).__name__})") from error


def replaced(connection: sqlite3.Connection, key: Key, version: object | None) -> Values | None:
    """Returns the version that a write replaces; None when it makes a row (no `version`).

    Raises AlreadyStored and VersionConflict.
    """
    kind, record_id = key
    row: Values | None = connection.execute(
        "SELECT version FROM thread_records WHERE kind = ? AND id = ?", (kind.value, record_id)
    ).fetchone()
    if version is None and row is not None:
        raise AlreadyStored(record_id, kind)
    if version is not None and (row is None or row[0] != version):
        raise VersionConflict(record_id, kind)
    return row


def put(
    connection: sqlite3.Connection, record: ThreadRecord, row: Values, old: Values | None, purged: datetime | None
) -> int:
    """Write a record with these values, in the place of an `old` one if there is one. Returns its version.

    `purged` is the time until which the store has removed what expired.
    """
    kind, record_id = key_of(record)
    touched, document = row
    until = expires_at(record)
    kept = None if until is None else to_micros(clocks.kept_until(until, purged))
    if old is None:
        # Random to begin with, so that a record removed and made again does not pass for the old one.
        version = secrets.randbits(48)
        connection.execute(_INSERT, (kind.value, record_id, version, touched, kept, document))
    else:
        version = cast(int, old[0]) + 1
        connection.execute(_UPDATE, (version, touched, kept, document, kind.value, record_id))
    if isinstance(record, Thread):
        _show(connection, record, touched)
    return version


def purge(connection: sqlite3.Connection, until: int, limit: int) -> int:
    """Remove at most `limit` records whose time is over by `until`. Returns how many."""
    keys = connection.execute(_EXPIRED, (until, limit)).fetchall()
    connection.executemany("DELETE FROM thread_records WHERE kind = ? AND id = ?", keys)
    threads = [(record_id,) for kind, record_id in keys if kind == Kind.THREAD.value]
    connection.executemany("DELETE FROM threads_shown WHERE thread_id = ?", threads)
    return len(keys)


def _show(connection: sqlite3.Connection, thread: Thread, touched: int) -> None:
    """Note whom the thread was shown, where that is not on record already."""
    wanted = {(each.person, touched) for each in thread.shown}
    there = connection.execute(
        "SELECT person, touched_at FROM threads_shown WHERE thread_id = ?", (thread.thread_id,)
    ).fetchall()
    if wanted == set(there):
        return
    connection.execute("DELETE FROM threads_shown WHERE thread_id = ?", (thread.thread_id,))
    rows = [(thread.thread_id, person, at) for person, at in sorted(wanted)]
    connection.executemany("INSERT INTO threads_shown VALUES (?, ?, ?)", rows)
