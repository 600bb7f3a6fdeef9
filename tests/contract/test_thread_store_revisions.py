"""What every store promises of records of threads beside a newer revision that writes more or a later version, and of
those that cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from relay.core.threads.model import OptOut, PersonRecord, Thread, ThreadCode, ThreadRecord
from relay.errors import AlreadyStored, NewerRecord, Unreadable, VersionConflict
from relay.record.kinds import key_of
from relay.record.thread_documents import SCHEMA_VERSION

from tests.contract.conftest import Change, StoreRig
from tests.contract.kept import TIMEOUT, change, ids, put, read, there
from tests.fakes.clock import START
from tests.strategies import later
from tests.thread_records import FULL, a_thread, an_id, shown

RECORDS: dict[str, Callable[[], ThreadRecord]] = {
    "thread": lambda: a_thread(shown=(shown("Ann"), shown("Bob"))),
    "code": lambda: ThreadCode("K71", an_id(), START),
    "opt-out": lambda: OptOut(an_id(), START, "words"),
    "person": lambda: PersonRecord("Ann", "Ann", ("+15550102001",), START),
}
UNREADABLE: dict[str, tuple[str, Change]] = {
    "a field is missing": ("thread", lambda document: document.pop("customer_phone")),
    "a list that is a word": ("thread", lambda document: document.update(shown="Ann")),
    "a part that is a word": ("thread", lambda document: document.update(shown=["Ann"])),
    "a part without its time": ("thread", lambda document: document["shown"][0].pop("at")),
    "a time that is a number": ("thread", lambda document: document.update(touched_at=7)),
    "an owner that is a number": ("thread", lambda document: document.update(owner=7)),
    "a version that is a word": ("thread", lambda document: document.update(schema_version="two")),
    "a code of no thread": ("code", lambda document: document.pop("thread_id")),
    "an opt-out without a cause": ("opt-out", lambda document: document.update(because=None)),
    "a number that is none": ("person", lambda document: document.update(numbers=[7])),
}


def _rewrite(rig: StoreRig, record: Any, change: Change) -> None:
    assert rig.rewrite_kept is not None
    rig.rewrite_kept(key_of(record), change)


def _raise_version(document: dict[str, Any]) -> None:
    document["schema_version"] = SCHEMA_VERSION + 1
    document["x_shape"] = "another"


@pytest.mark.parametrize("kind", sorted(FULL))
def test_what_a_newer_revision_added_is_written_back(document_rig: StoreRig, kind: str) -> None:
    rig, record = document_rig, RECORDS[kind]()
    put(rig, record)

    def add(document: dict[str, Any]) -> None:
        document["x_next"] = {"more": [1, {"deep": "er"}]}
        for part in document.get("shown", ()):
            part["x_way"] = "call"

    _rewrite(rig, record, add)
    found = there(rig, record)
    assert dict(found.record.rest) == {"x_next": {"more": [1, {"deep": "er"}]}}
    changed = replace(found.record, rest=found.record.rest)
    if isinstance(changed, Thread):
        changed = replace(changed, owner="Ann", shown=(*changed.shown[:1], shown("Cy"), *changed.shown[1:]))
    change(rig, changed, found.version)
    assert rig.kept_document is not None
    document = rig.kept_document(key_of(record))
    assert document["x_next"] == {"more": [1, {"deep": "er"}]}
    assert there(rig, record).record == changed
    if kind == "thread":
        assert [part.get("x_way") for part in document["shown"]] == ["call", None, "call"]


def test_a_record_of_a_later_version_is_left_alone_with_an_alarm(document_rig: StoreRig) -> None:
    rig, mine, newer = document_rig, a_thread(shown=(shown("Ann"),)), a_thread(shown=(shown("Ann"),))
    _, version = put(rig, mine, newer)
    _rewrite(rig, newer, _raise_version)
    with pytest.raises(NewerRecord):
        read(rig, newer)
    assert ids(rig.store.threads_shown_to("Ann", later(-1), 5, timeout_seconds=TIMEOUT)) == [mine.thread_id]
    assert ids(rig.store.open_threads(5, timeout_seconds=TIMEOUT).threads) == [mine.thread_id]
    assert {told for told, _ in rig.journal.left} == {f"thread {newer.thread_id}"}
    with pytest.raises(AlreadyStored):
        put(rig, newer)
    with pytest.raises(VersionConflict):
        change(rig, replace(newer, owner="Ann"), version)
    _rewrite(rig, newer, lambda document: document.update(schema_version=SCHEMA_VERSION))
    assert there(rig, newer).record == replace(newer, rest=(("x_shape", "another"),))


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_record_that_cannot_be_read_is_named_with_an_alarm_and_hides_no_other(rig: StoreRig, name: str) -> None:
    kind, spoil = UNREADABLE[name]
    record, sound = RECORDS[kind](), a_thread(shown=(shown("Ann"),))
    put(rig, record, sound)
    assert rig.spoil_kept is not None
    rig.spoil_kept(key_of(record), spoil)
    with pytest.raises(Unreadable) as unreadable:
        read(rig, record)
    assert unreadable.value.reason.startswith("its record cannot be read")
    assert "+1555" not in str(unreadable.value)
    assert ids(rig.store.threads_shown_to("Ann", later(-1), 5, timeout_seconds=TIMEOUT)) == [sound.thread_id]
    assert ids(rig.store.open_threads(5, timeout_seconds=TIMEOUT).threads) == [sound.thread_id]
    assert [kept.record for kept in rig.store.people(5, timeout_seconds=TIMEOUT)] == []
    assert {told for told, _ in rig.journal.aside} == {" ".join(key_of(record))}
    with pytest.raises(AlreadyStored):
        put(rig, record)
