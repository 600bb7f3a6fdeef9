"""The stand-in for Eventarc: what is written to the emulator reaches the function, until it answers 2xx."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from relay.core.model import Relay
from relay.google.trigger import relays_of
from relay.record.documents import to_document
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from scripts.local_google.eventarc import EVENT_TYPE, EventarcStandIn
from tests.record.test_relay_events import exhausted, received

Told = tuple[Relay | None, Relay | None]
PATIENCE_SECONDS = 120.0
CHANGE = types.TargetChange.TargetChangeType


class Function:
    """A function's URL that refuses the first `refusals` calls."""

    def __init__(self) -> None:
        self.refusals = 0
        self.calls = 0
        self.told: queue.Queue[Told] = queue.Queue()
        self._server = make_server("127.0.0.1", 0, Request.application(self._answer), threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _answer(self, request: Request) -> Response:
        self.calls += 1
        if self.refusals:
            self.refusals -= 1
            return Response(status=500)
        assert request.headers["ce-type"] == EVENT_TYPE
        self.told.put(relays_of(request.get_data()))
        return Response(status=200)

    def close(self) -> None:
        self._server.shutdown()


@pytest.fixture
def function() -> Iterator[Function]:
    function = Function()
    yield function
    function.close()


@pytest.fixture
def stand_in(firestore_project: str, function: Function) -> Iterator[EventarcStandIn]:
    stand_in = EventarcStandIn(firestore.Client(project=firestore_project), "relays", function.url)
    stand_in.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def relays(firestore_project: str, stand_in: EventarcStandIn) -> firestore.CollectionReference:
    return firestore.Client(project=firestore_project).collection("relays")


def test_a_write_is_told_with_the_document_before_and_after(
    relays: firestore.CollectionReference, function: Function
) -> None:
    document = relays.document(received().message_id)
    document.create(to_document(received()))
    assert function.told.get(timeout=PATIENCE_SECONDS) == (None, received())
    document.set(to_document(exhausted()))
    assert function.told.get(timeout=PATIENCE_SECONDS) == (received(), exhausted())
    document.delete()
    assert function.told.get(timeout=PATIENCE_SECONDS) == (exhausted(), None)


def test_a_refused_event_comes_again(relays: firestore.CollectionReference, function: Function) -> None:
    function.refusals = 2
    relays.document(received().message_id).create(to_document(received()))
    assert function.told.get(timeout=PATIENCE_SECONDS) == (None, received())
    assert function.calls == 3


def test_a_listener_that_was_ended_listens_again_and_tells_what_was_written_meanwhile(
    relays: firestore.CollectionReference, stand_in: EventarcStandIn, function: Function
) -> None:
    changed, deleted, untouched = (replace(received(), message_id="SM" + digit * 32) for digit in "123")
    for relay in (changed, deleted, untouched):
        relays.document(relay.message_id).create(to_document(relay))
        assert function.told.get(timeout=PATIENCE_SECONDS) == (None, relay)
    stand_in.interrupt()
    after = replace(exhausted(), message_id=changed.message_id)
    relays.document(changed.message_id).set(to_document(after))
    relays.document(deleted.message_id).delete()
    told = [function.told.get(timeout=PATIENCE_SECONDS) for _ in range(2)]
    assert (changed, after) in told
    assert (deleted, None) in told
    last = replace(received(), message_id="SM" + "4" * 32)
    relays.document(last.message_id).create(to_document(last))
    assert function.told.get(timeout=PATIENCE_SECONDS) == (None, last)


class Client:
    """Firestore's client, as far as it is asked which documents are there."""

    project = "p"

    def __init__(self, *paths: str) -> None:
        self._paths = paths

    def document(self, path: str) -> SimpleNamespace:
        return SimpleNamespace(path=path)

    def get_all(self, documents: Iterable[SimpleNamespace], **_options: object) -> list[SimpleNamespace]:
        return [SimpleNamespace(reference=each, exists=each.path in self._paths) for each in documents]


def test_what_is_missing_where_two_collections_are_mixed_is_told_as_deleted_only_if_it_is() -> None:
    stand_in = EventarcStandIn(Client("relays/SM1", "relays/SM3"), "relays", "http://127.0.0.1:9/")  # type: ignore[arg-type]

    def shown(number: int) -> types.ListenResponse:
        name = f"projects/p/databases/(default)/documents/relays/SM{number}"
        at = datetime(2026, 3, 4, tzinfo=UTC)
        return types.ListenResponse(
            document_change=types.DocumentChange(document=types.Document(name=name, create_time=at, update_time=at))
        )

    def changed(kind: types.TargetChange.TargetChangeType) -> types.ListenResponse:
        return types.ListenResponse(target_change=types.TargetChange(target_change_type=kind))

    def told() -> list[str]:
        return [stand_in._waiting.get_nowait()[0] for _ in range(stand_in._waiting.qsize())]  # type: ignore[index]

    stand_in._follow(iter([*map(shown, (1, 2, 3)), changed(CHANGE.CURRENT)]))
    assert told() == ["SM1", "SM2", "SM3"]
    # The first two were sent before the reset, of the collection that the write of the third made an earlier one.
    stand_in._follow(iter([*map(shown, (1, 2)), changed(CHANGE.RESET), shown(3), changed(CHANGE.CURRENT), shown(1)]))
    assert told() == ["SM2"]
