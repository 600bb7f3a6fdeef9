"""Records of operators on the official emulator: what is special to Firestore. What every home does: tests/contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from relay.errors import RelayError, StoreRefused, StoreUnavailable, VersionConflict
from relay.google.calls import LazyClient
from relay.google.operator_records import FirestoreOperatorRecords
from relay.ports import OperatorKind, OperatorRecord

from tests.fakes import FakeClock, MemoryJournal
from tests.google.conftest import COLLECTION
from tests.google.proxy import Proxy
from tests.google.samples import NOW, error_of
from tests.google.test_store_faults import after_lost_reply

LIMIT: dict[str, Any] = {"timeout_seconds": 60.0}
SESSION = OperatorKind.SESSION
RECORD = OperatorRecord(SESSION, "a", {"name": "Ana"}, NOW + timedelta(hours=1))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def client(firestore_project: str) -> firestore.Client:
    return firestore.Client(project=firestore_project)


@pytest.fixture
def records(client: firestore.Client, clock: FakeClock, journal: MemoryJournal) -> FirestoreOperatorRecords:
    return FirestoreOperatorRecords(LazyClient(lambda: client), COLLECTION, clock, journal)


@pytest.fixture
def calls(records: FirestoreOperatorRecords, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls that Firestore is sent from here on."""
    records.get(SESSION, "connected", **LIMIT)
    made: list[str] = []

    def noting(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            made.append(name)
            return real(*args, **options)

        return call

    for name in ("commit", "batch_write", "batch_get_documents", "run_query", "begin_transaction"):
        monkeypatch.setattr(FirestoreClient, name, noting(name, getattr(FirestoreClient, name)))
    return made


def test_each_is_one_call_and_only_what_takes_the_place_of_another_is_three(
    records: FirestoreOperatorRecords, calls: list[str], clock: FakeClock
) -> None:
    first = records.put(RECORD, **LIMIT)
    second = records.put(replace(first, due_at=NOW), **LIMIT)
    assert records.get(SESSION, "a", **LIMIT) == second
    assert records.due(SESSION, NOW + timedelta(1), 5, **LIMIT) == [second]
    assert records.lasting(SESSION, 5, **LIMIT) == [second]
    assert calls == ["commit", "commit", "batch_get_documents", "run_query", "run_query"]
    calls.clear()
    clock.advance(3600.0)
    assert records.lasting(SESSION, 5, **LIMIT) == []
    records.put(replace(RECORD, expires_at=NOW + timedelta(hours=2)), **LIMIT)
    assert calls == ["run_query", "commit", "batch_get_documents", "commit"]


def test_what_has_expired_is_not_even_read_by_the_list_of_what_lasts(
    records: FirestoreOperatorRecords, clock: FakeClock, journal: MemoryJournal, client: firestore.Client
) -> None:
    records.put(RECORD, **LIMIT)
    # It would be told of if it were read.
    client.collection(f"{COLLECTION}-operators").document("session:a").update({"content": None})
    clock.advance(3600.1)
    assert records.lasting(SESSION, 5, **LIMIT) == []
    assert journal.notes == []


def test_nothing_is_deleted_since_no_function_may_but_left_to_firestore_without_its_content(
    records: FirestoreOperatorRecords, calls: list[str], client: firestore.Client
) -> None:
    records.put(replace(RECORD, due_at=NOW), **LIMIT)
    records.delete(SESSION, "a", **LIMIT)
    records.delete(SESSION, "b", **LIMIT)
    assert calls == ["commit"] * 3
    (document,) = client.collection(f"{COLLECTION}-operators").get()
    left = document.to_dict() or {}
    assert (left["content"], left["due_at"]) == ("{}", None)
    assert left["expires_at"] < NOW


def test_all_kinds_are_in_one_collection_which_has_what_queries_and_expiry_need(
    records: FirestoreOperatorRecords, client: firestore.Client
) -> None:
    for kind in OperatorKind:
        records.put(replace(RECORD, kind=kind, key="__.__", due_at=NOW), **LIMIT)
    documents = client.collection(f"{COLLECTION}-operators").get()
    assert {document.id for document in documents} == {f"{kind.value}:__.__" for kind in OperatorKind}
    for document in documents:
        assert document.to_dict() == {
            "kind": document.id.partition(":")[0],
            "content": '{"name":"Ana"}',
            "due_at": NOW,
            "expires_at": RECORD.expires_at,
        }
    assert client.collection(COLLECTION).get() == []


@pytest.mark.parametrize(
    "spoilt", [{"content": None}, {"content": "[]"}, {"content": "{"}, {"expires_at": "soon"}, {"due_at": 7}, {}]
)
def test_a_document_of_wrong_types_counts_as_none(
    records: FirestoreOperatorRecords, client: firestore.Client, journal: MemoryJournal, spoilt: dict[str, object]
) -> None:
    records.put(RECORD, **LIMIT)
    document = client.collection(f"{COLLECTION}-operators").document("session:a")
    document.update(spoilt) if spoilt else document.set({})
    assert records.get(SESSION, "a", **LIMIT) is None
    assert [(severity, labels["key"]) for severity, _, labels in journal.notes] == [("WARNING", "a")]
    stored = records.put(RECORD, **LIMIT)
    assert records.get(SESSION, "a", **LIMIT) == stored


def test_a_write_that_was_applied_while_its_reply_was_lost_is_a_conflict(
    records: FirestoreOperatorRecords, wire: Proxy, firestore_project: str, clock: FakeClock
) -> None:
    # Made before the wire was, `records` goes past it; the order of the arguments is that of their making.
    through_wire = FirestoreOperatorRecords(
        LazyClient(lambda: firestore.Client(project=firestore_project)), COLLECTION, clock
    )
    through_wire.get(SESSION, "a", **LIMIT)

    def is_there(content: object) -> bool:
        found = records.get(SESSION, "a", **LIMIT)
        return found is not None and found.content == content

    error = after_lost_reply(wire, lambda: through_wire.put(RECORD, **LIMIT), lambda: is_there(RECORD.content))
    assert isinstance(error, VersionConflict)
    stored = records.get(SESSION, "a", **LIMIT)
    assert stored is not None
    changed = replace(stored, content={"name": "Bo"})
    error = after_lost_reply(wire, lambda: through_wire.put(changed, **LIMIT), lambda: is_there(changed.content))
    assert isinstance(error, VersionConflict)


class BrokenClient:
    """The client's edge, with every call failing the same way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def _fail(self, *_arguments: object, **_options: object) -> None:
        raise self._error

    get = create = update = _fail
    collection = document = where = order_by = limit = lambda self, *_arguments, **_options: self
    write_option = staticmethod(lambda **_condition: None)


@pytest.mark.parametrize(
    ("error", "of_update"),
    [
        (error_of(exceptions.FailedPrecondition), VersionConflict),
        (error_of(exceptions.NotFound), VersionConflict),
        (error_of(exceptions.Aborted), VersionConflict),
        (error_of(exceptions.DeadlineExceeded), StoreUnavailable),
        (error_of(exceptions.ServiceUnavailable), StoreUnavailable),
        (error_of(exceptions.ResourceExhausted), StoreUnavailable),
        (error_of(exceptions.PermissionDenied), StoreUnavailable),
        (error_of(exceptions.InvalidArgument), StoreRefused),
        (error_of(DefaultCredentialsError), StoreUnavailable),
        (error_of(ConnectionResetError), StoreUnavailable),
    ],
)
def test_every_error_of_the_client_has_its_meaning(error: Exception, of_update: type[RelayError]) -> None:
    broken = FirestoreOperatorRecords(LazyClient(lambda: BrokenClient(error)), "c", FakeClock(NOW))
    with pytest.raises(RelayError) as raised:
        broken.put(replace(RECORD, version=NOW), **LIMIT)
    assert type(raised.value) is of_update
    for read in (
        lambda: broken.get(SESSION, "a", **LIMIT),
        lambda: broken.due(SESSION, NOW, 5, **LIMIT),
        lambda: broken.lasting(SESSION, 5, **LIMIT),
    ):
        with pytest.raises(StoreUnavailable, match=f"^Firestore: {type(error).__name__}$"):
            read()
    if isinstance(error, exceptions.NotFound):
        broken.delete(SESSION, "a", **LIMIT)
        return
    with pytest.raises(StoreUnavailable, match=f"^Firestore: {type(error).__name__}$"):
        broken.delete(SESSION, "a", **LIMIT)
