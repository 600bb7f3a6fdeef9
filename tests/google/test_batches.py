"""What a commit of several documents says that Firestore refused, without saying which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.api_core import exceptions
from relay.core.threads.model import ThreadCode
from relay.errors import AlreadyStored, Conflict, RelayError, StoreUnavailable, VersionConflict
from relay.google.store import FirestoreStore
from relay.ports import Write

from tests.fakes import FakeClock, MemoryTimers
from tests.google.samples import NOW, error_of, new_relay, sid
from tests.thread_records import a_thread

RELAY, _ = new_relay()
THREAD, CODE = a_thread(thread_id="t1"), ThreadCode("K71", "t1", NOW)
LIMIT: dict[str, Any] = {"timeout_seconds": 60.0}
Error = Callable[[], Exception]


def _error(kind: type[Exception]) -> Error:
    return lambda: error_of(kind)


ABORTED, EXISTS = _error(exceptions.Aborted), _error(exceptions.AlreadyExists)
CHANGED = _error(exceptions.FailedPrecondition)


@dataclass
class Place:
    """A document's name, or what is there."""

    path: str
    update_time: object = None
    exists: bool = True

    @property
    def reference(self) -> Place:
        return self


@dataclass
class Client:
    """Firestore's client, which refuses each commit; these documents are there, in these versions."""

    error: Error
    there: Mapping[str, object] = field(default_factory=dict)
    path: str = ""

    def batch(self) -> Client:
        return self

    def commit(self, **_options: object) -> None:
        raise self.error()

    create = update = lambda self, *_arguments: None
    write_option = staticmethod(lambda **_condition: None)

    def collection(self, name: str) -> Client:
        return Client(self.error, self.there, name)

    def document(self, name: str) -> Place:
        return Place(f"{self.path}/{name}")

    def get_all(self, places: list[Place], *_fields: object, **_options: object) -> list[Place]:
        return [Place(place.path, self.there.get(place.path), place.path in self.there) for place in places]


def _refused(client: Client, *writes: Write) -> RelayError:
    store = FirestoreStore(
        project="p",
        database="(default)",
        collection="c",
        clock=FakeClock(NOW),
        timers=MemoryTimers(),
        make_client=lambda: client,
    )
    with pytest.raises(RelayError) as raised:
        store.commit(writes, [], **LIMIT)
    return raised.value


@pytest.mark.parametrize("error", [EXISTS, ABORTED], ids=["exists", "aborted"])
def test_of_several_new_documents_the_one_that_is_there_is_named(error: Error) -> None:
    refused = _refused(Client(error, {"c-codes/K71": "v7"}), Write(RELAY), Write(THREAD), Write(CODE))
    assert isinstance(refused, AlreadyStored)
    assert (refused.kind, refused.record_id) == ("code", "K71")


def test_new_documents_that_were_held_and_are_not_there_are_no_conflict() -> None:
    """Nothing would come of reading them: the caller tries again later."""
    assert isinstance(_refused(Client(ABORTED), Write(RELAY), Write(THREAD)), StoreUnavailable)


def test_one_new_document_that_was_held_is_no_conflict() -> None:
    assert isinstance(_refused(Client(ABORTED), Write(RELAY)), StoreUnavailable)


@pytest.mark.parametrize("error", [CHANGED, ABORTED, EXISTS], ids=["changed", "aborted", "exists"])
def test_a_document_that_has_changed_is_named_with_its_kind(error: Error) -> None:
    there = {"c-threads/t1": "v2", f"c/{sid(1)}": "v1"}
    refused = _refused(Client(error, there), Write(RELAY, "v1"), Write(CODE), Write(THREAD, "v1"))
    assert isinstance(refused, VersionConflict)
    assert (refused.kind, refused.record_id) == ("thread", "t1")


def test_where_none_has_changed_one_that_presumes_a_version_is_named() -> None:
    there = {"c-threads/t1": "v1"}
    refused = _refused(Client(ABORTED, there), Write(RELAY), Write(THREAD, "v1"))
    assert isinstance(refused, Conflict)
    assert (type(refused), refused.record_id) == (VersionConflict, "t1")
