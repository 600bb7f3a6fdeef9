"""The way in for a handler's text: decided, and stored together with all that it changes.

Its creation is its decision: on a conflict everything is read and decided again. A text that is stored was decided.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from relay.core import moves
from relay.core.events import Decision
from relay.core.model import InboundText, SenderClass
from relay.core.people import Person
from relay.core.policy import Policy
from relay.core.routes import Record
from relay.core.threads.deciding import decide
from relay.core.threads.verdict import Asked, Facts, HandlerText, Notice, Said, Verdict
from relay.errors import AlreadyStored, Conflict, StoreUnavailable
from relay.flow import acts, facts
from relay.flow.acts import Act, Doer
from relay.flow.budget import Budget
from relay.flow.conversations import Conversations
from relay.flow.facts import Known
from relay.flow.world import World
from relay.ports import Write

# How often a text is decided anew because another process changed what it was decided by.
_TRIES = 8
# While replies are off a person is told so once in this time.
REPLIES_OFF_EVERY = timedelta(hours=12)
# What a person may do while replies are off, where texts that wait for a claim are left from when they were on.
_STILL_DONE = frozenset({Asked.CLAIM, Asked.DONE, Asked.PASS})


def take_in(
    world: World,
    conversations: Conversations,
    policy: Policy,
    person: Person,
    text: InboundText,
    budget: Budget,
    *,
    recovered_by: str = "",
    received_at: datetime | None = None,
) -> bool:
    """Store a handler's text with all that it changes, then perform it. Returns whether it is new.

    `received_at` is when the provider took it in. Raises StoreUnavailable while it is not known to be durable,
    StoreRefused when it cannot be stored as it is.
    """
    now = world.clock.now()
    at = min(received_at or now, now)
    doer = Doer(person.id, text.message_id, at, text.recipient_phone)
    said = HandlerText(text.message_id, person.id, text.body, at, text.media_count, bool(recovered_by), text.consent)
    for _ in range(_TRIES):
        known = facts.read_facts(world, conversations, person, said, text.sender_phone, budget)
        verdict = _decided(conversations, said, known)
        act = acts.composed(world, conversations, doer, verdict, known, budget)
        own = _own_relay(text, policy, verdict, now, recovered_by)
        try:
            return _commit(world, own, act, budget)
        except Conflict as conflict:
            if isinstance(conflict, AlreadyStored) and conflict.record_id == text.message_id:
                return False
        if budget.is_used_up:
            break
    raise StoreUnavailable("what a handler's text is about kept changing")


def _commit(world: World, own: Decision, act: Act, budget: Budget) -> bool:
    """Commit a text with its act and carry that out. Returns whether the text is new. Raises Conflict."""
    writes = (Write(own.relay), *act.writes)
    began = world.clock.monotonic()
    try:
        versions = world.store.commit(writes, act.timers, timeout_seconds=budget.store)[1:]
    except StoreUnavailable:
        stored = world.store.get(own.relay.message_id, timeout_seconds=budget.store)
        if stored is None:
            raise
        if stored.relay != own.relay:
            return False  # an earlier commit of the same text: it is whole, and what it asks for is due
        versions = acts.versions_stored(world, act, budget)
        for timer in act.timers:
            world.timers.arm(timer, timeout_seconds=budget.timers)
    world.journal.steps(own.relay, own.relay.error_log)
    acts.carry_out(world, act, versions, budget, began)
    return True


def _own_relay(text: InboundText, policy: Policy, verdict: Verdict, now: datetime, recovered_by: str) -> Decision:
    """Returns the decision to keep the handler's text, with what it was taken for."""
    thread_id = verdict.thread.thread_id if verdict.thread is not None else ""
    route = Record(policy, verdict.because, thread_id=thread_id, asked=verdict.asked.value)
    return moves.receive(text, SenderClass.HANDLER, route, now, None, recovered_by=recovered_by)


def _decided(conversations: Conversations, said: HandlerText, known: Known) -> Verdict:
    if conversations.is_on:
        return decide(said, known.facts)
    if any(one.relay.claim_until is not None for ones in known.relays.values() for one in ones):
        verdict = decide(said, known.facts)
        if verdict.asked in _STILL_DONE:
            return verdict
    return _replies_are_off(said, known.facts)


def _replies_are_off(said: HandlerText, facts: Facts) -> Verdict:
    """Returns the verdict that says that this number passes nothing on, unless the person was told that lately."""
    because = "replies are off: this number passes nothing on"
    lately = said.at - REPLIES_OFF_EVERY
    if any(one.asked is Asked.REPLIES_OFF and one.at > lately for one in facts.earlier):
        return Verdict(Asked.MACHINE, because)
    return Verdict(Asked.REPLIES_OFF, because, notices=(Notice(said.person, Said.REPLIES_OFF),))
