"""Attempts that the relay declared not sent although Twilio had taken them, and whether it could know better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from relay.core.numbers import same
from relay.flow.lookup import NOT_SENT

from tests.simulator.drives import message_of
from tests.simulator.sim_twilio import Message
from tests.simulator.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Denial:
    """A commit by which an attempt was declared not sent, whose text is in Twilio's own record.

    `was_skipped`: the handler that made the commit had read Twilio's list for it, and that reading skipped the text.
    `is_a_siblings`: another attempt of the relay, to the same phone, has the text on record by then.
    """

    at: float
    attempt: int | None
    message: Message
    was_skipped: bool
    is_a_siblings: bool


def denials(run: Simulation, message_id: str) -> Iterator[Denial]:
    """All of a relay's, in their order."""
    for number, ((_, before), (at, after)) in enumerate(pairwise(run.history.commits[message_id]), start=1):
        for entry in after.error_log[len(before.error_log) :]:
            message = message_of(run, message_id, entry.attempt) if entry.reason == NOT_SENT else None
            if message is not None:
                skipped = run.history.skipped_before.get((message_id, number), frozenset())
                holders = (each for each in after.attempts if each.sent_id == message.sid)
                is_a_siblings = any(same(each.reach.address, message.to) for each in holders)
                yield Denial(at, entry.attempt, message, message.sid in skipped, is_a_siblings)
