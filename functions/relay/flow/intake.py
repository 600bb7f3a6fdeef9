"""The way in for texts, from a webhook or from the provider's list: `accept` classifies, routes and stores each."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from relay.core import moves
from relay.core.model import InboundText, SenderClass
from relay.core.numbers import same
from relay.core.people import People
from relay.core.policy import Policy
from relay.core.routes import Forward, Record, Route
from relay.errors import StoreRefused
from relay.flow import conductor
from relay.flow.budget import Budget
from relay.flow.world import SendingWorld

# Words with which a handler opts out: the provider then blocks every text to that phone until it texts START.
# Source: Twilio docs on its default opt-out keywords; the law names the same words for every provider.
_OPT_OUT_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
# What Unicode keeps free for ever, and NUL.
_NO_CHARACTER = re.compile(
    "[\0\ufdd0-\ufdef" + "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF)) + "]"
)
# What is stored and forwarded in place of words that the store refuses.
WORDS_NOT_STORED = "[Words lost: see the message log]"


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

    A text that the store refuses for good raises the alarm and is stored and forwarded without its words, so that
    a handler knows whom to call. Raises StoreUnavailable only while the text is not known to be durable, StoreRefused
    when not even that can be stored. What goes wrong after that is left to the timers and the sweep.
    """
    text = cleaned(text)
    try:
        return _take_in(world, intake, text, budget, recovered_by)
    except StoreRefused as error:
        world.alarms.set_aside(text.message_id, f"its words could not be stored: {error.reason}")
        bare = replace(text, body=WORDS_NOT_STORED, attachments=())
        return _take_in(world, intake, bare, budget, recovered_by)


def cleaned(text: InboundText) -> InboundText:
    """Returns the text with U+FFFD in place of what is no character: half of an emoji, NUL, Unicode's noncharacters.

    No store keeps the first, and the others trip up what reads them later.
    """
    return replace(
        text,
        body=_characters(text.body),
        sender_phone=_characters(text.sender_phone),
        recipient_phone=_characters(text.recipient_phone),
    )


def _characters(words: str) -> str:
    # The two halves of one character, each by itself, are put together on the way.
    whole = words.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", whole)


def _take_in(world: SendingWorld, intake: Intake, text: InboundText, budget: Budget, recovered_by: str) -> bool:
    sender_class = classify_sender(intake, text)
    route = route_of(intake, sender_class)
    decision = moves.receive(text, sender_class, route, world.clock.now(), world.new_lease(), recovered_by=recovered_by)
    return conductor.create(world, decision, budget)
