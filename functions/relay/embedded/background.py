"""The embedded home's clockwork: what Cloud Tasks and Cloud Scheduler do in the cloud, done by the relay's own process.

Several processes may share the file. Timers are leased one by one and jobs as a whole, so that each is done by one of
them, and by another one when that one dies.
"""

from __future__ import annotations

from relay.embedded.database import Database
from relay.embedded.timers import Job, Ticker
from relay.flow import timers
from relay.flow.conductor import World
from relay.flow.intake import Intake
from relay.flow.reconcile import RUN_SECONDS as RECONCILE_RUN_SECONDS
from relay.flow.reconcile import reconcile
from relay.flow.sweep import RUN_SECONDS as SWEEP_RUN_SECONDS
from relay.flow.sweep import sweep

SWEEP_EVERY_SECONDS = 60.0
RECONCILE_EVERY_SECONDS = 300.0
# Kept back from a run's own limit: its last call may end late, and its end has to be written down.
_LEASE_MARGIN_SECONDS = 30.0
# As many texts as may wait for Twilio's answer at once, each up to ten seconds.
_THREADS = 8


class Background:
    """Fires due timers and runs the watchmen, from `start` to `stop`. Nothing is lost when it is killed instead."""

    def __init__(self, world: World, intake: Intake, database: Database) -> None:
        self._ticker = Ticker(
            database,
            lambda timer: timers.fire(world, timer),
            world.clock,
            world.journal,
            jobs=(
                Job("sweep", SWEEP_EVERY_SECONDS, lambda: sweep(world), SWEEP_RUN_SECONDS + _LEASE_MARGIN_SECONDS),
                Job(
                    "reconcile",
                    RECONCILE_EVERY_SECONDS,
                    lambda: reconcile(world, intake),
                    RECONCILE_RUN_SECONDS + _LEASE_MARGIN_SECONDS,
                ),
            ),
            threads=_THREADS,
        )

    def start(self) -> None:
        """Begin; what became due while nobody looked is fired at once. Nothing happens when it runs already."""
        self._ticker.start()

    def stop(self) -> None:
        """Wait for what is under way and stop; what is due stays for the next start."""
        self._ticker.stop()
