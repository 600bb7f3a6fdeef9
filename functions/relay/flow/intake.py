"""The way in for texts, from a webhook or from the provider's list: `accept` classifies, routes and stores each."""

from __future__ import annotations

from dataclasses import dataclass

from relay.core import moves
from relay.core.model import InboundText, SenderClass
from relay.core.numbers import same
from relay.core.people import People
from relay.core.policy import Policy
from relay.core.routes import Forward, Record, Route
from relay.flow import conductor
from relay.flow.budget import Budget
from relay.flow.world import SendingWorld

# Words with which a handler opts out: the provider then blocks every text to that phone until it texts START.
# Source: Twilio docs on its default opt-out keywords; the law names the same words for every provider.
_OPT_OUT_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})


@dataclass(frozen=True, slots=True)
class Intake:
    """Today's settings that decide how a text that comes in is treated."""

    policy: Policy
    business_phones: tuple[str, ...]
    people: People


def classify_sender(intake: Intake, text: InboundText) -> SenderClass:
    """Returns who sent the text. Only customers' are forwarded: a handler's or our own would come back to us again.

    A customer who texts an opt-out word is forwarded like any other: to a dispatcher CANCEL is a message.
    """
    # A text to and from the same number is our own, whatever the configuration says.
    if any(same(text.sender_phone, own) for own in (*intake.business_phones, text.recipient_phone)):
        return SenderClass.OWN_NUMBER
    if intake.people.with_number(text.sender_phone) is not None:
        word = text.body.strip().upper()
        return SenderClass.HANDLER_OPT_OUT if word in _OPT_OUT_WORDS else SenderClass.HANDLER
    return SenderClass.CUSTOMER


def route_of(intake: Intake, sender_class: SenderClass) -> Route:
    """Returns what becomes of a text from such a sender."""
    if sender_class is SenderClass.CUSTOMER:
        return Forward(intake.policy)
    return Record(intake.policy, "not from a customer: recorded, not forwarded")


def accept(world: SendingWorld, intake: Intake, text: InboundText, budget: Budget, recovered_by: str = "") -> bool:
    """Make the text durable and send it to tier 1. Returns whether it is new.

    Raises StoreUnavailable only while the text is not known to be durable. What goes wrong after that is left to the
    timers and the sweep.
    """
    sender_class = classify_sender(intake, text)
    route = route_of(intake, sender_class)
    decision = moves.receive(text, sender_class, route, world.clock.now(), world.new_lease(), recovered_by=recovered_by)
    return conductor.create(world, decision, budget)
