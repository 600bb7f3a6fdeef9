"""What every store of relays promises: writing, reading back, compare-and-set, expiry. Queries have their own file."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from relay.core.model import FinalStatus, Relay
from relay.errors import AlreadyStored, StoreUnavailable, VersionConflict

from tests.contract.conftest import StoreRig
from tests.quick import some_of
from tests.strategies import a_message_id, a_relay, a_timer, later, relays

TIMEOUT = 120.0
SHORT = 0.3
THREADS = 8


def test_a_relay_comes_back_exactly_as_it_was_created(rig: StoreRig) -> None:
    @settings(max_examples=some_of(rig.examples), deadline=None)
    @given(relays())
    def holds(relay: Relay) -> None:
        version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
        stored = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
        assert stored is not None
        assert stored.relay == relay
        assert stored.version == version

    holds()


def test_a_relay_comes_back_exactly_as_it_was_updated(rig: StoreRig) -> None:
    @settings(max_examples=some_of(rig.examples), deadline=None)
    @given(relays(), relays())
    def holds(old: Relay, other: Relay) -> None:
        # What a newer revision added goes with every relay that is read, so an update never lacks it.
        new = replace(other, message_id=old.message_id, rest=old.rest)
        version = rig.store.create(old, [], timeout_seconds=TIMEOUT)
        newer = rig.store.update(new, version, [], timeout_seconds=TIMEOUT)
        stored = rig.store.get(old.message_id, timeout_seconds=TIMEOUT)
        assert stored is not None
        assert stored.relay == new
        assert stored.version == newer
        assert newer != version

    holds()


def test_an_unknown_relay_is_none(rig: StoreRig) -> None:
    assert rig.store.get(a_message_id(), timeout_seconds=TIMEOUT) is None


def test_of_many_ids_those_without_a_relay_are_missing(rig: StoreRig) -> None:
    # More than any store compares at once, and stretches of it of which all are there, or none.
    relays_ = [a_relay() for _ in range(70)]
    for relay in relays_:
        rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    there = [relay.message_id for relay in relays_]
    absent = [a_message_id() for _ in range(40)]
    asked = there[:45] + absent[:1] + there[45:] + absent[1:]
    assert rig.store.missing(asked, timeout_seconds=TIMEOUT) == set(absent)
    assert rig.store.missing(there, timeout_seconds=TIMEOUT) == set()
    assert rig.store.missing([], timeout_seconds=TIMEOUT) == set()


def test_an_expired_relay_is_not_missing_before_it_is_removed(rig: StoreRig) -> None:
    relay = a_relay(expires_at=rig.clock.now() + timedelta(seconds=1), final_status=FinalStatus.DELIVERED)
    rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    rig.clock.advance(2)
    assert rig.store.missing([relay.message_id], timeout_seconds=TIMEOUT) == set()
    rig.store.delete(relay.message_id, timeout_seconds=TIMEOUT)
    assert rig.store.missing([relay.message_id], timeout_seconds=TIMEOUT) == {relay.message_id}


def test_creating_a_relay_arms_its_timers(rig: StoreRig) -> None:
    relay = a_relay()
    timers = [a_timer(relay.message_id), a_timer(relay.message_id, attempt=2, due_at=later(60))]
    rig.store.create(relay, timers, timeout_seconds=TIMEOUT)
    assert _armed(rig, relay) == timers


def test_updating_a_relay_arms_its_timers(rig: StoreRig) -> None:
    relay = a_relay()
    version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    timer = a_timer(relay.message_id, due_at=later(60))
    rig.store.update(replace(relay, media_count=1), version, [timer], timeout_seconds=TIMEOUT)
    assert _armed(rig, relay) == [timer]


def test_creating_it_again_is_refused_and_changes_nothing(rig: StoreRig) -> None:
    relay = a_relay(message_body="first")
    version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    with pytest.raises(AlreadyStored):
        rig.store.create(replace(relay, message_body="second"), [], timeout_seconds=TIMEOUT)
    stored = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert stored is not None
    assert (stored.relay, stored.version) == (relay, version)


def test_one_of_many_simultaneous_creates_wins(rig: StoreRig) -> None:
    relay = a_relay()
    rivals = [replace(relay, message_body=f"from thread {number}") for number in range(THREADS)]
    outcomes: list[str] = []

    def create(number: int) -> None:
        try:
            rig.store.create(rivals[number], [], timeout_seconds=TIMEOUT)
            outcomes.append(rivals[number].message_body)
        except AlreadyStored:
            outcomes.append("")

    _in_threads(create)
    winners = [body for body in outcomes if body]
    assert len(winners) == 1
    assert len(outcomes) == THREADS
    stored = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert stored is not None
    assert stored.relay.message_body == winners[0]


def test_an_update_of_what_was_read_before_another_update_conflicts(rig: StoreRig) -> None:
    relay = a_relay()
    version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    first = replace(relay, message_body="first")
    rig.store.update(first, version, [], timeout_seconds=TIMEOUT)
    with pytest.raises(VersionConflict):
        rig.store.update(replace(relay, message_body="second"), version, [], timeout_seconds=TIMEOUT)
    stored = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert stored is not None
    assert stored.relay == first


def test_a_conflict_arms_no_timer(rig: StoreRig) -> None:
    relay = a_relay()
    version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    rig.store.update(relay, version, [], timeout_seconds=TIMEOUT)
    with pytest.raises(VersionConflict):
        rig.store.update(relay, version, [a_timer(relay.message_id)], timeout_seconds=TIMEOUT)
    assert _armed(rig, relay) == []


def test_an_update_that_changes_nothing_still_gives_a_new_version(rig: StoreRig) -> None:
    relay = a_relay()
    version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    assert rig.store.update(relay, version, [], timeout_seconds=TIMEOUT) != version


def test_an_update_of_a_relay_that_is_gone_conflicts(rig: StoreRig) -> None:
    relay = a_relay()
    version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    rig.store.delete(relay.message_id, timeout_seconds=TIMEOUT)
    with pytest.raises(VersionConflict):
        rig.store.update(relay, version, [a_timer(relay.message_id)], timeout_seconds=TIMEOUT)
    assert rig.store.get(relay.message_id, timeout_seconds=TIMEOUT) is None
    assert _armed(rig, relay) == []


def test_a_relay_deleted_and_created_again_is_another_one(rig: StoreRig) -> None:
    relay = a_relay()
    version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    rig.store.delete(relay.message_id, timeout_seconds=TIMEOUT)
    rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    with pytest.raises(VersionConflict):
        rig.store.update(relay, version, [], timeout_seconds=TIMEOUT)


def test_no_increment_of_many_threads_is_lost_or_doubled(rig: StoreRig) -> None:
    relay = a_relay(media_count=0)
    rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    each = 5

    def increment(_: int) -> None:
        done = 0
        while done < each:
            stored = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
            assert stored is not None
            counted = replace(stored.relay, media_count=stored.relay.media_count + 1)
            try:
                rig.store.update(counted, stored.version, [], timeout_seconds=TIMEOUT)
                done += 1
            except VersionConflict:
                continue

    _in_threads(increment)
    stored = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert stored is not None
    assert stored.relay.media_count == THREADS * each


def test_a_deleted_relay_is_gone(rig: StoreRig) -> None:
    relay, other = a_relay(), a_relay()
    for one in (relay, other):
        rig.store.create(one, [], timeout_seconds=TIMEOUT)
    rig.store.delete(relay.message_id, timeout_seconds=TIMEOUT)
    assert rig.store.get(relay.message_id, timeout_seconds=TIMEOUT) is None
    assert rig.store.get(other.message_id, timeout_seconds=TIMEOUT) is not None


def test_deleting_what_is_not_there_does_nothing(rig: StoreRig) -> None:
    rig.store.delete(a_message_id(), timeout_seconds=TIMEOUT)


def test_a_relay_is_hidden_from_the_instant_it_expires(rig: StoreRig) -> None:
    relay = a_relay(expires_at=rig.clock.now() + timedelta(seconds=10), final_status=FinalStatus.DELIVERED)
    rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    rig.clock.advance(9.999999)
    assert rig.store.get(relay.message_id, timeout_seconds=TIMEOUT) is not None
    rig.clock.advance(0.000001)
    assert rig.store.get(relay.message_id, timeout_seconds=TIMEOUT) is None


def test_purging_removes_at_most_so_many_expired_relays(rig: StoreRig) -> None:
    now = rig.clock.now()
    ended = FinalStatus.RECORDED
    relays_ = [a_relay(expires_at=now + timedelta(seconds=each), final_status=ended) for each in range(1, 6)]
    for relay in relays_:
        rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    rig.clock.advance(4)
    purged = [rig.store.purge_expired(rig.clock.now(), 3, timeout_seconds=TIMEOUT) for _ in range(3)]
    assert purged == ([3, 1, 0] if rig.purges else [0, 0, 0])
    assert rig.store.get(relays_[4].message_id, timeout_seconds=TIMEOUT) is not None


def test_a_watermark_is_none_until_it_is_set(rig: StoreRig) -> None:
    assert rig.store.get_watermark("reconciled until", timeout_seconds=TIMEOUT) is None
    at = later(0.123456)
    rig.store.set_watermark("reconciled until", at, timeout_seconds=TIMEOUT)
    assert rig.store.get_watermark("reconciled until", timeout_seconds=TIMEOUT) == at
    assert rig.store.get_watermark("another", timeout_seconds=TIMEOUT) is None


def test_a_watermark_may_be_moved_either_way(rig: StoreRig) -> None:
    for at in (later(60), later(120), later(30)):
        rig.store.set_watermark("name", at, timeout_seconds=TIMEOUT)
        assert rig.store.get_watermark("name", timeout_seconds=TIMEOUT) == at


def test_a_store_that_does_not_answer_is_unavailable(rig: StoreRig) -> None:
    relay = a_relay()
    version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    ended = replace(relay, final_status=FinalStatus.DELIVERED)
    writes: list[Callable[[], object]] = [
        lambda: rig.store.create(a_relay(), [], timeout_seconds=SHORT),
        lambda: rig.store.update(ended, version, [], timeout_seconds=SHORT),
        lambda: rig.store.delete(relay.message_id, timeout_seconds=SHORT),
        lambda: rig.store.set_watermark("name", later(0), timeout_seconds=SHORT),
    ]
    if rig.purges:
        writes.append(lambda: rig.store.purge_expired(later(0), 1, timeout_seconds=SHORT))
    reads: list[Callable[[], object]] = [
        lambda: rig.store.get(relay.message_id, timeout_seconds=SHORT),
        lambda: rig.store.missing([relay.message_id], timeout_seconds=SHORT),
        lambda: rig.store.due(later(0), 1, timeout_seconds=SHORT),
        lambda: rig.store.get_watermark("name", timeout_seconds=SHORT),
    ]
    with rig.stalled():
        for call in writes + (reads if rig.stalls_reads else []):
            with pytest.raises(StoreUnavailable):
                call()


def test_a_store_that_answers_again_works_again(rig: StoreRig) -> None:
    with rig.stalled(), pytest.raises(StoreUnavailable):
        rig.store.create(a_relay(), [], timeout_seconds=SHORT)
    relay = a_relay()
    rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    assert rig.store.get(relay.message_id, timeout_seconds=TIMEOUT) is not None


def _armed(rig: StoreRig, relay: Relay) -> list[object]:
    return [timer for timer in rig.armed() if timer.message_id == relay.message_id]


def _in_threads(work: Callable[[int], None]) -> None:
    """Run it in THREADS threads at once; raises what one of them raised."""
    errors: list[BaseException] = []
    start = threading.Barrier(THREADS)

    def run(number: int) -> None:
        try:
            start.wait()
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
