"""Connections to one SQLite file: lent to one thread at a time, none of them open while the process forks.

SQLite remembers within a process which locks on a file it holds. A forked child inherits that memory but not the locks,
and would trust it even for connections of its own
(https://sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_).
Therefore all connections are closed before a fork. Starting another program (subprocess) is no fork in this sense.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Iterator

from relay.embedded.file import Connection, StoreBusy, Unusable, open_connection
from relay.embedded.health import Cause, Health, Trouble
from relay.embedded.presence import Files, Identity, Watch
from relay.errors import ConfigurationError, StoreUnavailable

_IDLE_MAX = 8
# How often an opening is tried, when the file at the path was another one before and after. A file that is made while
# it is opened takes two; after the last StoreUnavailable is raised.
_OPENINGS_MAX = 4


class Pool:
    """Connections to the file at `path`, opened when needed and kept for the next; all of them to the same file.

    `began_with` and `health` are those of Watch.
    """

    def __init__(self, path: str, began_with: Identity | None = None, health: Health | None = None) -> None:
        self._path = path
        self._health = health or Health()
        self._watch = Watch(path, began_with, self._health)
        self.forget()
        _pools.add(self)

    def forget(self) -> None:
        """Set the state of a process that has not opened anything yet. It still knows which file it began with."""
        self._changed = threading.Condition()
        self._idle: list[Connection] = []
        self._opened: Files | None = None
        self._lent = 0
        self._is_forking = False

    @contextlib.contextmanager
    def lend(self, timeout_seconds: float) -> Iterator[Connection]:
        """Lend a connection whose statements wait for locks no longer than that.

        Raises StoreUnavailable: StoreBusy when others hold the file, StoreLost when it was removed or replaced.
        """
        connection = self._take(timeout_seconds)
        try:
            connection.wait_for_locks(max(1, int(timeout_seconds * 1000)))
            yield connection
        finally:
            self._give_back(connection)

    def prepare(self, timeout_seconds: float) -> Identity | None:
        """Open the file once and close it. Returns which file it is. Raises ConfigurationError or StoreUnavailable."""
        self._open(timeout_seconds).close()
        with self._changed:
            if self._lent == 0 and not self._idle:
                self._opened = None
        return self._watch.began_with

    def check(self) -> None:
        """Raises StoreLost when the files that are open are no longer those that lie at the path."""
        self._watch.require(self._opened)

    def close(self) -> None:
        """Wait for the connections that are lent, then close all."""
        with self._changed:
            self._changed.wait_for(lambda: self._lent == 0)
            for connection in self._idle:
                connection.close()
            self._idle.clear()
            # The last one to close the database takes its side files away.
            self._opened = None

    def before_fork(self) -> None:
        with self._changed:
            self._is_forking = True
        self.close()

    def after_fork_in_parent(self) -> None:
        with self._changed:
            self._is_forking = False
            self._changed.notify_all()

    def _take(self, timeout_seconds: float) -> Connection:
        with self._changed:
            if self._is_forking and not self._changed.wait_for(lambda: not self._is_forking, timeout_seconds):
                raise StoreBusy("the process is forking")
            self._lent += 1
            connection = self._idle.pop() if self._idle else None
        try:
            if connection is None:
                return self._open(timeout_seconds)
            self.check()
            return connection
        except BaseException as error:
            self._give_back(connection)
            if isinstance(error, ConfigurationError):
                self._health.failed(_trouble_of(error))
                raise StoreUnavailable(f"the store cannot be opened: {error}") from error
            raise

    def _open(self, timeout_seconds: float) -> Connection:
        """Returns one more connection, to the file that lay at the path both before and after it was opened.

        Which file it has opened SQLite does not tell. A file that this process has lost is not made anew: an empty one
        would be taken for it.
        """
        for _ in range(_OPENINGS_MAX):
            before = self._watch.require(self._opened)
            connection = open_connection(self._path, timeout_seconds, may_make=self._watch.began_with is None)
            after = self._watch.look()
            is_same = after == before if self._opened else after.database == before.database
            if is_same and None not in after:
                self._opened, self._watch.began_with = after, after.database
                if connection.trouble is not None:
                    self._health.mended(connection.trouble)
                return connection
            connection.close()
        raise StoreUnavailable("the store's file changes all the time")

    def _give_back(self, connection: Connection | None) -> None:
        with self._changed:
            self._lent -= 1
            if connection is not None and len(self._idle) < _IDLE_MAX:
                self._idle.append(connection)
            elif connection is not None:
                connection.close()
            if self._lent == 0:
                self._changed.notify_all()


def _trouble_of(error: ConfigurationError) -> Trouble:
    return error.trouble if isinstance(error, Unusable) else Trouble(Cause.OTHER, error.mistakes[0], "")


_pools: weakref.WeakSet[Pool] = weakref.WeakSet()


def _before_fork() -> None:
    for pool in list(_pools):
        pool.before_fork()


def _after_fork_in_parent() -> None:
    for pool in list(_pools):
        pool.after_fork_in_parent()


def _after_fork_in_child() -> None:
    for pool in list(_pools):
        pool.forget()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
