"""An Act is one commit of what a person did: the text itself, its thread, the relays that are told, what goes out.

`composed` makes it from a verdict; `carry_out` performs, once it is durable, what it asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from relay.core import machine
from relay.core.events import Decision, Event, EventKind
from relay.core.model import Attachment, Relay, Timer
from relay.core.threads.model import Thread
from relay.core.threads.verdict import Notice, Said, Told, Verdict
from relay.core.words import AN_OPERATOR
from relay.errors import StoreRefused, StoreUnavailable, Unreadable
from relay.flow import answers, conductor, opt_outs, sending
from relay.flow.budget import Budget
from relay.flow.conversations import Conversations
from relay.flow.facts import Known
from relay.flow.notices import words_of
from relay.flow.world import SendingWorld, World
from relay.ports import Kept, Stored, Write

_KINDS = {Told.CLAIMED: EventKind.CLAIMED, Told.PASSED: EventKind.PASSED, Told.RELEASED: EventKind.RELEASED}


@dataclass(frozen=True, slots=True)
class Doer:
    """Who did it, by what text: a person's id, the id of the text that caused it, when that came in, to which number.

    `by` is the operator who did it by hand; "" for a handler's text. `base` is what the ids of all that it causes begin
    with, where that is not `cause_id`. `files` came with it, and go with an answer. `phone` is the one from which the
    person texted, and reads what is said to the text; "" where it was no text.
    """

    person: str
    cause_id: str
    at: datetime
    our_phone: str
    by: str = ""
    base: str = ""
    files: tuple[Attachment, ...] = ()
    phone: str = ""

    @property
    def ids(self) -> str:
        return self.base or self.cause_id


@dataclass(frozen=True, slots=True)
class Act:
    """What is committed together, and what follows.

    Attributes:
        writes: the documents, but for the handler's own text.
        timers: those of the relays among them.
        told: the relays that are told, each with the decision that was made of it.
        created: the relays that are created.
        notices: those that were composed.
    """

    writes: tuple[Write, ...] = ()
    timers: tuple[Timer, ...] = ()
    told: tuple[tuple[Stored, Decision], ...] = ()
    created: tuple[Decision, ...] = ()
    notices: tuple[Notice, ...] = ()


def composed(
    world: World, conversations: Conversations, doer: Doer, verdict: Verdict, known: Known, budget: Budget
) -> Act:
    """Returns the act of a verdict: every document that changes, with its precondition. Raises StoreUnavailable."""
    now = world.clock.now()
    thread = verdict.thread
    told = tuple(relays_told(doer, verdict, known, now))
    notices, is_changed = verdict.notices, verdict.is_changed
    if verdict.told is Told.PASSED and not any(decision.changed for _, decision in told):
        # The cascade has gone on from that person's tier already: nothing is passed, and the person is told so.
        is_changed = False
        notices = tuple(replace(one, said=Said.PASSED_BY_OTHER) if one.said is Said.PASSED else one for one in notices)
    created: list[Decision] = []
    if verdict.answer is not None and thread is not None:
        lease = world.new_lease() if isinstance(world, SendingWorld) else None
        ids, words = (answers.answer_of(doer.ids), doer.cause_id), (verdict.answer, conversations.business_name)
        taken = _taken(world, doer)
        created.append(sending.remembered(world, answers.answer(*ids, thread, *words, now, lease, taken)))
        thread = replace(thread, introduced_at=thread.introduced_at or now)
    created += notices_made(world, conversations, doer, notices, known, now, budget)
    changed = tuple((stored, decision) for stored, decision in told if decision.changed)
    writes = [
        *(_thread_write(thread, known.threads.get(thread.thread_id)) if thread is not None and is_changed else ()),
        *(Write(decision.relay, stored.version) for stored, decision in changed),
        *(Write(decision.relay) for decision in created),
        *(opted_out(world, conversations, doer, thread, budget) if verdict.opts_out and thread is not None else ()),
    ]
    timers = tuple(timer for one in (*(each for _, each in changed), *created) for timer in one.timers)
    return Act(tuple(writes), timers, changed, tuple(created), notices)


def _taken(world: World, doer: Doer) -> answers.Taken:
    """Returns the files that an answer takes along, with a secret of their own: the customer's must not open more."""
    if not doer.files or not isinstance(world, SendingWorld) or world.files is None:
        return answers.Taken()
    return answers.Taken(doer.files, world.files.new_token())


def relays_told(doer: Doer, verdict: Verdict, known: Known, now: datetime) -> Iterable[tuple[Stored, Decision]]:
    """Yields the thread's open relays with what the machine makes of being told; texts that came later are not told."""
    if verdict.told is None or verdict.thread is None:
        return
    event = Event(_KINDS[verdict.told], person=doer.person, by=doer.by)
    for stored in known.relays.get(verdict.thread.thread_id, ()):
        if stored.relay.timestamp <= doer.at:
            yield stored, machine.transition(stored.relay, event, now)


def _thread_write(thread: Thread, kept: Kept[Thread] | None) -> tuple[Write, ...]:
    return (Write(thread, kept.version if kept is not None else None),)


def notices_made(
    world: World,
    conversations: Conversations,
    doer: Doer,
    notices: Sequence[Notice],
    known: Known,
    now: datetime,
    budget: Budget,
) -> Iterable[Decision]:
    """Yields the decisions to create the notices; a person whose number is not known any more gets none."""
    for number, one in enumerate(notices, start=1):
        is_to_writer = one.to == doer.person and doer.phone
        to = (one.to, doer.phone) if is_to_writer else conversations.reader(world, one.to, budget)
        if to is None:
            continue
        of = (one.threads[0].thread_id, one.threads[0].code) if len(one.threads) == 1 else ("", "")
        words = words_of(one, known.facts.names)
        yield answers.notice(answers.notice_of(doer.ids, number), doer.cause_id, to, doer.our_phone, words, now, of=of)


def opted_out(
    world: World, conversations: Conversations, doer: Doer, thread: Thread, budget: Budget
) -> tuple[Write, ...]:
    return opt_outs.setting(world, conversations, thread.customer_phone, AN_OPERATOR if doer.by else "block", budget)


def carry_out(world: World, act: Act, versions: Sequence[object], budget: Budget, began: float) -> None:
    """Perform what a committed act asks for: log the new lines, cancel timers, raise alarms, send an answer.

    `versions` are those of its writes, `began` the monotonic time before its commit, since when an answer's lease may
    be held. What cannot be done now is left to the sweep.
    """
    written = zip(act.writes, versions, strict=True)
    version_of = {one.record.message_id: version for one, version in written if isinstance(one.record, Relay)}
    for before, decision in (*act.told, *((None, each) for each in act.created)):
        relay = decision.relay
        version = version_of[relay.message_id]
        if version is None:
            continue  # another process has gone on with it
        known = before.relay.lines_logged if before is not None else 0
        world.journal.steps(relay, [line for line in relay.error_log if line.number >= known])
        try:
            conductor.carry_out(world, Stored(relay, version), decision.effects, budget, began)
        except (StoreUnavailable, StoreRefused, Unreadable) as error:
            labels = {"relay": relay.message_id, "reason": str(error)}
            world.journal.note("WARNING", "store unavailable after a person acted", **labels)


def committed(
    world: World, relay: Relay, version: object | None, act: Act, budget: Budget
) -> tuple[object, ...] | None:
    """Store what a person did, `relay` as the record of it, with all of its act. Returns the act's versions.

    None where it was stored before, by another commit of the same: that one is whole, and what it asks for is due.
    Raises Conflict, and StoreUnavailable while it is not known to be durable.
    """
    try:
        writes = (Write(relay, version), *act.writes)
        return world.store.commit(writes, act.timers, timeout_seconds=budget.store)[1:]
    except StoreUnavailable:
        stored = world.store.get(relay.message_id, timeout_seconds=budget.store)
        if stored is not None and stored.relay != relay and version is None:
            return None
        if stored is None or stored.relay != relay:
            raise  # what it says more is not stored
        # Our own commit; its reply was lost, and perhaps its timers.
        versions = versions_stored(world, act, budget)
        for timer in act.timers:
            world.timers.arm(timer, timeout_seconds=budget.timers)
        return versions


def versions_stored(world: World, act: Act, budget: Budget) -> tuple[object, ...]:
    """Returns the versions of the act's writes after a commit whose reply was lost.

    None of what is no relay, and of a relay that another process has changed since: what is pending is that one's.
    """
    versions: list[object] = []
    for write in act.writes:
        record = write.record
        stored = world.store.get(record.message_id, timeout_seconds=budget.store) if isinstance(record, Relay) else None
        versions.append(stored.version if stored is not None and stored.relay == record else None)
    return tuple(versions)
