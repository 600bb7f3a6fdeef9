"""The rows of a commit, of whatever kind its records are."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from relay.core.model import Relay
from relay.core.threads.model import ThreadRecord
from relay.embedded import relay_rows, thread_rows
from relay.ports import Write
from relay.record.kinds import key_of

Values = tuple[Any, ...]


def values_of(record: Relay | ThreadRecord) -> Values:
    """Returns what of a record's row does not depend on what is stored. Raises StoreRefused."""
    return relay_rows.values_of(record) if isinstance(record, Relay) else thread_rows.values_of(record)


def write(connection: sqlite3.Connection, writes: Sequence[Write], rows: Sequence[Values]) -> tuple[int, ...]:
    """Write the records with these values. Returns their versions.

    Raises AlreadyStored or VersionConflict; the transaction must then be undone.
    """
    purged = relay_rows.purged_until(connection)
    # First what only reads: a commit that is refused before it has written disturbs no other of its group.
    found = [_replaced(connection, each) for each in writes]
    return tuple(
        cast(int, each.version) if each.only_checks else _put(connection, each.record, row, old, purged)
        for each, row, old in zip(writes, rows, found, strict=True)
    )


def _put(
    connection: sqlite3.Connection,
    record: Relay | ThreadRecord,
    row: Values,
    old: Values | None,
    purged: datetime | None,
) -> int:
    if isinstance(record, Relay):
        return relay_rows.put(connection, record, row, old, purged)
    return thread_rows.put(connection, record, row, old, purged)


def _replaced(connection: sqlite3.Connection, write: Write) -> Values | None:
    if isinstance(write.record, Relay):
        return relay_rows.replaced(connection, write.record.message_id, write.version)
    return thread_rows.replaced(connection, key_of(write.record), write.version)
