"""How much `make quick` plays of what is drawn or walked: less than the whole suite, and of the same kind.

It starts no emulator either: a Java machine takes a fifth of its time.
"""

from __future__ import annotations

import os

IS_QUICK = os.environ.get("QUICK_TESTS") == "1"
_SHARE = 5


def some_of(count: int) -> int:
    """Returns how many of so many made-up cases to play: all of them, or a fifth under `make quick`."""
    return -(-count // _SHARE) if IS_QUICK else count
