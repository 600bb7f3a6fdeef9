"""A Route says what becomes of a text that came in: flow/intake.py decides it once, core/moves.py carries it out.

To add one: a class here, its case in `flow.intake.route_of`, and what it makes of a new relay in `core.moves.receive`.
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.core.model import Purpose
from relay.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Forward:
    """It goes to the handlers, by these tiers. An answer or a notice goes to the one reach of its policy.

    The other fields are the relay's (core/model.py).
    """

    policy: Policy
    purpose: Purpose = Purpose.FORWARD
    thread_id: str = ""
    code: str = ""
    cause_id: str = ""
    asked: str = ""
    alarm_if_lost: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """It is kept and goes to no handler. `because` is for the trail; `policy` is today's, as with every relay.

    `is_alarmed`: a customer's text is among those that are not forwarded, so people are told. `thread_id` and `asked`
    are the relay's, of a handler's text.
    """

    policy: Policy
    because: str
    is_alarmed: bool = False
    thread_id: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """It is kept, with an alarm, until an operator sends it on by a redrive. The fields are those of Record."""

    policy: Policy
    because: str
    is_alarmed: bool = True
    thread_id: str = ""


Route = Forward | Record | Hold
