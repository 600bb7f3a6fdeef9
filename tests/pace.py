"""How much slower this machine is now than an idle one: tests against the real clock stretch their times by it.

A test that waits for a deadline wants it short. On a machine whose cores are shared by many the same deadline passes
before a receipt has come, and the relay rightly escalates: the test would fail for the machine's sake.
"""

from __future__ import annotations

import os

_SLOWEST = 12.0


def pace() -> float:
    """Returns by how much to stretch: 1.0 where each core has one thing to do, at most 12.0.

    The load is the last minute's; that of the suite's own workers, which may just have begun, is counted as well.
    """
    cores = os.cpu_count() or 1
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return min(max(1.0, workers / cores, load / cores), _SLOWEST)
