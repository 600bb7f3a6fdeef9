"""What every store promises of the records of threads: they come back as they were, and are changed by compare-and-set
alone, with relays or without."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core.model import FinalStatus, Purpose
from relay.core.threads.model import OptOut, PersonRecord, ThreadCode, ThreadRecord
from relay.errors import AlreadyStored, Conflict, StoreRefused, StoreUnavailable, VersionConflict
from relay.ports import Kept, Write
from relay.record.kinds import key_of

from tests.contract.conftest import StoreRig
from tests.contract.kept import TIMEOUT, change, put, read, there
from tests.fakes.clock import START
from tests.strategies import CUSTOMER, a_relay, a_timer, later
from tests.thread_records import BARE, FULL, a_thread, an_id, shown

KINDS = sorted(FULL)
HALF_AN_EMOJI = "Ann \ud83d"


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_comes_back_as_it_was_stored_and_is_none_before(rig: StoreRig, kind: str) -> None:
    record = FULL[kind]()
    assert read(rig, record) is None
    (version,) = put(rig, record)
    assert read(rig, record) == Kept(record, version)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_longer_set_is_gone_from_the_record(rig: StoreRig, kind: str) -> None:
    record = FULL[kind]()
    (version,) = put(rig, record)
    bare = BARE[kind](record)
    second = change(rig, bare, version)
    found = there(rig, record)
    assert replace(found.record, rest=()) == bare
    assert found.version == second != version
    assert change(rig, record, second) != second
    assert there(rig, record).record == record


def test_what_a_relay_has_only_while_it_is_claimed_or_waits_is_gone_when_it_is_not(rig: StoreRig) -> None:
    waiting = a_relay(thread_id=an_id(), claimed_by="Ann", claimed_at=START, claim_until=later(90), alarm_if_lost=True)
    (version,) = put(rig, replace(waiting, purpose=Purpose.NOTICE, code="K71"))
    bare = replace(waiting, claimed_by="", claimed_at=None, claim_until=None, alarm_if_lost=False)
    change(rig, bare, version)
    stored = rig.store.get(waiting.message_id, timeout_seconds=TIMEOUT)
    assert stored is not None
    assert stored.relay == bare


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_is_made_once_and_changed_only_as_it_was_read(rig: StoreRig, kind: str) -> None:
    record = FULL[kind]()
    bare = BARE[kind](record)
    (version,) = put(rig, record)
    with pytest.raises(AlreadyStored) as already:
        put(rig, bare)
    second = change(rig, record, version)
    assert second != version, "a version is used once, also where nothing changes"
    with pytest.raises(VersionConflict) as conflict:
        change(rig, bare, version)
    for raised in (already.value, conflict.value):
        assert (raised.kind, raised.record_id) == key_of(record)
    assert there(rig, record) == Kept(record, second)


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_of_a_record_that_is_not_there_is_a_conflict(rig: StoreRig, kind: str) -> None:
    record = FULL[kind]()
    (version,) = put(rig, a_thread())
    with pytest.raises(VersionConflict) as caught:
        change(rig, record, version)
    assert (caught.value.kind, caught.value.record_id) == key_of(record)
    assert read(rig, record) is None


def test_records_of_different_kinds_with_one_id_are_different_records(rig: StoreRig) -> None:
    one = "K71"
    thread, code = a_thread(thread_id=one), ThreadCode(one, one, START)
    opt_out, person = OptOut(one, START, "words"), PersonRecord(one, one, (), START)
    versions = put(rig, thread, code, opt_out, person, a_relay(message_id=one))
    records: tuple[ThreadRecord, ...] = (thread, code, opt_out, person)
    for record, version in zip(records, versions, strict=False):
        assert read(rig, record) == Kept(record, version)


@pytest.mark.parametrize("person", ["Bob / Ann", ".", "..", "__Bob__", "Åsa Öberg", "a%2Fb", "x" * 200, "p.1_2~3"])
def test_a_person_may_be_called_anything(rig: StoreRig, person: str) -> None:
    record = PersonRecord(person, person, (), START)
    thread = a_thread(shown=(shown(person),))
    put(rig, record, thread)
    assert there(rig, record).record == record
    found = rig.store.threads_shown_to(person, START, 5, timeout_seconds=TIMEOUT)
    assert [kept.record for kept in found] == [thread]


def test_a_text_its_thread_and_its_code_are_stored_together(rig: StoreRig) -> None:
    thread = a_thread()
    relay, code = a_relay(thread_id=thread.thread_id), ThreadCode("K71", thread.thread_id, START)
    timer = a_timer(relay.message_id, due_at=later(60))
    writes = [Write(relay), Write(thread), Write(code)]
    versions = rig.store.commit(writes, [timer], timeout_seconds=TIMEOUT)
    stored = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert stored is not None
    assert (stored.relay, stored.version) == (relay, versions[0])
    assert (there(rig, thread).version, there(rig, code).version) == versions[1:]
    assert timer in rig.armed()
    claimed = replace(relay, final_status=FinalStatus.CLAIMED, claimed_by="Ann", claimed_at=later(5), due_at=None)
    owned = replace(thread, owner="Ann", owner_since=later(5))
    rig.store.commit([Write(owned, versions[1]), Write(claimed, versions[0])], [], timeout_seconds=TIMEOUT)
    stored = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert stored is not None
    assert (stored.relay, there(rig, thread).record) == (claimed, owned)


@pytest.mark.parametrize("place", range(3))
def test_of_records_of_which_one_is_not_as_presumed_none_is_stored_and_that_one_is_named(
    rig: StoreRig, place: int
) -> None:
    taken, thread, relay = ThreadCode("K71", "another", START), a_thread(), a_relay()
    put(rig, taken)
    writes = [Write(relay), Write(thread)]
    writes.insert(place, Write(replace(taken, thread_id=thread.thread_id)))
    with pytest.raises(AlreadyStored) as caught:
        rig.store.commit(writes, [], timeout_seconds=TIMEOUT)
    assert (caught.value.kind, caught.value.record_id) == ("code", "K71")
    assert rig.store.get(relay.message_id, timeout_seconds=TIMEOUT) is None
    assert read(rig, thread) is None
    assert there(rig, taken).record == taken


def test_a_thread_that_has_changed_takes_the_relays_told_of_it_back(rig: StoreRig) -> None:
    thread, relay = a_thread(), a_relay()
    version, of_relay = put(rig, thread, relay)
    change(rig, replace(thread, owner="Bob"), version)
    told = replace(relay, final_status=FinalStatus.CLAIMED, claimed_by="Ann")
    with pytest.raises(VersionConflict) as caught:
        rig.store.commit(
            [Write(told, of_relay), Write(replace(thread, owner="Ann"), version)], [], timeout_seconds=TIMEOUT
        )
    assert (caught.value.kind, caught.value.record_id) == key_of(thread)
    stored = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert stored is not None
    assert stored.relay == relay
    assert there(rig, thread).record.owner == "Bob"


def test_of_those_who_claim_a_thread_at_once_one_has_it(rig: StoreRig) -> None:
    thread = a_thread()
    (version,) = put(rig, thread)
    won: list[str] = []
    start = threading.Barrier(6)

    def claim(person: str) -> None:
        start.wait()
        try:
            rig.store.commit(
                [Write(a_relay()), Write(replace(thread, owner=person), version)], [], timeout_seconds=TIMEOUT
            )
            won.append(person)
        except Conflict:
            return

    claims = [threading.Thread(target=claim, args=(f"Handler {number}",)) for number in range(6)]
    for each in claims:
        each.start()
    for each in claims:
        each.join()
    assert won == [there(rig, thread).record.owner]


def test_what_can_never_be_stored_is_refused_for_good_and_takes_the_others_with_it(rig: StoreRig) -> None:
    thread = a_thread()
    odd = PersonRecord("Ann", HALF_AN_EMOJI, (), START)
    with pytest.raises(StoreRefused) as refused:
        put(rig, odd)
    assert refused.value.record_id == "Ann"
    with pytest.raises(StoreRefused):
        put(rig, thread, odd)
    with pytest.raises(StoreRefused):
        put(rig, replace(thread, rest=(("x_next", object()),)))
    assert read(rig, thread) is None
    assert read(rig, odd) is None


def test_a_store_that_does_not_answer_is_unavailable(rig: StoreRig) -> None:
    thread = a_thread()
    put(rig, thread)
    with rig.stalled():
        with pytest.raises(StoreUnavailable):
            rig.store.commit([Write(a_thread()), Write(a_relay())], [], timeout_seconds=0.3)
        if rig.stalls_reads:
            with pytest.raises(StoreUnavailable):
                read(rig, thread, timeout_seconds=0.3)
            with pytest.raises(StoreUnavailable):
                rig.store.threads_shown_to("Ann", START, 5, timeout_seconds=0.3)
            with pytest.raises(StoreUnavailable):
                rig.store.relays_of("K", 5, timeout_seconds=0.3)


def test_a_number_in_any_field_comes_back_exactly(rig: StoreRig) -> None:
    thread = a_thread(customer_phone="INFO", touched_at=START + timedelta(microseconds=123457))
    put(rig, thread, a_thread(customer_phone=CUSTOMER))
    assert there(rig, thread).record == thread
