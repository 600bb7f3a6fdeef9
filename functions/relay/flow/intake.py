"""The way in for texts, from a webhook or from the provider's list: `accept` classifies, routes and stores each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from relay.core import moves
from relay.core.model import Consent, InboundText, SenderClass
from relay.core.numbers import same
from relay.core.people import People, Person
from relay.core.policy import Policy
from relay.core.routes import Forward, Hold, Record, Route
from relay.core.threads.grammar import words_of_a_test
from relay.errors import Conflict, NewerRecord, StoreRefused, StoreUnavailable, Unreadable
from relay.flow import conductor, handlers, opening, opt_outs, reactions
from relay.flow.brake import Brake
from relay.flow.budget import Budget
from relay.flow.conversations import Conversations
from relay.flow.our_numbers import OurNumbers
from relay.flow.sms import OPTED_OUT
from relay.flow.world import SendingWorld, World
from relay.log import masked
from relay.ports import Write

# What Unicode keeps free for ever, and NUL.
_NO_CHARACTER = re.compile(
    "[\0\ufdd0-\ufdef" + "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF)) + "]"
)
# How often a customer's text is stored anew because another one changed the thread.
_THREAD_TRIES = 8
# What is stored and forwarded in place of words that the store refuses.
WORDS_NOT_STORED = "[Words lost: see the message log]"


@dataclass(frozen=True)
class Intake:
    """Today's settings that decide how a text that comes in is treated, and what this process remembers of texts."""

    policy: Policy
    business_phones: tuple[str, ...]
    people: People
    brake: Brake = field(default_factory=Brake)

    @cached_property
    def our_numbers(self) -> OurNumbers:
        return OurNumbers(self.business_phones)


def classify_sender(intake: Intake, text: InboundText) -> SenderClass:
    """Returns who sent the text. Only customers' are forwarded: a handler's or our own would come back to us again.

    A customer who texts an opt-out word is forwarded like any other: to a dispatcher CANCEL is a message.
    """
    sender, ours = text.sender_phone, intake.our_numbers
    # A text to and from the same number is our own, whatever the configuration says.
    if ours.is_listed(sender) or same(sender, text.recipient_phone):
        return SenderClass.OWN_NUMBER
    if intake.people.with_number(sender) is not None:
        return SenderClass.HANDLER_OPT_OUT if opt_outs.opts_out(text) else SenderClass.HANDLER
    return SenderClass.OWN_NUMBER if ours.is_ours(sender) else SenderClass.CUSTOMER


def route_of(intake: Intake, text: InboundText, sender_class: SenderClass) -> Route:
    """Returns what becomes of a text from such a sender, but for the brake."""
    if sender_class is not SenderClass.CUSTOMER:
        return Record(intake.policy, "it did not come from a customer")
    if intake.people.with_number(text.recipient_phone) is not None:
        # Forwarded, it would go from that number to itself.
        return Record(intake.policy, "the number it came to is a tier's too", is_alarmed=True)
    return Forward(intake.policy)


def accept(
    world: SendingWorld,
    intake: Intake,
    text: InboundText,
    budget: Budget,
    recovered_by: str = "",
    received_at: datetime | None = None,
) -> bool:
    """Make the text durable and send it to tier 1. Returns whether it is new.

    `received_at` is when the provider took it in, where that was earlier than now.

    A text that the store refuses for good raises the alarm and is stored and forwarded without its words, so that
    a handler knows whom to call. Raises StoreUnavailable only while the text is not known to be durable, StoreRefused
    when not even that can be stored. What goes wrong after that is left to the timers and the sweep.
    """
    text = cleaned(text)
    try:
        return _take_in(world, intake, text, budget, recovered_by, received_at)
    except StoreRefused as error:
        world.alarms.set_aside(text.message_id, f"its words could not be stored: {error.reason}")
        bare = replace(text, body=WORDS_NOT_STORED, attachments=())
        return _take_in(world, intake, bare, budget, recovered_by, received_at)


def cleaned(text: InboundText) -> InboundText:
    """Returns the text with U+FFFD in place of what is no character: half of an emoji, NUL, Unicode's noncharacters.

    No store keeps the first, and the others trip up what reads them later.
    """
    return replace(
        text,
        body=_characters(text.body),
        sender_phone=_characters(text.sender_phone),
        recipient_phone=_characters(text.recipient_phone),
        recipient_address=_characters(text.recipient_address),
    )


def _characters(words: str) -> str:
    # The two halves of one character, each by itself, are put together on the way.
    whole = words.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", whole)


def _take_in(
    world: SendingWorld,
    intake: Intake,
    text: InboundText,
    budget: Budget,
    recovered_by: str,
    received_at: datetime | None,
) -> bool:
    now = world.clock.now()
    sender_class = classify_sender(intake, text)
    person = _who_acts(world, text, sender_class, budget)
    if person is not None and world.conversations is not None:
        who = (world.conversations, intake.policy, person)
        return handlers.take_in(world, *who, text, budget, recovered_by=recovered_by, received_at=received_at)
    if sender_class is SenderClass.HANDLER and _speaks_as_customer(world, text):
        sender_class = SenderClass.CUSTOMER
    if sender_class is SenderClass.HANDLER and text.consent is Consent.START:
        world.journal.note("INFO", "a handler opted in again", relay=text.message_id)
    route = route_of(intake, text, sender_class)
    _learn_our_number(world, intake, text, now)
    if isinstance(route, Forward):
        route = _braked(world, intake, text, route, received_at or now, budget)
    text = _from_our_number(intake, text)
    if world.conversations is not None and world.conversations.is_on and sender_class is SenderClass.CUSTOMER:
        return _take_in_thread(world, world.conversations, text, route, budget, recovered_by)
    decision = moves.receive(text, sender_class, route, now, world.new_lease(), recovered_by=recovered_by)
    return conductor.create(world, decision, budget)


def _who_acts(world: World, text: InboundText, sender_class: SenderClass, budget: Budget) -> Person | None:
    """Returns the person whose text may ask for something: one who is, or lately was, a handler; None for others."""
    conversations = world.conversations
    if conversations is None or sender_class in (SenderClass.OWN_NUMBER, SenderClass.HANDLER_OPT_OUT):
        return None
    if _speaks_as_customer(world, text) or (sender_class is SenderClass.CUSTOMER and not conversations.is_on):
        return None
    return conversations.person_with_number(world, text.sender_phone, budget)


def _speaks_as_customer(world: World, text: InboundText) -> bool:
    """Whether a handler tries the number as a customer: with `test` in front of the words."""
    is_on = world.conversations is not None and world.conversations.is_on
    return is_on and words_of_a_test(text.body) is not None


def _take_in_thread(
    world: SendingWorld,
    conversations: Conversations,
    text: InboundText,
    route: Route,
    budget: Budget,
    recovered_by: str,
) -> bool:
    """Store a customer's text together with its thread and its opt-out. Returns whether the text is new."""
    for tried in range(_THREAD_TRIES):
        going, beside = _in_thread(world, conversations, text, route, budget, tried)
        now, lease = world.clock.now(), world.new_lease()
        decision = moves.receive(text, SenderClass.CUSTOMER, going, now, lease, recovered_by=recovered_by)
        try:
            return conductor.create(world, decision, budget, beside)
        except Conflict:
            # Another text of the customer came in at the same time, a person claimed, or the code was taken.
            if budget.is_used_up:
                break
    raise StoreUnavailable("the customer's thread kept changing")


def _in_thread(
    world: World, conversations: Conversations, text: InboundText, route: Route, budget: Budget, tried: int
) -> tuple[Route, tuple[Write, ...]]:
    """Returns the route of a customer's text in its thread, and what is stored with it. Raises StoreUnavailable."""
    try:
        opted_out, is_blocked = opt_outs.of_customers_text(world, text, budget)
        thread_id = conversations.thread_id_of(world, text.recipient_phone, text.sender_phone, budget)
        if isinstance(route, Forward):
            if (reaction := reactions.to_owner(world, conversations, text, route, thread_id, budget)) is not None:
                return reaction
            opened = opening.opened(world, conversations, thread_id, text, route.policy, budget, tried)
            thread, asked = opened.thread, OPTED_OUT if is_blocked else ""
            going = Forward(opened.policy, thread_id=thread_id, code=thread.code, asked=asked)
            return going, (*opted_out, *opened.writes)
        return replace(route, thread_id=thread_id), opted_out
    except (NewerRecord, Unreadable):
        # The text goes on without its thread, about which the store has raised the alarm.
        return route, ()


def _braked(
    world: SendingWorld, intake: Intake, text: InboundText, route: Forward, at: datetime, budget: Budget
) -> Route:
    reason = intake.brake.held_because(world, text, at, budget)
    return Hold(route.policy, reason) if reason else route


def _learn_our_number(world: SendingWorld, intake: Intake, text: InboundText, now: datetime) -> None:
    """Remember the number that the text came to, and warn of it if the settings do not list it.

    A handler's is a mistake of its own, and what is written to by a channel is none that could be listed.
    """
    number = text.recipient_phone
    if intake.people.with_number(number) is not None or not intake.our_numbers.learn(number, now):
        return
    if not text.recipient_address:
        world.journal.note(
            "WARNING",
            "texts come to a number that BUSINESS_PHONE_NUMBER does not list",
            number=masked(number),
            relay=text.message_id,
        )


def _from_our_number(intake: Intake, text: InboundText) -> InboundText:
    """Returns the text as one to the number of ours that it is forwarded from; the address as written is kept."""
    number = intake.our_numbers.to_send_from(text.recipient_phone, text.recipient_address)
    if number == text.recipient_phone:
        return text
    return replace(text, recipient_phone=number, recipient_address=text.recipient_address or text.recipient_phone)
