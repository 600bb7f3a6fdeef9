"""Where records stand in Firestore: a collection for each kind, a document for each record."""

from __future__ import annotations

from typing import Any, Final, Literal
from urllib.parse import quote

from relay.google.calls import LazyClient
from relay.record.kinds import Key, Kind

# The collection of what is kept of operators, records of all kinds (operator_records.py).
OPERATORS: Final = "operators"
Place = Kind | Literal["operators"]

# What follows the name of the relays' collection. Beside these stands `-watermarks` (marks.py).
SUFFIXES: dict[Place, str] = {
    Kind.RELAY: "",
    Kind.THREAD: "-threads",
    Kind.CODE: "-codes",
    Kind.OPT_OUT: "-opt-outs",
    Kind.PERSON: "-people",
    OPERATORS: "-operators",
}


class Places:
    """The collections that belong to one collection of relays."""

    def __init__(self, client: LazyClient, relays: str) -> None:
        self._client = client
        self._relays = relays

    def collection(self, place: Place) -> Any:
        return self._client.get().collection(f"{self._relays}{SUFFIXES[place]}")

    def document(self, key: Key) -> Any:
        kind, record_id = key
        return self.collection(kind).document(_name(record_id) if kind is Kind.PERSON else record_id)

    def operator(self, kind: str, key: str) -> Any:
        """Returns the document of a record of an operator."""
        return self.collection(OPERATORS).document(f"{kind}:{key}")


def _name(person: str) -> str:
    """Returns a document's name for a person's id, which may hold what no name may: slashes, dots alone."""
    return quote(person, safe="").replace(".", "%2E").replace("_", "%5F")
