"""Records of threads as documents: the field names, which both homes share.

Every field that this revision knows is written each time, set or not, so that nothing stays behind in a store whose
updates leave out what they do not name. Fields that it does not know are kept and written back, as a relay's are
(documents.py); here too only a later `schema_version` is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, fields
from typing import Any

from relay.core.foreign import Rest
from relay.core.threads.model import OptOut, PersonRecord, Shown, Thread, ThreadCode, ThreadRecord
from relay.errors import NewerRecord
from relay.record.documents import Document
from relay.record.kinds import Kind, expires_at
from relay.record.shape import WrongType, require_types

# Rises only when the meaning of something already written changes, in any of the kinds.
SCHEMA_VERSION = 1

CLASSES: dict[Kind, type[Any]] = {
    Kind.THREAD: Thread,
    Kind.CODE: ThreadCode,
    Kind.OPT_OUT: OptOut,
    Kind.PERSON: PersonRecord,
}
# What a document says beside its record's own fields, for the stores: until when it is kept, by whom it is found.
_OF_STORES = ("schema_version", "expires_at", "shown_persons")
_OWN = {kind: tuple(each.name for each in fields(kind) if each.name != "rest") for kind in (*CLASSES.values(), Shown)}
_REQUIRED = {
    kind: frozenset(each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING)
    for kind in _OWN
}
# Whose values a document has as a list.
_LISTS = ("shown", "numbers")


def to_document(record: ThreadRecord) -> Document:
    """Returns the document of a record."""
    document: Document = {"schema_version": SCHEMA_VERSION, **_own_fields(record), "expires_at": expires_at(record)}
    if isinstance(record, Thread):
        document["shown"] = [{**_own_fields(each), **dict(each.rest)} for each in record.shown]
        document["shown_persons"] = sorted({each.person for each in record.shown})
    if isinstance(record, PersonRecord):
        document["numbers"] = list(record.numbers)
    return {**document, **dict(record.rest)}


def require_known_version(document: Document) -> None:
    """Raises NewerRecord for a document of a later version: before anything else of it is read."""
    version = document.get("schema_version", SCHEMA_VERSION)
    if version > SCHEMA_VERSION:
        raise NewerRecord(version)


def from_document(kind: Kind, document: Document) -> Any:
    """Returns the record of a document of this kind.

    Raises NewerRecord when it is of a later version, KeyError, TypeError or ValueError when it is not one of ours.
    """
    require_known_version(document)
    record = _made(CLASSES[kind], document)
    require_types([record])
    if isinstance(record, Thread):
        require_types(record.shown)
    if isinstance(record, PersonRecord) and not all(isinstance(number, str) for number in record.numbers):
        raise WrongType("numbers is not made of texts")
    return record


def _own_fields(value: Any) -> Document:
    return {name: getattr(value, name) for name in _OWN[type(value)]}


def _made(kind: type[Any], document: Document) -> Any:
    """Returns the value of a class in a document; what is missing has the class's default. Raises KeyError."""
    own = _OWN[kind]
    values = {name: document[name] for name in own if name in document or name in _REQUIRED[kind]}
    for name in _LISTS:
        if name in values:
            values[name] = tuple(_items(name, values[name]))
    return kind(**values, rest=_rest(document, own))


def _items(name: str, values: Any) -> Iterable[Any]:
    if not isinstance(values, list):
        raise WrongType(f"{name} is no list")
    return [_made(Shown, each) for each in values] if name == "shown" else values


def _rest(document: Document, own: tuple[str, ...]) -> Rest:
    """Returns the fields that are not known, by name: stores do not keep their order."""
    return tuple(sorted((name, value) for name, value in document.items() if name not in own + _OF_STORES))
