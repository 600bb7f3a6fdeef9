"""Every query is answered from an index, in its order: what it costs depends on what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from relay.core.model import FinalStatus
from relay.embedded import timer_rows
from relay.embedded.database import Database
from relay.embedded.searches import (
    kind_statement,
    media_statement,
    search_statement,
    shown_statement,
    unclaimed_statement,
)
from relay.embedded.store import SqliteStore
from relay.ports import Search, Write
from relay.record.kinds import Kind
from relay.record.pages import token_after

from tests.fakes import FakeClock
from tests.strategies import CUSTOMER, a_relay, a_timer, later
from tests.thread_records import a_thread, shown

TIMEOUT = 60.0
STATUS = FinalStatus.EXHAUSTED
INDEXES = {
    (None, None): "relays_by_time",
    (STATUS, None): "relays_by_status",
    (None, CUSTOMER): "relays_by_sender",
    (STATUS, CUSTOMER): "relays_by_status_and_sender",
}


def _plan(database: Database, statement: str, values: list[int | str] | None = None) -> str:
    rows = database.read(
        lambda connection: connection.execute(f"EXPLAIN QUERY PLAN {statement}", values or []).fetchall(),
        timeout_seconds=TIMEOUT,
    )
    return "; ".join(row[3] for row in rows)


def test_each_combination_of_conditions_has_its_index(database: Database, store: SqliteStore) -> None:
    relays = [a_relay(timestamp=later(number)) for number in range(3)]
    for relay in relays:
        store.create(relay, [], timeout_seconds=TIMEOUT)
    token = store.search(Search(limit=1), timeout_seconds=TIMEOUT).next_page_token
    for (conditions, index), since, until, page_token in product(
        INDEXES.items(), (None, later(0)), (None, later(9)), (None, token)
    ):
        status, phone = conditions
        search = Search(status, since, until, phone, 50, page_token)
        plan = _plan(database, *search_statement(search, now=0))
        assert f"USING INDEX {index}" in plan, search
        assert "TEMP B-TREE" not in plan, search
        if conditions != (None, None) or since or until or page_token:
            assert plan.startswith("SEARCH"), search
        of_thread = _plan(database, *search_statement(replace(search, thread_id="t"), now=0))
        assert "SEARCH relays USING INDEX relays_by_thread" in of_thread, search
        assert "TEMP B-TREE" not in of_thread, search


def test_each_other_question_has_its_index(database: Database, store: SqliteStore) -> None:
    database.prepare()
    token = token_after(later(0), "t")
    expected = [
        (media_statement("t", 0), "SEARCH relays USING INDEX relays_by_media_token (media_token=?)"),
        (unclaimed_statement("t", 0), "SEARCH relays USING INDEX relays_unclaimed (unclaimed_in=?)"),
        (shown_statement("Ann", 0, 0), "COVERING INDEX threads_shown_by_person (person=? AND touched_at>?)"),
        (shown_statement("Ann", 0, 0), "SEARCH thread_records USING INDEX sqlite_autoindex_thread_records_1"),
        (kind_statement(Kind.PERSON, 0), "INDEX thread_records_by_time (kind=? AND touched_at>?)"),
        (kind_statement(Kind.THREAD, 0, 5, token), "INDEX thread_records_by_time (kind=? AND touched_at>?"),
    ]
    for statement, index in expected:
        plan = _plan(database, *statement)
        assert index in plan, plan
        assert "TEMP B-TREE" not in plan, plan
        assert "SCAN" not in plan, plan


def test_no_statement_of_ordinary_work_reads_a_whole_table(
    statements: list[str], database: Database, store: SqliteStore
) -> None:
    relay = a_relay(media_token="a token")
    version = store.create(relay, [a_timer(relay.message_id)], timeout_seconds=TIMEOUT)
    store.get(relay.message_id, timeout_seconds=TIMEOUT)
    store.with_media_token("a token", timeout_seconds=TIMEOUT)
    store.update(relay, version, [], timeout_seconds=TIMEOUT)
    store.due(later(60), 10, timeout_seconds=TIMEOUT)
    store.set_watermark("name", later(0), timeout_seconds=TIMEOUT)
    store.get_watermark("name", timeout_seconds=TIMEOUT)
    (leased,) = database.write(lambda c: timer_rows.lease(c, 2**60, 2**61, 5), timeout_seconds=TIMEOUT)
    database.write(lambda c: timer_rows.put_back(c, leased, 0), timeout_seconds=TIMEOUT)
    database.write(lambda c: timer_rows.finish(c, leased), timeout_seconds=TIMEOUT)
    database.write(lambda c: timer_rows.cancel(c, leased.timer), timeout_seconds=TIMEOUT)
    database.write(lambda c: timer_rows.lease_job(c, "sweep", 1, 2, 3), timeout_seconds=TIMEOUT)
    database.write(lambda c: timer_rows.finish_job(c, "sweep", 2, 3), timeout_seconds=TIMEOUT)
    thread = a_thread(shown=(shown("Ann"),))
    (version,) = store.commit([Write(thread)], [], timeout_seconds=TIMEOUT)
    moved = replace(thread, touched_at=later(1))
    store.commit([Write(moved, version), Write(a_relay(thread_id=thread.thread_id))], [], timeout_seconds=TIMEOUT)
    store.thread(thread.thread_id, timeout_seconds=TIMEOUT)
    store.threads_shown_to("Ann", later(0), 5, timeout_seconds=TIMEOUT)
    store.open_threads(5, timeout_seconds=TIMEOUT)
    store.people(5, timeout_seconds=TIMEOUT)
    store.relays_of(thread.thread_id, 5, timeout_seconds=TIMEOUT)
    store.relays_of(thread.thread_id, 5, later(0), timeout_seconds=TIMEOUT)
    store.purge_expired(later(1e9), 10, timeout_seconds=TIMEOUT)
    store.purge_expired(later(2e9), 10, timeout_seconds=TIMEOUT)
    store.delete(relay.message_id, timeout_seconds=TIMEOUT)
    work = [text for text in statements if text.startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))]
    assert len(work) > 12
    for statement in work:
        # So SQLite calls the row of a full-text index that is named by its number.
        plan = _plan(database, statement).replace("SCAN relay_words VIRTUAL TABLE INDEX 0:=", "")
        assert "SCAN" not in plan, statement
        assert "TEMP B-TREE" not in plan, statement


def test_the_next_timer_is_the_first_of_its_index(statements: list[str], database: Database) -> None:
    database.read(timer_rows.next_ready, timeout_seconds=TIMEOUT)
    (statement,) = [text for text in statements if "FROM timers" in text]
    assert _plan(database, statement).endswith("INDEX timers_ready")
    assert statement.endswith("ORDER BY ready_at LIMIT 1")


def test_a_query_costs_the_same_however_much_is_stored(
    monkeypatch: pytest.MonkeyPatch, database: Database, store: SqliteStore, clock: FakeClock
) -> None:
    for number in range(20):
        store.create(a_relay(timestamp=later(number), final_status=STATUS), [], timeout_seconds=TIMEOUT)
    queries: list[Callable[[], object]] = [
        lambda: store.due(later(1e6), 10, timeout_seconds=TIMEOUT),
        lambda: store.search(Search(limit=5, sender_phone=CUSTOMER), timeout_seconds=TIMEOUT),
        lambda: store.search(Search(limit=5, final_status=STATUS), timeout_seconds=TIMEOUT),
        lambda: store.search(Search(limit=5, since=later(0), until=later(15)), timeout_seconds=TIMEOUT),
    ]
    store.create(a_relay(media_token="a token", due_at=None), [], timeout_seconds=TIMEOUT)
    queries.append(lambda: store.with_media_token("a token", timeout_seconds=TIMEOUT))
    own = [a_thread(shown=(shown("Ann"),), thread_id=f"own {number}") for number in range(5)]
    claimable = [a_relay(thread_id=own[0].thread_id, due_at=None, final_status=STATUS) for _ in range(5)]
    store.commit([Write(record) for record in own], [], timeout_seconds=TIMEOUT)
    store.commit([Write(record) for record in claimable], [], timeout_seconds=TIMEOUT)
    queries += [
        lambda: store.threads_shown_to("Ann", later(-60), 4, timeout_seconds=TIMEOUT),
        lambda: store.open_threads(3, timeout_seconds=TIMEOUT),
        lambda: store.relays_of(own[0].thread_id, 4, timeout_seconds=TIMEOUT),
        lambda: store.relays_of(own[0].thread_id, 5, later(2_000), timeout_seconds=TIMEOUT),
        lambda: store.thread(own[0].thread_id, timeout_seconds=TIMEOUT),
    ]
    few = [_steps(database, query) for query in queries]
    # Settled long ago: nothing the sweep or these searches are about, and far more of them.
    for number in range(1_000):
        old = a_relay(
            timestamp=later(-number), due_at=None, final_status=FinalStatus.DELIVERED, media_token=f"token {number}"
        )
        of_thread = a_relay(
            thread_id=own[0].thread_id, timestamp=later(number), due_at=None, final_status=FinalStatus.CLAIMED
        )
        thread = a_thread(thread_id=f"old {number}", touched_at=later(-3600), shown=(shown("Ann"), shown("Bob")))
        store.commit([Write(old), Write(of_thread), Write(thread)], [], timeout_seconds=TIMEOUT)
    assert [_steps(database, query) for query in queries] == few


def _steps(database: Database, query: Callable[[], object]) -> int:
    """How many steps of SQLite's virtual machine a query takes. The pool lends the same connection again."""
    count = [0]

    def step() -> int:
        count[0] += 1
        return 0

    database.read(lambda connection: connection.set_progress_handler(step, 1), timeout_seconds=TIMEOUT)
    query()
    database.read(lambda connection: connection.set_progress_handler(None, 0), timeout_seconds=TIMEOUT)
    return count[0]
