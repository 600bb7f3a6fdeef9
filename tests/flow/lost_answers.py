"""Texts whose POST was not answered: what the tests of finding and settling them share."""

from __future__ import annotations

from relay.flow import lookup
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.channel import Found
from relay.ports import Ambiguous

from tests.worlds import Doubles, inbound_request

FIRST, SECOND = "SM" + "a" * 32, "SM" + "b" * 32
LOST = Ambiguous("no answer in time")


def comes_in(doubles: Doubles, message_id: str, *, arrives: bool = True, **changes: str) -> None:
    """A customer's text comes in, and the answer to its POST is lost; `arrives`: Twilio has it all the same."""
    doubles.messenger.script(LOST)
    doubles.inbound(inbound_request(MessageSid=message_id, **changes))
    if arrives:
        doubles.messenger.take(doubles.messenger.sends[-1])
    doubles.clock.advance(1)


def settle(doubles: Doubles, message_id: str) -> lookup.Settled:
    """Ask Twilio about the relay's open attempts, as the sweep does."""
    stored = doubles.store.get(message_id, timeout_seconds=1.0)
    assert stored is not None
    return lookup.settle(doubles.world, stored, Budget(doubles.clock, 40, TASK_LIMITS), "sweep")


def find(doubles: Doubles, message_id: str) -> Found | None:
    """What Twilio has of the relay's latest attempt."""
    relay = doubles.relay(message_id)
    return lookup.find(doubles.world, relay, relay.attempts[-1], Budget(doubles.clock, 40, TASK_LIMITS))


def adopt(doubles: Doubles, message_id: str) -> str | None:
    """Let the relay learn what Twilio knows of its attempt, and say the text's id."""
    doubles.clock.advance(60)
    settle(doubles, message_id)
    return doubles.relay(message_id).attempts[0].sent_id
