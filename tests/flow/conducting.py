"""What the conductor's tests have in common: a relay that a webhook creates, and events applied to what is stored."""

from __future__ import annotations

from relay.core import moves
from relay.core.events import Decision, Event, EventKind
from relay.core.model import SenderClass
from relay.core.routes import Forward
from relay.flow import conductor
from relay.flow.budget import TASK_LIMITS, WEBHOOK_LIMITS, Budget

from tests.relays import MESSAGE_ID, text
from tests.worlds import Doubles


def webhook_budget(doubles: Doubles, seconds: float = 4.3) -> Budget:
    return Budget(doubles.clock, seconds, WEBHOOK_LIMITS)


def new(doubles: Doubles, lease: str = "webhook") -> Decision:
    return moves.receive(text(), SenderClass.CUSTOMER, Forward(doubles.tiers), doubles.clock.now(), lease)


def create(doubles: Doubles, lease: str = "webhook") -> bool:
    return conductor.create(doubles.world, new(doubles, lease), webhook_budget(doubles))


def apply(doubles: Doubles, event: Event, seconds: float = 40.0) -> conductor.Applied:
    stored = doubles.store.get(MESSAGE_ID, timeout_seconds=1.0)
    assert stored is not None
    return conductor.apply(doubles.world, stored, event, Budget(doubles.clock, seconds, TASK_LIMITS))


def deadline(lease: str = "task") -> Event:
    return Event(EventKind.DEADLINE_UNCONFIRMED, 1, lease=lease)
