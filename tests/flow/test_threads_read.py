"""Fewer threads are read than there are; what is decided is as if all had been."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from relay.core.threads import audience
from relay.core.threads.deciding import decide
from relay.core.threads.model import COARSE, Thread, ThreadCode, ThreadRecord
from relay.core.threads.verdict import Facts, HandlerText
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.threads_read import holders, read_threads
from relay.ports import Write

from tests.core.threads.making import NOW, a_text, a_thread, ago, owned
from tests.core.threads.texts import asked
from tests.office import Office
from tests.quick import some_of


def _as_the_flow_leaves_them(threads: tuple[Thread, ...]) -> tuple[Thread, ...]:
    """The threads, touched when they were shown or up to COARSE before, and each code kept by one of them."""
    kept: list[Thread] = []
    for thread in threads:
        shown = max(each.at for each in thread.shown)
        thread = replace(thread, touched_at=max(thread.touched_at, shown - COARSE + timedelta(seconds=1)))
        if any(each.code == thread.code and each.keeps_its_code(NOW) for each in kept):
            thread = replace(thread, code="")
        kept.append(thread)
    return tuple(kept)


@settings(max_examples=some_of(1500), deadline=None)
@given(asked)
def test_what_is_decided_is_as_if_all_threads_had_been_read(given_: tuple[HandlerText, Facts]) -> None:
    text, facts = given_
    threads = _as_the_flow_leaves_them(facts.threads)
    office = _office_with(*threads)
    lately = {each.thread_id for each in audience.candidates(text, Facts(threads))}
    facts = replace(facts, quoted=tuple(each for each in facts.quoted if each.thread_id in lately))
    named = {each.code for each in threads if each.code}

    def decided(read: tuple[Thread, ...]) -> object:
        known = holders(office.world, named, read, text, _budget(office))
        return decide(text, replace(facts, threads=read, code_holders=known))

    newest_first = tuple(sorted(threads, key=lambda each: (each.touched_at, each.thread_id), reverse=True))
    assert decided(_read(office, text)) == decided(newest_first)


def _budget(office: Office) -> Budget:
    return Budget(office.clock, 40.0, TASK_LIMITS)


def _office_with(*threads: Thread) -> Office:
    """These threads are stored; a code was given to the one that keeps it, else to the last that has it."""
    office = Office()
    office.clock.advance((NOW - office.clock.now()).total_seconds())
    coded = sorted((each for each in threads if each.code), key=lambda each: each.keeps_its_code(NOW))
    codes = {each.code: ThreadCode(each.code, each.thread_id, NOW) for each in coded}
    records: list[ThreadRecord] = [*threads, *codes.values()]
    office.store.commit([Write(each) for each in records], [], timeout_seconds=1.0)
    return office


def _read(office: Office, text: HandlerText) -> tuple[Thread, ...]:
    return tuple(kept.record for kept in read_threads(office.world, text, _budget(office)))


@pytest.mark.parametrize("words", ["?", "K71 ?"])
def test_a_list_of_the_own_ones_names_those_of_days_ago(words: str) -> None:
    old = owned(code="M24", shown_at=ago(days=3), touched_at=ago(days=3))
    fresh = a_thread(touched_at=NOW)
    assert _read(_office_with(old, fresh), a_text(words)) == (fresh, old)


def test_a_late_text_is_held_against_the_customer_who_had_the_code_when_it_was_written() -> None:
    before = a_thread(thread_id="before", closed_at=ago(days=8), shown_at=ago(days=9), touched_at=ago(days=9))
    now = a_thread(thread_id="now", opened_at=ago(minutes=30), touched_at=NOW)
    late = a_text("K71 mine", at=ago(days=8, hours=1), is_recovered=True)
    assert _read(_office_with(before, now), late) == (now, before)
    assert _read(_office_with(before, now), a_text("K71 mine")) == (now,)


def test_a_code_whose_record_cannot_be_read_costs_no_answer() -> None:
    thread = a_thread(touched_at=NOW)
    office = _office_with(thread, a_thread("M24", touched_at=ago(days=2)))
    office.store.unreadable.add("K71")
    assert thread in _read(office, a_text("K71 on my way"))
