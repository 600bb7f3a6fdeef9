"""What every store of relays promises of its queries: due relays, searches, pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from relay.core.model import FinalStatus, Relay
from relay.ports import Search, Stored

from tests.contract.conftest import StoreRig
from tests.strategies import a_relay, later

TIMEOUT = 120.0
PHONES = ("+15550100001", "+15550100002")
STATUSES = (FinalStatus.IN_PROGRESS, FinalStatus.DELIVERED, FinalStatus.EXHAUSTED)


def _create(rig: StoreRig, *relays: Relay) -> None:
    for relay in relays:
        rig.store.create(relay, [], timeout_seconds=TIMEOUT)


def _due(rig: StoreRig, before: datetime, limit: int = 100) -> list[Relay]:
    due = rig.store.due(before, limit, timeout_seconds=TIMEOUT)
    return [stored.relay for stored in due if isinstance(stored, Stored)]


def test_the_longest_overdue_comes_first(rig: StoreRig) -> None:
    relays = [a_relay(due_at=later(seconds)) for seconds in (30, 10, 40, 20)]
    _create(rig, *relays)
    assert _due(rig, later(60)) == sorted(relays, key=lambda relay: relay.due_at or later(0))


def test_a_relay_due_at_that_very_instant_is_not_overdue(rig: StoreRig) -> None:
    at, before = a_relay(due_at=later(10)), a_relay(due_at=later(9.999999))
    _create(rig, at, before)
    assert _due(rig, later(10)) == [before]


def test_a_relay_with_nothing_left_to_do_is_never_due(rig: StoreRig) -> None:
    _create(rig, a_relay(due_at=None, final_status=FinalStatus.DELIVERED))
    assert _due(rig, later(10_000_000)) == []


def test_no_more_overdue_relays_than_asked_for(rig: StoreRig) -> None:
    relays = [a_relay(due_at=later(seconds)) for seconds in range(5)]
    _create(rig, *relays)
    assert _due(rig, later(60), limit=2) == relays[:2]


def test_an_update_moves_a_relay_in_the_order_of_what_is_due(rig: StoreRig) -> None:
    first, second = a_relay(due_at=later(1)), a_relay(due_at=later(2))
    _create(rig, second)
    version = rig.store.create(first, [], timeout_seconds=TIMEOUT)
    moved = replace(first, due_at=later(3))
    version = rig.store.update(moved, version, [], timeout_seconds=TIMEOUT)
    assert _due(rig, later(60)) == [second, moved]
    rig.store.update(replace(moved, due_at=None), version, [], timeout_seconds=TIMEOUT)
    assert _due(rig, later(60)) == [second]


def test_an_overdue_relay_comes_with_the_version_to_update_it(rig: StoreRig) -> None:
    _create(rig, a_relay(due_at=later(1)))
    (stored,) = rig.store.due(later(60), 1, timeout_seconds=TIMEOUT)
    assert isinstance(stored, Stored)
    rig.store.update(replace(stored.relay, due_at=None), stored.version, [], timeout_seconds=TIMEOUT)
    assert _due(rig, later(60)) == []


def test_expired_and_deleted_relays_are_neither_due_nor_found(rig: StoreRig) -> None:
    ended = FinalStatus.EXHAUSTED
    expiring = a_relay(due_at=later(1), expires_at=rig.clock.now() + timedelta(seconds=5), final_status=ended)
    deleted, kept = a_relay(due_at=later(1)), a_relay(due_at=later(1))
    _create(rig, expiring, deleted, kept)
    rig.store.delete(deleted.message_id, timeout_seconds=TIMEOUT)
    rig.clock.advance(5)
    assert _due(rig, later(60)) == [kept]
    assert _all_pages(rig, Search()) == [kept]


def _thirty(rig: StoreRig) -> list[Relay]:
    """Relays in all combinations, several at the same instant."""
    relays = [
        a_relay(
            timestamp=later(10 * (number // 3)),
            sender_phone=PHONES[number % 2],
            final_status=STATUSES[number % 3],
            message_body=f"text {number}",
        )
        for number in range(30)
    ]
    _create(rig, *relays)
    return relays


def _all_pages(rig: StoreRig, search: Search, between_pages: Relay | None = None) -> list[Relay]:
    """Every relay found, page by page; `between_pages` is a relay that arrives, as a new one each time, in between."""
    found: list[Relay] = []
    page = rig.store.search(search, timeout_seconds=TIMEOUT)
    found.extend(page.relays)
    arrivals = 0
    while page.next_page_token is not None:
        assert len(page.relays) == search.limit
        if between_pages is not None:
            arrivals += 1
            newcomer = replace(between_pages, message_id=f"SM{arrivals:032X}")
            rig.store.create(newcomer, [], timeout_seconds=TIMEOUT)
        page = rig.store.search(replace(search, page_token=page.next_page_token), timeout_seconds=TIMEOUT)
        found.extend(page.relays)
    for number in range(1, arrivals + 1):
        rig.store.delete(f"SM{number:032X}", timeout_seconds=TIMEOUT)
    return found


def test_a_search_without_conditions_finds_everything_newest_first(rig: StoreRig) -> None:
    relays = _thirty(rig)
    found = _all_pages(rig, Search())
    assert [relay.timestamp for relay in found] == sorted((relay.timestamp for relay in relays), reverse=True)
    assert {relay.message_id: relay for relay in found} == {relay.message_id: relay for relay in relays}


def test_every_combination_of_conditions_finds_what_meets_all_of_them_on_any_page_size(rig: StoreRig) -> None:
    relays = _thirty(rig)
    newcomer = a_relay(timestamp=later(1_000), sender_phone=PHONES[0], final_status=STATUSES[0])
    for status, phone, since, until in product(
        (None, STATUSES[0]), (None, PHONES[0]), (None, later(20)), (None, later(70))
    ):
        search = Search(final_status=status, sender_phone=phone, since=since, until=until, limit=4)
        expected = [
            relay
            for relay in relays
            if status in (None, relay.final_status)
            and phone in (None, relay.sender_phone)
            and (since is None or relay.timestamp >= since)
            and (until is None or relay.timestamp < until)
        ]
        found = _all_pages(rig, search, between_pages=newcomer)
        assert len(found) == len(expected), search
        assert {relay.message_id for relay in found} == {relay.message_id for relay in expected}, search
        assert [relay.timestamp for relay in found] == sorted((one.timestamp for one in expected), reverse=True)


@pytest.mark.parametrize("limit", [1, 2, 3, 29, 30, 31])
def test_no_page_holds_more_than_its_limit_and_the_last_one_says_so(rig: StoreRig, limit: int) -> None:
    relays = _thirty(rig)
    page = rig.store.search(Search(limit=limit), timeout_seconds=TIMEOUT)
    assert len(page.relays) == min(limit, 30)
    assert (page.next_page_token is None) == (limit >= 30)
    assert len(_all_pages(rig, Search(limit=limit))) == len(relays)


def test_a_relay_that_vanishes_between_two_pages_costs_no_other_its_place(rig: StoreRig) -> None:
    relays = sorted((a_relay(timestamp=later(seconds)) for seconds in range(6)), key=lambda relay: relay.timestamp)
    _create(rig, *relays)
    first = rig.store.search(Search(limit=3), timeout_seconds=TIMEOUT)
    rig.store.delete(first.relays[-1].message_id, timeout_seconds=TIMEOUT)
    second = rig.store.search(Search(limit=3, page_token=first.next_page_token), timeout_seconds=TIMEOUT)
    assert list(second.relays) == relays[2::-1]


def test_a_relay_is_found_by_its_new_status_and_no_longer_by_the_old(rig: StoreRig) -> None:
    relay = a_relay()
    version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    ended = replace(relay, final_status=FinalStatus.DELIVERED, due_at=None)
    rig.store.update(ended, version, [], timeout_seconds=TIMEOUT)
    assert _all_pages(rig, Search(final_status=FinalStatus.IN_PROGRESS)) == []
    assert _all_pages(rig, Search(final_status=FinalStatus.DELIVERED)) == [ended]


@pytest.mark.parametrize("asked", ["+525512345678", "+5215512345678", "+52 1 55 1234-5678"])
@pytest.mark.parametrize("status", [None, STATUSES[0]])
def test_a_search_by_number_finds_it_in_each_spelling_newest_first(
    rig: StoreRig, asked: str, status: FinalStatus | None
) -> None:
    spelt = ["+525512345678", "+5215512345678", "+525512345678", "+525512345679", "+5215512345678"]
    relays = [
        a_relay(timestamp=later(number), sender_phone=phone, final_status=STATUSES[0])
        for number, phone in enumerate(spelt)
    ]
    _create(rig, *relays)
    theirs = [relay for relay in reversed(relays) if relay.sender_phone != "+525512345679"]
    assert _all_pages(rig, Search(sender_phone=asked, final_status=status, limit=3)) == theirs


def test_a_search_that_finds_nothing_is_one_empty_page(rig: StoreRig) -> None:
    _thirty(rig)
    page = rig.store.search(Search(sender_phone="+15550109999"), timeout_seconds=TIMEOUT)
    assert (page.relays, page.next_page_token) == ((), None)


@pytest.mark.parametrize("token", ["", "x", "garbage", "!!!", "AAAA", "e30=", "W10=", "bWVtb3J5", "é"])
def test_a_foreign_page_token_is_refused(rig: StoreRig, token: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are each store's own
        rig.store.search(Search(page_token=token), timeout_seconds=TIMEOUT)
