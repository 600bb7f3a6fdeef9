"""`opened` finds or opens the thread of a customer's text, before the text is stored: both are one commit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from relay.core.model import InboundText
from relay.core.policy import Policy
from relay.core.threads import codes
from relay.core.threads.model import COARSE, Shown, Thread, ThreadCode
from relay.core.threads.ownership import is_active, owner_first, without_owner
from relay.flow.budget import Budget
from relay.flow.conversations import Conversations, channel_of
from relay.flow.hints import beside_first_text
from relay.flow.world import World
from relay.ports import Kept, Write

# Of this many orders in which codes are tried one is drawn.
_RANDOM = 2**32
# Clocks differ: a code is given away so much later than its thread may lose it.
_LATER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Opened:
    """The thread of a text as it shall be, what to commit with the text, and by which tiers the text is forwarded."""

    thread: Thread
    writes: tuple[Write, ...]
    policy: Policy


def opened(
    world: World,
    conversations: Conversations,
    thread_id: str,
    text: InboundText,
    policy: Policy,
    budget: Budget,
    tried: int = 0,
) -> Opened:
    """Returns the thread of this id, the customer's, opened or opened again if it is not open.

    `tried` says how often the commit of what was returned has met another one: then codes are looked at before they are
    taken. Raises StoreUnavailable.
    """
    now = world.clock.now()
    kept = world.store.thread(thread_id, timeout_seconds=budget.store)
    customer = Customer(text.recipient_phone, text.sender_phone, channel_of(text.recipient_address, text.sender_phone))
    thread, writes = open_now(world, conversations, kept, thread_id, customer, budget, looks=tried > 0)
    policy, thread = led_by_owner(conversations, thread, policy, now)
    thread = shown_to(thread, policy.tier(1).name, now)
    hint = beside_first_text(world, conversations, policy.tier(1), thread, text.message_id, 1, now, budget)
    # A delivery to the owner counts as that person's claim, without another look: this commit is the last one.
    is_owners = bool(policy.tier(1).delivery_claims_for)
    return Opened(thread, (*writes, *changes_of(kept, thread, is_relied_on=is_owners), *hint), policy)


@dataclass(frozen=True, slots=True)
class Customer:
    """With which of our numbers a customer texts, from which number, and by which channel."""

    our_phone: str
    phone: str
    channel: str


def open_now(
    world: World,
    conversations: Conversations,
    kept: Kept[Thread] | None,
    thread_id: str,
    customer: Customer,
    budget: Budget,
    *,
    looks: bool,
) -> tuple[Thread, tuple[Write, ...]]:
    """Returns the thread, open, with its code if it has kept one and else with a new one; and the write that takes it.

    Not `looks`: a random code is presumed to be free, which costs no read; the commit says if it is not.
    """
    now = world.clock.now()
    thread = _brought_up_to(kept, thread_id, customer, now)
    if thread.code or not thread.is_answerable:
        return thread, ()
    code, writes = _free_code(world, conversations, thread_id, now, budget, looks=looks)
    return replace(thread, code=code, opened_at=now), writes


def changes_of(kept: Kept[Thread] | None, thread: Thread, *, is_relied_on: bool = False) -> tuple[Write, ...]:
    """Returns the write of a thread, if it is new or differs from what was read.

    `is_relied_on`: one that does not differ is checked, so that the commit is refused if it has changed meanwhile.
    """
    if kept is None:
        return (Write(thread),)
    if thread != kept.record:
        return (Write(thread, kept.version),)
    return (Write(thread, kept.version, only_checks=True),) if is_relied_on else ()


def _brought_up_to(kept: Kept[Thread] | None, thread_id: str, customer: Customer, now: datetime) -> Thread:
    """Returns the thread as a text of this customer finds it, open; without a code if it has kept none."""
    if kept is None:
        return Thread(thread_id, customer.our_phone, customer.phone, now, now, channel=customer.channel)
    thread = kept.record
    if not thread.is_open(now):
        # A "Thanks!" after `done` goes to whom the customer thanks; after two quiet weeks no person has the customer.
        thread = thread if thread.closed_at is not None else without_owner(thread, now)
        thread = replace(thread, code=thread.code if thread.keeps_its_code(now) else "", closed_at=None)
    touched_at = now if now - thread.touched_at >= COARSE else thread.touched_at
    return replace(
        thread,
        touched_at=touched_at,
        our_phone=customer.our_phone,
        customer_phone=customer.phone,
        channel=customer.channel,
    )


def led_by_owner(conversations: Conversations, thread: Thread, policy: Policy, now: datetime) -> tuple[Policy, Thread]:
    """Returns the tiers with the owner's in front; an owner who stands in none of today's is none any more."""
    if thread.owner is None:
        return policy, thread
    first = owner_first(policy, thread.owner)
    if first is None:
        return policy, without_owner(thread, now)
    if is_active(thread, now, conversations.owner_active_for):
        active = replace(first.tiers[0], delivery_claims_for=thread.owner)
        first = replace(first, tiers=(active, *first.tiers[1:]))
    return first, thread


def shown_to(thread: Thread, person: str, now: datetime) -> Thread:
    """Returns the thread as one about which this person is texted now, under its present code."""
    before = thread.shown_to(person, thread.code)
    if before is not None and now - before.at < COARSE:
        return thread
    others = tuple(one for one in thread.shown if (one.person, one.code) != (person, thread.code))
    return replace(thread, shown=(*others, Shown(person, thread.code, now)))


def _free_code(
    world: World, conversations: Conversations, thread_id: str, now: datetime, budget: Budget, *, looks: bool
) -> tuple[str, tuple[Write, ...]]:
    """Returns a code that no thread has, and the write that takes it; "" and none where none was found."""
    for code in codes.candidates(conversations.random_below(_RANDOM)):
        if not looks:
            return code, (Write(ThreadCode(code, thread_id, now)),)
        kept = world.store.code(code, timeout_seconds=budget.store)
        if kept is None or is_free(world, kept.record, thread_id, now, budget):
            return code, (Write(ThreadCode(code, thread_id, now), kept.version if kept else None),)
        if budget.is_used_up:
            break  # with nearly all taken, looking on would cost the text
    world.alarms.codes_used_up()
    return "", ()


def is_free(world: World, record: ThreadCode, thread_id: str, now: datetime, budget: Budget) -> bool:
    if record.thread_id == thread_id:
        return True
    kept = world.store.thread(record.thread_id, timeout_seconds=budget.store)
    has_it = kept is not None and kept.record.code == record.code
    return not has_it or not kept.record.keeps_its_code(now - _LATER)  # type: ignore[union-attr]
