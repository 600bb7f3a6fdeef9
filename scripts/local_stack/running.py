"""Tells whether a relay runs, so that nothing is removed under one, and no second one takes its database.

By locks, which end with the process that holds them, however it ends: a relay that was killed blocks nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from scripts.local_stack import ROOT

# What is locked for as long as a relay works on a database: a file beside it, in which that relay says who it is.
RUNNING_SUFFIX = "-running"
# A relay that was killed, or told to stop, lets go of its database within this time.
_LETTING_GO_SECONDS = 8.0
_LOOK_SECONDS = 0.1
# The bytes that SQLite locks for as long as it has a database open (https://sqlite.org/fileformat2.html#the_lock_byte_page).
_SHARED_FIRST, _SHARED_SIZE = 0x40000000 + 2, 510


class StackError(Exception):
    """The stack cannot run. The message is for people: what is wrong, and what to do."""


def hold_checkout() -> int:
    """A descriptor that says for as long as it is open, here or in a child, that a relay runs from this checkout.

    Raises StackError while `make clean` is at work.
    """
    descriptor = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StackError("`make clean` is at work here; start again when it has ended.") from error
    except OSError:
        pass  # a disk without such locks: then only the databases' own ones tell
    return descriptor


def hold_database(database: Path, about: str, *, is_alone: bool) -> int:
    """A descriptor that says for as long as it is open, here or in a child, that a relay works on this database.

    Functions that are served each by a process of its own share it; a whole stack wants it alone (`is_alone`). `about`
    says to people which relay this is.

    Raises StackError when another one has it, with what that says of itself.
    """
    path = Path(f"{os.path.realpath(database)}{RUNNING_SUFFIX}")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        words = f"{path} cannot be made ({error.strerror}): is the disk full, or the folder another user's?"
        raise StackError(words) from error
    deadline = time.monotonic() + _LETTING_GO_SECONDS
    while not _is_locked(descriptor, fcntl.LOCK_EX if is_alone else fcntl.LOCK_SH):
        if time.monotonic() >= deadline:
            other = os.pread(descriptor, 1000, 0).decode("utf-8", "replace").strip()
            os.close(descriptor)
            words = f"Another relay works on {database}{f' ({other})' if other else ''}"
            raise StackError(f"{words}: stop that one first, or give this one a RELAY_DATABASE of its own.")
        time.sleep(_LOOK_SECONDS)
    told = f"{about}, process {os.getpid()}, since {datetime.now().astimezone():%Y-%m-%d %H:%M:%S %z}\n".encode()
    # A full disk is told of elsewhere.
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, told, 0)
    return descriptor


def _is_locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a disk without such locks: whether another relay works on it cannot be known
    return True


@contextlib.contextmanager
def stopped_checkout() -> Iterator[None]:
    """No relay runs from this checkout, and none can be started until the end. Raises StackError."""
    descriptor = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackError("A relay runs from this folder: stop it first. Nothing was removed.") from error
        except OSError as error:
            words = f"Whether a relay runs from {ROOT} cannot be told ({error.strerror}). Nothing was removed."
            raise StackError(words) from error
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def unused(database: Path) -> Iterator[None]:
    """No process has this database open, and none can open it until the end; this one must not either.

    Raises StackError.
    """
    try:
        descriptor = os.open(database, os.O_RDWR)
    except FileNotFoundError:
        yield
        return
    except OSError as error:
        raise StackError(f"{database} cannot be opened ({error.strerror}). Nothing was removed.") from error
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST)
    except OSError as error:
        os.close(descriptor)
        raise StackError(f"A relay runs on {database}: stop it first. Nothing was removed.") from error
    try:
        yield
    finally:
        os.close(descriptor)
