"""Mutants of what customers are sent, and when, and to whom their texts go: what runs had hardly ever met.

The bugs of answers that reading found, and that no judge of the runs with people had asked about; and who can be told.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from relay.core.failures import ANSWERED_SINCE, THREAD_CLOSED
from relay.core.threads import deciding
from relay.core.threads.model import Thread
from relay.flow import opening, under_lease
from relay.ports import Refused
from relay.record.kinds import key_of

from tests.simulator.kinds import Kind
from tests.simulator.mutants.mutant import Mutant, Patcher
from tests.simulator.mutants.of_threads import put
from tests.simulator.sim_store import ProcessStore


def _in_order_for_twenty_seconds(patch: Patcher) -> None:
    """A try that is the tier's first counts as made at once, unless the answer is older than that."""
    real = under_lease.refusal

    def refusal(world: Any, relay: Any, attempt: Any, budget: Any) -> Any:
        refused = real(world, relay, attempt, budget)
        is_old = world.clock.now() - relay.timestamp > timedelta(seconds=20)
        return None if refused == Refused(ANSWERED_SINCE) and not (is_old or attempt.try_in_tier > 1) else refused

    patch.put(under_lease, "refusal", refusal)


def _redriven_to_whomever(patch: Patcher) -> None:
    """An answer that is started again is refused for the same reasons as any other."""
    real = under_lease.refusal

    def refusal(world: Any, relay: Any, attempt: Any, budget: Any) -> Any:
        refused = real(world, relay, attempt, budget)
        is_closed = refused == Refused(THREAD_CLOSED)
        return real(world, replace(relay, redrive_ids=()), attempt, budget) if is_closed else refused

    patch.put(under_lease, "refusal", refusal)


_TIDY = re.compile(r"""[\s#"'(\[>@*]*([A-Za-z]-?[0-9]{1,3})(?!\w)""")


def _only_tidy_codes(body: str) -> str | None:
    found = _TIDY.match(body)
    return found[1] if found else None


def _introduced_once(patch: Patcher) -> None:
    """That the customer was told the business's name is never taken back."""
    real = ProcessStore.commit

    def commit(store: Any, writes: Any, timers: Any, *, timeout_seconds: float) -> Any:
        record = writes[0].record
        kept = store._state.records.get(key_of(record))
        if isinstance(record, Thread) and kept and kept.record.introduced_at and record.introduced_at is None:
            return (kept.version,)
        return real(store, writes, timers, timeout_seconds=timeout_seconds)

    patch.put(ProcessStore, "commit", commit)


def _commits_rely_on_nothing(patch: Patcher) -> None:
    """A thread that a text leaves as it is may have changed by the time that the text is stored."""
    real = opening.changes_of
    patch.put(opening, "changes_of", lambda kept, thread, *, is_relied_on=False: real(kept, thread))


ANSWERS = (
    Mutant(
        "threads unchecked",
        "A text is stored for the owner of a moment ago, and its delivery counts as that person's claim.",
        _commits_rely_on_nothing,
        case="talk: takeover and the customer's text, with few switches",
    ),
    Mutant(
        "in order for twenty seconds",
        "What waits in an outage of seconds leaves after a later answer.",
        _in_order_for_twenty_seconds,
        case="talk: an answer that is held up, and a later one",
    ),
    Mutant(
        "redriven to whomever",
        "A lost answer that is started again goes to a customer who is closed.",
        _redriven_to_whomever,
        60,
        kind=Kind.CLOSING,
        first_seed=30,
    ),
    Mutant(
        "introduced once",
        "After a first answer that was lost the next one does not say who writes.",
        _introduced_once,
        60,
        kind=Kind.ANSWERS,
    ),
    Mutant(
        "only tidy codes",
        "A code with a word stuck to it, or of another keyboard, is a word like any other.",
        put(deciding, "resembling_in_front", _only_tidy_codes),
        60,
        kind=Kind.ODD_CODES,
    ),
)
