"""A relay's write as Eventarc would hand it over, for tests."""

from __future__ import annotations

from relay.core.model import Relay
from relay.record.documents import to_document

from scripts.local_google.eventarc import encode


def written(before: Relay | None, after: Relay | None) -> bytes:
    """The protobuf of a `document.v1.written` event."""
    name = "projects/p/databases/(default)/documents/relays/one"
    return encode(name, to_document(before) if before else None, to_document(after) if after else None)
