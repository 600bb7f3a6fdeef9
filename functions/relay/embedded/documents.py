"""Documents as JSON text in an SQLite row, times in ISO 8601 to the microsecond."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from typing import Any

from relay.core.model import Attempt, Relay, TrailEntry
from relay.core.threads.model import Shown
from relay.record import thread_documents
from relay.record.documents import DOCUMENT_BYTES_MAX, Document, from_document, plain, require_known_version
from relay.record.kinds import Kind


def _times(kind: type) -> tuple[str, ...]:
    """Returns the fields of a class that are times; a document has them by the same names."""
    # Types are texts here: every module postpones their evaluation.
    return tuple(field.name for field in fields(kind) if "datetime" in str(field.type))


_TIMES, _ATTEMPT_TIMES, _ENTRY_TIMES = _times(Relay), _times(Attempt), _times(TrailEntry)
_TIMES_OF = {kind: _times(record) for kind, record in thread_documents.CLASSES.items()}
_SHOWN_TIMES = _times(Shown)


def encode(document: Document) -> str:
    """Returns a document as the file keeps it. Raises ValueError when it is not to be kept, in words."""
    text = json.dumps(document, default=plain, separators=(",", ":"), ensure_ascii=False)
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise ValueError("it holds text that is no Unicode") from None
    if size > DOCUMENT_BYTES_MAX:
        raise ValueError(f"it is larger than {DOCUMENT_BYTES_MAX} bytes")
    return text


def marked(text: str, because: str) -> str:
    """Returns a row's document with the mark of a relay that was set aside; as it is where it is no JSON object."""
    try:
        document = json.loads(text)
        document |= {"set_aside_because": because, "due_at": None}
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return text


def decode(text: str) -> Relay:
    """Returns the relay in a row's document. Raises what from_document does."""
    document: Document = json.loads(text)
    require_known_version(document)
    _read_times(document, _TIMES)
    for attempt in document.get("attempts", ()):
        _read_times(attempt, _ATTEMPT_TIMES)
    for entry in document.get("error_log", ()):
        _read_times(entry, _ENTRY_TIMES)
    return from_document(document)


def decode_record(kind: Kind, text: str) -> Any:
    """Returns the record of a thread in a row's document. Raises what thread_documents.from_document does."""
    document: Document = json.loads(text)
    thread_documents.require_known_version(document)
    _read_times(document, _TIMES_OF[kind])
    for each in document.get("shown", ()):
        _read_times(each, _SHOWN_TIMES)
    return thread_documents.from_document(kind, document)


def _read_times(document: Document, names: tuple[str, ...]) -> None:
    for name in names:
        text = document.get(name)
        if text is not None:
            document[name] = datetime.fromisoformat(text)
