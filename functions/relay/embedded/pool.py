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

from relay.embedded.file import Connection, StoreBusy, open_connection
from relay.errors import ConfigurationError, StoreUnavailable

_IDLE_MAX = 8


class Pool:
    """Connections to the file at `path`, opened when needed and kept for the next."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.forget()
        _pools.add(self)

    def forget(self) -> None:
        """The state of a process that has not opened anything yet."""
        self._changed = threading.Condition()
        self._idle: list[Connection] = []
        self._lent = 0
        self._is_forking = False

    @contextlib.contextmanager
    def lend(self, timeout_seconds: float) -> Iterator[Connection]:
        """A connection whose statements wait for locks no longer than that. Raises StoreUnavailable, of which StoreBusy
        when others are to blame."""
        connection = self._take(timeout_seconds)
        try:
            connection.wait_for_locks(max(1, int(timeout_seconds * 1000)))
            yield connection
        finally:
            self._give_back(connection)

    def close(self) -> None:
        """Wait for the connections that are lent, then close all."""
        with self._changed:
            self._changed.wait_for(lambda: self._lent == 0)
            for connection in self._idle:
                connection.close()
            self._idle.clear()

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
            if self._idle:
                return self._idle.pop()
        try:
            return open_connection(self._path, timeout_seconds)
        except BaseException as error:
            self._give_back(None)
            if isinstance(error, ConfigurationError):
                raise StoreUnavailable(f"the store cannot be opened: {error}") from error
            raise

    def _give_back(self, connection: Connection | None) -> None:
        with self._changed:
            self._lent -= 1
            if connection is not None and len(self._idle) < _IDLE_MAX:
                self._idle.append(connection)
            elif connection is not None:
                connection.close()
            if self._lent == 0:
                self._changed.notify_all()


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
