"""The full-text index of the embedded home: what of each relay is searched by words, as SQLite's FTS5 keeps it.

An SQLite without it, or without its trigrams (before 3.34), can keep and search a file all the same: a relay that is
not in the index is looked at itself. So is one of before there was an index, until it is next written.

An index that is damaged must keep no text from being stored: it is thrown away, and an empty one is made.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from relay.core import searching
from relay.core.model import Relay
from relay.core.searching import Term

# Three characters in a row are the least that an index of trigrams finds.
_TRIGRAM = 3
_MAKE = "CREATE VIRTUAL TABLE IF NOT EXISTS relay_words USING fts5(words, tokenize = 'trigram')"
# What is removed stays in the index's pages until they are merged: so many of them are after each removal.
_MERGE = "INSERT INTO relay_words (relay_words, rank) VALUES ('merge', -200)"
_IS_THERE = "SELECT 1 FROM sqlite_master WHERE name = 'relay_words'"
_MISSING = ("no such module", "no such tokenizer")
_CHECK = "INSERT INTO relay_words (relay_words) VALUES ('integrity-check')"
# A damaged index fails with any of these; one whose damage shows at the commit alone, with the last.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT)
# DROP TABLE needs the index to open, which a damaged one may not. Without its line in the schema its parts are tables.
_PARTS = "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'relay_words_*'"
_FORGET = (
    "PRAGMA writable_schema = ON",
    "DELETE FROM sqlite_master WHERE name = 'relay_words'",
    "PRAGMA writable_schema = RESET",
)


def prepare(connection: sqlite3.Connection) -> bool:
    """Make the index where it is missing. Returns whether this SQLite has one. Raises sqlite3.Error.

    One that is damaged raises SQLITE_CORRUPT or SQLITE_ERROR: see `may_be_damaged`.
    """
    try:
        if connection.execute(_IS_THERE).fetchone() is None:
            connection.execute(_MAKE)
        connection.execute("SELECT rowid FROM relay_words WHERE rowid = 0").fetchone()
    except sqlite3.OperationalError as error:
        if str(error).startswith(_MISSING):
            return False
        raise
    return True


def may_be_damaged(error: BaseException | None) -> bool:
    """Whether an error of SQLite's is one that a damaged index gives."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def check(connection: sqlite3.Connection) -> None:
    """Have SQLite check the whole index, where there is one. Raises sqlite3.Error when it is damaged."""
    if is_there(connection):
        connection.execute(_CHECK)


def is_damaged(connection: sqlite3.Connection) -> bool:
    """Whether the index cannot be used as it is, by SQLite's own check, which reads all of it."""
    try:
        check(connection)
    except sqlite3.Error as error:
        return may_be_damaged(error)
    return False


def make_anew(connection: sqlite3.Connection) -> None:
    """Throw the index away and make an empty one: relays are looked at themselves until they are next written.

    Takes a transaction of its own. Raises sqlite3.Error, and then all is as it was.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _FORGET:
            connection.execute(statement)
        for (part,) in connection.execute(_PARTS).fetchall():
            connection.execute(f'DROP TABLE "{part}"')
        connection.execute("UPDATE relays SET words_row = NULL WHERE words_row IS NOT NULL")
        connection.execute(_MAKE)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def is_there(connection: sqlite3.Connection) -> bool:
    """Whether this connection's SQLite has the index."""
    return bool(getattr(connection, "has_words", False))


def added(connection: sqlite3.Connection, relay: Relay) -> int:
    """Put a relay into the index. Returns the row that it has there."""
    row = connection.execute("INSERT INTO relay_words (words) VALUES (?)", (_text(relay),))
    return int(row.lastrowid or 0)


def says_the_same(relay: Relay, before: dict[str, Any]) -> bool:
    """Whether what is searched of a relay is surely the same as of its document `before`."""
    return (
        before.get("message_body") == relay.message_body
        and before.get("claimed_by", "") == relay.claimed_by
        and len(before.get("attempts", ())) == len(relay.attempts)
    )


def updated(connection: sqlite3.Connection, row: int, relay: Relay) -> None:
    """Bring what the index has of a relay in this row up to date."""
    text = _text(relay)
    found = connection.execute("SELECT words FROM relay_words WHERE rowid = ?", (row,)).fetchone()
    if found is None or found[0] != text:
        connection.execute("INSERT OR REPLACE INTO relay_words (rowid, words) VALUES (?, ?)", (row, text))


def removed(connection: sqlite3.Connection, message_ids: Sequence[str]) -> None:
    """Take relays out of the index; before their own rows go."""
    if not is_there(connection):
        return
    select = "SELECT words_row FROM relays WHERE message_id = ? AND words_row IS NOT NULL"
    rows = [row for each in message_ids for row in connection.execute(select, (each,)).fetchall()]
    if rows:
        connection.executemany("DELETE FROM relay_words WHERE rowid = ?", rows)
        connection.execute(_MERGE)


def expression(terms: Sequence[Term]) -> str:
    """Returns what the index is asked for; "" where it cannot narrow the search down."""
    ways = [
        (term.words, term.digits) if term.digits else (term.words,) for term in terms if len(term.words) >= _TRIGRAM
    ]
    return " AND ".join(f"({' OR '.join(map(_phrase, each))})" for each in ways)


def _text(relay: Relay) -> str:
    """Returns what the index has of a relay. Raises TypeError for one with values that no store keeps."""
    try:
        return searching.searchable(relay).text
    except AttributeError as error:
        raise TypeError("it has no words to search") from error


def _phrase(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
