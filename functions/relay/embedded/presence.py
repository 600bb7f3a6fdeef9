"""Watch notices that a database was removed or replaced while this process has it open.

An open file that was deleted goes on taking writes, and loses them all when it is closed. SQLite does not look, so the
pool asks this module before each use of a connection, and the writer once more before it answers.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from relay.embedded.health import Cause, Health, Trouble
from relay.errors import StoreUnavailable

# Device and inode. No other file gets an open one's, so it tells a file from a copy that was put in its place.
Identity = tuple[int, int]


class StoreLost(StoreUnavailable):
    """The database's files are not those that this process has open: what is written into those is gone with them."""


class Files(NamedTuple):
    """What lies at a database's path; None stands for nothing."""

    database: Identity | None
    # SQLite's side files, which stay the same ones for as long as any process has the database open.
    wal: Identity | None
    shm: Identity | None


class Watch:
    """Compares what lies at `path` with what this process began with.

    Args:
        path: the database.
        began_with: the file that a process before the fork has opened; None takes the first one that is opened.
        health: hears of it each time that it is noticed, and when the files are there again.
    """

    def __init__(self, path: str, began_with: Identity | None, health: Health) -> None:
        # The side files lie where a symbolic link leads to.
        real = os.path.realpath(path)
        self._paths = (os.path.abspath(path), f"{real}-wal", f"{real}-shm")
        self.began_with = began_with
        self._health = health

    def look(self) -> Files:
        """Returns what lies at the path now."""
        return Files(*map(_identity, self._paths))

    def require(self, opened: Files | None) -> Files:
        """Returns what lies there: the `opened` files, or if none are open, the database that this process began with.

        Raises StoreLost when they are gone or others.
        """
        found = self.look()
        expected = opened or Files(self.began_with or found.database, found.wal, found.shm)
        if found == expected:
            self._health.found()
            return found
        number = next(place for place in range(3) if found[place] != expected[place])
        what = "is no longer there" if found[number] is None else "is another file than before"
        words = f"{self._paths[number]} {what}"
        self._health.failed(Trouble(Cause.LOST, words, "see “The database is gone”"))
        raise StoreLost(words)


def _identity(path: str) -> Identity | None:
    try:
        status = os.stat(path)
    except OSError:
        # Whether it is gone or only out of reach: it cannot be relied upon.
        return None
    return status.st_dev, status.st_ino
