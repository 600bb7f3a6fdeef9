"""The serving process of an endurance run: the local stack's own, but its watchmen come round more often.

Only here can that be set (RELAY_LOCAL_ENDURANCE, a JSON object of seconds); the relay itself has no such switch.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from relay import homes
from relay.core import policy
from relay.flow import reconcile, sweep, taking_in

VARIABLE = "RELAY_LOCAL_ENDURANCE"
# Where the file is that says by how many seconds this machine's clock is set; only a run with such troubles has one.
CLOCK_VARIABLE = "RELAY_LOCAL_ENDURANCE_CLOCK"


def hurry(pace: dict[str, float]) -> None:
    """Shorten the watchmen's periods and graces, and what is waited for a queue.

    Everything that the protocol rests on stays as it is.
    """
    homes.SWEEP_EVERY_SECONDS = pace["sweep_every_seconds"]
    homes.RECONCILE_EVERY_SECONDS = pace["reconcile_every_seconds"]
    sweep.GRACE = timedelta(seconds=pace["sweep_grace_seconds"])
    taking_in.DEEP_EVERY = timedelta(seconds=pace["deep_every_seconds"])
    taking_in.WEBHOOK_UNDER_WAY = timedelta(seconds=pace["webhook_under_way_seconds"])
    # So long a watchman's post stays empty when he is killed on his round.
    sweep.RUN_SECONDS = reconcile.RUN_SECONDS = pace["run_seconds"]
    homes.LEASE_MARGIN_SECONDS = pace["run_seconds"]
    vars(policy).update(QUEUE_SECONDS_MAX=pace["queue_seconds"], LAST_TIER_SECONDS=pace["last_tier_seconds"])


def set_clock_by(file: Path) -> None:
    """Have this process's time of day be off by what the file says; the clock that measures stays as it is."""

    def now(self: homes.SystemClock) -> datetime:
        # Read anew each time: a file that is just being written has no number in it.
        return datetime.now(UTC) + timedelta(seconds=int(file.read_text() or "0"))

    homes.SystemClock.now = now  # type: ignore[method-assign]


def main() -> None:
    hurry(json.loads(os.environ[VARIABLE]))
    if file := os.environ.get(CLOCK_VARIABLE):
        set_clock_by(Path(file))
    # Only now: the stand-in for Cloud Scheduler takes the periods when it is loaded.
    from scripts.local_stack import server

    server.main()


if __name__ == "__main__":
    main()
