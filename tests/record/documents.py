"""A relay's write as Eventarc would hand it over, for tests."""

from __future__ import annotations

from relay.core.model import Relay
from relay.record.documents import Document, to_document

_NAME = "projects/p/databases/(default)/documents/relays/one"


def written(before: Relay | None, after: Relay | None) -> bytes:
    """The protobuf of a `document.v1.written` event."""
    return written_as(to_document(before) if before else None, to_document(after) if after else None)


def written_as(before: Document | None, after: Document | None) -> bytes:
    """The same of documents that are not this revision's."""
    # Heavy, and needed by few of the tests that are loaded together with this.
    from google.cloud.firestore_v1 import _helpers, types

    from scripts.local_google.eventarc import encode

    def stored(document: Document | None) -> types.Document | None:
        return None if document is None else types.Document(name=_NAME, fields=_helpers.encode_dict(document))

    return encode(stored(before), stored(after))
