"""This revision and a made-up next one on one store, forwards and back: no text is lost, no record is harmed; and the
judges of that notice what they are there for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from relay.core.model import Relay
from relay.record.documents import Document, from_document
from relay.record.kinds import Kind

from tests.simulator.campaign import Tally, campaign, cores
from tests.simulator.coexistence import left_behind
from tests.simulator.fleet import SimJournal
from tests.simulator.revisions import (
    ADDED,
    NextRevision,
    ThisRevision,
    has_ended_elsewhere,
    is_later,
    parts,
    record_parts,
)
from tests.simulator.runner import judge, run_seed
from tests.simulator.simulation import Simulation
from tests.strategies import a_relay
from tests.thread_records import FULL

SEEDS = 3000
# Within so many runs each of the broken revisions below is noticed.
BROKEN_SEEDS = 300


def test_no_schedule_with_two_revisions_violates_an_invariant() -> None:
    tally = campaign(Tally(1, 1), SEEDS, cores(), lambda tally: None, two_revisions=True)
    assert tally.runs == SEEDS
    assert not tally.violations, (
        f"{tally.violating} runs do; replay: python -m tests.simulator --two-revisions --seeds 1 "
        f"--seed {tally.violations[0][0]}"
    )


def test_the_runs_hold_what_the_judges_are_about() -> None:
    """Each revision goes on with what the other wrote, both ways, and some of it must be left alone."""
    seen: Counter[str] = Counter()
    for seed in range(1, 201):
        run = Simulation.of_seed(seed, two_revisions=True)
        try:
            judge(run, settles=False, replays=False)
        finally:
            run.kernel.end()
        last = [writes[-1].document for writes in run.history.written.values()]
        seen.update(_successions(run))
        seen["later versions"] += any(map(is_later, last))
        seen["foreign ends"] += any(map(has_ended_elsewhere, last))
        seen["told"] += bool(run.history.left)
        seen["left behind"] += bool(left_behind(run))
    assert min(seen[f"{first} then {then}"] for first in ("this", "next") for then in ("this", "next")) > 5
    assert min(seen[name] for name in ("later versions", "foreign ends", "told", "left behind")) > 5


def _successions(run: Simulation) -> Iterator[str]:
    for writes in run.history.written.values():
        yield from (f"{before.by} then {after.by}" for before, after in pairwise(writes))


def test_the_next_revision_reads_back_what_it_wrote_in_either_version() -> None:
    relay = a_relay()
    for next_revision in (NextRevision(), NextRevision({relay.message_id})):
        document = next_revision.write(relay)
        assert next_revision.read(document) == relay
    assert is_later(document)


@pytest.mark.parametrize("name", sorted(FULL))
def test_of_records_of_threads_the_next_revision_has_its_own_parts_back_from_this_one(name: str) -> None:
    kind, record = Kind(name), FULL[name]()
    document = NextRevision().write_record(record)
    assert NextRevision().read_record(kind, document) == record
    again = ThisRevision().write_record(ThisRevision().read_record(kind, document))
    assert again == document
    assert all(part[ADDED] == {"place": place} for place, part in record_parts(again))
    assert len(list(record_parts(again))) == (3 if kind is Kind.THREAD else 1)


def test_this_revision_gives_the_next_one_its_record_back() -> None:
    document = NextRevision().write(a_relay())
    again = ThisRevision().write(ThisRevision().read(document))
    # A tier's status is derived from its attempts, so it is in the words of whoever writes.
    assert again == document | {"tier_1_status": "waiting"}
    assert len(list(parts(again))) == 1 + 1 + 3 + 1 + 1


def _is_noticed(words: str) -> bool:
    runs = (run_seed(seed, two_revisions=True) for seed in range(1, BROKEN_SEEDS + 1))
    return any(words in violation for run in runs for violation in run.violations)


def test_a_revision_that_drops_what_it_does_not_know_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_: ThisRevision, document: Document) -> Relay:
        relay = from_document(document)
        return replace(relay, attempts=tuple(replace(attempt, rest=()) for attempt in relay.attempts))

    monkeypatch.setattr(ThisRevision, "read", read)
    assert _is_noticed("DROPPED: attempt")


def test_a_revision_that_writes_over_a_later_version_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ThisRevision, "read", lambda _, document: NextRevision().read(document))
    assert _is_noticed("TOUCHED")


def test_a_record_that_is_left_without_an_alarm_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimJournal, "left_to_newer", lambda _, message_id, word: None)
    assert _is_noticed("UNTOLD")
