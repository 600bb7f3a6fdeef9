"""The way in for texts, from a webhook or from the provider's list: `accept` classifies, routes and stores each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from relay.core import moves
from relay.core.model import Consent, InboundText, SenderClass
from relay.core.numbers import canonical, same
from relay.core.people import People, Person
from relay.core.policy import Policy
from relay.core.routes import Forward, Hold, Record, Route
from relay.core.threads.grammar import words_of_a_test
from relay.errors import Conflict, NewerRecord, StoreRefused, StoreUnavailable, Unreadable
from relay.flow import attached_words, conductor, handlers, opening, opt_outs, reactions
from relay.flow.brake import Brake
from relay.flow.budget import Budget
from relay.flow.cleaning import cleaned
from relay.flow.conversations import Conversations
from relay.flow.our_numbers import OurNumbers
from relay.flow.sms import OPTED_OUT
from relay.flow.world import SendingWorld, World
from relay.log import masked
from relay.ports import Write

# What the provider took in so long before it came to us is late, and its record says since when.
WELL_BEFORE = timedelta(minutes=1)
# How often a customer's text is stored anew because another one changed the thread.
_THREAD_TRIES = 8
# Who is no customer and can try the number as one.
_MAY_TRY = frozenset({SenderClass.HANDLER, SenderClass.OPERATOR})
# What is stored and forwarded in place of words that the store refuses.
WORDS_NOT_STORED = "[Words lost: see the message log]"


@dataclass(frozen=True)
class Intake:
    """Today's settings that decide how a text that comes in is treated, and what this process remembers of texts.

    Attributes:
        operators: numbers of those who sign in at the console or are told alarms.
        is_sign_in_code: whether a text from this number, of these words, may be the code that was sent there; asked of
            operators alone, within so many seconds. Raises StoreUnavailable.
    """

    policy: Policy
    business_phones: tuple[str, ...]
    people: People
    operators: Collection[str] = ()
    is_sign_in_code: Callable[[str, str, float], bool] = lambda _number, _words, _seconds: False
    brake: Brake = field(default_factory=Brake)

    @cached_property
    def our_numbers(self) -> OurNumbers:
        return OurNumbers(self.business_phones)

    def is_operator(self, number: str) -> bool:
        """Returns whether this is an operator's number, in any of its spellings."""
        return canonical(number) in self._operators

    @cached_property
    def _operators(self) -> frozenset[str]:
        return frozenset(map(canonical, self.operators))


def classify_sender(intake: Intake, text: InboundText) -> SenderClass:
    """Returns who sent the text. Only customers' are forwarded: a handler's or our own would come back to us again.

    An operator's words answer an alarm, or are a code that came: who tries the relay out begins with `test`.
    A customer who texts an opt-out word is forwarded like any other: to a dispatcher CANCEL is a message.
    """
    sender, ours = text.sender_phone, intake.our_numbers
    # A text to and from the same number is our own, whatever the configuration says.
    if ours.is_listed(sender) or same(sender, text.recipient_phone):
        return SenderClass.OWN_NUMBER
    if intake.people.with_number(sender) is not None:
        return SenderClass.HANDLER_OPT_OUT if opt_outs.opts_out(text) else SenderClass.HANDLER
    if ours.is_ours(sender):
        return SenderClass.OWN_NUMBER
    return SenderClass.OPERATOR if intake.is_operator(sender) else SenderClass.CUSTOMER


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
    if text.media_count and world.files is not None:
        text = replace(text, media_token=world.files.new_token())
    try:
        return _take_in(world, intake, text, budget, recovered_by, received_at)
    except StoreRefused as error:
        world.alarms.set_aside(text.message_id, f"its words could not be stored: {error.reason}")
        bare = replace(text, body=WORDS_NOT_STORED, attachments=())
        return _take_in(world, intake, bare, budget, recovered_by, received_at)


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
    if sender_class is SenderClass.HANDLER and text.consent is Consent.START:
        world.journal.note("INFO", "a handler opted in again", relay=text.message_id)
    person = _who_acts(world, text, sender_class, budget)
    if person is not None and opt_outs.opts_out(text):
        # A handler by the settings of another process, or of lately: that phone is blocked like any handler's.
        sender_class, person = SenderClass.HANDLER_OPT_OUT, None
    if person is not None and world.conversations is not None:
        who = (world.conversations, intake.policy, person)
        return handlers.take_in(
            world,
            *who,
            text,
            budget,
            recovered_by=recovered_by,
            received_at=received_at,
            is_sign_in_code=_is_sign_in_code(intake, text, budget),
        )
    if sender_class in _MAY_TRY and _speaks_as_customer(world, text, sender_class):
        sender_class = SenderClass.CUSTOMER
    if received_at is not None and now - received_at >= WELL_BEFORE:
        text = replace(text, written_at=received_at)
    route = route_of(intake, text, sender_class)
    _learn_our_number(world, intake, text, now)
    if isinstance(route, Forward):
        route = _braked(world, intake, text, route, received_at or now, budget)
    text = _from_our_number(intake, text)
    if world.conversations is not None and world.conversations.is_on and sender_class is SenderClass.CUSTOMER:
        return _take_in_thread(world, world.conversations, text, route, budget, recovered_by)
    return _stored(world, text, sender_class, route, budget, recovered_by)


def _stored(
    world: SendingWorld,
    text: InboundText,
    sender_class: SenderClass,
    route: Route,
    budget: Budget,
    recovered_by: str,
    beside: Sequence[Write] = (),
) -> bool:
    """Store a text with what is stored beside it, and send it, if it is to be. Returns whether it is new.

    One with words in its files is stored first, and sent with these.
    """
    waits = attached_words.may_come(world, text)
    lease, starts_in = (None, attached_words.WAIT) if waits else (world.new_lease(), timedelta(0))
    now = world.clock.now()
    decision = moves.receive(text, sender_class, route, now, lease, recovered_by=recovered_by, starts_in=starts_in)
    is_new = conductor.create(world, decision, budget, beside)
    if waits:
        attached_words.go_on(world, decision.relay, text, budget, recovered_by)
    return is_new


def _who_acts(world: World, text: InboundText, sender_class: SenderClass, budget: Budget) -> Person | None:
    """Returns the person whose text may ask for something: one who is, or lately was, a handler; None for others."""
    conversations = world.conversations
    if conversations is None or sender_class in (SenderClass.OWN_NUMBER, SenderClass.HANDLER_OPT_OUT):
        return None
    if _speaks_as_customer(world, text, sender_class):
        return None
    if sender_class is not SenderClass.HANDLER and not conversations.is_on:
        return None
    return conversations.person_with_number(world, text.sender_phone, budget)


def _speaks_as_customer(world: World, text: InboundText, sender_class: SenderClass) -> bool:
    """Whether a handler or an operator tries the number as a customer: with `test` in front of the words.

    While replies are off no word of a handler's does anything.
    """
    is_on = world.conversations is not None and world.conversations.is_on
    return (is_on or sender_class is SenderClass.OPERATOR) and words_of_a_test(text.body) is not None


def _is_sign_in_code(intake: Intake, text: InboundText, budget: Budget) -> bool:
    """Whether a handler who is an operator too texts nothing but the code that came from the console."""
    if text.media_count or not intake.is_operator(text.sender_phone):
        return False
    return intake.is_sign_in_code(text.sender_phone, text.body, budget.store)


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
        try:
            return _stored(world, text, SenderClass.CUSTOMER, going, budget, recovered_by, beside)
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
