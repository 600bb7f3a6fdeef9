"""A Channel is one way to reach a handler: it composes, sends, and asks what became of an attempt.

To add one:
1. a file beside this one with a class that has these methods; what speaks to its provider lies in that one's
   room,
2. a row in `wiring.channels`, by the kind of reach that it serves, and, if its attempts can be withdrawn, in the
   channels of `Runtime.world` too: a delivery is told to a function that sends nothing,
3. where a tier of that kind is read from the settings (settings/tiers.py).
Its provider's words become receipts (`core.events.Receipt`) and come in through `flow.receipts.take_in`.
"""

from __future__ import annotations

from typing import Protocol

from relay.core.events import Receipt
from relay.core.model import Attempt, Relay
from relay.errors import MessengerUnavailable
from relay.flow.budget import Budget
from relay.ports import SendOutcome


class Undecidable(MessengerUnavailable):
    """The provider has a text that may belong to this attempt or to another one of unknown outcome: ask later."""


class Untold(Undecidable):
    """The provider has a text that may be this attempt's and shows too little of it: asking again tells no more."""


class Channel(Protocol):
    """One kind of reach. Ids are opaque outside of it."""

    def send(self, relay: Relay, attempt: Attempt, budget: Budget) -> SendOutcome:
        """Compose what the handler reads and send it, once. Never raises for what the provider or the network do."""
        ...

    def digest(self, relay: Relay, attempt: Attempt) -> str | None:
        """Returns what `find` will recognise the attempt's words by, if it needs that; it is kept with the attempt."""
        ...

    def find(self, relay: Relay, attempt: Attempt, budget: Budget) -> Found | None:
        """Returns what the provider has of this attempt; None when it answers that it has nothing.

        Raises MessengerUnavailable when the provider did not answer (Undecidable: its answer fits several attempts,
        Untold: it shows too little), and StoreUnavailable.
        """
        ...

    def withdraw(self, relay: Relay, attempt: Attempt, budget: Budget) -> None:
        """Take back what is still under way because another attempt was delivered. Best effort, never raises."""
        ...


class Found(Protocol):
    """What the provider has of an attempt: its id there, and a receipt if the provider says what became of it."""

    @property
    def sent_id(self) -> str: ...

    @property
    def receipt(self) -> Receipt | None: ...
