"""A Firestore document write as Eventarc hands it over: the relay before and after.

Source: google.events.cloud.firestore.v1.DocumentEventData, sent as protobuf (content type application/protobuf).
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

from relay.core.model import Relay
from relay.errors import NewerRecord, Unreadable
from relay.record.documents import from_document
from relay.record.reading import readable


def relays_of(data: bytes) -> tuple[Relay | None, Relay | None]:
    """Returns the relay before and after the write; None where there was or is none (created, deleted).

    Raises NewerRecord when it is of a later version now, Unreadable when what is stored now is no relay, ValueError
    when the event is not one of Firestore's.
    """
    from google.events.cloud.firestore_v1 import DocumentEventData  # heavy; only this function needs it
    from google.protobuf.message import DecodeError

    message = DocumentEventData.pb()()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise ValueError("not a Firestore event") from error
    after = _relay(message.value) if message.HasField("value") else None
    before = None
    # After a newer one only its removal can follow, of which there is nothing to tell. After one that could not be read
    # all of the trail is told: subscribers know by its ids what they have had.
    with contextlib.suppress(NewerRecord, Unreadable):
        before = _relay(message.old_value) if message.HasField("old_value") else None
    return before, after


def _relay(document: Any) -> Relay | None:
    def read() -> Relay | None:
        fields = {name: _plain(value) for name, value in document.fields.items()}
        return from_document(fields) if fields else None

    return readable(document.name.rpartition("/")[2], read)


def _plain(value: Any) -> Any:
    """Returns a Firestore value as plain Python. Bytes, references and places never occur in a relay."""
    kind = value.WhichOneof("value_type")
    if kind == "map_value":
        return {name: _plain(item) for name, item in value.map_value.fields.items()}
    if kind == "array_value":
        return [_plain(item) for item in value.array_value.values]
    if kind == "timestamp_value":
        return _time(value.timestamp_value)
    if kind in (None, "null_value"):
        return None
    return getattr(value, kind)


def _time(value: Any) -> datetime:
    # Microseconds are all that Firestore keeps; a float of seconds would already round them.
    return datetime.fromtimestamp(value.seconds, UTC).replace(microsecond=value.nanos // 1000)
