"""What every store promises of what it can never keep or never read: it is told apart from an outage, named, and keeps
no other relay waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from relay.core.model import Relay
from relay.errors import StoreRefused, Unreadable, VersionConflict
from relay.ports import Search, Stored, UnreadableRelay, Write
from relay.record.documents import DOCUMENT_BYTES_MAX

from tests.contract.conftest import Change, StoreRig
from tests.strategies import a_relay, a_timer

TIMEOUT = 120.0

HALF_AN_EMOJI = "on my way \ud83d"
REFUSED: dict[str, Callable[[Relay], Relay]] = {
    "larger than a document may be": lambda relay: replace(relay, message_body="x" * (DOCUMENT_BYTES_MAX + 1)),
    "larger by characters of four bytes": lambda relay: replace(relay, message_body="\U0001f6e0" * 300_000),
    "half an emoji in the body": lambda relay: replace(relay, message_body=HALF_AN_EMOJI),
    "half an emoji in a sender": lambda relay: replace(relay, sender_phone=HALF_AN_EMOJI),
    "a value that is no document's": lambda relay: replace(relay, rest=(("x_next", object()),)),
}
UNREADABLE: dict[str, Change] = {
    "a field is missing": lambda document: document.pop("sender_phone"),
    "no tiers": lambda document: document.update(policy=None),
    "a list that is a word": lambda document: document.update(attempts="none"),
    "an attempt that is a word": lambda document: document["attempts"].append("one"),
    "a time that is a word": lambda document: document.update(timestamp="yesterday"),
    "a time in the trail that is a number": lambda document: document["error_log"][0].update(at=7),
    "a number that is a word": lambda document: document["attempts"][0].update(number="one"),
    "a status that is a number": lambda document: document["attempts"][0].update(status=7),
    "an end that is missing": lambda document: document.pop("final_status"),
    "a version that is a word": lambda document: document.update(schema_version="two"),
}


def _due(rig: StoreRig, limit: int = 100) -> list[Stored | UnreadableRelay]:
    return rig.store.due(rig.clock.now() + timedelta(seconds=1), limit, timeout_seconds=TIMEOUT)


def _spoilt(rig: StoreRig, change: Change) -> Relay:
    relay = a_relay()
    rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    assert rig.spoil is not None
    rig.spoil(relay.message_id, change)
    return relay


def _read(rig: StoreRig, relay: Relay) -> Stored:
    stored = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert stored is not None
    return stored


@pytest.mark.parametrize("kind", REFUSED)
def test_what_can_never_be_stored_is_refused_for_good_and_named(rig: StoreRig, kind: str) -> None:
    relay = a_relay()
    with pytest.raises(StoreRefused) as refused:
        rig.store.create(REFUSED[kind](relay), [], timeout_seconds=TIMEOUT)
    assert refused.value.record_id == relay.message_id
    assert rig.store.missing([relay.message_id], timeout_seconds=TIMEOUT) == {relay.message_id}
    version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    with pytest.raises(StoreRefused):
        rig.store.update(REFUSED[kind](relay), version, [a_timer(relay.message_id)], timeout_seconds=TIMEOUT)
    assert _read(rig, relay) == Stored(relay, version)
    assert not [timer for timer in rig.armed() if timer.message_id == relay.message_id]


def test_of_several_documents_none_is_stored_when_one_is_refused_for_good(rig: StoreRig) -> None:
    good, bad = a_relay(), a_relay(message_body=HALF_AN_EMOJI)
    with pytest.raises(StoreRefused):
        rig.store.commit([Write(good), Write(bad)], [], timeout_seconds=TIMEOUT)
    ids = {good.message_id, bad.message_id}
    assert rig.store.missing(sorted(ids), timeout_seconds=TIMEOUT) == ids


@pytest.mark.parametrize("odd", ["a\0b", "\ufffe\uffff", "\U0001f6e0" * 1600, "\ufffd"])
def test_what_is_odd_and_can_be_stored_comes_back_as_it_was(rig: StoreRig, odd: str) -> None:
    relay = a_relay(message_body=odd)
    rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    assert _read(rig, relay).relay.message_body == odd


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_record_that_cannot_be_read_is_named_with_an_alarm_and_hides_no_other(rig: StoreRig, kind: str) -> None:
    first = a_relay(due_at=rig.clock.now() - timedelta(seconds=5))
    rig.store.create(first, [], timeout_seconds=TIMEOUT)
    spoilt = _spoilt(rig, UNREADABLE[kind])
    with pytest.raises(Unreadable) as unreadable:
        rig.store.get(spoilt.message_id, timeout_seconds=TIMEOUT)
    assert unreadable.value.record_id == spoilt.message_id
    due = _due(rig)
    assert [one.relay.message_id for one in due if isinstance(one, Stored)] == [first.message_id]
    assert [one.message_id for one in due if isinstance(one, UnreadableRelay)] == [spoilt.message_id]
    page = rig.store.search(Search(), timeout_seconds=TIMEOUT)
    assert [relay.message_id for relay in page.relays] == [first.message_id]
    assert [message_id for message_id, _ in rig.journal.aside] == [spoilt.message_id]
    assert rig.store.missing([spoilt.message_id], timeout_seconds=TIMEOUT) == set(), "it is stored all the same"


def test_a_record_that_cannot_be_read_is_set_aside_without_being_read(rig: StoreRig) -> None:
    spoilt = _spoilt(rig, UNREADABLE["a time in the trail that is a number"])
    (one,) = _due(rig)
    assert isinstance(one, UnreadableRelay)
    rig.store.set_aside(one.message_id, one.version, one.reason, timeout_seconds=TIMEOUT)
    assert _due(rig) == []
    if rig.document is not None:
        document = rig.document(spoilt.message_id)
        assert document["set_aside_because"] == one.reason
        assert document["error_log"][0]["at"] == 7, "what is wrong with it is left for a person to see"


def test_a_relay_that_is_set_aside_keeps_all_it_holds_and_is_not_due(rig: StoreRig) -> None:
    relay = a_relay()
    version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    rig.store.set_aside(relay.message_id, version, "it is too large", timeout_seconds=TIMEOUT)
    assert _due(rig) == []
    stored = _read(rig, relay)
    assert stored.relay == replace(relay, due_at=None, set_aside_because="it is too large")
    again = replace(relay, media_count=2)
    rig.store.update(again, stored.version, [], timeout_seconds=TIMEOUT)
    assert [one.relay for one in _due(rig) if isinstance(one, Stored)] == [again]


def test_a_relay_that_has_changed_since_is_not_set_aside(rig: StoreRig) -> None:
    relay = a_relay()
    version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    changed = replace(relay, media_count=2)
    rig.store.update(changed, version, [], timeout_seconds=TIMEOUT)
    with pytest.raises(VersionConflict):
        rig.store.set_aside(relay.message_id, version, "it is too large", timeout_seconds=TIMEOUT)
    gone: Any = a_relay()
    with pytest.raises(VersionConflict):
        rig.store.set_aside(gone.message_id, version, "it is too large", timeout_seconds=TIMEOUT)
    assert _read(rig, relay).relay == changed
