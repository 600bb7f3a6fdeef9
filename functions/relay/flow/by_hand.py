"""What an operator does with a thread by hand: `perform` gives it to a person, takes it back, says something, blocks.

Each is one commit of the thread, the relays that are told, what goes out, and a relay of its own that says what was
done, as a handler's text is: that its id exists is what makes a repeated request change nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from relay.core.changes import log_relay_attempt
from relay.core.model import RETENTION, FinalStatus, Relay, SenderClass, Step
from relay.core.threads.model import Thread
from relay.core.threads.verdict import Facts
from relay.errors import Conflict, NewerRecord, StoreUnavailable, Unreadable
from relay.flow import acts, opt_outs
from relay.flow.acts import Doer
from relay.flow.answers import answer_of
from relay.flow.budget import Budget
from relay.flow.conversations import Conversations
from relay.flow.deeds import OFFICE, PLANS, Deed, Found, Not, Order, Plan
from relay.flow.facts import RELAYS_MAX, Known, names_of
from relay.flow.world import World
from relay.ports import Kept, Search, Stored

# How often an act is decided anew because another process changed what it is about.
_TRIES = 8
# Of a thread without an owner so old claims are released: what is older was dealt with.
_LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an order.

    Attributes:
        thread: as it is stored.
        refused_because: why it was not done, in words for the operator; "" where it was, or needed not be.
        unchanged_because: why there was nothing to do; "" where something was done, by this call or one before.
        provider_blocks: the customer is unblocked here, and the provider still refuses texts to that number.
        sent_id: of words that were said the id of their relay.
        more: texts were left as they are, because there were too many for one commit.
    """

    thread: Thread
    refused_because: str = ""
    unchanged_because: str = ""
    provider_blocks: bool = False
    sent_id: str = ""
    more: bool = False


def relay_id_of(order: Order) -> str:
    """Returns the id of the relay that says what was done; what the order sends has its id from this one."""
    return f"OP{hashlib.sha256(order.request_id.encode()).hexdigest()[:32]}"


def perform(world: World, conversations: Conversations, order: Order, budget: Budget) -> Done | None:
    """Do what an operator asks for. Returns None where there is no such thread. Raises StoreUnavailable.

    Repeated with the same `request_id` it changes nothing more, and what was asked for then is what counts.
    """
    for _ in range(_TRIES):
        kept = world.store.thread(order.thread_id, timeout_seconds=budget.store)
        if kept is None:
            return None
        if (before := world.store.get(relay_id_of(order), timeout_seconds=budget.store)) is not None:
            return _repeated(order, before.relay, kept.record)
        found = _found(world, conversations, order, kept, budget)
        plan = PLANS[order.deed](order, found)
        if isinstance(plan, Not):
            refused, unchanged = ("", plan.because) if plan.is_so_already else (plan.because, "")
            return Done(kept.record, refused, unchanged)
        try:
            return _commit(world, conversations, order, found, plan, budget)
        except Conflict:
            # A text, a person or the same request came in between: all is read and decided again.
            pass
        if budget.is_used_up:
            break
    raise StoreUnavailable("what an operator does was about a thread that kept changing")


def _commit(world: World, conversations: Conversations, order: Order, found: Found, plan: Plan, budget: Budget) -> Done:
    """Store the act with what it changes, and carry it out. Raises Conflict."""
    thread = plan.verdict.thread or found.thread
    doer = Doer(plan.person, relay_id_of(order), found.now, thread.our_phone, order.by)
    names = {**names_of(world, conversations, budget), OFFICE: "The office"}
    known = Known(Facts((found.thread,), names=names), {thread.thread_id: found.kept}, {thread.thread_id: found.relays})
    act = acts.composed(world, conversations, doer, plan.verdict, known, budget)
    own = _own_relay(order, thread, plan.verdict.because, found.now)
    act = replace(act, writes=(*act.writes, *plan.beside))
    began = world.clock.monotonic()
    versions = acts.committed(world, own, None, act, budget)
    if versions is None:
        raise StoreUnavailable("another request of the same id is stored")
    world.journal.steps(own, own.error_log)
    acts.carry_out(world, act, versions, budget, began)
    after = next((each.record for each in act.writes if isinstance(each.record, Thread)), thread)
    sent_id = answer_of(relay_id_of(order)) if plan.verdict.answer is not None else ""
    return Done(after, provider_blocks=plan.provider_blocks, sent_id=sent_id, more=found.more)


def _repeated(order: Order, before: Relay, thread: Thread) -> Done:
    """Returns the answer to a request whose act is stored."""
    if (before.asked, before.thread_id) != (order.deed.value, order.thread_id):
        return Done(thread, "this request_id was used for something else: give a new one")
    return Done(thread, sent_id=answer_of(relay_id_of(order)) if order.deed is Deed.SAY else "")


def _own_relay(order: Order, thread: Thread, because: str, now: datetime) -> Relay:
    """Returns the relay that keeps what was done. It came in nowhere and goes nowhere."""
    relay = Relay(
        message_id=relay_id_of(order),
        timestamp=now,
        sender_phone=thread.our_phone,
        recipient_phone=thread.our_phone,
        message_body=order.words,
        media_count=0,
        sender_class=SenderClass.OWN_NUMBER,
        policy=order.policy,
        expires_at=now + RETENTION,
        final_status=FinalStatus.RECORDED,
        thread_id=thread.thread_id,
        code=thread.code,
        asked=order.deed.value,
    )
    return log_relay_attempt(relay, Step.RECORDED, now, reason=because, by=order.by)


def _found(world: World, conversations: Conversations, order: Order, kept: Kept[Thread], budget: Budget) -> Found:
    thread = kept.record
    opt_out = opt_outs.kept_of(world, conversations, thread.customer_phone, budget)
    relays: tuple[Stored, ...] = ()
    more = False
    if order.deed is Deed.CLAIM:
        relays = tuple(world.store.relays_of(thread.thread_id, RELAYS_MAX, timeout_seconds=budget.store))
    elif order.deed is Deed.RELEASE:
        relays, more = _claimed(world, thread, budget)
    return Found(kept, opt_out, relays, more, conversations.is_on, world.clock.now())


def _claimed(world: World, thread: Thread, budget: Budget) -> tuple[tuple[Stored, ...], bool]:
    """Returns what the present owner has of the thread's texts, without an owner what was claimed lately; and if more.

    What earlier owners had was dealt with then.
    """
    search = Search(FinalStatus.CLAIMED, thread_id=thread.thread_id, limit=RELAYS_MAX)
    page = world.store.search(search, timeout_seconds=budget.store)
    since = thread.owner_since or world.clock.now() - _LATELY
    found = []
    for relay in page.relays:
        is_owners = thread.owner in (None, relay.claimed_by)
        if not is_owners or relay.claimed_at is None or relay.claimed_at < since:
            continue
        try:
            stored = world.store.get(relay.message_id, timeout_seconds=budget.store)
        except (NewerRecord, Unreadable):
            continue  # it keeps no other one from being released
        if stored is not None:
            found.append(stored)
    return tuple(found), page.next_page_token is not None
