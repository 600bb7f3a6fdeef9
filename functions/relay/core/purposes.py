"""What an answer and a notice do otherwise than a customer's text, as data: `ways_of` a relay. Pure, like the machine.

The machine asks here and nowhere compares a purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from relay.core.model import Purpose, Relay
from relay.core.policy import DEFAULT_RETRY_DELAYS_SECONDS, Policy, Reach, Success, Tier

TOO_LATE = "too late to be sent"


@dataclass(frozen=True, slots=True)
class Ways:
    """How a relay of one purpose goes.

    Attributes:
        is_a_customers: it is a customer's text: a person may take it or pass it on, and a redrive takes today's tiers.
        begins: the words of the first line of its trail; "" for a text that came in.
        sent_within: later than this after it was taken in it is neither sent nor kept queued; None: whenever.
        is_resent: an attempt that the provider, when asked, did not have is sent once more at the last tier.
        fails_when_told: at the deadline only a failure that is told ends it; else it is waited for like a queued one.
        is_alarmed: people must know when it is exhausted.
        fate_lookups: how many answers of the provider end the questions about its open attempts, also those of unknown
            outcome; None: as a customer's text.
        redriven: an operator may start it again once it is exhausted.
    """

    is_a_customers: bool = True
    begins: str = ""
    sent_within: timedelta | None = None
    is_resent: bool = True
    fails_when_told: bool = False
    is_alarmed: bool = True
    fate_lookups: int | None = None
    redriven: bool = True


WAYS = {
    Purpose.FORWARD: Ways(),
    Purpose.ANSWER: Ways(
        is_a_customers=False,
        begins="an answer to the customer",
        sent_within=timedelta(minutes=15),
        fails_when_told=True,
    ),
    # Two of a notice say less than one: it is sent again only where the provider certainly did not take it.
    Purpose.NOTICE: Ways(
        is_a_customers=False,
        begins="a notice to a handler",
        sent_within=timedelta(minutes=10),
        is_resent=False,
        is_alarmed=False,
        fate_lookups=1,
        redriven=False,
    ),
}
_RETRY_DELAYS_SECONDS = {Purpose.ANSWER: DEFAULT_RETRY_DELAYS_SECONDS, Purpose.NOTICE: ()}


def ways_of(relay: Relay) -> Ways:
    """Returns how this relay goes; one of a foreign purpose never asks."""
    return WAYS[relay.purpose]


def policy_of(purpose: Purpose, name: str, reach: Reach) -> Policy:
    """Returns the one tier of an answer or a notice: that the carrier took its text is success there."""
    return Policy((Tier(name, reach, _RETRY_DELAYS_SECONDS[purpose], success=Success.SENT),))


def latest(relay: Relay, now: datetime) -> datetime | None:
    """Returns until when the relay's texts may be sent or kept queued; None without such a bound.

    An operator who starts it again knows how old it is: then it counts from now.
    """
    within = ways_of(relay).sent_within
    return None if within is None else (now if relay.redrive_ids else relay.timestamp) + within


def is_too_late(relay: Relay, now: datetime) -> bool:
    """Whether none of the relay's texts may be sent any more."""
    until = latest(relay, now)
    return until is not None and now >= until


def is_alarmed(relay: Relay) -> bool:
    """Whether people must know when the relay is exhausted."""
    return ways_of(relay).is_alarmed or relay.alarm_if_lost
