"""Two revisions at work on one store: this one, and a made-up next one that writes more.

The next one runs the same machine. What it stores has further fields at every level, other words for some of ours,
lines in the trail of a kind that this one does not know, and, for some relays, a later version with another shape. It
reads all of that back.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from relay.core.foreign import foreign
from relay.core.model import Relay, Step, TrailEntry
from relay.core.threads.model import ThreadRecord
from relay.errors import StoreRefused, Unreadable, VersionConflict
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.conductor import load
from relay.flow.world import World
from relay.record import thread_documents
from relay.record.documents import SCHEMA_VERSION, Document, from_document, to_document
from relay.record.kinds import Kind

from tests.simulator.dice import Dice

ADDED = "x_next"
TOLD = foreign(Step, "thread_told")

# The next revision's words for some of ours, by the field they stand in.
_ENDS = {"delivered": "delivered_and_seen"}
_SENDERS = {"customer": "customer_by_sms"}
_STATUSES = {"accepted": "on_its_way", "unconfirmed": "silent", "scheduled": "waiting"}
_SUCCESSES = {"delivered": "delivered_or_claimed"}


class Revision(Protocol):
    """How a revision reads and writes a relay's document."""

    @property
    def name(self) -> str: ...

    def write(self, relay: Relay) -> Document: ...

    def read(self, document: Document) -> Relay:
        """Raises NewerRecord for a document of a later version than it knows."""
        ...

    def write_record(self, record: ThreadRecord) -> Document: ...

    def read_record(self, kind: Kind, document: Document) -> Any:
        """The same of a record of a thread."""
        ...


class ThisRevision:
    """The code as it is."""

    name = "this"

    def write(self, relay: Relay) -> Document:
        return to_document(relay)

    def read(self, document: Document) -> Relay:
        return from_document(document)

    def write_record(self, record: ThreadRecord) -> Document:
        return thread_documents.to_document(record)

    def read_record(self, kind: Kind, document: Document) -> Any:
        return thread_documents.from_document(kind, document)


class NextRevision:
    """The made-up one. Of the relays named in `raised` it writes a later version."""

    name = "next"

    def __init__(self, raised: Collection[str] = ()) -> None:
        self._raised = frozenset(raised)

    def write(self, relay: Relay) -> Document:
        document = _reworded(to_document(relay), *(dict(words) for words in _WORDS))
        for place, part in parts(document):
            part[ADDED] = {"place": place}
        if relay.message_id in self._raised:
            document |= {"schema_version": SCHEMA_VERSION + 1, "attempts": {"all": document["attempts"]}}
        return document

    def read(self, document: Document) -> Relay:
        if is_later(document):
            document = {**document, "schema_version": SCHEMA_VERSION, "attempts": document["attempts"]["all"]}
        document = _reworded(document, *({new: old for old, new in words.items()} for words in _WORDS))
        for _, part in parts(document):
            part.pop(ADDED, None)
        return from_document(document)

    def write_record(self, record: ThreadRecord) -> Document:
        document = thread_documents.to_document(record)
        for place, part in record_parts(document):
            part[ADDED] = {"place": place}
        return document

    def read_record(self, kind: Kind, document: Document) -> Any:
        document = copy.deepcopy(document)
        for _, part in record_parts(document):
            part.pop(ADDED, None)
        return thread_documents.from_document(kind, document)


_WORDS = (_ENDS, _SENDERS, _STATUSES, _SUCCESSES)


def _reworded(
    document: Document,
    ends: dict[str, str],
    senders: dict[str, str],
    statuses: dict[str, str],
    successes: dict[str, str],
) -> Document:
    """Returns a copy of the document, parts included, with these words in the place of those."""

    def with_word(part: Document, name: str, words: dict[str, str]) -> Document:
        return {**part, name: words.get(part[name], part[name])}

    policy = document["policy"]
    worded = with_word(with_word(document, "final_status", ends), "sender_class", senders)
    worded["attempts"] = [with_word(part, "status", statuses) for part in document["attempts"]]
    worded["error_log"] = [dict(part) for part in document["error_log"]]
    worded["policy"] = {**policy, "tiers": [with_word(part, "success", successes) for part in policy["tiers"]]}
    return worded


def is_later(document: Document) -> bool:
    """Whether it is of a version that this revision leaves alone."""
    return bool(document["schema_version"] > SCHEMA_VERSION)


def has_ended_elsewhere(document: Document) -> bool:
    """Whether it ended in a way that only the next revision knows."""
    return document["final_status"] in _ENDS.values()


def parts(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every level of a document that this revision can read, with its place."""
    yield "relay", document
    yield "policy", document["policy"]
    for name, found in (("tier", document["policy"]["tiers"]), ("attempt", document["attempts"])):
        yield from ((f"{name} {number}", part) for number, part in enumerate(found, start=1))
    yield from ((f"line {number}", part) for number, part in enumerate(document["error_log"]))


def record_parts(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every level of the document of a record of a thread, with its place."""
    yield "record", document
    yield from ((f"shown {number}", part) for number, part in enumerate(document.get("shown", ())))


@dataclass(frozen=True, slots=True)
class Written:
    """One write of a relay, by the revision that made it."""

    at: float
    by: str
    document: Document


@dataclass(slots=True)
class Rollout:
    """Which revision each process begins with, which it changes to and when, and what the next one does beside.

    `tells` are the times at which the next revision writes a line of its own into every trail.
    """

    first: str
    changes: list[tuple[float, int, str]]
    raised: frozenset[str] = frozenset()
    tells: list[float] = field(default_factory=list)

    @property
    def last(self) -> str:
        """The revision that all processes end with."""
        return self.changes[-1][2]


# Forwards, back, there and back again, and back because of a fault and then forwards.
_WAYS = (("this", "next"), ("next", "this"), ("this", "next", "this"), ("next", "this", "next"))


def draw_rollout(dice: Dice, processes: int, message_ids: Collection[str]) -> Rollout:
    way = dice.pick(_WAYS)
    changes: list[tuple[float, int, str]] = []
    begins = 0.0
    for revision in way[1:]:
        times = sorted(begins + dice.between(0.0, 250.0) for _ in range(processes))
        changes += [(time, number, revision) for number, time in enumerate(times)]
        begins = times[-1]
    raised = frozenset(message_id for message_id in message_ids if dice.chance(0.25))
    tells = [dice.between(0.0, 400.0) for _ in range(3) if dice.chance(0.5)]
    return Rollout(way[0], changes, raised, tells)


def tell(world: World, message_id: str) -> None:
    """What the next revision does by itself: a line of its own kind in a relay's trail."""
    budget = Budget(world.clock, 20.0, TASK_LIMITS)
    # What cannot be read or stored is for the sweep to set aside.
    with contextlib.suppress(VersionConflict, StoreRefused, Unreadable):
        stored = load(world, message_id, budget)
        if stored is not None:
            line = TrailEntry(world.clock.now(), TOLD)
            told = replace(stored.relay, error_log=(*stored.relay.error_log, line))
            world.store.update(told, stored.version, (), timeout_seconds=budget.store)
