"""A relay's write as Eventarc would hand it over, for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from google.events.cloud.firestore_v1 import DocumentEventData
from relay.documents import to_document
from relay.model import Relay

_pb = DocumentEventData.pb()


def written(before: Relay | None, after: Relay | None) -> bytes:
    """The protobuf of a `document.v1.written` event."""
    message = _pb()
    for field, relay in (("old_value", before), ("value", after)):
        if relay is not None:
            document = getattr(message, field)
            document.name = f"projects/p/databases/(default)/documents/relays/{relay.message_id}"
            for name, value in to_document(relay).items():
                _fill(document.fields[name], value)
    return message.SerializeToString()


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
    elif isinstance(value, dict):
        target.map_value.SetInParent()
        for name, item in value.items():
            _fill(target.map_value.fields[name], item)
    else:
        target.array_value.SetInParent()
        for item in value:
            _fill(target.array_value.values.add(), item)
