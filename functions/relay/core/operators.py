"""Who the operators are: the business's people who look and act. Handlers are in people.py."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from relay.core.numbers import same


class Role(StrEnum):
    """What an operator may do. LOOK: read everything. ACT: also send again, claim, block, handle, and give links."""

    LOOK = "look"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator, as the configuration names them now.

    Attributes:
        name: unique; what the trail says of who did something.
        phone: E.164, or "" for none.
        email: in small letters, or "" for none.
    """

    name: str
    phone: str = ""
    email: str = ""
    role: Role = Role.ACT


@dataclass(frozen=True, slots=True)
class Operators:
    """Today's operators."""

    people: tuple[Operator, ...] = ()

    @property
    def phones(self) -> frozenset[str]:
        """Returns the numbers of all of them."""
        return frozenset(each.phone for each in self.people if each.phone)

    def named(self, name: str) -> Operator | None:
        """Returns the operator of this name, in letters of any size, or None."""
        return next((each for each in self.people if each.name.casefold() == name.strip().casefold()), None)

    def at(self, address: str) -> Operator | None:
        """Returns the operator with this number, in any of its spellings, or this e-mail address; or None."""
        wanted = address.strip()
        if "@" in wanted:
            return next((each for each in self.people if each.email == wanted.lower()), None)
        return next((each for each in self.people if each.phone and same(each.phone, wanted)), None)
