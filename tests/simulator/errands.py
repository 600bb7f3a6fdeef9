"""What is asked of a process beside texts and timers: by the next revision, and by an operator."""

from __future__ import annotations

from relay.flow.intake import Intake
from relay.flow.world import SendingWorld
from relay.operators.redrive import redrive
from relay.web import Response

from tests.simulator.plan import Redrive
from tests.simulator.revisions import NextRevision, tell
from tests.simulator.sim_store import ProcessStore


def tell_of(message_id: str, world: SendingWorld, _: Intake) -> None:
    if isinstance(world.store, ProcessStore) and isinstance(world.store.revision, NextRevision):
        tell(world, message_id)


def redrive_of(message_id: str, asked: Redrive, world: SendingWorld, intake: Intake) -> Response:
    request_id = f"redrive-{int(asked.at * 1000)}"
    return redrive(world, intake.policy, message_id, request_id, min(asked.tier, intake.policy.last_tier))
