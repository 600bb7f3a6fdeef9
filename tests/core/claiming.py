"""Texts of tiers that ask for a claim, and what people do with them, for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from relay.core import machine
from relay.core.events import (
    Decision,
    Event,
    EventKind,
)
from relay.core.model import Relay
from relay.core.policy import Policy, Success

from tests.relays import (
    T0,
    accepted,
    after,
    delivered,
    policy,
    received,
)

ANN, BEN = "handler 1", "handler 2"
WINDOW = 900.0


def asking(tiers: int = 2, owner: str = "", success: Success = Success.DELIVERED) -> Policy:
    """Tiers that all ask for a claim; a delivery at the first one claims for `owner`."""
    of = policy(tiers, success=success).tiers
    first = replace(of[0], claim_timeout_seconds=WINDOW, delivery_claims_for=owner)
    return Policy((first, *(replace(tier, claim_timeout_seconds=WINDOW) for tier in of[1:])))


def claimed_by(person: str) -> Event:
    return Event(EventKind.CLAIMED, person=person)


def passed_by(person: str, lease: str | None = None) -> Event:
    return Event(EventKind.PASSED, person=person, lease=lease)


CLAIM_DUE = Event(EventKind.CLAIM_DUE)
RELEASED = Event(EventKind.RELEASED, by="operator")


def waiting(of: Policy | None = None) -> Relay:
    """A text that tier 1 got two seconds after it came in, and that no person has taken yet."""
    return after(received(of or asking()).relay, accepted(1), delivered(1))


def decide(relay: Relay, event: Event, now: datetime = T0) -> Decision:
    return machine.transition(relay, event, now)
