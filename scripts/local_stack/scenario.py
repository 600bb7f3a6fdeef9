"""The opening scenario: the first tier's carrier refuses, those after it stay silent, the last one delivers."""

from __future__ import annotations

from dataclasses import dataclass

from relay.core.policy import Policy

from scripts.local_stack.client import StackClient
from scripts.local_stack.environment import CUSTOMER_PHONE

BODY = "Our boiler is leaking and the kitchen is under water. Can somebody come?"
ERROR_CODE = 30006


@dataclass(frozen=True)
class Scenario:
    """What was started: the text's id, and what is going to happen, in words."""

    message_id: str
    announcement: str


def play(client: StackClient, our_phone: str, policy: Policy) -> Scenario:
    """Set each carrier up for one text, and send it. Raises OSError."""
    *others, last = policy.tiers
    told = []
    for number, tier in enumerate(others, start=1):
        if number == 1:
            # Codes 3xxxx come from the carrier, after Twilio has accepted the text.
            client.set_carrier(tier.reach.address, "undelivered", 1, ERROR_CODE)
            told.append(f"the carrier of tier 1, {tier.name}, will refuse it with error {ERROR_CODE}")
        else:
            client.set_carrier(tier.reach.address, "silent", 1)
            told.append(f"that of tier {number}, {tier.name}, will accept it and stay silent")
    client.set_carrier(last.reach.address, "deliver", 1)
    told.append(f"that of tier {policy.last_tier}, {last.name}, will deliver it")
    message_id = client.text(CUSTOMER_PHONE, our_phone, BODY)
    return Scenario(message_id, "; ".join(told) + ".")
