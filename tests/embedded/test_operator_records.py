"""Records of operators in the file: what removes them, what a newer revision adds, and what the reads cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from relay.core.model import RETENTION, FinalStatus
from relay.embedded.database import Database
from relay.embedded.operator_records import SqliteOperatorRecords
from relay.embedded.store import SqliteStore
from relay.ports import OperatorKind, OperatorRecord

from tests.fakes import FakeClock
from tests.fakes.clock import START
from tests.strategies import a_relay, later

LIMIT: dict[str, Any] = {"timeout_seconds": 60.0}
HOUR = timedelta(hours=1)


@pytest.fixture
def records(database: Database, clock: FakeClock) -> SqliteOperatorRecords:
    return SqliteOperatorRecords(database, clock)


def session(key: str, lasts: timedelta = HOUR) -> OperatorRecord:
    return OperatorRecord(OperatorKind.SESSION, key, {}, START + lasts)


def _keys(database: Database) -> set[str]:
    select = "SELECT kind || ' ' || key FROM operator_records"
    return database.read(lambda c: {key for (key,) in c.execute(select)}, **LIMIT)


def test_the_sweeps_purge_removes_what_has_expired_after_the_relays_and_at_most_so_many(
    database: Database, store: SqliteStore, records: SqliteOperatorRecords
) -> None:
    old = a_relay(timestamp=START - RETENTION, final_status=FinalStatus.DELIVERED, due_at=None, expires_at=START)
    store.create(old, [], **LIMIT)
    for number in range(3):
        records.put(session(f"s{number}", timedelta(minutes=number)), **LIMIT)
    records.put(session("lasting", 2 * HOUR), **LIMIT)
    assert store.purge_expired(START + HOUR, 2, **LIMIT) == 2
    assert _keys(database) == {"session s1", "session s2", "session lasting"}
    assert store.purge_expired(START + HOUR, 9, **LIMIT) == 2
    assert _keys(database) == {"session lasting"}


def test_a_clock_that_jumps_ahead_removes_no_session(
    database: Database, store: SqliteStore, records: SqliteOperatorRecords
) -> None:
    records.put(session("a", 24 * HOUR), **LIMIT)
    store.purge_expired(START, 9, **LIMIT)
    store.purge_expired(START + 48 * HOUR, 9, **LIMIT)
    assert _keys(database) == {"session a"}


def test_a_kind_that_only_a_newer_revision_knows_is_left_alone_until_it_has_expired(
    database: Database, store: SqliteStore, records: SqliteOperatorRecords
) -> None:
    records.put(session("a", 2 * HOUR), **LIMIT)
    database.write(lambda c: c.execute("UPDATE operator_records SET kind = 'mood', due_at = 0"), **LIMIT)
    for kind in OperatorKind:
        assert records.get(kind, "a", **LIMIT) is None
        assert records.due(kind, START, 9, **LIMIT) == records.lasting(kind, 9, **LIMIT) == []
    store.purge_expired(START + 2 * HOUR - timedelta(minutes=1), 9, **LIMIT)
    assert _keys(database) == {"mood a"}
    store.purge_expired(START + 2 * HOUR, 9, **LIMIT)
    assert _keys(database) == set()


@pytest.mark.parametrize("column", ["key = x'ff'", "expires_at = 'soon'", "due_at = 'soon'", "content = x'7b7d'"])
def test_a_row_of_wrong_types_is_passed_over(database: Database, records: SqliteOperatorRecords, column: str) -> None:
    for key in ("a", "b"):
        records.put(OperatorRecord(OperatorKind.MESSAGE, key, {}, START + HOUR, START - HOUR), **LIMIT)
    database.write(lambda c: c.execute(f"UPDATE operator_records SET {column} WHERE key = 'a'"), **LIMIT)
    for found in (
        records.due(OperatorKind.MESSAGE, START, 9, **LIMIT),
        records.lasting(OperatorKind.MESSAGE, 9, **LIMIT),
    ):
        assert [each.key for each in found] == ["b"]


def test_each_statement_has_its_index_and_none_sorts(
    statements: list[str], database: Database, store: SqliteStore, records: SqliteOperatorRecords
) -> None:
    first = records.put(session("a"), **LIMIT)
    records.put(first, **LIMIT)
    records.get(OperatorKind.SESSION, "a", **LIMIT)
    records.due(OperatorKind.MESSAGE, later(0), 5, **LIMIT)
    records.lasting(OperatorKind.SESSION, 5, **LIMIT)
    records.delete(OperatorKind.SESSION, "b", **LIMIT)
    store.purge_expired(START + 2 * HOUR, 5, **LIMIT)
    ours = {text for text in statements if "operator_records" in text and not text.startswith(("CREATE", "EXPLAIN"))}
    plans = {text: _plan(database, text) for text in ours}
    assert len(plans) >= 7
    for text, plan in plans.items():
        assert "SCAN" not in plan, text
        assert "TEMP B-TREE" not in plan, text
    assert {plan.split(" INDEX ")[1] for text, plan in plans.items() if text.startswith("SELECT")} == {
        "sqlite_autoindex_operator_records_1 (kind=? AND key=?)",
        "operator_records_due (kind=? AND due_at<?)",
        "operator_records_lasting (kind=? AND expires_at>?)",
        "operator_records_by_expiry (expires_at<?)",
    }


def _plan(database: Database, statement: str) -> str:
    rows: list[Any] = database.read(lambda c: c.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall(), **LIMIT)
    return "; ".join(row[3] for row in rows)
