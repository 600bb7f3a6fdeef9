"""What every store promises beside a newer revision that writes more, other words, or a later version: forwards, when
it changes what this one wrote, and back, when this one goes on with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from relay.core.foreign import is_foreign
from relay.core.machine import transition
from relay.core.model import AttemptStatus, FinalStatus, Relay
from relay.errors import AlreadyStored, NewerRecord, VersionConflict
from relay.ports import Search, Write
from relay.record.documents import SCHEMA_VERSION

from tests import relays
from tests.contract.conftest import StoreRig
from tests.strategies import a_relay, later

TIMEOUT = 120.0


def _stored(rig: StoreRig, relay: Relay | None = None) -> Relay:
    relay = relay or a_relay()
    rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    return relay


def _document(rig: StoreRig, relay: Relay) -> dict[str, Any]:
    assert rig.document is not None
    return rig.document(relay.message_id)


def _rewrite(rig: StoreRig, relay: Relay, change: Any) -> None:
    assert rig.rewrite is not None
    rig.rewrite(relay.message_id, change)


def _read(rig: StoreRig, relay: Relay) -> tuple[Relay, object]:
    stored = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert stored is not None
    return stored.relay, stored.version


def _add_more(document: dict[str, Any]) -> None:
    document["x_thread"] = {"code": "K71", "owner": None}
    document["policy"]["x_claims"] = True
    document["policy"]["tiers"][1]["x_reach"] = {"kind": "call"}
    document["attempts"][0]["x_verdict"] = "rang"
    document["error_log"][0]["x_event"] = 17


def _use_other_words(document: dict[str, Any]) -> None:
    document["sender_class"] = "customer_by_rcs"
    document["policy"]["tiers"][0]["success"] = "claimed_elsewhere"
    document["attempts"][0]["status"] = "ringing"
    document["error_log"].append({"at": document["timestamp"], "step": "thread_told", "x_code": "K71"})


def _raise_version(document: dict[str, Any]) -> None:
    document["schema_version"] = SCHEMA_VERSION + 1
    document["x_thread"] = "K71"


def _lower_version(document: dict[str, Any]) -> None:
    document["schema_version"] = SCHEMA_VERSION


def _end_elsewhere(document: dict[str, Any]) -> None:
    document["final_status"] = "claimed_elsewhere"


def test_more_at_every_level_is_written_back_by_each_later_write(document_rig: StoreRig) -> None:
    rig = document_rig
    relay = _stored(rig, replace(relays.received().relay, message_id=a_relay().message_id))
    _rewrite(rig, relay, _add_more)
    for event in (relays.accepted(1), relays.delivered(1)):
        now, version = _read(rig, relay)
        changed = transition(now, event, later(1)).relay
        assert changed is not now
        rig.store.update(changed, version, [], timeout_seconds=TIMEOUT)
        assert _read(rig, relay)[0] == changed
    document = _document(rig, relay)
    assert document["final_status"] == "delivered"
    assert document["x_thread"] == {"code": "K71", "owner": None}
    assert document["policy"]["x_claims"] is True
    assert document["policy"]["tiers"][1]["x_reach"] == {"kind": "call"}
    assert document["attempts"][0]["x_verdict"] == "rang"
    assert document["error_log"][0]["x_event"] == 17


def test_other_words_are_worked_on_and_written_back(document_rig: StoreRig) -> None:
    rig = document_rig
    relay = _stored(rig, replace(relays.received().relay, message_id=a_relay().message_id))
    _rewrite(rig, relay, _use_other_words)
    now, version = _read(rig, relay)
    assert is_foreign(now.attempts[0].status)
    assert now.attempts[0].standing is AttemptStatus.ACCEPTED
    changed = transition(now, relays.refused(1), later(1)).relay
    assert changed is now, "the reply of a POST does not outrank what the newer revision knows"
    changed = transition(now, relays.failed(1), later(1)).relay
    rig.store.update(changed, version, [], timeout_seconds=TIMEOUT)
    document = _document(rig, relay)
    assert document["attempts"][0]["status"] == "failed"
    assert document["sender_class"] == "customer_by_rcs"
    assert document["policy"]["tiers"][0]["success"] == "claimed_elsewhere"
    line = document["error_log"][len(relay.error_log)]
    assert (line["step"], line["x_code"]) == ("thread_told", "K71")


def test_a_change_by_the_newer_revision_is_a_conflict_like_any_other(document_rig: StoreRig) -> None:
    rig = document_rig
    relay = _stored(rig)
    now, version = _read(rig, relay)
    _rewrite(rig, relay, _add_more)
    with pytest.raises(VersionConflict):
        rig.store.update(replace(now, media_count=7), version, [], timeout_seconds=TIMEOUT)
    assert "x_thread" in _document(rig, relay)


def test_a_record_of_a_later_version_is_not_read_and_the_journal_hears_of_it(document_rig: StoreRig) -> None:
    rig = document_rig
    relay = _stored(rig)
    _rewrite(rig, relay, _raise_version)
    with pytest.raises(NewerRecord):
        rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert rig.journal.left == [(relay.message_id, SCHEMA_VERSION + 1)]
    assert rig.store.missing([relay.message_id], timeout_seconds=TIMEOUT) == set()


def test_a_record_of_a_later_version_is_not_written(document_rig: StoreRig) -> None:
    rig = document_rig
    relay, other = _stored(rig), a_relay()
    _, version = _read(rig, relay)
    _rewrite(rig, relay, _raise_version)
    before = _document(rig, relay)
    with pytest.raises(AlreadyStored):
        rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    with pytest.raises(VersionConflict):
        rig.store.commit([Write(other), Write(relay, version)], [], timeout_seconds=TIMEOUT)
    assert _document(rig, relay) == before
    assert rig.store.get(other.message_id, timeout_seconds=TIMEOUT) is None


def test_lists_pass_over_what_is_left_to_the_newer_revision_and_lose_nothing_else(document_rig: StoreRig) -> None:
    rig = document_rig
    relays_ = [_stored(rig, a_relay(due_at=later(number), timestamp=later(number))) for number in range(6)]
    for number in (0, 1, 4):
        _rewrite(rig, relays_[number], _raise_version)
    mine = [relays_[number].message_id for number in (2, 3, 5)]
    # What is passed over takes no place: as many as were asked for are found behind it.
    due = rig.store.due(later(60), 2, timeout_seconds=TIMEOUT)
    assert [stored.message_id for stored in due] == mine[:2]
    found = rig.store.search(Search(limit=50), timeout_seconds=TIMEOUT).relays
    assert [relay.message_id for relay in found] == mine[::-1]
    assert {message_id for message_id, _ in rig.journal.left} == {relays_[number].message_id for number in (0, 1, 4)}


def test_an_end_that_only_the_newer_revision_knows_is_shown_but_never_due(document_rig: StoreRig) -> None:
    rig = document_rig
    ended, mine = _stored(rig, a_relay(due_at=later(1))), _stored(rig, a_relay(due_at=later(2)))
    _rewrite(rig, ended, _end_elsewhere)
    due = rig.store.due(later(60), 1, timeout_seconds=TIMEOUT)
    assert [stored.message_id for stored in due] == [mine.message_id]
    assert _read(rig, ended)[0].final_status == "claimed_elsewhere"
    found = rig.store.search(Search(), timeout_seconds=TIMEOUT).relays
    assert {relay.message_id for relay in found} == {ended.message_id, mine.message_id}


def test_a_record_that_comes_back_to_this_version_is_worked_on_again(document_rig: StoreRig) -> None:
    rig = document_rig
    relay = _stored(rig)
    _rewrite(rig, relay, _raise_version)
    _rewrite(rig, relay, _lower_version)
    now, version = _read(rig, relay)
    rig.store.update(replace(now, media_count=3), version, [], timeout_seconds=TIMEOUT)
    document = _document(rig, relay)
    assert (document["media_count"], document["x_thread"]) == (3, "K71")


def test_an_expired_record_of_a_later_version_is_gone_like_any_other(document_rig: StoreRig) -> None:
    rig = document_rig
    relay = _stored(rig, a_relay(expires_at=later(10), final_status=FinalStatus.DELIVERED))
    _rewrite(rig, relay, _raise_version)
    rig.clock.advance(3600)
    assert rig.store.get(relay.message_id, timeout_seconds=TIMEOUT) is None
    purged = rig.store.purge_expired(rig.clock.now(), 10, timeout_seconds=TIMEOUT)
    assert purged == (1 if rig.purges else 0)
