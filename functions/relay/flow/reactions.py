"""A customer's reaction to an answer goes to the owner alone: a thumb is no text that a cascade must carry."""

from __future__ import annotations

from relay.core.model import InboundText, Purpose
from relay.core.routes import Forward, Record
from relay.core.threads.model import Thread
from relay.core.threads.tapbacks import Tapback, tapback_of
from relay.flow import answers
from relay.flow.budget import Budget
from relay.flow.conversations import Conversations
from relay.flow.notices_unasked import reacted
from relay.flow.world import World
from relay.ports import Search, Write

REACTION = "reaction"
# Of a thread's relays so many are looked at, the newest: a reaction is about what was just read.
_LOOKED_AT = 50


def to_owner(
    world: World, conversations: Conversations, text: InboundText, route: Forward, thread_id: str, budget: Budget
) -> tuple[Record, tuple[Write, ...]] | None:
    """Returns the route of a reaction that quotes one of our answers, and the notice to the thread's owner beside it.

    None for every other text: without an owner, or where what it quotes is not ours, it is a text like any. Raises
    StoreUnavailable.
    """
    tapback = tapback_of(text.body)
    kept = None if tapback is None else world.store.thread(thread_id, timeout_seconds=budget.store)
    if tapback is None or kept is None or kept.record.owner is None or not kept.record.is_open(world.clock.now()):
        return None
    thread, to = kept.record, conversations.reader(world, kept.record.owner, budget)
    if to is None or not _quotes_us(world, tapback, thread, budget):
        return None
    ids, now = (answers.notice_of(text.message_id, 1), text.message_id), world.clock.now()
    of = (thread_id, thread.code)
    notice = answers.notice(*ids, to, thread.our_phone, reacted(thread, text.body), now, of=of)
    record = Record(route.policy, "a reaction to an answer: the owner is told", thread_id=thread_id, asked=REACTION)
    return record, (Write(notice.relay),)


def _quotes_us(world: World, tapback: Tapback, thread: Thread, budget: Budget) -> bool:
    search = Search(thread_id=thread.thread_id, limit=_LOOKED_AT)
    relays = world.store.search(search, timeout_seconds=budget.store).relays
    return any(one.purpose is Purpose.ANSWER and tapback.is_about(one.message_body) for one in relays)
