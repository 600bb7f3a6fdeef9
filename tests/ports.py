"""Ports for servers that a test starts later than it finds the port, or starts again on the same one.

Found and bound by two, a port may be another program's between. Held is safest; a server that must be the first to bind
its port needs a free one.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST, _USUAL_END = 10_000, 32_768
_draws = random.SystemRandom()


def bound_socket() -> socket.socket:
    """Returns a socket whose port no program of this machine is given until it is closed.

    Who asks for the port by its number, and says that it may be used again, can listen on it.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held


@contextmanager
def held_port() -> Iterator[int]:
    """Yields a port that no other program is given meanwhile (`bound_socket`)."""
    with bound_socket() as held:
        port: int = held.getsockname()[1]
        yield port


def free_port() -> int:
    """Returns a port of this machine that is free, and that no other program is given by chance.

    The system gives ports of one range to all who ask for any, and to each connection that is made: one of those, found
    free now, may be taken a moment later, in a suite whose processes work side by side.
    """
    while True:
        port = _draws.randrange(_FIRST, _end())
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _end() -> int:
    """Returns where the system's own range begins, or its usual beginning where that leaves no room below it."""
    try:
        first = int(_RANGE.read_text("ascii").split()[0])
    except OSError:
        return _USUAL_END
    return first if first > _FIRST + 1000 else _USUAL_END
