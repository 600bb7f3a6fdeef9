"""Eventarc's part on this machine: tells a function of every document written in a collection of the emulator.

The Firestore emulator triggers nothing by itself. This listens to the collection and POSTs the same CloudEvent that
Eventarc would (binary mode, protobuf body), again and again until the function answers 2xx. Two differences remain:
writes in quick succession may be told as one, with both documents far apart; and after a start everything stored is
told once more. Both are within what a subscriber must bear anyway.

The emulator answers every write with the whole collection (RESET, all documents, CURRENT). So this listens by the RPC
itself and passes what it knows by its update time: Google's client would decode and sort everything at each write.
"""

from __future__ import annotations

import queue
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import requests
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.events.cloud.firestore_v1 import DocumentEventData

EVENT_TYPE = "google.cloud.firestore.document.v1.written"
_TIMEOUT_SECONDS = 30.0
_BACKOFF_FIRST_SECONDS, _BACKOFF_MAX_SECONDS = 0.2, 10.0
_LISTENING_SECONDS_MAX = 60.0
_LISTEN_AGAIN_SECONDS = 0.5
_PAGE_SIZE = 300
_TARGET = 1

_Change = types.TargetChange.TargetChangeType


def encode(before: types.Document | None, after: types.Document | None) -> bytes:
    """Returns the protobuf of one write: the document before and after it, None where there was or is none."""
    message = DocumentEventData.pb()()
    for field, document in (("old_value", before), ("value", after)):
        if document is not None:
            # Two packages of Google's define the document, with the same fields under the same numbers.
            getattr(message, field).ParseFromString(types.Document.serialize(document))
    data: bytes = message.SerializeToString()
    return data


class EventarcStandIn:
    """Delivers the writes of one collection to one URL, in the order in which they are seen."""

    def __init__(self, client: firestore.Client, collection: str, url: str) -> None:
        self._client = client
        self._collection = collection
        self._database = f"projects/{client.project}/databases/(default)"
        self._url = url
        self._waiting: queue.Queue[tuple[str, bytes] | None] = queue.Queue()
        self._stopping = threading.Event()
        self._listening = threading.Event()
        self._known: dict[str, types.Document] = {}
        # When each was written last, also those that are gone: what is sent late is no news.
        self._newest: dict[str, datetime] = {}
        self._stream: Any = None
        self._worker = threading.Thread(target=self._deliver_all, name="eventarc", daemon=True)
        self._listener = threading.Thread(target=self._keep_listening, name="eventarc-listener", daemon=True)

    def start(self) -> None:
        """Listen; every write after the return is told. Raises TimeoutError when the emulator does not answer."""
        self._worker.start()
        self._listener.start()
        # The first whole collection, which may be empty, says that the listener is set up.
        if not self._listening.wait(_LISTENING_SECONDS_MAX):
            self.stop()
            raise TimeoutError(f"The Firestore emulator did not answer a listener within {_LISTENING_SECONDS_MAX:g} s.")

    def stop(self) -> None:
        """Stop listening; what was not delivered yet is told again after the next start."""
        self._stopping.set()
        while self._listener.is_alive():  # it may just be setting up another stream
            self.interrupt()
            self._listener.join(_LISTEN_AGAIN_SECONDS)
        self._waiting.put(None)
        self._worker.join()

    def interrupt(self) -> None:
        """End the listener, as the emulator does when it is short of memory. It is set up anew, and what was written
        meanwhile is told from how it had been."""
        if self._stream is not None:
            self._stream.cancel()

    def _keep_listening(self) -> None:
        while not self._stopping.is_set():
            ended = threading.Event()
            try:
                # Without the client's own retries, which go on for a day after the emulator has ended.
                self._stream = self._client._firestore_api.listen(
                    requests=self._requests(ended), metadata=self._client._rpc_metadata, retry=None
                )
                self._follow(self._stream)
            except GoogleAPICallError:
                pass  # interrupted, or the emulator is busy: listen anew
            finally:
                ended.set()
            self._stopping.wait(_LISTEN_AGAIN_SECONDS)

    def _requests(self, ended: threading.Event) -> Iterator[types.ListenRequest]:
        """Yields the one request, and ends only with the listener: the emulator would take the end for a good-bye."""
        selector = types.StructuredQuery.CollectionSelector(collection_id=self._collection)
        query = types.Target.QueryTarget(
            parent=f"{self._database}/documents", structured_query=types.StructuredQuery(from_=[selector])
        )
        yield types.ListenRequest(database=self._database, add_target=types.Target(target_id=_TARGET, query=query))
        ended.wait()

    def _follow(self, stream: Iterator[types.ListenResponse]) -> None:
        """Tell of every difference to what is known; what a whole collection does not hold may have been deleted."""
        whole: set[str] | None = set()
        is_new = True
        for response in stream:
            change = response.target_change.target_change_type if "target_change" in response else None
            if change == _Change.RESET:
                whole = set()
            elif change == _Change.CURRENT:
                # Nor is that whole: what is written while a listener is set up may be missing, and be told to none. A
                # write in between mixes two collections, and what was sent of the first is missing in the second.
                if is_new or (whole is not None and self._known.keys() - whole):
                    self._look()
                whole, is_new = None, False
                self._listening.set()
            elif "document_change" in response:
                document = response.document_change.document
                self._tell(document.name, document)
                if whole is not None:
                    whole.add(document.name)
            elif "document_delete" in response:
                self._tell(response.document_delete.document, None)

    def _look(self) -> None:
        """Tell of every difference between what is known and what is there now."""
        request = types.ListDocumentsRequest(
            parent=f"{self._database}/documents", collection_id=self._collection, page_size=_PAGE_SIZE
        )
        there = {
            document.name: document
            for document in self._client._firestore_api.list_documents(
                request=request, metadata=self._client._rpc_metadata, retry=None, timeout=_TIMEOUT_SECONDS
            )
        }
        for gone in self._known.keys() - there.keys():
            self._tell(gone, None)
        for name, document in there.items():
            self._tell(name, document)

    def _tell(self, name: str, after: types.Document | None) -> None:
        if after is not None:
            if name in self._newest and after.update_time <= self._newest[name]:
                return
            self._newest[name] = after.update_time
        before = self._known.pop(name, None)
        if after is not None:
            self._known[name] = after
        if before is not None or after is not None:
            self._waiting.put((name.rpartition("/")[2], encode(before, after)))

    def _deliver_all(self) -> None:
        with requests.Session() as session:
            while (waiting := self._waiting.get()) is not None:
                self._deliver(session, *waiting)

    def _deliver(self, session: requests.Session, document_id: str, data: bytes) -> None:
        headers = {
            "ce-specversion": "1.0",
            "ce-id": str(uuid.uuid4()),
            "ce-source": f"//firestore.googleapis.com/{self._database}",
            "ce-subject": f"documents/{self._collection}/{document_id}",
            "ce-type": EVENT_TYPE,
            "ce-time": datetime.now(UTC).isoformat(),
            "Content-Type": "application/protobuf",
        }
        backoff = _BACKOFF_FIRST_SECONDS
        while not self._stopping.is_set():
            try:
                if session.post(
                    self._url, data=data, headers=headers, timeout=_TIMEOUT_SECONDS, allow_redirects=False
                ).ok:
                    return
            except requests.RequestException:
                pass  # the function is not up (yet): the same event comes again
            self._stopping.wait(backoff)
            backoff = min(backoff * 2, _BACKOFF_MAX_SECONDS)
