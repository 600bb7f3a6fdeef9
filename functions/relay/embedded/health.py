"""Health tells people what is wrong with the database's file or its disk, and when it works again.

`trouble_with` finds the cause of an error of SQLite's or of the system's. Their own words often do not name it: "disk
I/O error" may be a quota, and "unable to open database file" a process that has too many files open.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

# While a trouble lasts, it is told again after so long.
_AGAIN_AFTER_SECONDS = 60.0
# On a disk that is nearly full a small write goes through between two that fail: the end of a trouble is told once no
# write has failed for so long.
_QUIET_SECONDS = 5.0
# With less than this no transaction goes through, and SQLite does not always say "full".
_NO_ROOM_BYTES = 128 * 1024


# A hundred thousand texts with their records take some 500 MB, and a backup as much again.
LOW_BYTES, VERY_LOW_BYTES, ROOMY_BYTES = 1_000_000_000, 100_000_000, 1_250_000_000


class Cause(StrEnum):
    """What keeps the file from being used."""

    LOST = "lost"
    FULL = "full"
    READ_ONLY = "read-only"
    OPEN_FILES = "too many open files"
    MAY_NOT = "not allowed"
    DAMAGED = "damaged"
    DISK = "disk"
    INDEX = "index of words"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, and what to do about it, in words for people."""

    cause: Cause
    words: str
    advice: str

    def __str__(self) -> str:
        return f"{self.words}; {self.advice}" if self.advice else self.words


class Health:
    """What was told of one file. Safe to share between threads.

    Args:
        on_trouble: is told a trouble at once and every minute while it lasts, and None when it is over.
    """

    def __init__(self, on_trouble: Callable[[Trouble | None], None] | None = None) -> None:
        self._on_trouble = on_trouble
        self.forget()

    def forget(self) -> None:
        """Set the state of a process that has noticed nothing yet."""
        self._lock = threading.Lock()
        self._told_at = 0.0
        self._failed_at = 0.0
        self.trouble: Trouble | None = None

    def failed(self, trouble: Trouble) -> None:
        """Note that the file could not be used."""
        now = time.monotonic()
        with self._lock:
            before, self.trouble, self._failed_at = self.trouble, trouble, now
            is_old = before is not None and before.cause is trouble.cause
            if is_old and now - self._told_at < _AGAIN_AFTER_SECONDS:
                return
            self._told_at = now
        self._tell(trouble)

    def worked(self) -> None:
        """Note that something was written and is on the disk."""
        if self.trouble is None:
            return
        with self._lock:
            if self.trouble is None or time.monotonic() - self._failed_at < _QUIET_SECONDS:
                return
            self.trouble = None
        self._tell(None)

    def found(self) -> None:
        """Note that the files are those that were opened: they were not lost, or were put back."""
        if self.trouble is None or self.trouble.cause is not Cause.LOST:
            return
        with self._lock:
            self.trouble = None
        self._tell(None)

    def mended(self, trouble: Trouble) -> None:
        """Tell of what was wrong and is put right already: nothing was refused because of it."""
        self._tell(trouble)

    def _tell(self, trouble: Trouble | None) -> None:
        if self._on_trouble is not None:
            self._on_trouble(trouble)


def trouble_with(path: str, error: Exception) -> Trouble:
    """Returns what is wrong with the database at `path`, by this error and by how its disk looks now."""
    folder = os.path.dirname(os.path.realpath(path))
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    system = getattr(error, "errno", None) or _errno_of_opening(folder)
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        words = f"{path} is not a sound database"
        return Trouble(Cause.DAMAGED, words, "restore it from a backup, or move it away to start with an empty one")
    if system == errno.ENOENT:
        words = f"the folder of {path} does not exist"
        return Trouble(Cause.MAY_NOT, words, "make it, or correct RELAY_DATABASE")
    if system in (errno.EMFILE, errno.ENFILE):
        words = f"too many files are open, so that {path} cannot be opened"
        return Trouble(Cause.OPEN_FILES, words, "start the relay again, and raise the limit (`ulimit -n`, LimitNOFILE)")
    room = _Room.of(folder)
    if code == sqlite3.SQLITE_FULL or system in (errno.ENOSPC, errno.EDQUOT) or room.is_used_up:
        words = f"the disk of {path} is full ({room})"
        return Trouble(
            Cause.FULL, words, "make room on it; until then texts are refused, and the relay goes on by itself"
        )
    if system == errno.EROFS or room.is_read_only:
        words = f"the disk of {path} is mounted read-only"
        return Trouble(Cause.READ_ONLY, words, "see why (`dmesg`: often the disk fails), then mount it for writing")
    if isinstance(error, OSError) or code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        words = f"{path} must be a file that this user may write, in a folder that this user may write"
        return Trouble(Cause.MAY_NOT, words, "allow that (`chown`, `chmod`)")
    if code == sqlite3.SQLITE_IOERR:
        words = f"the disk of {path} fails ({error})"
        return Trouble(Cause.DISK, words, "is a quota used up, a cable or a network drive gone? `dmesg` says more")
    return Trouble(Cause.OTHER, f"{path} cannot be used ({error})", "put that right, or point RELAY_DATABASE elsewhere")


def free_bytes_of(path: str) -> int | None:
    """Returns how much room the disk of a database has; None where that cannot be known."""
    return _Room.of(os.path.dirname(os.path.realpath(path))).free_bytes


@dataclass(frozen=True, slots=True)
class _Room:
    """What a folder's file system still takes; None where that cannot be known."""

    free_bytes: int | None = None
    free_files: int | None = None
    is_read_only: bool = False

    @classmethod
    def of(cls, folder: str) -> _Room:
        with contextlib.suppress(OSError):
            disk = os.statvfs(folder)
            # Some file systems have no fixed number of files, and say 0 of 0.
            files = disk.f_favail if disk.f_files else None
            return cls(disk.f_bavail * disk.f_frsize, files, bool(disk.f_flag & os.ST_RDONLY))
        return cls()

    @property
    def is_used_up(self) -> bool:
        too_small = self.free_bytes is not None and self.free_bytes < _NO_ROOM_BYTES
        return not self.is_read_only and (too_small or self.free_files == 0)

    def __str__(self) -> str:
        free = "free space unknown" if self.free_bytes is None else f"{self.free_bytes // 1024} KiB free"
        return f"{free}, room for no more files" if self.free_files == 0 else free


def _errno_of_opening(folder: str) -> int | None:
    """Returns why the folder cannot be opened; None when it can. SQLite's errors do not carry the system's."""
    try:
        os.close(os.open(folder, os.O_RDONLY))
    except OSError as error:
        return error.errno
    return None
