"""Marks: the few small documents beside the relays that say how far the relay's own work has come."""

from __future__ import annotations

from typing import Any

from relay.google import clients
from relay.google.calls import Deadline, LazyClient, call, checked, unavailable

# Firestore's errors that mean that a document was not as the write presumed.
_OTHER = frozenset({"AlreadyExists", "FailedPrecondition", "NotFound", "Aborted"})


class Marks:
    """Watermarks and bookmarks in a collection of their own: a document for each name."""

    def __init__(self, client: LazyClient, collection: str) -> None:
        self._client = client
        self._collection = collection

    def get(self, name: str, field: str, timeout_seconds: float) -> Any:
        """Returns what was set under this name, or None. Raises StoreUnavailable."""
        checked(self._client.get)
        return _content(self._read(name, Deadline(timeout_seconds)), field)

    def set(self, name: str, field: str, value: object, timeout_seconds: float) -> None:
        """Set the value under this name. Raises StoreUnavailable."""
        document, deadline = self._document(name), Deadline(timeout_seconds)
        checked(lambda: call(lambda seconds: document.set({field: value}, retry=None, timeout=seconds), deadline))

    def swap(self, name: str, field: str, before: object, after: object, timeout_seconds: float) -> bool:
        """Set the value if it is `before` (None: none is set). Returns whether it was. Raises StoreUnavailable."""
        client = checked(self._client.get)
        deadline = Deadline(timeout_seconds)
        stored = self._read(name, deadline)
        if _content(stored, field) != before:
            return False
        document, content = stored.reference, {field: after}

        def write(seconds: float) -> None:
            if stored.exists:
                as_read = client.write_option(last_update_time=stored.update_time)
                document.update(content, as_read, retry=None, timeout=seconds)
            else:
                document.create(content, retry=None, timeout=seconds)

        try:
            call(write, deadline)
        except clients.google_errors() as error:
            if type(error).__name__ in _OTHER:
                return False
            raise unavailable(error) from error
        return True

    def _document(self, name: str) -> Any:
        checked(self._client.get)  # loading the client library is not part of any timeout
        return self._client.get().collection(self._collection).document(name)

    def _read(self, name: str, deadline: Deadline) -> Any:
        document = self._document(name)
        return checked(lambda: call(lambda seconds: document.get(retry=None, timeout=seconds), deadline))


def _content(stored: Any, field: str) -> Any:
    """Returns the value; None where none is set, or an empty text."""
    return (stored.get(field) or None) if stored.exists else None
