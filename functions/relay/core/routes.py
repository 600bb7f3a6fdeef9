"""A Route says what becomes of a text that came in: flow/intake.py decides it once, core/moves.py carries it out.

To add one: a class here, its case in `flow.intake.route_of`, and what it makes of a new relay in `core.moves.receive`.
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.core.model import Purpose
from relay.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Forward:
    """It goes to the handlers, by these tiers."""

    policy: Policy


@dataclass(frozen=True, slots=True)
class Record:
    """It is kept and goes to no handler. `because` is for the trail; `policy` is today's, as with every relay.

    `is_alarmed`: a customer's text is among those that are not forwarded, so people are told.
    """

    policy: Policy
    because: str
    is_alarmed: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """It is kept, with an alarm, until an operator sends it on by a redrive. `because` and `policy` as of Record."""

    policy: Policy
    because: str
    is_alarmed: bool = True


Route = Forward | Record | Hold


@dataclass(frozen=True, slots=True)
class About:
    """What a new relay says of itself beside its text: see the fields of `core.model.Relay`."""

    purpose: Purpose = Purpose.FORWARD
    thread_id: str = ""
    code: str = ""
    cause_id: str = ""
    asked: str = ""
    alarm_if_lost: bool = False


# A text that came in, in no thread.
PLAIN = About()
