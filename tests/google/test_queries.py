"""The table of queries: the only source of queries, and what it says of indexes and pages."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from relay.google.places import OPERATORS
from relay.google.queries import DOCUMENT_ID, QUERIES, QueryShape, build, build_either, index_for, search_shape
from relay.record.kinds import Kind

from tests.google.samples import NOW

FIELDS = ("final_status", "sender_phone")
ORDERED = [name for name, shape in QUERIES.items() if shape.order_by != DOCUMENT_ID]


class RecordedQuery:
    """A collection that remembers what was asked of it."""

    def __init__(self) -> None:
        self.filters: list[tuple[str, str]] = []
        self.order: list[tuple[str, str]] = []

    def where(self, *, filter: Any) -> RecordedQuery:
        self.filters.append((filter.field_path, filter.op_string))
        return self

    def order_by(self, name: str, *, direction: str) -> RecordedQuery:
        self.order.append((name, direction))
        return self


@pytest.mark.parametrize("name", ORDERED)
def test_a_query_filters_and_orders_by_nothing_but_what_its_index_covers(name: str) -> None:
    shape = QUERIES[name]
    query = build(RecordedQuery(), shape, dict.fromkeys((*shape.equal, shape.containing), "v"), NOW, NOW)
    *compared, since, until = query.filters
    index = index_for(shape)
    assert compared == [
        (field, "array_contains" if direction == "CONTAINS" else "==") for field, direction in index[:-1]
    ]
    assert (since, until) == ((index[-1][0], ">="), (index[-1][0], "<"))
    assert query.order == [index[-1], ("__name__", index[-1][1])]


def test_a_query_without_an_order_of_its_own_compares_its_one_field_and_orders_by_the_id_alone() -> None:
    (name,) = QUERIES.keys() - set(ORDERED)
    query = build(RecordedQuery(), QUERIES[name], {"media_token": "v"})
    assert query.filters == [("media_token", "==")]
    assert query.order == [("__name__", "ASCENDING")]
    assert index_for(QUERIES[name]) == (("media_token", "ASCENDING"),)


def test_a_query_for_either_of_two_is_covered_by_the_index_of_each() -> None:
    unclaimed, of_thread = QUERIES["unclaimed in thread"], QUERIES["search by thread"]
    ways = (unclaimed, {"unclaimed_in": "t"}, None), (of_thread, {"thread_id": "t"}, NOW)
    asked: list[Any] = []

    class Query(RecordedQuery):
        def where(self, *, filter: Any) -> RecordedQuery:
            asked.append(filter)
            return self

    query = build_either(Query(), *ways)
    (either,) = asked
    compared = [[(one.field_path, one.op_string) for one in way.filters] for way in either.filters]
    assert compared == [[("unclaimed_in", "==")], [("thread_id", "=="), ("timestamp", ">=")]]
    for shape in (unclaimed, of_thread):
        assert query.order == [index_for(shape)[-1], ("__name__", "DESCENDING")]


def test_the_indexes_are_those_that_terraform_creates() -> None:
    composite = {(shape.kind, index_for(shape)) for shape in QUERIES.values() if len(index_for(shape)) > 1}
    newest = ("timestamp", "DESCENDING")
    assert composite == {
        (Kind.RELAY, (("final_status", "ASCENDING"), newest)),
        (Kind.RELAY, (("sender_phone", "ASCENDING"), newest)),
        (Kind.RELAY, (("final_status", "ASCENDING"), ("sender_phone", "ASCENDING"), newest)),
        (Kind.RELAY, (("thread_id", "ASCENDING"), newest)),
        (Kind.RELAY, (("unclaimed_in", "ASCENDING"), newest)),
        (Kind.THREAD, (("shown_persons", "CONTAINS"), ("touched_at", "DESCENDING"))),
        (OPERATORS, (("kind", "ASCENDING"), ("due_at", "ASCENDING"))),
        (OPERATORS, (("kind", "ASCENDING"), ("expires_at", "DESCENDING"))),
    }
    single = {(shape.kind, index_for(shape)) for shape in QUERIES.values()} - composite
    assert single == {
        (Kind.RELAY, (("due_at", "ASCENDING"),)),
        (Kind.RELAY, (("media_token", "ASCENDING"),)),
        (Kind.RELAY, (newest,)),
        (Kind.THREAD, (("touched_at", "DESCENDING"),)),
        (Kind.PERSON, (("seen_at", "DESCENDING"),)),
    }


def test_no_other_file_builds_a_query() -> None:
    functions = Path(__file__).resolve().parents[2] / "functions"
    building = {
        path.name
        for path in functions.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        # Whatever makes Firestore look for an index.
        if node.func.attr in {"where", "order_by", "collection_group", "find_nearest", "sum", "avg"}
    }
    assert building == {"queries.py"}


@pytest.mark.parametrize("equal", [(), FIELDS[:1], FIELDS[1:], FIELDS])
def test_there_is_a_search_for_every_combination_of_conditions(equal: tuple[str, ...]) -> None:
    assert search_shape(equal) == QueryShape(equal, "timestamp", "DESCENDING")
