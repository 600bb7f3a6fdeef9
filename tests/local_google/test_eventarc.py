"""The stand-in for Eventarc: what is written to the emulator reaches the function, until it answers 2xx."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

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
    _rpc_metadata = ()

    def __init__(self) -> None:
        self.there: list[types.Document] = []
        self._firestore_api = self

    def list_documents(self, **_options: object) -> list[types.Document]:
        return self.there


def document(number: int, second: int = 0) -> types.Document:
    at = datetime(2026, 3, 4, 5, 6, second, tzinfo=UTC)
    name = f"projects/p/databases/(default)/documents/relays/SM{number}"
    return types.Document(name=name, create_time=at, update_time=at)


def sent(*parts: types.Document | str) -> Iterator[types.ListenResponse]:
    """What a listener is sent: documents, and changes of its target by their names."""
    for part in parts:
        if isinstance(part, str):
            yield types.ListenResponse(target_change={"target_change_type": part})
        else:
            yield types.ListenResponse(document_change=types.DocumentChange(document=part))


def told(stand_in: EventarcStandIn) -> list[str]:
    waiting = [stand_in._waiting.get_nowait() for _ in range(stand_in._waiting.qsize())]
    return [each[0] for each in waiting if each is not None]


def test_what_a_listener_is_not_sent_is_told_all_the_same_and_what_is_there_is_not_told_as_deleted() -> None:
    client = Client()
    stand_in = EventarcStandIn(client, "relays", "http://127.0.0.1:9/")  # type: ignore[arg-type]
    client.there = [document(1), document(2), document(3)]
    stand_in._follow(sent(document(1), document(2), "CURRENT"))
    assert told(stand_in) == ["SM1", "SM2", "SM3"]
    client.there = [document(1), document(3, second=7)]
    # The first two were sent before the reset, of the collection that the write of the third made an earlier one.
    mixed = (document(1), document(2), "RESET", document(3, second=6), "CURRENT")
    stand_in._follow(sent(*mixed, document(1), document(2), document(3, second=6)))
    assert told(stand_in) == ["SM3", "SM2", "SM3"]
