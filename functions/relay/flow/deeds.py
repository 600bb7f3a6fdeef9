"""Deeds: what an operator can do with a thread by hand, and what each does to it: a table of functions, without I/O.

Each returns the Plan of an Order, or why it is Not done; by_hand.py reads what they decide by and commits it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from relay.core.people import Person
from relay.core.policy import Policy
from relay.core.threads import ownership
from relay.core.threads.model import OptOut, Thread
from relay.core.threads.verdict import Asked, Notice, Said, Told, Verdict
from relay.core.words import AN_OPERATOR
from relay.flow.opening import shown_to
from relay.ports import Kept, Stored, Write

# What a handler is told who did it.
OFFICE = "the office"
# Opt-outs for these reasons are ours alone; of any other one the provider knows as well.
_OURS = ("block", AN_OPERATOR)


class Deed(StrEnum):
    """What an operator can do with a thread."""

    CLAIM = "claim"
    RELEASE = "release"
    SAY = "say"
    BLOCK = "block"
    UNBLOCK = "unblock"


@dataclass(frozen=True, slots=True)
class Order:
    """One request. `person` is whom a claim is for, `words` are what is said; `policy` is today's, for the record.

    `by` is the operator whose request it is, as the trail names people.
    """

    deed: Deed
    thread_id: str
    request_id: str
    policy: Policy
    person: Person | None = None
    words: str = ""
    by: str = AN_OPERATOR

    @property
    def whose(self) -> str:
        """Returns whose request it is, in words."""
        return "an operator" if self.by == AN_OPERATOR else self.by


@dataclass(frozen=True, slots=True)
class Found:
    """What an order is decided by: the thread, its opt-out, and the relays that may have to be told of it.

    `more`: there are more such relays than one commit holds.
    """

    kept: Kept[Thread]
    opt_out: Kept[OptOut] | None
    relays: tuple[Stored, ...]
    more: bool
    replies_are_on: bool
    now: datetime

    @property
    def thread(self) -> Thread:
        return self.kept.record

    @property
    def is_blocked(self) -> bool:
        return self.opt_out is not None and self.opt_out.record.holds


@dataclass(frozen=True, slots=True)
class Plan:
    """What an order does: the verdict, which person it counts as, what is written beside.

    `provider_blocks`: the provider refuses texts to the customer, whatever our own record says.
    """

    verdict: Verdict
    person: str = ""
    beside: tuple[Write, ...] = ()
    provider_blocks: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """Why an order is not done. `is_so_already`: what it asks for is so without it."""

    because: str
    is_so_already: bool = False


def _claim(order: Order, found: Found) -> Plan | Not:
    """The thread is the person's: open texts are told, a former owner too, and the person is shown the code."""
    thread, person, now = found.thread, order.person, found.now
    if person is None:
        raise ValueError("a claim is for a person")
    is_open = thread.is_open(now)
    if not is_open and not thread.keeps_its_code(now):
        return Not(f"{_named(thread)} is closed, and its code is given back: the customer's next text opens it again")
    if is_open and thread.owner == person.id and not found.relays:
        return Not(f"{person.name} has {_named(thread)} already", is_so_already=True)
    take = ownership.claimed if is_open else ownership.opened
    taken = shown_to(take(thread, person.id, now), person.id, now)
    notices = [Notice(person.id, Said.TOOK, (taken,), at=now)]
    if thread.owner not in (None, person.id):
        notices.append(Notice(str(thread.owner), Said.TAKEN_OVER, (taken,), other=person.id, at=now))
    because = f"{order.whose} gave the customer to {person.name}"
    return Plan(Verdict(Asked.CLAIM, because, taken, True, Told.CLAIMED, notices=tuple(notices)), person.id)


def _release(order: Order, found: Found) -> Plan | Not:
    """The thread is no person's, and its claimed texts count as they did before: they can be redriven."""
    thread = found.thread
    if thread.owner is None and not found.relays:
        return Not(f"no person has {_named(thread)}", is_so_already=True)
    free = ownership.without_owner(thread, found.now)
    notices = () if thread.owner is None else (Notice(thread.owner, Said.TAKEN_OVER, (free,), other=OFFICE),)
    because = f"{order.whose} took the customer back" + (f" from {thread.owner}" if thread.owner else "")
    verdict = Verdict(Asked.PASS, because, free, True, Told.RELEASED, notices=notices)
    return Plan(verdict, thread.owner or "")


def _say(order: Order, found: Found) -> Plan | Not:
    """The words go to the customer as an answer; who has the customer stays as it is, and reads them too."""
    thread, now = found.thread, found.now
    if not found.replies_are_on:
        return Not("replies are off (RELAY_REPLIES), so that nothing goes to customers: call")
    if not thread.is_answerable:
        return Not(f"no text can answer {_named(thread)}: call")
    if not thread.is_open(now):
        return Not(f"{_named(thread)} is closed: claim it for a person first, which opens it, or call")
    if found.is_blocked:
        return Not(f"{_named(thread)} is blocked, no text goes to that number: call, or unblock it first")
    touched_at, answered_at = max(thread.touched_at, now), max(thread.answered_at or now, now)
    after = replace(thread, touched_at=touched_at, answered_at=answered_at)
    notice = Notice(thread.owner or "", Said.WRITTEN_TO, (after,), other=OFFICE, words=order.words)
    notices = () if thread.owner is None else (notice,)
    because = f"{order.whose} answered the customer"
    return Plan(Verdict(Asked.ANSWER, because, after, True, answer=order.words, notices=notices))


def _block(order: Order, found: Found) -> Plan | Not:
    """The customer gets no text from us any more, over all our numbers; an owner is told."""
    thread = found.thread
    if found.is_blocked:
        return Not(f"{_named(thread)} is blocked already", is_so_already=True)
    notices = () if thread.owner is None else (Notice(thread.owner, Said.BLOCKED, (thread,), other=OFFICE),)
    because = f"{order.whose} blocked the customer"
    return Plan(Verdict(Asked.BLOCK, because, thread, opts_out=True, notices=notices))


def _unblock(order: Order, found: Found) -> Plan | Not:
    """The customer's opt-out is lifted: ours, not the provider's."""
    if found.opt_out is None or not found.is_blocked:
        return Not(f"{_named(found.thread)} is not blocked", is_so_already=True)
    record = found.opt_out.record
    lifted = Write(replace(record, lifted_at=found.now), found.opt_out.version)
    verdict = Verdict(Asked.UNCLEAR, f"{order.whose} unblocked the customer", found.thread)
    return Plan(verdict, beside=(lifted,), provider_blocks=record.because not in _OURS)


PLANS: dict[Deed, Callable[[Order, Found], Plan | Not]] = {
    Deed.CLAIM: _claim,
    Deed.RELEASE: _release,
    Deed.SAY: _say,
    Deed.BLOCK: _block,
    Deed.UNBLOCK: _unblock,
}


def _named(thread: Thread) -> str:
    return thread.code or "the customer"
