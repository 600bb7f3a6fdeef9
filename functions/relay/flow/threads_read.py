"""`read_threads` reads the threads by which a handler's text is decided on: as few as that takes.

The store counts each document. A text that names a customer by code is about that one, one without about those of
lately; only what may mean any customer that the person ever had needs all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from relay.core.threads import audience, codes, grammar
from relay.core.threads.model import COARSE, Thread
from relay.core.threads.verdict import Asked, HandlerText
from relay.errors import NewerRecord, Unreadable
from relay.flow.budget import Budget
from relay.flow.world import World
from relay.ports import Kept

# Threads of the last weeks are enough to say whose a code is by now; the newest count.
LOOKED_AT = timedelta(days=30)
LOOKED_AT_MAX = 200
# Whatever a text without a code can be about was touched since then: when it was shown and when it was touched are both
# coarse.
LATELY = audience.WINDOW + 2 * COARSE


def read_threads(world: World, said: HandlerText, budget: Budget) -> tuple[Kept[Thread], ...]:
    """Returns the threads that a text may be about, of those about which its writer was texted.

    That is all of them, the newest first, unless the others make no difference. Raises StoreUnavailable.
    """
    if (named := named_alone(world, said, budget)) is not None:
        return (named,)
    in_front = codes.code_in_front(said.body)
    is_about_any = in_front is not None or codes.may_name(said.body) or wish_of(said) is Asked.LIST
    since = said.at - (LOOKED_AT if is_about_any else LATELY)
    return tuple(world.store.threads_shown_to(said.person, since, LOOKED_AT_MAX, timeout_seconds=budget.store))


def wish_of(said: HandlerText) -> Asked:
    """Returns what a text asks for, without regard to whom it is for."""
    in_front = codes.code_in_front(said.body)
    words = said.body if in_front is None else in_front[1]
    return grammar.wish_of(words, is_coded=in_front is not None).asked


def named_alone(world: World, said: HandlerText, budget: Budget) -> Kept[Thread] | None:
    """Returns the thread that a text names by its code, where no other one can matter; None where one may.

    A code has one thread at a time; of a text that was found late the thread of that time counts.
    """
    in_front = codes.code_in_front(said.body)
    if in_front is None or said.is_recovered or codes.may_name(in_front[1]) or wish_of(said) is Asked.LIST:
        return None
    try:
        kept = _holder(world, in_front[0], budget)
    except (NewerRecord, Unreadable):
        return None  # the store has raised the alarm; lists pass such a record over
    if kept is None or not kept.record.keeps_its_code(said.at):
        return None
    return kept if kept.record.shown_to(said.person, in_front[0]) is not None else None


def holders(
    world: World, named: Iterable[str], threads: Iterable[Thread], said: HandlerText, budget: Budget
) -> dict[str, Thread]:
    """Returns which thread has a code now that none of these threads has, or has kept until the text came in."""
    own = {thread.code for thread in threads if thread.keeps_its_code(said.at)}
    found = {code: _holder(world, code, budget) for code in named if code not in own}
    return {code: kept.record for code, kept in found.items() if kept is not None}


def _holder(world: World, code: str, budget: Budget) -> Kept[Thread] | None:
    """Returns the thread that this code was given to last, if it has that still."""
    given = world.store.code(code, timeout_seconds=budget.store)
    kept = None if given is None else world.store.thread(given.record.thread_id, timeout_seconds=budget.store)
    return kept if kept is not None and kept.record.code == code else None
