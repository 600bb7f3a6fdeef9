"""The embedded home's file: what is in it, and how a connection to it is opened.

Knows SQL's tables and SQLite's settings; knows nothing of relays as objects, threads or pools.
Instants are integers, microseconds since 1970 in UTC, so that they compare as numbers and lose nothing.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from relay.embedded import migrations, words_rows
from relay.embedded.health import Cause, Trouble, trouble_with
from relay.errors import ConfigurationError, StoreUnavailable

# Marks the file as ours (PRAGMA application_id): "rlay" as a number.
APPLICATION_ID = 0x726C6179

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Connection(sqlite3.Connection):
    """A connection that knows how long it waits for locks, because to set it anew costs as much as a small query."""

    _busy_timeout_ms = -1
    # Whether it has the full-text index (words_rows.py), and what was wrong with that when it was opened.
    has_words = False
    trouble: Trouble | None = None

    def wait_for_locks(self, timeout_ms: int) -> None:
        if timeout_ms != self._busy_timeout_ms:
            self.execute(f"PRAGMA busy_timeout = {timeout_ms}")
            self._busy_timeout_ms = timeout_ms


class StoreBusy(StoreUnavailable):
    """Another process or thread holds the file just now: the same call may succeed in a moment."""


class Unusable(ConfigurationError):
    """The file, its folder or its disk cannot be used; `trouble` says why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__([f"{trouble}."])
        self.trouble = trouble


def to_micros(at: datetime) -> int:
    """Returns an aware datetime as microseconds since 1970, exactly."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Returns the inverse of to_micros, in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def is_busy(error: sqlite3.Error) -> bool:
    """Whether the call failed only because another process or thread held the file."""
    # The low byte is the error, the rest its variety: https://sqlite.org/rescode.html
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def open_connection(path: str, timeout_seconds: float, *, may_make: bool = True) -> Connection:
    """Returns a connection to a file that has the tables; makes file and tables where they are missing.

    With `may_make` False a missing file is ConfigurationError.

    It may be handed from thread to thread, used by one at a time, and commits only where told.
    Raises ConfigurationError, mostly Unusable, when the file cannot be used; StoreBusy when others hold it too long.
    """
    deadline = time.monotonic() + timeout_seconds
    try:
        # Never open and close the file by other means than SQLite's: on POSIX that drops every lock that this process
        # holds on it (https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
        is_new = may_make and not os.path.exists(path)
        connection = sqlite3.connect(
            f"file:{quote(path)}?mode={'rwc' if may_make else 'rw'}",
            uri=True,
            timeout=timeout_seconds,
            isolation_level=None,
            check_same_thread=False,
            factory=Connection,
        )
        if is_new:
            # It will hold texts and phone numbers: for its owner only. SQLite gives its side files the same mode.
            os.chmod(path, 0o600)
    except (OSError, sqlite3.Error) as error:
        raise Unusable(trouble_with(path, error)) from error
    connection.text_factory = _text
    try:
        _set_up(connection, path, deadline)
    except sqlite3.Error as error:
        connection.close()
        if is_busy(error):
            raise StoreBusy("others hold the store") from error
        raise Unusable(trouble_with(path, error)) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _text(stored: bytes) -> str | bytes:
    """Returns a text of the file; what is no UTF-8 as its bytes.

    SQLite's module fails the whole query there, which ends the work on every other relay, and quotes the text.
    """
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored


def make_private(path: str) -> str:
    """Take from others the right to read or write the database and its side files, as an older one or a copy has it.

    Returns what was done, or why it could not be, in words; "" when there was nothing to do.
    """
    done = []
    real = os.path.realpath(path)
    for file in (real, f"{real}-wal", f"{real}-shm"):
        try:
            mode = stat.S_IMODE(os.stat(file).st_mode)
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                os.chmod(file, mode & stat.S_IRWXU)
                done.append(f"{file} (mode {mode:03o})")
        except FileNotFoundError:
            continue
        except OSError as error:
            return f"Others can read {file} (mode {mode:03o}), and this user cannot change that: {error.strerror}."
    return f"Others could read {', '.join(done)}; now only the owner can." if done else ""


def _set_up(connection: Connection, path: str, deadline: float) -> None:
    if _journal_mode(connection, deadline) != "wal":
        raise ConfigurationError(
            [f"The disk of {path} cannot share a file between processes; put RELAY_DATABASE on a local disk."]
        )
    # FULL: a commit returns only when it is on the disk. fullfsync: on macOS fsync alone stops at the disk's cache.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA cache_size = -8000")
    # Left to SQLite, two connections may checkpoint at once; database.py does it one at a time and says why.
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    while _schema_version(connection, path) < len(migrations.MIGRATIONS):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            # Read again under the write lock: another process may have migrated the file before this one got the lock.
            version = _schema_version(connection, path)
            if version < len(migrations.MIGRATIONS):
                _migrate(connection, version)
    try:
        connection.has_words = words_rows.prepare(connection)
    except sqlite3.Error as error:
        connection.has_words = True
        connection.trouble = words_mended(connection, path, error)
        if connection.trouble is None:
            raise


def words_mended(connection: Connection, path: str, error: BaseException | None) -> Trouble | None:
    """Make a damaged full-text index anew, or do without one: no text is refused because of it.

    Returns what is to be told of that; None where it is not the index that failed.
    """
    if not (connection.has_words and words_rows.may_be_damaged(error) and words_rows.is_damaged(connection)):
        return None
    try:
        words_rows.make_anew(connection)
    except sqlite3.Error:
        connection.has_words = False
    return Trouble(Cause.INDEX, f"the index of words in {path} was damaged", "searches read each text instead")


def _journal_mode(connection: sqlite3.Connection, deadline: float) -> str:
    """Switch the file to WAL, which stays in the file. Returns the mode it has then.

    Processes that start together find the file locked here, and SQLite does not wait for that by itself.
    """
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= deadline:
                raise
            time.sleep(0.01)


def _schema_version(connection: sqlite3.Connection, path: str) -> int:
    """Returns how many migrations the file has behind it; 0 when it is new.

    Raises ConfigurationError when it is a newer revision's or another program's.
    """
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    is_empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    known = len(migrations.MIGRATIONS)
    if application == APPLICATION_ID and version > known:
        raise ConfigurationError(
            [
                f"{path} was written by a newer revision (schema {version}, this one knows {known}); "
                "run that revision, restore the copy made before the update, or point RELAY_DATABASE at another file."
            ]
        )
    if application != APPLICATION_ID and not is_empty:
        raise ConfigurationError(
            [f"{path} is a database of another program; point RELAY_DATABASE at a file of the relay's own."]
        )
    return 0 if is_empty else version


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    """Take the next migration; part of a transaction, so that a file is never between two versions."""
    for statement in migrations.MIGRATIONS[version].split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {version + 1}")
