"""Allowances: never more than so many within so long, whatever is tried, and a wait that was told is enough."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from relay.operators.allowances import (
    ADDRESS_LIMITS,
    LIMITS,
    AddressCounts,
    Allowances,
    Limit,
    What,
    counting,
    wait_for,
)
from relay.ports import OperatorRecord

from tests.fakes import FakeClock
from tests.fakes.operator_records import MemoryOperatorRecords


def test_they_are_as_the_design_says() -> None:
    assert {what: (limit.most, limit.seconds) for what, limit in LIMITS.items()} == {
        What.CODES: (3, 3600),
        What.GUESSES: (10, 86400),
        What.TEXTS: (6, 3600),
    }


@pytest.mark.parametrize("seed", range(200))
def test_no_window_wherever_it_begins_holds_more_than_the_limit(seed: int) -> None:
    """Asked at random times, often at the very end of a wait, the way a program would."""
    rolls = random.Random(seed)
    limit = Limit(rolls.randint(1, 5), rolls.randint(1, 200))
    now, wait = 1_000_000, 0
    granted: list[int] = []
    kept: tuple[int, ...] = ()
    for _ in range(200):
        now += rolls.choice((0, 0, 1, rolls.randint(0, limit.seconds), wait, max(0, wait - 1)))
        wait = wait_for(kept, limit, now)
        assert 0 <= wait <= limit.seconds
        if not wait:
            granted.append(now)
            kept = (*counting(kept, limit, now), now)
        else:
            # What was told is enough, and no less is.
            assert wait_for(kept, limit, now + wait) == 0
            assert wait_for(kept, limit, now + wait - 1) > 0
    for begin in granted:
        assert sum(begin <= at < begin + limit.seconds for at in granted) <= limit.most
    assert len(kept) <= limit.most


def test_what_was_counted_by_a_clock_that_was_wrong_locks_for_no_year() -> None:
    year = 365 * 86400
    assert wait_for([year, year, year], LIMITS[What.CODES], 0) == 0
    assert wait_for([30, 30, 30], LIMITS[What.CODES], 0) > 0, "another machine's clock may be a little ahead"


def test_counts_are_kept_by_key_and_by_what_is_counted() -> None:
    clock = FakeClock()
    records = MemoryOperatorRecords(clock)
    for _ in range(3):
        assert Allowances(records, clock).take("a", What.CODES) == 0
    assert Allowances(records, clock).take("a", What.CODES) == 3600
    assert Allowances(records, clock).take("b", What.CODES) == 0
    assert Allowances(records, clock).take("a", What.GUESSES) == 0


def test_what_is_given_back_is_allowed_again() -> None:
    clock = FakeClock()
    allowances = Allowances(MemoryOperatorRecords(clock), clock)
    for _ in range(3):
        allowances.take("a", What.CODES)
    allowances.give_back("a", What.CODES)
    assert allowances.take("a", What.CODES) == 0
    assert allowances.take("a", What.CODES) > 0
    allowances.give_back("unknown", What.CODES)


@pytest.mark.parametrize("seed", range(5))
def test_taken_by_many_at_once_there_are_no_more(seed: int) -> None:
    clock = FakeClock()
    allowances = Allowances(MemoryOperatorRecords(clock), clock)

    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: allowances.take("a", What.GUESSES), range(60)))
    assert taken.count(0) <= 10
    assert any(wait for wait in taken if wait)


def test_where_others_always_write_first_it_is_not_allowed_just_now() -> None:
    """And nothing says that the store is at fault: by that a stranger would know that there is something to count."""
    clock = FakeClock()
    records = MemoryOperatorRecords(clock)
    allowances = Allowances(records, clock)
    put = records.put

    def outrun(record: OperatorRecord, *, timeout_seconds: float) -> OperatorRecord:
        there = records.get(record.kind, record.key, timeout_seconds=1)
        put(replace(record, version=there.version if there else None), timeout_seconds=1)
        return put(record, timeout_seconds=timeout_seconds)

    records.put = outrun  # type: ignore[method-assign]
    assert allowances.take("a", What.GUESSES) > 0


def test_a_refusal_writes_nothing() -> None:
    clock = FakeClock()
    records = MemoryOperatorRecords(clock)
    allowances = Allowances(records, clock)
    for _ in range(3):
        allowances.take("a", What.CODES)
    before = records.writes
    for _ in range(10):
        allowances.take("a", What.CODES)
    assert records.writes == before


def test_a_day_later_nothing_is_kept() -> None:
    clock = FakeClock()
    records = MemoryOperatorRecords(clock)
    Allowances(records, clock).take("a", What.GUESSES)
    clock.advance(86400)
    assert Allowances(records, clock).take("a", What.GUESSES) == 0


def test_addresses_are_counted_in_memory_and_not_for_ever() -> None:
    counts, most = AddressCounts(), ADDRESS_LIMITS[What.CODES].most
    assert [counts.take("203.0.113.7", What.CODES, 1000) for _ in range(most)] == [0] * most
    assert counts.take("203.0.113.7", What.CODES, 1000) == 3600
    assert counts.take("203.0.113.8", What.CODES, 1000) == 0
    assert [counts.take("", What.CODES, 1000) for _ in range(100)] == [0] * 100
    for number in range(10_000):
        counts.take(f"address {number}", What.CODES, 1000)
    assert counts.take("203.0.113.7", What.CODES, 1000) == 0, "the one that was heard of the longest ago is forgotten"
