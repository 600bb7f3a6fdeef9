"""`with_thread` prepares the lease of an attempt in a thread: the code before its words, and whom the thread names.

A person who answers under a code must be one who was shown it, so the thread says so before the text leaves: in the
commit of the lease.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from relay.core import machine
from relay.core.changes import changed
from relay.core.events import Decision, Event, EventKind, SendAttempt
from relay.core.model import Purpose, Relay
from relay.core.threads.model import Thread
from relay.core.threads.ownership import without_owner
from relay.errors import NewerRecord, Unreadable
from relay.flow.budget import Budget
from relay.flow.conversations import channel_of
from relay.flow.hints import beside_first_text
from relay.flow.opening import Customer, changes_of, open_now, shown_to
from relay.flow.world import World
from relay.ports import Write


@dataclass(frozen=True, slots=True)
class Prepared:
    """A decision, and what is committed with it."""

    decision: Decision
    beside: tuple[Write, ...] = ()


def with_thread(world: World, before: Relay, decision: Decision, event: Event, budget: Budget) -> Prepared:
    """Returns the decision as its thread lets it be, when that hands out an attempt to forward a text of a thread.

    The thread is read at that moment. Where a person has taken the customer since the text came in, the relay is told
    so and nothing is sent. Raises StoreUnavailable.
    """
    relay, conversations = decision.relay, world.conversations
    numbers = [effect.number for effect in decision.effects if isinstance(effect, SendAttempt)]
    is_in_thread = bool(relay.thread_id) and relay.purpose is Purpose.FORWARD
    if conversations is None or not conversations.is_on or not (decision.changed and numbers and is_in_thread):
        return Prepared(decision)
    now = world.clock.now()
    try:
        kept = world.store.thread(relay.thread_id, timeout_seconds=budget.store)
    except (NewerRecord, Unreadable):
        return Prepared(decision)  # the text goes on; the store has raised the alarm
    tier = relay.policy.tier(relay.attempts[numbers[0] - 1].tier)
    person = tier.name
    if kept is not None and is_taken(kept.record, relay, person):
        claimed = Event(EventKind.CLAIMED, person=kept.record.owner or "", by=event.by)
        return Prepared(machine.transition(before, claimed, now))
    # A redrive may come when the thread is closed, or was never opened because the text had been held back.
    customer = Customer(
        relay.recipient_phone, relay.sender_phone, channel_of(relay.recipient_address, relay.sender_phone)
    )
    thread, writes = open_now(world, conversations, kept, relay.thread_id, customer, budget, looks=True)
    thread = shown_to(_passed_owner(thread, person, now), person, now)
    if relay.code != thread.code:
        decision = replace(decision, relay=changed(relay, code=thread.code))
    hint = beside_first_text(world, conversations, tier, thread, relay.message_id, numbers[0], now, budget)
    return Prepared(decision, (*writes, *changes_of(kept, thread), *hint))


def is_taken(thread: Thread, relay: Relay, person: str) -> bool:
    """Whether another person took the customer after this text came in, so that the claim takes the text too."""
    return (
        thread.owner is not None
        and thread.owner != person
        and thread.owner_since is not None
        and thread.owner_since >= relay.timestamp
    )


def _passed_owner(thread: Thread, person: str, now: datetime) -> Thread:
    """Returns the thread without its owner, once the cascade of a later text goes on to another person."""
    if thread.owner is None or thread.owner == person:
        return thread
    return without_owner(thread, now)
