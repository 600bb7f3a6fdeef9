"""Tells whether a relay runs, so that nothing is removed under one.

By locks, which end with the process that holds them, however it ends: a relay that was killed blocks nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from scripts.local_stack import ROOT

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
