"""`one_at_a_time` and `absent` load client libraries late: one at a time, and without what they do not need.

Threads that import the same packages side by side can see each other's half-loaded modules.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

one_at_a_time = threading.RLock()


@contextmanager
def absent(name: str) -> Iterator[None]:
    """While this holds, an import of `name` fails as if it were not installed, unless it is loaded already.

    google-api-core uses aiohttp for its asynchronous REST transport, where it is installed, and does without it
    where it is not. It is installed only because twilio asks for it, and nothing here uses either's asynchronous
    side. None in sys.modules is the import system's own way to say "not there" (Python reference, 5.3.1).
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
