"""Mutants of what operators say that they saw to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from relay.core import handling
from relay.core.changes import changed
from relay.core.events import Decision, Event, EventKind, State, ignored
from relay.core.model import Relay

from tests.simulator.kinds import Kind
from tests.simulator.mutants.mutant import Mutant, Patcher

_Answer = Callable[[Relay, Event, datetime], Decision]


def _handles(answer: _Answer) -> Callable[[Patcher], None]:
    return lambda patch: patch.answer(tuple(State), (EventKind.HANDLED,), answer)


def _mark_outlives_news(patch: Patcher) -> None:
    patch.put(handling, "ended_by", lambda decision, before: decision)


def _any_news_ends_it(patch: Patcher) -> None:
    def ended_by(decision: Decision, before: Relay) -> Decision:
        if before.handled_at is None or not decision.changed:
            return decision
        unmarked = changed(decision.relay, handled_by="", handled_note="", handled_at=None, handled_attempts=0)
        return replace(decision, relay=unmarked)

    patch.put(handling, "ended_by", ended_by)


def _said_and_not_written(relay: Relay, event: Event, now: datetime) -> Decision:
    return ignored(relay, "")


def _waits_no_more(relay: Relay, event: Event, now: datetime) -> Decision:
    decision = handling.handle(relay, event, now)
    return replace(decision, relay=changed(decision.relay, due_at=None)) if decision.changed else decision


def _last_one_counts(relay: Relay, event: Event, now: datetime) -> Decision:
    if relay.is_handled:
        return Decision(changed(relay, handled_by=event.by, handled_at=now))
    return handling.handle(relay, event, now)


_ALL: tuple[tuple[str, str, Callable[[Patcher], None]], ...] = (
    ("marked for ever", "What is tried anew still counts as seen to.", _mark_outlives_news),
    ("any news ends a mark", "A late receipt takes the mark off.", _any_news_ends_it),
    ("a mark is said, not written", "An operator is told that it is marked.", _handles(_said_and_not_written)),
    ("a mark ends the waiting", "What is open is asked about no more.", _handles(_waits_no_more)),
    ("the last mark counts", "A second operator takes over in silence.", _handles(_last_one_counts)),
)
MARKS = tuple(Mutant(name, breaks, patch, kind=Kind.SEEN_TO) for name, breaks, patch in _ALL)
