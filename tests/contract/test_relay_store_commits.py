"""What every store of relays promises of a commit of several documents: all of them or none, each as presumed."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from relay.core.model import Relay
from relay.errors import AlreadyStored, Conflict, StoreUnavailable, VersionConflict
from relay.ports import Write

from tests.contract.conftest import StoreRig
from tests.strategies import a_relay, a_timer, later
from tests.thread_records import a_thread

TIMEOUT = 120.0
SHORT = 0.3


def _stored(rig: StoreRig, relay: Relay) -> object:
    return rig.store.create(relay, [], timeout_seconds=TIMEOUT)


def _changed(relay: Relay) -> Relay:
    return replace(relay, media_count=relay.media_count + 1)


def _now(rig: StoreRig, *relays: Relay) -> list[Relay | None]:
    found = (rig.store.get(relay.message_id, timeout_seconds=TIMEOUT) for relay in relays)
    return [None if stored is None else stored.relay for stored in found]


def _armed(rig: StoreRig, *relays: Relay) -> list[object]:
    ids = {relay.message_id for relay in relays}
    return [timer for timer in rig.armed() if timer.message_id in ids]


def test_two_new_relays_are_both_stored_each_with_its_version(rig: StoreRig) -> None:
    first, second = a_relay(), a_relay()
    versions = rig.store.commit([Write(first), Write(second)], [], timeout_seconds=TIMEOUT)
    for relay, version in zip((first, second), versions, strict=True):
        stored = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
        assert stored is not None
        assert (stored.relay, stored.version) == (relay, version)


def test_a_new_relay_and_the_change_of_another_are_stored_together(rig: StoreRig) -> None:
    old, new = a_relay(), a_relay()
    version = _stored(rig, old)
    versions = rig.store.commit([Write(new), Write(_changed(old), version)], [], timeout_seconds=TIMEOUT)
    assert _now(rig, new, old) == [new, _changed(old)]
    # The versions are those to go on with.
    rig.store.update(_changed(_changed(old)), versions[1], [], timeout_seconds=TIMEOUT)
    rig.store.update(_changed(new), versions[0], [], timeout_seconds=TIMEOUT)
    assert _now(rig, new, old) == [_changed(new), _changed(_changed(old))]


def test_a_check_leaves_a_record_and_its_version_as_they_are(rig: StoreRig) -> None:
    thread, relay, new = a_thread(), a_relay(), a_relay()
    of_relay, of_thread = rig.store.commit([Write(relay), Write(thread)], [], timeout_seconds=TIMEOUT)
    checks = [Write(relay, of_relay, only_checks=True), Write(thread, of_thread, only_checks=True)]
    versions = rig.store.commit([Write(new), *checks], [], timeout_seconds=TIMEOUT)
    assert versions[1:] == (of_relay, of_thread)
    changes = [Write(_changed(relay), of_relay), Write(replace(thread, owner="Ana"), of_thread)]
    rig.store.commit(changes, [], timeout_seconds=TIMEOUT)
    assert _now(rig, new, relay) == [new, _changed(relay)]
    kept = rig.store.thread(thread.thread_id, timeout_seconds=TIMEOUT)
    assert kept is not None
    assert kept.record.owner == "Ana"


def test_a_check_of_what_has_changed_refuses_the_commit(rig: StoreRig) -> None:
    thread, new = a_thread(), a_relay()
    (version,) = rig.store.commit([Write(thread)], [], timeout_seconds=TIMEOUT)
    rig.store.commit([Write(replace(thread, owner="Ana"), version)], [], timeout_seconds=TIMEOUT)
    with pytest.raises(VersionConflict) as refused:
        rig.store.commit([Write(new), Write(thread, version, only_checks=True)], [], timeout_seconds=TIMEOUT)
    assert str(thread.thread_id) in str(refused.value)
    assert _now(rig, new) == [None]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_when_one_has_changed_none_is_stored_and_it_is_named(rig: StoreRig, order: tuple[int, ...]) -> None:
    new, steady, restless = a_relay(), a_relay(), a_relay()
    steady_version, old_version = _stored(rig, steady), _stored(rig, restless)
    rig.store.update(_changed(restless), old_version, [], timeout_seconds=TIMEOUT)
    writes = [Write(new), Write(_changed(steady), steady_version), Write(restless, old_version)]
    timers = [a_timer(relay.message_id, due_at=later(60)) for relay in (steady, restless)]
    with pytest.raises(VersionConflict) as caught:
        rig.store.commit([writes[number] for number in order], timers, timeout_seconds=TIMEOUT)
    assert caught.value.record_id == restless.message_id
    assert _now(rig, new, steady, restless) == [None, steady, _changed(restless)]
    assert _armed(rig, steady, restless) == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_when_one_is_there_already_none_is_stored_and_it_is_named(rig: StoreRig, order: tuple[int, ...]) -> None:
    new, steady, present = a_relay(), a_relay(), a_relay()
    version = _stored(rig, steady)
    _stored(rig, present)
    writes = [Write(new), Write(_changed(steady), version), Write(_changed(present))]
    timer = a_timer(steady.message_id, due_at=later(60))
    with pytest.raises(AlreadyStored) as caught:
        rig.store.commit([writes[number] for number in order], [timer], timeout_seconds=TIMEOUT)
    assert caught.value.record_id == present.message_id
    assert _now(rig, new, steady, present) == [None, steady, present]
    assert _armed(rig, steady) == []


def test_a_change_of_a_relay_that_is_gone_takes_the_others_with_it(rig: StoreRig) -> None:
    gone, new = a_relay(), a_relay()
    version = _stored(rig, gone)
    rig.store.delete(gone.message_id, timeout_seconds=TIMEOUT)
    with pytest.raises(VersionConflict) as caught:
        rig.store.commit([Write(new), Write(gone, version)], [], timeout_seconds=TIMEOUT)
    assert caught.value.record_id == gone.message_id
    assert _now(rig, gone, new) == [None, None]


def test_a_commit_arms_the_timers_of_all_of_its_relays(rig: StoreRig) -> None:
    old, new = a_relay(), a_relay()
    version = _stored(rig, old)
    timers = [a_timer(old.message_id, due_at=later(60)), a_timer(new.message_id, due_at=later(60))]
    rig.store.commit([Write(_changed(old), version), Write(new)], timers, timeout_seconds=TIMEOUT)
    armed = _armed(rig, old, new)
    assert len(armed) == 2
    assert all(timer in armed for timer in timers)


def test_of_rival_commits_that_share_one_relay_one_wins_whole(rig: StoreRig) -> None:
    shared = a_relay()
    version = _stored(rig, shared)
    own = [a_relay() for _ in range(6)]
    won: list[int] = []
    start = threading.Barrier(len(own))

    def commit(number: int) -> None:
        start.wait()
        writes = [Write(own[number]), Write(replace(shared, media_count=100 + number), version)]
        try:
            rig.store.commit(writes, [], timeout_seconds=TIMEOUT)
            won.append(number)
        except Conflict:
            return

    threads = [threading.Thread(target=commit, args=(number,)) for number in range(len(own))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = won
    assert _now(rig, shared) == [replace(shared, media_count=100 + winner)]
    assert _now(rig, *own) == [relay if number == winner else None for number, relay in enumerate(own)]


def test_a_commit_that_is_not_answered_is_unavailable(rig: StoreRig) -> None:
    with rig.stalled(), pytest.raises(StoreUnavailable):
        rig.store.commit([Write(a_relay()), Write(a_relay())], [], timeout_seconds=SHORT)
