"""A relay's document as JSON text in an SQLite row, times in ISO 8601 to the microsecond."""

from __future__ import annotations

import json
from datetime import datetime

from relay.core.model import Relay
from relay.record.documents import Document, from_document, plain, require_known_version

_TIMES = ("timestamp", "expires_at", "due_at", "delivery_confirmed_at")
_ATTEMPT_TIMES = ("starts_at", "lease_until", "deadline_at")


def encode(document: Document) -> str:
    """Returns a relay's document as the file keeps it."""
    return json.dumps(document, default=plain, separators=(",", ":"))


def decode(text: str) -> Relay:
    """Returns the relay in a row's document. Raises what from_document does."""
    document: Document = json.loads(text)
    require_known_version(document)
    _read_times(document, _TIMES)
    for attempt in document.get("attempts", ()):
        _read_times(attempt, _ATTEMPT_TIMES)
    for entry in document.get("error_log", ()):
        _read_times(entry, ("at",))
    return from_document(document)


def _read_times(document: Document, names: tuple[str, ...]) -> None:
    for name in names:
        text = document.get(name)
        if text is not None:
            document[name] = datetime.fromisoformat(text)
