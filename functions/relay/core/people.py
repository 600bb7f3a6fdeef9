"""Who the handlers are: people with names and numbers, whatever tiers they stand at.

The name of a tier says who stands there: two tiers of one name are one person's. A tier that was given no name is
called by its place, and by how its number ends where people are told of each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from relay.core.numbers import same
from relay.core.policy import SMS, Policy, Tier

# What tiers are called whose handlers were given no name: the three simple variables' places, and `place_of`.
PLACES = ("primary", "secondary", "backup")
_PLACE = re.compile(rf"(?:{'|'.join(PLACES)}|tier [0-9]+)(?: …[0-9]{{4}})?")


def place_of(level: int) -> str:
    """Returns what the tier of this number is called when its handler was given no name."""
    return f"tier {level}"


def told_apart(tier: Tier) -> Tier:
    """Returns the tier with the end of its number in its name, where its handler was given none.

    Another number at a place is another person, who knows nothing of the customers of the one before.
    """
    if tier.reach.kind != SMS or _PLACE.fullmatch(tier.name) is None:
        return tier
    return replace(tier, name=f"{tier.name} …{tier.reach.address[-4:]}")


@dataclass(frozen=True, slots=True)
class Person:
    """One handler.

    Attributes:
        id: stays the same while the configuration names the person alike; holds no number.
        name: what operators call the person; that of the tier.
        numbers: E.164; the person texts from any of them, in whatever spelling a network gives them.
    """

    id: str
    name: str
    numbers: tuple[str, ...]

    @property
    def spoken(self) -> str:
        """Returns what other handlers are told of the person: the name, or without one how the number ends."""
        if self.numbers and _PLACE.fullmatch(self.name):
            return f"…{self.numbers[0][-4:]}"
        return self.name


@dataclass(frozen=True, slots=True)
class People:
    """Today's handlers."""

    handlers: tuple[Person, ...]

    def with_number(self, number: str) -> Person | None:
        """Returns the handler with this number, in any of its spellings, or None."""
        return next((person for person in self.handlers if any(same(number, own) for own in person.numbers)), None)


def handlers_of(policy: Policy) -> People:
    """Returns the people who stand at these tiers: one for each name, with each number that its tiers have."""
    numbers: dict[str, list[str]] = {}
    for tier in policy.tiers:
        reachable = numbers.setdefault(tier.name, [])
        if tier.reach.kind == SMS and tier.reach.address not in reachable:
            reachable.append(tier.reach.address)
    return People(tuple(Person(name, name, tuple(of_name)) for name, of_name in numbers.items()))
