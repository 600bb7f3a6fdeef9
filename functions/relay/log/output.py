"""Output writes lines to a descriptor, and no thread waits longer than a moment for what reads them.

A pipe that is not read is full after 64 KiB, and a write to it then waits without end; so does one to a terminal that
was stopped. Lines that find no room are kept, up to a bound; beyond it the oldest are dropped and counted, alarms last.
"""

from __future__ import annotations

import os
import select
import stat
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator

KEPT_MAX_BYTES = 256 * 1024
# For how long the first line that finds no room is waited for; those after it are not, until there is room again.
_PATIENCE_SECONDS = 0.1
# So much a pipe that has room takes without waiting, and whole, whichever other processes write to it.
_AT_ONCE_BYTES = select.PIPE_BUF

_Numbered = tuple[int, bytes]


class Output:
    """Lines on their way to a descriptor. Safe to share between threads.

    One thread at a time writes: its own lines, and those that others leave meanwhile. `dropped` makes of a count the
    line that tells how many are missing, which comes before the next one that is written.
    """

    def __init__(self, descriptor: int, dropped: Callable[[int], str]) -> None:
        self._descriptor = _not_waiting(descriptor)
        self._dropped_line = dropped
        # Held for moments, and never while something is written.
        self._lock = threading.Lock()
        self._alarms: deque[_Numbered] = deque()
        self._others: deque[_Numbered] = deque()
        self._came = self._kept_bytes = self._dropped = 0
        # What is to be written next: whole lines, or what is left of them.
        self._next = b""
        self._is_writing = self._is_stuck = False

    def write(self, lines: Iterable[tuple[bool, str]]) -> None:
        """Write these lines, each with whether it is an alarm, or keep them for later. Raises no OSError."""
        with self._lock:
            for is_alarm, line in lines:
                self._keep(is_alarm, line.encode())
            if self._is_writing:
                return
            self._is_writing = True
        is_done = False
        try:
            while not (is_done := not self._has_more()) and self._has_room():
                self._next = self._next[os.write(self._descriptor, self._next[:_AT_ONCE_BYTES]) :]
        except OSError:
            pass  # its reader went away, or the disk is full: as if there were no room
        finally:
            if not is_done:
                self._is_writing = False

    def _keep(self, is_alarm: bool, line: bytes) -> None:
        (self._alarms if is_alarm else self._others).append((self._came, line))
        self._came += 1
        self._kept_bytes += len(line)
        while self._kept_bytes > KEPT_MAX_BYTES:
            self._take(self._others or self._alarms)
            self._dropped += 1

    def _take(self, kept: deque[_Numbered]) -> bytes:
        line = kept.popleft()[1]
        self._kept_bytes -= len(line)
        return line

    def _has_more(self) -> bool:
        """Whether there is something to write, which is then in `_next`; otherwise this thread is done."""
        with self._lock:
            if not self._next:
                self._next = b"".join(self._taken())
            # Here and not after the lock, so that no line is left to a thread that has gone.
            self._is_writing = bool(self._next)
            return self._is_writing

    def _taken(self) -> Iterator[bytes]:
        """As many lines as go out at once, or one that does not; before them, how many are missing."""
        size = 0
        while (oldest := self._oldest()) is not None and (not size or size + len(oldest[0][1]) <= _AT_ONCE_BYTES):
            if self._dropped:
                told, self._dropped = self._dropped_line(self._dropped).encode(), 0
                size += len(told)
                yield told
            line = self._take(oldest)
            size += len(line)
            yield line

    def _oldest(self) -> deque[_Numbered] | None:
        kept = [lines for lines in (self._alarms, self._others) if lines]
        return min(kept, key=lambda lines: lines[0][0]) if kept else None

    def _has_room(self) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        self._is_stuck = not poll.poll(0 if self._is_stuck else _PATIENCE_SECONDS * 1000)
        return not self._is_stuck


def _not_waiting(descriptor: int) -> int:
    """Returns a descriptor of our own to the same terminal or pipe, on which a write takes what there is room for.

    A terminal says that it has room while it has any, and another process may take a pipe's last: a write then waits.
    The given one is shared with processes that rely on its waiting, so it stays as it is.
    """
    try:
        if os.isatty(descriptor) or stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return os.open(f"/dev/fd/{descriptor}", os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        pass  # another user's, or a system that has no such names
    return descriptor
