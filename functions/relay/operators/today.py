"""`told_of_today` is what pages need to know of the configuration: today's tiers by name, the handlers, our numbers.

A relay keeps the tiers that it was taken in with; what is sent again goes to today's, so a page that asks names these.
"""

from __future__ import annotations

from typing import Any

from relay.core.people import handlers_of
from relay.core.policy import Policy
from relay.core.threads.grammar import TEST

# The tiers, our numbers, and whether handlers' texts answer customers.
Today = tuple[Policy, tuple[str, ...], bool]


def told_of_today(today: Today) -> dict[str, Any]:
    """Returns today's configuration as JSON, as far as operators have to do with it: no number but ours.

    `test_word` stands in front of a handler's own words who tries
    the number out as a customer; "" where a handler's texts are no customer's whatever they begin with.
    """
    policy, our_phones, replies = today
    return {
        "tiers": [tier.name for tier in policy.tiers],
        "handlers": [person.name for person in handlers_of(policy).handlers],
        "our_phones": list(our_phones),
        "replies": replies,
        "test_word": TEST if replies else "",
    }
