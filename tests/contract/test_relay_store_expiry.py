"""What every store of relays promises of those that have not ended, and what it keeps beside relays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from relay.core.model import FinalStatus
from relay.ports import Search

from tests.contract.conftest import StoreRig
from tests.strategies import a_relay, later

TIMEOUT = 120.0
# What a dead clock of the year 2000 makes of 90 days, and a clock that is then set right by years.
LONG_AGO = datetime(2000, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize("expires_at", [LONG_AGO, later(-1)], ids=["by a dead clock", "by a clock that jumped"])
def test_a_relay_that_has_not_ended_is_neither_hidden_nor_removed(rig: StoreRig, expires_at: datetime) -> None:
    relay = a_relay(expires_at=expires_at, timestamp=expires_at, due_at=later(-5))
    version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    for _ in range(2):
        rig.store.purge_expired(rig.clock.now(), 10, timeout_seconds=TIMEOUT)
        rig.clock.advance(60)
    stored = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert stored is not None
    assert stored.relay == relay
    due = rig.store.due(rig.clock.now(), 100, timeout_seconds=TIMEOUT)
    assert relay.message_id in [each.message_id for each in due]
    found = rig.store.search(Search(FinalStatus.IN_PROGRESS, limit=1000), timeout_seconds=TIMEOUT)
    assert relay.message_id in [each.message_id for each in found.relays]
    ended = replace(relay, final_status=FinalStatus.DELIVERED, due_at=None)
    rig.store.update(ended, version, [], timeout_seconds=TIMEOUT)
    shown = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert (shown is not None) == rig.purges, "hidden where the store removes by itself, and kept where it knows better"


def test_what_a_dead_clock_dated_is_kept_as_long_as_anything_else(rig: StoreRig) -> None:
    """Without its record the text would be taken in anew from Twilio's list, and sent twice."""
    if not rig.purges:
        pytest.skip("optional: this store removes by itself")
    right = rig.clock.now()
    rig.store.purge_expired(right, 10, timeout_seconds=TIMEOUT)
    rig.store.purge_expired(LONG_AGO - timedelta(days=90), 10, timeout_seconds=TIMEOUT)
    ended = a_relay(expires_at=LONG_AGO, final_status=FinalStatus.DELIVERED)
    rig.store.create(ended, [], timeout_seconds=TIMEOUT)
    for minute in range(30):
        assert rig.store.purge_expired(right + timedelta(minutes=minute), 10, timeout_seconds=TIMEOUT) == 0
    assert rig.store.get(ended.message_id, timeout_seconds=TIMEOUT) is not None
    rig.clock.advance(timedelta(days=91).total_seconds())
    assert rig.store.get(ended.message_id, timeout_seconds=TIMEOUT) is None


@pytest.mark.parametrize("days", [1, 91, 3650])
def test_a_clock_that_jumps_ahead_removes_nothing(rig: StoreRig, days: int) -> None:
    ended = a_relay(expires_at=rig.clock.now() + timedelta(hours=20), final_status=FinalStatus.DELIVERED)
    rig.store.create(ended, [], timeout_seconds=TIMEOUT)
    right = rig.clock.now()
    rig.store.purge_expired(right, 10, timeout_seconds=TIMEOUT)
    for minute in range(30):
        wrong = right + timedelta(days=days, minutes=minute)
        assert rig.store.purge_expired(wrong, 10, timeout_seconds=TIMEOUT) == 0
    assert rig.store.missing([ended.message_id], timeout_seconds=TIMEOUT) == set()


def test_after_a_pause_what_expired_is_removed_little_by_little(rig: StoreRig) -> None:
    if not rig.purges:
        pytest.skip("optional: this store removes by itself")
    start = rig.clock.now()
    rig.store.purge_expired(start, 10, timeout_seconds=TIMEOUT)
    relay = a_relay(expires_at=start + timedelta(minutes=30), final_status=FinalStatus.DELIVERED)
    rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    purged = [
        rig.store.purge_expired(start + timedelta(hours=5, minutes=number), 10, timeout_seconds=TIMEOUT)
        for number in range(12)
    ]
    assert sum(purged) == 1
    assert purged[0] == 0


def test_a_bookmark_is_empty_until_it_is_set_and_then_what_was_set_last(rig: StoreRig) -> None:
    assert rig.store.get_bookmark("place", timeout_seconds=TIMEOUT) == ""
    before = ""
    for text in ("{}", '{"place": "Page=1&PageToken=PASM\u2603"}', "x" * 60_000, "", "again"):
        assert rig.store.swap_bookmark("place", before, text, timeout_seconds=TIMEOUT)
        assert rig.store.get_bookmark("place", timeout_seconds=TIMEOUT) == text
        before = text
    assert rig.store.get_bookmark("another", timeout_seconds=TIMEOUT) == ""
    assert rig.store.get_watermark("another", timeout_seconds=TIMEOUT) is None


def test_a_bookmark_that_another_has_set_meanwhile_is_left_as_it_is(rig: StoreRig) -> None:
    assert rig.store.swap_bookmark("place", "", "first", timeout_seconds=TIMEOUT)
    for before in ("", "of earlier"):
        assert not rig.store.swap_bookmark("place", before, "second", timeout_seconds=TIMEOUT)
    assert rig.store.get_bookmark("place", timeout_seconds=TIMEOUT) == "first"


def test_of_many_that_swap_a_bookmark_at_once_one_succeeds(rig: StoreRig) -> None:
    with ThreadPoolExecutor(8) as pool:
        swapped = list(
            pool.map(lambda n: rig.store.swap_bookmark("place", "", f"by {n}", timeout_seconds=TIMEOUT), range(8))
        )
    assert sum(swapped) == 1
