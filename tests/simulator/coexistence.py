"""What two revisions on one store must not do to each other's records, judged by every document that was written."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from relay.record.documents import Document

from tests.simulator.history import time_of
from tests.simulator.kinds import Kind
from tests.simulator.revisions import ADDED, has_ended_elsewhere, is_later, parts
from tests.simulator.sim_store import UNREADABLE
from tests.simulator.simulation import SWEEP_SECONDS, Simulation

# Within so long a sweep finds what is overdue; clocks may differ by minutes.
_FOUND_SECONDS = 2.0 * SWEEP_SECONDS + 600.0


def nothing_of_the_next_revision_is_dropped(run: Simulation) -> Iterator[str]:
    """Each field that the next revision added, at any level, is still there after each write of this one; and its words
    for what this one does not decide. (A redrive brings today's tiers, which are new values.)"""
    for message_id, writes in run.history.written.items():
        for before, after in pairwise(writes):
            if after.by != "this" or is_later(before.document):
                continue
            redriven = len(after.document["redrive_ids"]) > len(before.document["redrive_ids"])
            kept = dict(parts(after.document))
            for place, part in parts(before.document):
                if redriven and place.startswith(("policy", "tier")):
                    continue
                now = kept.get(place, {})
                if now.get(ADDED) != part.get(ADDED):
                    yield f"DROPPED: {place} of {message_id[-3:]} lost what the next revision had added"
                if place.startswith(("line", "tier")) and now != part:
                    yield f"DROPPED: {place} of {message_id[-3:]} was rewritten"
            if after.document["sender_class"] != before.document["sender_class"]:
                yield f"DROPPED: the sender of {message_id[-3:]} was rewritten"


def what_is_the_next_revisions_is_left_alone(run: Simulation) -> Iterator[str]:
    """A record of a later version, or one that ended in a way that only the next revision knows, is written by that one
    alone. Where it cannot be read it shows neither: then this one may set it aside, which leaves all that it holds."""
    for message_id, writes in run.history.written.items():
        for before, after in pairwise(writes):
            is_aside = after.document == {**before.document, "due_at": None, "set_aside_because": UNREADABLE}
            if after.by == "this" and is_left(before.document) and not is_aside:
                yield f"TOUCHED: {message_id[-3:]} was not this revision's to write"


def what_waits_for_the_next_revision_is_told(run: Simulation) -> Iterator[str]:
    """Of a record of a later version that is overdue and that no process can work on any more an alarm told."""
    for message_id in left_behind(run):
        due_at = run.fleet.store.relays[message_id].relay.due_at
        is_overdue = due_at is not None and due_at < time_of(run.kernel.now - _FOUND_SECONDS)
        if is_overdue and is_later(run.history.written[message_id][-1].document) and message_id not in run.history.left:
            yield f"UNTOLD: {message_id[-3:]} waits for the next revision and nobody was told"


def is_left(document: Document) -> bool:
    return is_later(document) or has_ended_elsewhere(document)


def left_behind(run: Simulation) -> set[str]:
    """The relays that only the next revision could still work on, after all processes went back to this one."""
    rollout = run.plan.rollout
    if rollout is None or rollout.last == "next":
        return set()
    return {message_id for message_id, writes in run.history.written.items() if is_left(writes[-1].document)}


def was_left_alone(run: Simulation, message_id: str, at: float) -> bool:
    """Whether what was committed at this time was this revision's doing, which had to leave that relay alone."""
    before = [each for each in run.history.written.get(message_id, ()) if each.at < at]
    by = {each.by for writes in run.history.written.values() for each in writes if each.at == at}
    return bool(before) and is_left(before[-1].document) and "next" not in by


def waits_for_a_person(run: Simulation) -> set[str]:
    """The relay that the store refuses or cannot read, and the texts of the list that cannot be relayed, once an alarm
    has told of them."""
    wide = run.plan.wide
    told = set(run.history.not_taken)
    if wide is None or wide.kind not in (Kind.WRITES_REFUSED, Kind.UNREADABLE):
        return told
    return told | ({wide.spoiled} & run.history.set_aside)


COEXISTENCE = (
    nothing_of_the_next_revision_is_dropped,
    what_is_the_next_revisions_is_left_alone,
    what_waits_for_the_next_revision_is_told,
)
