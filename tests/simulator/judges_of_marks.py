"""What the design promises of what operators see to: a mark is kept until something new comes of the relay, no longer,
and changes nothing else. Judged by the order of commits and by what operators were told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from relay.core.model import Relay, Step, TrailEntry

from tests.simulator.simulation import Simulation

_MARKING = (Step.HANDLED, Step.UNHANDLED)


def a_mark_changes_nothing_else(run: Simulation) -> Iterator[str]:
    """The commit that notes it leaves attempts, tiers, words and what the relay waits for as they were."""
    for message_id, before, after, lines in _steps(run):
        if any(entry.step in _MARKING for entry in lines) and (len(lines) != 1 or _rest(after) != _rest(before)):
            yield f"MARKS: more of {message_id[-3:]} changed than that an operator saw to it"


def a_mark_is_taken_by_whom_the_trail_names(run: Simulation) -> Iterator[str]:
    """A relay comes to be marked by a commit whose trail says so, and by that operator."""
    for message_id, before, after, lines in _steps(run):
        is_marked = after.handled_at is not None and after.handled_at != before.handled_at
        if is_marked and [(entry.step, entry.by) for entry in lines] != [(Step.HANDLED, after.handled_by)]:
            yield f"MARKS: {message_id[-3:]} was marked, and the trail does not say by whom"


def a_mark_ends_with_what_it_was_for(run: Simulation) -> Iterator[str]:
    """Once more was tried, or the relay ended otherwise or said more, it waits for people anew; and not before."""
    for message_id, before, after, lines in _steps(run):
        if before.handled_at is None:
            continue
        is_new = _standing(after) != _standing(before)
        is_undone = any(entry.step is Step.UNHANDLED for entry in lines)
        if is_new and after.handled_at is not None:
            yield f"MARKS: {message_id[-3:]} stands otherwise than when an operator saw to it, and is still marked"
        if not is_new and not is_undone and after.handled_at is None:
            yield f"MARKS: {message_id[-3:]} lost its mark, and nothing new came of it"


def what_operators_were_told_was_so(run: Simulation) -> Iterator[str]:
    """Between question and answer there was a moment at which the relay was marked as the answer said."""
    for marked in run.history.marked:
        commits = run.history.commits[marked.message_id]
        earlier = [relay for at, relay in commits if at <= marked.since]
        meanwhile = [relay for at, relay in commits if marked.since <= at <= marked.until]
        if all(relay.is_handled != marked.is_handled for relay in (*earlier[-1:], *meanwhile)):
            yield f"MARKS: an operator was told that {marked.message_id[-3:]} is marked {marked.is_handled}; it was not"


def _steps(run: Simulation) -> Iterator[tuple[str, Relay, Relay, tuple[TrailEntry, ...]]]:
    """Each relay's id, with what it was before and after one commit and the lines of the trail that this brought."""
    for message_id, commits in run.history.commits.items():
        for (_, before), (_, after) in pairwise(commits):
            yield message_id, before, after, after.error_log[len(before.error_log) :]


def _rest(relay: Relay) -> Relay:
    return replace(
        relay, handled_by="", handled_note="", handled_at=None, handled_attempts=0, error_log=(), lines_logged=0
    )


def _standing(relay: Relay) -> tuple[object, ...]:
    ended = (relay.final_status, relay.delivered_tier, relay.set_aside_because)
    return (*ended, len(relay.attempts), relay.redrive_ids, relay.message_body, relay.media_count)


OF_MARKS: tuple[Callable[[Simulation], Iterator[str]], ...] = (
    a_mark_changes_nothing_else,
    a_mark_is_taken_by_whom_the_trail_names,
    a_mark_ends_with_what_it_was_for,
    what_operators_were_told_was_so,
)
