"""The opening scenario: the first tier's carrier refuses, those after it stay silent, the last one delivers.

With replies on its handler then answers, and the answer arrives at the customer's phone.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from relay.core.policy import Policy
from relay.core.threads.codes import code_in_front
from relay.ports import RelayStore, Search

from scripts.fake_twilio import picture
from scripts.local_stack.client import StackClient
from scripts.local_stack.environment import CUSTOMER_PHONE

BODY = "Our boiler is leaking and the kitchen is under water. Can somebody come?"
PHOTO = "A fridge"  # which stands in the water
ANSWER = "Please turn off the main tap. I am with you in twenty minutes."
ERROR_CODE = 30006
_AREAS = (303, 404, 505, 606, 707, 808, 909)
_STORE_SECONDS = 10.0


@dataclass(frozen=True)
class Scenario:
    """What was started: the text's id, who texts, and what is going to happen, in words."""

    message_id: str
    customer: str
    announcement: str


def customer_in(store: RelayStore) -> str:
    """Returns the number of a customer who never texted: the usual one, or after an earlier start another.

    One who did may have an owner, who is texted first, and the scenario would be another.
    """
    for phone in itertools.chain((CUSTOMER_PHONE,), map(_fictional, itertools.repeat(secrets.randbelow))):
        if not store.search(Search(sender_phone=phone, limit=1), timeout_seconds=_STORE_SECONDS).relays:
            return phone
    raise AssertionError("numbers do not end")


def _fictional(draw: Callable[[int], int]) -> str:
    """Returns a number that is no subscriber's: 555-0100 to 555-0199 are kept for stories."""
    return f"+1{_AREAS[draw(len(_AREAS))]}55501{draw(100):02d}"


def play(client: StackClient, our_phone: str, policy: Policy, customer: str) -> Scenario:
    """Set each carrier up for one text, and have the customer send it with a photo. Raises OSError."""
    *others, last = policy.tiers
    told = []
    for number, tier in enumerate(others, start=1):
        if number == 1:
            # Codes 3xxxx come from the carrier, after Twilio has accepted the text.
            client.set_carrier(tier.reach.address, "undelivered", 1, ERROR_CODE, BODY)
            told.append(f"the carrier of tier 1, {tier.name}, will refuse it with error {ERROR_CODE}")
        else:
            client.set_carrier(tier.reach.address, "silent", 1, containing=BODY)
            told.append(f"that of tier {number}, {tier.name}, will accept it and stay silent")
    client.set_carrier(last.reach.address, "deliver", 1, containing=BODY)
    told.append(f"that of tier {policy.last_tier}, {last.name}, will deliver it")
    message_id = client.text(customer, our_phone, BODY, [picture(PHOTO)])
    return Scenario(message_id, customer, "; ".join(told) + ".")


def forwarded(client: StackClient, policy: Policy) -> str:
    """Returns the text as the last tier's handler reads it; "" while that phone does not show it. Raises OSError."""
    return _shown(client, policy.tiers[-1].reach.address, BODY)


def answer(client: StackClient, our_phone: str, policy: Policy, read: str) -> str:
    """Have the last tier's handler answer under the code that the text which was `read` begins with.

    Returns what was texted; "" where there is no code, as with replies off. Raises OSError.
    """
    code = code_in_front(read)
    if code is None:
        return ""
    words = f"{code[0]} {ANSWER}"
    client.text(policy.tiers[-1].reach.address, our_phone, words)
    return words


def arrived(client: StackClient, customer: str) -> str:
    """Returns the answer as the customer's phone shows it; "" while it does not. Raises OSError."""
    return _shown(client, customer, ANSWER)


def _shown(client: StackClient, phone: str, words: str) -> str:
    bodies: list[str] = [text["body"] for text in client.phone(phone)["inbox"]]
    return next((body for body in reversed(bodies) if words in body), "")
