"""Every query the relay asks of Firestore, as data.

The adapter builds its queries from this table, and a test holds the indexes in Terraform against it: the emulator
answers a query that has no index, the real Firestore refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from relay.google.places import OPERATORS, Place
from relay.record.kinds import Kind

Direction = Literal["ASCENDING", "DESCENDING"]
Index = tuple[tuple[str, Direction | Literal["CONTAINS"]], ...]

# Firestore's name for a document's id as a field. It ends every index by itself, in the direction of the last field.
DOCUMENT_ID = "__name__"

# So many values can be compared in one query (Firestore: queries, limits of `in`).
IDS_MAX = 30


@dataclass(frozen=True, slots=True)
class QueryShape:
    """One query, but for its values.

    Attributes:
        equal: fields compared for equality, with one value or with a few of which any will do.
        order_by: the field of the order; the document's id where no other matters. The same one may be bounded from
            below (inclusive) and above (exclusive).
        direction: of the order; documents with the same value come by their id, in the same direction.
        kind: of the records that are asked for, each kind being a collection; those of operators share one.
        containing: a field that is a list, of which one value is asked for; "" for none.
    """

    equal: tuple[str, ...]
    order_by: str
    direction: Direction
    kind: Place = Kind.RELAY
    containing: str = ""


QUERIES: dict[str, QueryShape] = {
    "due": QueryShape((), "due_at", "ASCENDING"),
    "search": QueryShape((), "timestamp", "DESCENDING"),
    "search by final_status": QueryShape(("final_status",), "timestamp", "DESCENDING"),
    "search by sender_phone": QueryShape(("sender_phone",), "timestamp", "DESCENDING"),
    "search by both": QueryShape(("final_status", "sender_phone"), "timestamp", "DESCENDING"),
    # A thread's relays are few: other conditions are held against what comes.
    "search by thread": QueryShape(("thread_id",), "timestamp", "DESCENDING"),
    "unclaimed in thread": QueryShape(("unclaimed_in",), "timestamp", "DESCENDING"),
    "by media_token": QueryShape(("media_token",), DOCUMENT_ID, "ASCENDING"),
    "threads": QueryShape((), "touched_at", "DESCENDING", Kind.THREAD),
    "threads shown to": QueryShape((), "touched_at", "DESCENDING", Kind.THREAD, "shown_persons"),
    "people": QueryShape((), "seen_at", "DESCENDING", Kind.PERSON),
    "operators' due": QueryShape(("kind",), "due_at", "ASCENDING", OPERATORS),
    "operators' lasting": QueryShape(("kind",), "expires_at", "DESCENDING", OPERATORS),
}


def index_for(shape: QueryShape) -> Index:
    """Returns the index that answers this query, without the document id at its end.

    Of one field: Firestore's automatic index on it, which must not be exempted away. Of more: a composite index, which
    must be created.
    """
    equal: Index = tuple((name, "ASCENDING") for name in shape.equal)
    containing: Index = ((shape.containing, "CONTAINS"),) if shape.containing else ()
    order: Index = () if shape.order_by == DOCUMENT_ID else ((shape.order_by, shape.direction),)
    return (*containing, *equal, *order)


def search_shape(equal: tuple[str, ...]) -> QueryShape:
    """Returns the search that compares exactly these fields."""
    return next(shape for shape in QUERIES.values() if shape.order_by == "timestamp" and shape.equal == equal)


def build(
    collection: Any,
    shape: QueryShape,
    equal: Mapping[str, object],
    since: datetime | None = None,
    until: datetime | None = None,
) -> Any:
    """Returns the query of this shape with its values filled in. Raises KeyError when one is missing."""
    query = collection
    for each in _filters(shape, equal, since, until):
        query = query.where(filter=each)
    return _ordered(query, shape)


def build_either(collection: Any, *ways: tuple[QueryShape, Mapping[str, object], datetime | None]) -> Any:
    """Returns one query for what any of these would find, each a shape with its values and its `since`.

    All have one order. Firestore answers it from the index of each, and counts a document once.

    Source: https://cloud.google.com/firestore/docs/query-data/queries (OR queries).
    """
    from google.cloud.firestore_v1.base_query import And, Or

    either = Or([*(And(_filters(shape, equal, since, None)) for shape, equal, since in ways)])
    return _ordered(collection.where(filter=either), ways[0][0])


def _filters(
    shape: QueryShape, equal: Mapping[str, object], since: datetime | None, until: datetime | None
) -> list[Any]:
    from google.cloud.firestore_v1.base_query import FieldFilter

    filters = [_is_any_of(name, equal[name]) for name in shape.equal]
    if shape.containing:
        filters.append(FieldFilter(shape.containing, "array_contains", equal[shape.containing]))
    if since is not None:
        filters.append(FieldFilter(shape.order_by, ">=", since))
    if until is not None:
        filters.append(FieldFilter(shape.order_by, "<", until))
    return filters


def _ordered(query: Any, shape: QueryShape) -> Any:
    for name in dict.fromkeys((shape.order_by, DOCUMENT_ID)):
        query = query.order_by(name, direction=shape.direction)
    return query


def _is_any_of(name: str, value: object) -> Any:
    """Returns the filter on one value, or on a tuple of values of which any will do: the same index answers both."""
    from google.cloud.firestore_v1.base_query import FieldFilter

    if not isinstance(value, tuple):
        return FieldFilter(name, "==", value)
    return FieldFilter(name, "==", value[0]) if len(value) == 1 else FieldFilter(name, "in", list(value))


def with_ids(collection: Any, message_ids: Sequence[str]) -> Any:
    """Returns the query for the documents with these ids, at most IDS_MAX of them. It needs no index of its own."""
    from google.cloud.firestore_v1.base_query import FieldFilter

    return collection.where(filter=FieldFilter(DOCUMENT_ID, "in", [collection.document(each) for each in message_ids]))
