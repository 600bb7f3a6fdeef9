"""The Firestore store on the official emulator: what is special to it. What every store does: tests/contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from relay.core.model import FinalStatus, Relay
from relay.core.policy import Policy
from relay.core.threads.model import ThreadCode
from relay.errors import AlreadyStored, VersionConflict
from relay.google.store import FirestoreStore
from relay.ports import Search, Stored, Write

from tests.fakes import MemoryTimers
from tests.fakes.clock import START
from tests.google.conftest import COLLECTION
from tests.google.samples import NOW, delivered, expired, failed_once, new_relay, sid
from tests.thread_records import FULL, a_thread, shown

LIMIT: dict[str, Any] = {"timeout_seconds": 60.0}


def stored(store: FirestoreStore, relay: Relay) -> Stored:
    store.create(relay, [], **LIMIT)
    found = store.get(relay.message_id, **LIMIT)
    assert found is not None
    return found


def datetimes_in(value: object) -> list[datetime]:
    if isinstance(value, datetime):
        return [value]
    if isinstance(value, tuple):
        return [found for item in value for found in datetimes_in(item)]
    names = [each.name for each in fields(value)] if is_dataclass(value) else []
    return [found for name in names for found in datetimes_in(getattr(value, name))]


def test_a_relay_comes_back_exactly_as_it_was_stored(store: FirestoreStore) -> None:
    relay = failed_once(new_relay()[0])
    found = stored(store, relay)
    assert found.relay == relay
    assert len(datetimes_in(found.relay)) > 8
    assert {type(value) for value in datetimes_in(found.relay)} == {datetime}


def test_the_versions_of_create_get_and_update_are_the_same_thing(store: FirestoreStore) -> None:
    relay, _ = new_relay()
    first = store.create(relay, [], **LIMIT)
    read = store.get(relay.message_id, **LIMIT)
    assert read is not None
    assert read.version == first
    second = store.update(failed_once(relay), first, [], **LIMIT)
    again = store.get(relay.message_id, **LIMIT)
    assert again is not None
    assert again.version == second
    assert second != first


def test_an_update_of_an_old_version_is_a_conflict_and_arms_nothing(
    store: FirestoreStore, timers: MemoryTimers
) -> None:
    relay, to_arm = new_relay()
    old = stored(store, relay)
    store.update(failed_once(relay), old.version, [], **LIMIT)
    with pytest.raises(VersionConflict):
        store.update(delivered(relay), old.version, to_arm, **LIMIT)
    assert timers.armed == []


def test_an_update_of_a_relay_that_is_gone_is_a_conflict(store: FirestoreStore) -> None:
    relay, _ = new_relay()
    found = stored(store, relay)
    store.delete(relay.message_id, **LIMIT)
    with pytest.raises(VersionConflict):
        store.update(failed_once(relay), found.version, [], **LIMIT)
    assert store.get(relay.message_id, **LIMIT) is None


def test_create_and_update_arm_the_timers(store: FirestoreStore, timers: MemoryTimers) -> None:
    relay, to_arm = new_relay()
    version = store.create(relay, to_arm, **LIMIT)
    assert timers.armed == to_arm
    timers.forget()
    store.update(failed_once(relay), version, to_arm, **LIMIT)
    assert timers.armed == to_arm


def test_a_second_create_is_told_so(store: FirestoreStore) -> None:
    relay, _ = new_relay()
    store.create(relay, [], **LIMIT)
    with pytest.raises(AlreadyStored):
        store.create(relay, [], **LIMIT)


def test_fields_that_only_another_revision_knows_survive_an_update(
    store: FirestoreStore, firestore_project: str
) -> None:
    relay, _ = new_relay()
    store.create(relay, [], **LIMIT)
    document = firestore.Client(project=firestore_project).collection(COLLECTION).document(relay.message_id)
    document.update({"of_tomorrow": {"kept": True}})
    found = store.get(relay.message_id, **LIMIT)
    assert found is not None
    store.update(failed_once(relay), found.version, [], **LIMIT)
    content = document.get().to_dict()
    assert content is not None
    assert content["of_tomorrow"] == {"kept": True}
    assert content["tier_1_status"] == "scheduled"


def test_statuses_of_tiers_that_no_longer_exist_disappear(store: FirestoreStore, firestore_project: str) -> None:
    relay, _ = new_relay()
    at_tier_3 = replace(relay, attempts=(replace(relay.attempts[0], tier=3),))
    found = stored(store, at_tier_3)
    shorter = replace(at_tier_3, policy=Policy(relay.policy.tiers[:1]))
    store.update(shorter, found.version, [], **LIMIT)
    content = firestore.Client(project=firestore_project).document(f"{COLLECTION}/{relay.message_id}").get().to_dict()
    assert content is not None
    assert [name for name in content if name.startswith("tier_")] == ["tier_1_status"]


def test_an_expired_relay_is_gone_although_firestore_still_has_it(store: FirestoreStore) -> None:
    for number in range(1, 6):
        relay, _ = new_relay(number, at=NOW + timedelta(seconds=number))
        # The first and the last ones have expired, so that a page that was cut before the filter would be empty.
        store.create(relay if number == 3 else expired(relay), [], **LIMIT)
    assert store.get(sid(1), **LIMIT) is None
    due = store.due(NOW + timedelta(days=1), 1, **LIMIT)
    assert [found.message_id for found in due] == [sid(3)]
    page = store.search(Search(limit=1), **LIMIT)
    assert [relay.message_id for relay in page.relays] == [sid(3)]
    assert page.next_page_token is None


def test_due_gives_the_longest_overdue_first_and_nothing_that_has_ended(store: FirestoreStore) -> None:
    for number in (3, 1, 2):
        relay, _ = new_relay(number, at=NOW + timedelta(seconds=number))
        store.create(relay, [], **LIMIT)
    store.create(delivered(new_relay(4)[0]), [], **LIMIT)
    deadline_of_2 = NOW + timedelta(seconds=2) + timedelta(seconds=60)
    assert [s.message_id for s in store.due(deadline_of_2, 9, **LIMIT)] == [sid(1)], "its own time is not before"
    later = NOW + timedelta(days=1)
    assert [s.message_id for s in store.due(later, 2, **LIMIT)] == [sid(1), sid(2)]
    (first,) = store.due(later, 1, **LIMIT)
    assert isinstance(first, Stored)
    store.update(delivered(first.relay), first.version, [], **LIMIT)
    assert [s.message_id for s in store.due(later, 9, **LIMIT)] == [sid(2), sid(3)]


@pytest.mark.parametrize("final_status", [None, FinalStatus.IN_PROGRESS])
@pytest.mark.parametrize("sender_phone", [None, "+15550003009"])
@pytest.mark.parametrize("bounds", [(None, None), (2, None), (None, 5), (2, 5)])
def test_every_combination_of_conditions_gives_the_right_relays_in_pages(
    store: FirestoreStore,
    final_status: FinalStatus | None,
    sender_phone: str | None,
    bounds: tuple[int | None, int | None],
) -> None:
    relays = []
    for number in range(1, 13):
        # Three relays share each second, so that pages end between relays of the same time.
        at = NOW + timedelta(seconds=number // 3)
        relay, _ = new_relay(number, at, sender="+15550003009" if number % 2 else "+15550003008")
        relays.append(delivered(relay) if number % 5 == 0 else relay)
        store.create(relays[-1], [], **LIMIT)
    since, until = (None if bound is None else NOW + timedelta(seconds=bound) for bound in bounds)
    expected = [
        relay
        for relay in sorted(relays, key=lambda relay: (relay.timestamp, relay.message_id), reverse=True)
        if (final_status is None or relay.final_status is final_status)
        and (sender_phone is None or relay.sender_phone == sender_phone)
        and (since is None or relay.timestamp >= since)
        and (until is None or relay.timestamp < until)
    ]
    assert expected
    found: list[Relay] = []
    search = Search(final_status, since, until, sender_phone, limit=2)
    while True:
        page = store.search(search, **LIMIT)
        found += page.relays
        if page.next_page_token is None:
            break
        assert len(page.relays) == 2
        search = replace(search, page_token=page.next_page_token)
    assert found == expected


def test_watermarks_live_beside_the_relays(store: FirestoreStore) -> None:
    assert store.get_watermark("reconciled", **LIMIT) is None
    for at in (NOW, NOW + timedelta(microseconds=1)):
        store.set_watermark("reconciled", at, **LIMIT)
        found = store.get_watermark("reconciled", **LIMIT)
        assert found == at
        assert type(found) is datetime
    assert store.search(Search(), **LIMIT).relays == ()


def test_purging_is_left_to_the_collections_own_policy(store: FirestoreStore) -> None:
    store.create(expired(new_relay()[0]), [], **LIMIT)
    assert store.purge_expired(NOW + timedelta(days=1), 10, **LIMIT) == 0


def test_thirty_known_relays_are_looked_for_with_one_count_and_no_read(
    store: FirestoreStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        store.create(new_relay(number)[0], [], **LIMIT)
    calls: list[str] = []
    for name in ("run_aggregation_query", "batch_get_documents", "run_query"):
        monkeypatch.setattr(FirestoreClient, name, _noting(calls, name, getattr(FirestoreClient, name)))
    assert store.missing([sid(number) for number in range(60)], **LIMIT) == set()
    assert calls == ["run_aggregation_query"] * 2
    assert store.missing([sid(number) for number in range(40, 70)], **LIMIT) == set(map(sid, range(60, 70)))
    assert calls[2:] == ["run_aggregation_query", "batch_get_documents"]


def test_several_documents_are_one_write_and_only_a_conflict_costs_a_read(
    store: FirestoreStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    relays = [new_relay(number)[0] for number in (1, 2)]
    store.warm_up()
    calls: list[str] = []
    for name in ("commit", "batch_get_documents", "begin_transaction"):
        monkeypatch.setattr(FirestoreClient, name, _noting(calls, name, getattr(FirestoreClient, name)))
    versions = store.commit([Write(relay) for relay in relays], [], **LIMIT)
    changes = [Write(failed_once(relay), version) for relay, version in zip(relays, versions, strict=True)]
    store.commit(changes, [], **LIMIT)
    assert calls == ["commit", "commit"]
    with pytest.raises(VersionConflict) as caught:
        store.commit(changes, [], **LIMIT)
    assert caught.value.record_id in {sid(1), sid(2)}
    assert calls[2:] == ["commit", "batch_get_documents"]


def test_a_text_with_its_thread_and_code_is_one_write_and_each_look_at_a_record_one_read(
    store: FirestoreStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = replace(new_relay()[0], thread_id="t1")
    thread = a_thread(thread_id="t1", shown=(shown("Ann"),))
    code = ThreadCode("K71", "t1", NOW)
    store.warm_up()
    calls: list[str] = []
    for name in ("commit", "batch_get_documents", "run_query", "begin_transaction"):
        monkeypatch.setattr(FirestoreClient, name, _noting(calls, name, getattr(FirestoreClient, name)))
    versions = store.commit([Write(relay), Write(thread), Write(code)], [], **LIMIT)
    owned = replace(thread, owner="Ann")
    store.commit([Write(delivered(relay), versions[0]), Write(owned, versions[1])], [], **LIMIT)
    assert calls == ["commit", "commit"]
    kept = store.thread("t1", **LIMIT)
    assert kept is not None
    assert kept.record == owned
    assert store.threads_shown_to("Ann", START, 5, **LIMIT) == [kept]
    assert store.code("K71", **LIMIT) is not None
    assert len(store.relays_of("t1", 5, **LIMIT)) == 1
    assert len(store.relays_of("t1", 5, START, **LIMIT)) == 1
    assert calls[2:] == ["batch_get_documents", "run_query", "batch_get_documents", "run_query", "run_query"]
    with pytest.raises(AlreadyStored) as caught:
        store.commit([Write(new_relay(2)[0]), Write(code)], [], **LIMIT)
    assert (caught.value.kind, caught.value.record_id) == ("code", "K71")
    assert calls[7:] == ["commit", "batch_get_documents"]


def test_records_of_threads_stand_in_collections_beside_the_relays(
    store: FirestoreStore, firestore_project: str
) -> None:
    records = [make() for make in FULL.values()]
    store.commit([Write(record) for record in records], [], **LIMIT)
    client = firestore.Client(project=firestore_project)
    names = {"-threads": "thread", "-codes": "code", "-opt-outs": "opt-out", "-people": "person"}
    for suffix, kind in names.items():
        (document,) = client.collection(f"{COLLECTION}{suffix}").get()
        content = document.to_dict() or {}
        lasts = kind in ("code", "opt-out")
        assert (content["expires_at"] is None) == lasts, "what expires at no time is removed by none"
    assert client.collection(COLLECTION).get() == []


def _noting(calls: list[str], name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def noting(*args: Any, **options: Any) -> Any:
        calls.append(name)
        return real(*args, **options)

    return noting
