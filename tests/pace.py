"""How much slower this machine is now than an idle one: tests against the real clock stretch their times by it.

A test that waits for a deadline wants it short. On a machine whose cores are shared by many the same deadline passes
before a receipt has come, and the relay rightly escalates: the test would fail for the machine's sake.
"""

from __future__ import annotations

import os
import time

_SLOWEST = 12.0
_SAMPLE_SECONDS = 0.1


def pace() -> float:
    """Returns by how much to stretch: 1.0 where each core has one thing to do, at most 12.0.

    It is how much longer a computation takes than it computes, now: work of a lower priority, which gives way, does not
    count, as it would in the load average. The suite's own workers may just have begun, and two of three compute.
    """
    cores = os.cpu_count() or 1
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return min(max(1.0, workers / cores / 1.5, _slowness()), _SLOWEST)


def _slowness() -> float:
    began, computed = time.monotonic(), time.thread_time()
    while (used := time.thread_time() - computed) < _SAMPLE_SECONDS:
        pass
    return (time.monotonic() - began) / used
