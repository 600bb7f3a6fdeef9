"""One SQLite file shared by many threads and processes: reads side by side, writes in groups.

A commit that is safe against a power cut costs a wait for the disk. So one thread per process writes for all the
others: what has queued up while it waited goes into one transaction, and every caller still gets its own result or
error. A caller gives up after its timeout, whatever the disk does.

Must not know: relays, timers, or any SQL but that of transactions.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from relay.embedded.file import Connection, StoreBusy, is_busy, words_mended
from relay.embedded.health import Health, Trouble, free_bytes_of, trouble_with
from relay.embedded.pool import Pool
from relay.embedded.presence import Identity, StoreLost
from relay.errors import StoreUnavailable

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

# SQLite's errors that mean that a value can never be written; any other of its errors may pass.
REFUSED = (sqlite3.DataError, sqlite3.IntegrityError)

# At most this many writes go into one transaction, so that other processes get their turn.
_BATCH_MAX = 256
# After this many changed rows, of some five pages of 4 KiB each, the write-ahead log is brought into the file.
_CHANGES_PER_CHECKPOINT = 500
# How long the writer waits for another process at a time, before it looks whether its callers still wait.
_WRITER_PATIENCE_SECONDS = 0.25


class _Spoilt(Exception):
    """A group holds work that failed halfway: its transaction must not be committed."""


class _Write:
    """One caller's work, and its result or error."""

    def __init__(self, work: Work[Any]) -> None:
        self._work = work
        self.result: Any = None
        self.error: Exception | None = None
        # Held until the answer is there: cheaper than an Event, of which every write would need its own.
        self._unanswered = threading.Lock()
        self._unanswered.acquire()

    def answer(self) -> None:
        self._unanswered.release()

    def is_answered_within(self, timeout_seconds: float) -> bool:
        return self._unanswered.acquire(timeout=timeout_seconds)

    def apply(self, connection: sqlite3.Connection) -> None:
        """Do the work inside the open transaction. Raises _Spoilt when it failed after it had written something.

        Work that raises before it has written anything leaves the other writes of the transaction valid.
        """
        changes = connection.total_changes
        self.error = None
        try:
            self.result = self._work(connection)
        except Exception as error:
            is_unavailable = isinstance(error, sqlite3.Error) and not isinstance(error, REFUSED)
            self.error = StoreUnavailable(f"the store failed: {error}") if is_unavailable else error
            if connection.total_changes != changes or isinstance(error, sqlite3.Error):
                raise _Spoilt from error


class Database:
    """The file at `path`. Safe for threads, processes and forks; nothing is opened before it is needed.

    Args:
        path: the file; it is made when it is missing, but never again once it was there.
        began_with: what `prepare` said before a fork, so that the child takes no other file for it.
        on_trouble: is told what keeps the file from being used (it was removed, its disk is full …), at once and every
            minute while it lasts; and None when it is over.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        began_with: Identity | None = None,
        on_trouble: Callable[[Trouble | None], None] | None = None,
    ) -> None:
        self._path = os.fspath(path)
        self._health = Health(on_trouble)
        self._pool = Pool(self._path, began_with, self._health)
        self.forget()
        _databases.add(self)

    @property
    def trouble(self) -> Trouble | None:
        """Returns what keeps the file from being used just now, as far as that was noticed."""
        return self._health.trouble

    @property
    def free_bytes(self) -> int | None:
        """Returns how much room the file's disk has; None where that cannot be known."""
        return free_bytes_of(self._path)

    def forget(self) -> None:
        """Set the state of a process that has not written anything yet."""
        self._health.forget()
        self._changed = threading.Condition()
        self._queue: list[_Write] = []
        self._writer: threading.Thread | None = None
        self._is_closing = False
        self._changes_since_checkpoint = 0
        self._listeners: tuple[Callable[[int], None], ...] = ()

    def prepare(self, *, timeout_seconds: float = 5.0) -> Identity | None:
        """Open the file once, so that mistakes show at start. Returns which file it is.

        Raises ConfigurationError or StoreUnavailable.
        """
        return self._pool.prepare(timeout_seconds)

    def read(self, work: Work[T], *, timeout_seconds: float) -> T:
        """Returns what `work` reads. Raises StoreUnavailable, and whatever else `work` raises."""
        with self._pool.lend(timeout_seconds) as connection:
            try:
                return work(connection)
            except sqlite3.Error as error:
                self._note(error)
                raise StoreUnavailable(f"the store failed: {error}") from error

    def write(self, work: Work[T], *, timeout_seconds: float) -> T:
        """Returns what `work` returns, once what it wrote is on the disk, in the file that lies at the path.

        `work` runs in the writer's thread and must be quick.

        Raises what `work` raises (nothing of it was written then), or StoreUnavailable.
        """
        write = _Write(work)
        with self._changed:
            self._queue.append(write)
            if self._writer is None or not self._writer.is_alive():
                self._writer = threading.Thread(target=self._write_for_all, name="relay-writer", daemon=True)
                self._writer.start()
            self._changed.notify()
        if not write.is_answered_within(timeout_seconds):
            with self._changed:
                if write in self._queue:
                    self._queue.remove(write)
            raise StoreUnavailable(f"the store did not answer within {timeout_seconds:g} s")
        if write.error is not None:
            raise write.error
        result: T = write.result
        return result

    def close(self) -> None:
        """Finish what is queued, then close everything. For a clean end; kill -9 loses nothing either."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
            writer = self._writer
        if writer is not None:
            writer.join()
        self._pool.close()
        self.forget()

    def listen(self, listener: Callable[[int], None]) -> None:
        """Call `listener` for each timer armed through this object, with the instant it is due, in microseconds."""
        self._listeners = (*self._listeners, listener)

    def unlisten(self, listener: Callable[[int], None]) -> None:
        self._listeners = tuple(other for other in self._listeners if other != listener)

    def tell_armed(self, due_at: int) -> None:
        for listener in self._listeners:
            listener(due_at)

    # From here on: the writer's thread.
    def _write_for_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._is_closing)
                if not self._queue:
                    return
            try:
                with self._pool.lend(_WRITER_PATIENCE_SECONDS) as connection:
                    self._commit_batch(connection)
                    self._checkpoint(connection)
            except StoreBusy:
                continue  # the callers still wait, and so does the writer
            except StoreUnavailable as error:
                for write in self._take_batch():
                    write.error = StoreUnavailable(str(error))
                    write.answer()

    def _take_batch(self) -> list[_Write]:
        with self._changed:
            batch, self._queue = self._queue[:_BATCH_MAX], self._queue[_BATCH_MAX:]
            return batch

    def _commit_batch(self, connection: Connection) -> None:
        _begin(connection)
        # Taken only now that this process holds the write lock: while it waited for it, callers that gave up have
        # removed their writes and others have added theirs.
        batch = self._take_batch()
        changes = connection.total_changes
        try:
            self._commit(connection, batch)
        except _Spoilt:
            # One at a time then, so that only the one whose fault it is meets its failure.
            for write in batch:
                try:
                    _begin(connection)
                    self._commit(connection, [write])
                except _Spoilt:
                    pass  # its own error is already noted
                except StoreUnavailable as error:
                    write.error = error
        self._changes_since_checkpoint += connection.total_changes - changes
        self._doubt_if_lost(batch)
        for write in batch:
            write.answer()

    def _commit(self, connection: Connection, batch: list[_Write]) -> None:
        """Do all work in the transaction that has begun, and commit. Raises _Spoilt when the transaction was undone."""
        changes = connection.total_changes
        try:
            for write in batch:
                write.apply(connection)
            connection.execute("COMMIT")
        except BaseException as error:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            cause = error.__cause__ if isinstance(error, _Spoilt) else error
            if trouble := words_mended(connection, self._path, cause):
                self._health.mended(trouble)
                for write in batch:
                    write.error = StoreUnavailable("the index of words was damaged")
                raise _Spoilt from error
            self._note(cause)
            if not isinstance(error, sqlite3.Error):
                raise
            # The COMMIT itself failed: whether it is on the disk is unknown, which is what StoreUnavailable means.
            for write in batch:
                write.error = StoreUnavailable(f"the store failed: {error}")
        else:
            if connection.total_changes != changes:
                self._health.worked()

    def _note(self, error: BaseException | None) -> None:
        """Have people told what an error of SQLite's shows: not that others hold the file, nor a refused value."""
        if isinstance(error, sqlite3.Error) and not isinstance(error, REFUSED) and not is_busy(error):
            self._health.failed(trouble_with(self._path, error))

    def _doubt_if_lost(self, batch: list[_Write]) -> None:
        """Give each write StoreLost if the file was removed meanwhile: what was committed into it is not stored."""
        try:
            self._pool.check()
        except StoreLost as error:
            for write in batch:
                write.error = write.error or StoreLost(str(error))

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        """After _CHANGES_PER_CHECKPOINT changes, bring the write-ahead log into the file, under the write lock.

        Up to SQLite 3.51.2 a checkpoint that runs beside another one and a commit can, in rare cases, damage the
        file (https://sqlite.org/wal.html#walresetbug). The write lock keeps both away; it costs them a short wait.
        """
        if self._changes_since_checkpoint < _CHANGES_PER_CHECKPOINT:
            return
        with contextlib.suppress(StoreUnavailable, sqlite3.Error), self._pool.lend(_WRITER_PATIENCE_SECONDS) as other:
            connection.execute("BEGIN IMMEDIATE")
            try:
                other.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                self._changes_since_checkpoint = 0
            finally:
                connection.execute("ROLLBACK")


def _begin(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        raise (StoreBusy if is_busy(error) else StoreUnavailable)(str(error)) from error


_databases: weakref.WeakSet[Database] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    # The child has no writer thread, and what is queued is answered in the parent.
    for database in list(_databases):
        database.forget()


os.register_at_fork(after_in_child=_after_fork_in_child)
