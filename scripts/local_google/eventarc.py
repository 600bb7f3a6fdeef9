"""Eventarc's part on this machine: tells a function of every document written in a collection of the emulator.

The Firestore emulator triggers nothing by itself. This listens to the collection and POSTs the same CloudEvent that
Eventarc would (binary mode, protobuf body), again and again until the function answers 2xx. Two differences remain:
writes in quick succession may be told as one, with both documents far apart; and after a start everything stored is
told once more. Both are within what a subscriber must bear anyway.

The emulator ends a listener when it is short of memory, and Google's client takes that for good. The listener is set
up anew then, and whatever was written meanwhile is told from how it had been.
"""

from __future__ import annotations

import queue
import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests
from google.cloud import firestore
from google.events.cloud.firestore_v1 import DocumentEventData

EVENT_TYPE = "google.cloud.firestore.document.v1.written"
_TIMEOUT_SECONDS = 30.0
_BACKOFF_FIRST_SECONDS, _BACKOFF_MAX_SECONDS = 0.2, 10.0
_LISTENING_SECONDS_MAX = 60.0
_LOOK_SECONDS = 0.5

_pb = DocumentEventData.pb()
Document = Mapping[str, Any]


def encode(name: str, before: Document | None, after: Document | None) -> bytes:
    """The protobuf of one write. `name` is the document's full resource name."""
    message = _pb()
    for field, document in (("old_value", before), ("value", after)):
        if document is not None:
            target = getattr(message, field)
            target.name = name
            for key, value in document.items():
                _fill(target.fields[key], value)
    data: bytes = message.SerializeToString()
    return data


def _fill(target: Any, value: Any) -> None:
    if value is None:
        target.null_value = 0
    elif isinstance(value, bool):
        target.boolean_value = value
    elif isinstance(value, int):
        target.integer_value = value
    elif isinstance(value, float):
        target.double_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, datetime):
        target.timestamp_value.FromDatetime(value)
    elif isinstance(value, Mapping):
        target.map_value.SetInParent()
        for key, item in value.items():
            _fill(target.map_value.fields[key], item)
    else:
        target.array_value.SetInParent()
        for item in value:
            _fill(target.array_value.values.add(), item)


class EventarcStandIn:
    """Delivers the writes of one collection to one URL, in the order in which they are seen."""

    def __init__(self, client: firestore.Client, collection: str, url: str) -> None:
        self._collection = client.collection(collection)
        self._source = f"//firestore.googleapis.com/projects/{client.project}/databases/(default)"
        self._url = url
        self._waiting: queue.Queue[tuple[str, bytes] | None] = queue.Queue()
        self._stopping = threading.Event()
        self._listening = threading.Event()
        self._known: dict[str, dict[str, Any]] = {}
        self._watch: Any = None
        self._is_first_snapshot = True
        self._worker = threading.Thread(target=self._deliver_all, name="eventarc", daemon=True)
        self._guard = threading.Thread(target=self._keep_listening, name="eventarc-listener", daemon=True)

    def start(self) -> None:
        """Listen; every write after the return is told. Raises TimeoutError when the emulator does not answer."""
        self._worker.start()
        self._listen()
        # The emulator loses a write that is made while a listener is being set up; the first snapshot, which may be
        # empty, says that this is over.
        if not self._listening.wait(_LISTENING_SECONDS_MAX):
            self.stop()
            raise TimeoutError(f"The Firestore emulator did not answer a listener within {_LISTENING_SECONDS_MAX:g} s.")
        self._guard.start()

    def stop(self) -> None:
        """Stop listening; what was not delivered yet is told again after the next start."""
        self._stopping.set()
        if self._guard.is_alive():
            self._guard.join()
        if self._watch is not None:
            self._watch.unsubscribe()
        self._waiting.put(None)
        self._worker.join()

    def _listen(self) -> None:
        self._is_first_snapshot = True
        self._watch = self._collection.on_snapshot(self._seen)

    def _keep_listening(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            if not self._watch.is_active:
                self._listen()

    def _seen(self, documents: Any, changes: Any, _read_time: Any) -> None:
        if self._is_first_snapshot:
            self._is_first_snapshot = False
            # What was there before and is not any more was deleted while this watcher did not listen.
            for gone in self._known.keys() - {document.id for document in documents}:
                self._tell(gone, None)
        for change in changes:
            self._tell(change.document.id, None if change.type.name == "REMOVED" else change.document.to_dict())
        self._listening.set()

    def _tell(self, document_id: str, after: dict[str, Any] | None) -> None:
        before = self._known.pop(document_id, None)
        if after is not None:
            self._known[document_id] = after
        if after != before:
            name = self._collection.document(document_id)._document_path
            self._waiting.put((document_id, encode(name, before, after)))

    def _deliver_all(self) -> None:
        with requests.Session() as session:
            while (waiting := self._waiting.get()) is not None:
                self._deliver(session, *waiting)

    def _deliver(self, session: requests.Session, document_id: str, data: bytes) -> None:
        headers = {
            "ce-specversion": "1.0",
            "ce-id": str(uuid.uuid4()),
            "ce-source": self._source,
            "ce-subject": f"documents/{self._collection.id}/{document_id}",
            "ce-type": EVENT_TYPE,
            "ce-time": datetime.now(UTC).isoformat(),
            "Content-Type": "application/protobuf",
        }
        backoff = _BACKOFF_FIRST_SECONDS
        while not self._stopping.is_set():
            try:
                if session.post(self._url, data=data, headers=headers, timeout=_TIMEOUT_SECONDS).ok:
                    return
            except requests.RequestException:
                pass  # the function is not up (yet): the same event comes again
            self._stopping.wait(backoff)
            backoff = min(backoff * 2, _BACKOFF_MAX_SECONDS)
