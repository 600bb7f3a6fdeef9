"""`beside_first_text` adds the line on how to answer to the first text that is forwarded to a person; once for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from relay.core.policy import SMS, Tier
from relay.core.threads.model import PersonRecord, Thread
from relay.flow import answers
from relay.flow.budget import Budget
from relay.flow.conversations import Conversations
from relay.flow.notices_unasked import how_to_answer
from relay.flow.world import World
from relay.ports import Write

# It leaves so much later than the text, which it is to follow.
_AFTER = timedelta(seconds=4)


def beside_first_text(
    world: World,
    conversations: Conversations,
    tier: Tier,
    thread: Thread,
    message_id: str,
    attempt: int,
    now: datetime,
    budget: Budget,
) -> tuple[Write, ...]:
    """Returns what is stored with an attempt to forward this text to a tier's handler: the line, and that it was sent.

    Nothing where the person was sent it before, is no one who is texted, or is shown no code. Raises StoreUnavailable.
    """
    if not thread.code or tier.reach.kind != SMS:
        return ()
    kept = conversations.known(world, budget).get(tier.name)
    if kept is not None and kept.record.hinted_at is not None:
        return ()
    record = PersonRecord(tier.name, tier.name, (tier.reach.address,), now) if kept is None else kept.record
    conversations.forget()  # read anew next time, with what is stored now
    to = (tier.name, tier.reach.address)
    words = how_to_answer(thread.code)
    ids, at = (answers.hint_of(message_id, attempt), message_id), now + _AFTER
    line = answers.notice(*ids, to, thread.our_phone, words, at, of=(thread.thread_id, thread.code))
    hinted = Write(replace(record, hinted_at=now), kept.version if kept is not None else None)
    return (hinted, Write(line.relay))
