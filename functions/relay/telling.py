"""Alarms and Journal: the ports by which people are told what happens, and what they must know now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from relay.core.failures import Failure
from relay.core.model import Relay, TrailEntry


class Alarms(Protocol):
    """How people are told what they must know now. Never raises, never blocks for long."""

    def exhausted(self, relay: Relay) -> None:
        """No handler of this relay was reached."""
        ...

    def not_forwarded(self, relay: Relay) -> None:
        """This text of a customer is kept and goes to no handler: held back, or recorded. Folded by its cause."""
        ...

    def answer_lost(self, relay: Relay) -> None:
        """The customer did not get this answer, and the handler who wrote it could not be told."""
        ...

    def codes_used_up(self) -> None:
        """No code is free for a further thread: its customer's texts are forwarded without one. Folded."""
        ...

    def outage(self, message_id: str, failure: Failure, since: datetime) -> None:
        """Texts wait, this one first: the provider cannot be reached, or refuses us at every tier alike.

        Told once for all of them (flow/incidents.py).
        """
        ...

    def outage_over(self, failure: Failure, since: datetime, relays: int) -> None:
        """The provider takes texts again after an outage that people were told of, in which so many relays waited."""
        ...

    def database_lost(self, reason: str) -> None:
        """The embedded home's file was removed or replaced, and nothing can be stored."""
        ...

    def store_fails(self, reason: str, advice: str) -> None:
        """The embedded home's file cannot be used, because its disk is full or the like."""
        ...

    def store_works_again(self) -> None:
        """What the last store_fails or database_lost was about is over."""
        ...

    def clock_set(self, seconds: float, moved: int) -> None:
        """This machine's time of day was set by so much (less than 0: back), and what so many relays wait for moved."""
        ...

    def left_to_newer(self, message_id: str, word: object) -> None:
        """This record is left alone: only a newer revision knows its version, or its end (`word`). Told once."""
        ...

    def set_aside(self, message_id: str, because: str) -> None:
        """This relay cannot go on by itself, and a person must see to its text. Told once for each relay."""
        ...

    def not_taken_in(self, message_id: str, because: str) -> None:
        """This text in the provider's list cannot become a relay, and a person must look at it."""
        ...

    def webhook_refused(self, reason: str, path: str, url: str, hint: str, untold: int) -> None:
        """A request to this route was refused: checked against this URL of ours, and with as many before it untold.

        Strangers can bring this about: the caller sees to it that it is told seldom, and that nothing is in `hint` that
        they wrote.
        """
        ...


class Journal(Protocol):
    """The structured log, for people. Never raises, never blocks for long."""

    def steps(self, relay: Relay, entries: Sequence[TrailEntry]) -> None:
        """Log new lines of a relay's trail that have just been committed."""
        ...

    def note(self, severity: str, message: str, **labels: object) -> None:
        """Log a note: anything else, e.g. an event that was ignored and why. Labels hold no body, number or secret."""
        ...
