"""Who the handlers are: people with names and numbers, whatever tiers they stand at."""

from __future__ import annotations

from dataclasses import dataclass

from relay.core.numbers import same
from relay.core.policy import SMS, Policy


@dataclass(frozen=True, slots=True)
class Person:
    """One handler.

    Attributes:
        id: stays the same while the configuration names the person alike; holds no number.
        name: what people call the person.
        numbers: E.164; the person texts from any of them, in whatever spelling a network gives them.
    """

    id: str
    name: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class People:
    """Today's handlers."""

    handlers: tuple[Person, ...]

    def with_number(self, number: str) -> Person | None:
        """Returns the handler with this number, in any of its spellings, or None."""
        return next((person for person in self.handlers if any(same(number, own) for own in person.numbers)), None)


def handlers_of(policy: Policy) -> People:
    """Returns the people who stand at these tiers: one for each name, with the numbers that its tiers have."""
    numbers: dict[str, list[str]] = {}
    for tier in policy.tiers:
        reachable = numbers.setdefault(tier.name, [])
        if tier.reach.kind == SMS:
            reachable.append(tier.reach.address)
    return People(tuple(Person(name, name, tuple(of_name)) for name, of_name in numbers.items()))
