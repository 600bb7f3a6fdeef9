"""The bare loop: one insert and one commit per document, each on the disk before the next. No index but the key."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence


def open_file(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE documents (id TEXT PRIMARY KEY, document TEXT NOT NULL)")
    return connection


def inserts_per_second(connection: sqlite3.Connection, documents: Sequence[tuple[str, str]]) -> float:
    """Without a transaction around it, every statement is one and is committed at its end."""
    started_at = time.perf_counter()
    for document in documents:
        connection.execute("INSERT INTO documents VALUES (?, ?)", document)
    return len(documents) / (time.perf_counter() - started_at)
