"""The file that the relay's log goes to under `run`: for its owner alone, and never much larger than its bound."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from scripts.local_stack.running import StackError

# The file before it is kept, so twice this much is on the disk.
MAX_BYTES = 10 * 1024 * 1024
_LOOK_SECONDS = 1.0


def open_log(path: Path) -> IO[bytes]:
    """Returns the file to be appended to. Raises StackError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        keep_small(path)
        return open(path, "ab", opener=_private)
    except OSError as error:
        words = f"The log {path} cannot be written ({error.strerror}); set RELAY_LOCAL_LOG (- is the terminal)."
        raise StackError(words) from error


def keep_small(path: Path) -> None:
    """Move what is in the file to `….old.log` when it is larger than its bound; safe while others append to it.

    Emptied and not replaced, because they would go on writing to the file that they have open. A line that comes
    between the last that is copied and the emptying is lost.
    """
    if not path.is_file() or path.stat().st_size <= MAX_BYTES:
        return
    # A full disk must not keep it from being emptied.
    with contextlib.suppress(OSError), open(path, "rb") as log, open(old(path), "wb", opener=_private) as copy:
        shutil.copyfileobj(log, copy)
    os.truncate(path, 0)


@contextlib.contextmanager
def kept_small(path: Path) -> Iterator[None]:
    """Meanwhile the file is kept small, by a thread of its own: the terminal's waits while that takes nothing."""
    is_over = threading.Event()

    def mind() -> None:
        while not is_over.wait(_LOOK_SECONDS):
            with contextlib.suppress(OSError):  # a disk in trouble: the relay itself says so
                keep_small(path)

    minding = threading.Thread(target=mind, name="log", daemon=True)
    minding.start()
    try:
        yield
    finally:
        is_over.set()
        minding.join()


def old(path: Path) -> Path:
    return path.with_suffix(".old.log")


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)
