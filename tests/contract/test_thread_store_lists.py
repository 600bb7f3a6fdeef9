"""What every store promises of lists: whom a thread was shown, what is open, which relays a claim takes; and how long
records are kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core.model import RETENTION, FinalStatus, Purpose, Relay, SenderClass
from relay.core.threads.model import QUIET_CLOSES, OptOut, PersonRecord, ThreadCode, ThreadRecord
from relay.ports import Search

from tests.contract.conftest import StoreRig
from tests.contract.kept import TIMEOUT, change, ids, put, read, there
from tests.fakes.clock import START
from tests.strategies import a_relay, later
from tests.thread_records import a_thread, an_id, shown


def _shown_to(rig: StoreRig, person: str, since: float = -1e6, limit: int = 10) -> list[str]:
    return ids(rig.store.threads_shown_to(person, later(since), limit, timeout_seconds=TIMEOUT))


def _unclaimed(rig: StoreRig, thread_id: str, limit: int = 10) -> list[Relay]:
    return [stored.relay for stored in rig.store.relays_of(thread_id, limit, timeout_seconds=TIMEOUT)]


def test_the_threads_that_a_person_was_shown_come_newest_first(rig: StoreRig) -> None:
    both = (shown("Ann"), shown("Bob", "M24", later(9)))
    threads = [a_thread(touched_at=later(number), shown=both[: number % 3]) for number in (3, 1, 4, 2, 5, 0)]
    put(rig, *threads)
    by_time = {kept.touched_at: kept.thread_id for kept in threads}
    expected = [by_time[later(number)] for number in (5, 4, 2, 1)]
    assert _shown_to(rig, "Ann") == expected
    assert _shown_to(rig, "Ann", limit=2) == expected[:2]
    assert _shown_to(rig, "Ann", since=2) == expected[:3], "those touched at that very time are of them"
    assert _shown_to(rig, "Bob") == [by_time[later(5)], by_time[later(2)]]
    assert _shown_to(rig, "An") == []
    (newest, *_) = rig.store.threads_shown_to("Bob", START, 1, timeout_seconds=TIMEOUT)
    assert newest == there(rig, newest.record)


def test_whom_a_thread_is_shown_and_when_it_is_touched_follow_its_changes(rig: StoreRig) -> None:
    first, second = a_thread(shown=(shown("Ann"),)), a_thread(touched_at=later(1), shown=(shown("Ann"),))
    version, _ = put(rig, first, second)
    version = change(rig, replace(first, touched_at=later(2), shown=(*first.shown, shown("Bob"))), version)
    assert _shown_to(rig, "Ann") == [first.thread_id, second.thread_id]
    assert _shown_to(rig, "Bob") == [first.thread_id]
    change(rig, replace(first, shown=(shown("Bob"), shown("Bob", "M24"))), version)
    assert _shown_to(rig, "Ann") == [second.thread_id]
    assert _shown_to(rig, "Bob") == [first.thread_id]


def test_what_became_of_a_thread_does_not_hide_it_from_whom_it_was_shown(rig: StoreRig) -> None:
    mine = (shown("Ann"),)
    closed, owned = a_thread(closed_at=later(1), shown=mine), a_thread(owner="Bob", touched_at=later(1), shown=mine)
    put(rig, closed, owned)
    assert _shown_to(rig, "Ann") == [owned.thread_id, closed.thread_id]


def test_open_threads_come_page_by_page(rig: StoreRig) -> None:
    now = rig.clock.now()
    threads = [a_thread(touched_at=now - timedelta(hours=number // 2)) for number in range(7)]
    put(rig, *threads)
    put(rig, a_thread(closed_at=now), a_thread(touched_at=now - QUIET_CLOSES))
    newest_first = [each.thread_id for each in sorted(threads, key=lambda t: (t.touched_at, t.thread_id), reverse=True)]
    found: list[str] = []
    sizes: list[int] = []
    token: str | None = None
    while True:
        page = rig.store.open_threads(3, token, timeout_seconds=TIMEOUT)
        found += ids(page.threads)
        sizes.append(len(page.threads))
        token = page.next_page_token
        if token is None:
            break
    assert (found, sizes) == (newest_first, [3, 3, 1])
    rig.clock.advance(QUIET_CLOSES.total_seconds() - 3600)
    page = rig.store.open_threads(10, timeout_seconds=TIMEOUT)
    assert ids(page.threads) == newest_first[:2], "a thread closes by itself when it was quiet for so long"
    with pytest.raises(ValueError, match="page token"):
        rig.store.open_threads(3, "no token", timeout_seconds=TIMEOUT)


def test_people_come_those_seen_last_first(rig: StoreRig) -> None:
    people = [PersonRecord(f"Handler {number}", "H", (), later(-number)) for number in (2, 0, 1)]
    put(rig, *people, a_thread(), OptOut(an_id(), START, "words"))
    found = rig.store.people(10, timeout_seconds=TIMEOUT)
    assert [kept.record.person for kept in found] == ["Handler 0", "Handler 1", "Handler 2"]
    assert found[0] == there(rig, people[1])
    assert len(rig.store.people(2, timeout_seconds=TIMEOUT)) == 2


def test_a_claim_takes_the_customers_texts_of_its_thread_that_no_claim_took(rig: StoreRig) -> None:
    thread, other = an_id(), an_id()
    texts = [
        a_relay(thread_id=thread, timestamp=later(number), final_status=status)
        for number, status in enumerate((FinalStatus.IN_PROGRESS, FinalStatus.EXHAUSTED, FinalStatus.DELIVERED))
    ]
    others = [
        a_relay(thread_id=other),
        a_relay(),
        a_relay(thread_id=thread, final_status=FinalStatus.CLAIMED),
        a_relay(thread_id=thread, final_status=FinalStatus.RECORDED, sender_class=SenderClass.HANDLER),
        a_relay(thread_id=thread, final_status=FinalStatus.HELD),
        a_relay(thread_id=thread, purpose=Purpose.ANSWER, sender_class=SenderClass.HANDLER),
        a_relay(thread_id=thread, purpose=Purpose.NOTICE),
    ]
    put(rig, *texts, *others)
    assert _unclaimed(rig, thread) == texts[::-1]
    assert _unclaimed(rig, thread, limit=2) == texts[:0:-1]
    assert _unclaimed(rig, an_id()) == []
    found = rig.store.relays_of(thread, 1, timeout_seconds=TIMEOUT)
    assert found == [rig.store.get(texts[2].message_id, timeout_seconds=TIMEOUT)]


def test_with_what_a_claim_takes_come_all_other_relays_of_the_thread_since_a_time(rig: StoreRig) -> None:
    thread = an_id()
    old, claimed_before, claimed, answer, notice, fresh = relays = [
        a_relay(thread_id=thread, timestamp=later(0)),
        a_relay(thread_id=thread, timestamp=later(1), final_status=FinalStatus.CLAIMED),
        a_relay(thread_id=thread, timestamp=later(2), final_status=FinalStatus.CLAIMED),
        a_relay(thread_id=thread, timestamp=later(3), purpose=Purpose.ANSWER),
        a_relay(thread_id=thread, timestamp=later(4), purpose=Purpose.NOTICE, final_status=FinalStatus.DELIVERED),
        a_relay(thread_id=thread, timestamp=later(5)),
    ]
    put(rig, *relays, a_relay(thread_id=an_id(), timestamp=later(6)), a_relay(timestamp=later(6)))

    def found(since: float, limit: int = 10) -> list[Relay]:
        of_thread = rig.store.relays_of(thread, limit, later(since), timeout_seconds=TIMEOUT)
        return [stored.relay for stored in of_thread]

    assert found(2) == [fresh, notice, answer, claimed, old], "each once, the newest first; since includes its time"
    assert found(1) == [fresh, notice, answer, claimed, claimed_before, old]
    assert found(9) == [fresh, old]
    assert found(2, limit=2) == [fresh, notice]
    newest, *_ = rig.store.relays_of(thread, 1, later(2), timeout_seconds=TIMEOUT)
    assert newest == rig.store.get(fresh.message_id, timeout_seconds=TIMEOUT)


def test_a_relay_that_is_claimed_is_not_claimed_again_until_it_is_released(rig: StoreRig) -> None:
    relay = a_relay(thread_id=an_id())
    (version,) = put(rig, relay)
    version = change(rig, replace(relay, final_status=FinalStatus.CLAIMED, claimed_by="Ann"), version)
    assert _unclaimed(rig, relay.thread_id) == []
    change(rig, replace(relay, final_status=FinalStatus.DELIVERED), version)
    assert _unclaimed(rig, relay.thread_id) == [replace(relay, final_status=FinalStatus.DELIVERED)]


def test_all_relays_of_a_thread_are_found_whatever_they_are_for(rig: StoreRig) -> None:
    thread = an_id()
    relays = [
        a_relay(thread_id=thread, timestamp=later(0), final_status=FinalStatus.CLAIMED),
        a_relay(thread_id=thread, timestamp=later(1), purpose=Purpose.ANSWER, sender_phone="+15550102001"),
        a_relay(thread_id=thread, timestamp=later(2)),
        a_relay(thread_id=thread, timestamp=later(3), sender_phone="+15550102001"),
    ]
    put(rig, *relays, a_relay(thread_id=an_id()), a_relay())

    def found(search: Search) -> list[Relay]:
        return list(rig.store.search(search, timeout_seconds=TIMEOUT).relays)

    assert found(Search(thread_id=thread)) == relays[::-1]
    assert found(Search(thread_id=an_id())) == []
    assert found(Search(thread_id=thread, since=later(1), until=later(3))) == [relays[2], relays[1]]
    assert found(Search(thread_id=thread, final_status=FinalStatus.IN_PROGRESS)) == relays[:0:-1]
    assert found(Search(thread_id=thread, sender_phone="+15550102001")) == [relays[3], relays[1]]
    own = Search(FinalStatus.IN_PROGRESS, sender_phone="+15550102001", limit=1, thread_id=thread)
    page = rig.store.search(own, timeout_seconds=TIMEOUT)
    assert list(page.relays) == [relays[3]]
    assert found(replace(own, page_token=page.next_page_token)) == [relays[1]]
    assert len(found(Search())) == 6


def test_a_record_whose_time_is_over_is_in_no_list_and_can_still_be_changed(rig: StoreRig) -> None:
    thread, person = a_thread(shown=(shown("Ann"),)), PersonRecord("Ann", "Ann", (), START)
    code, opt_out = ThreadCode("K71", thread.thread_id, START), OptOut(an_id(), START, "words")
    version, *_ = put(rig, thread, person, code, opt_out)
    rig.clock.advance(RETENTION.total_seconds() - 1)
    assert _shown_to(rig, "Ann") == [thread.thread_id]
    assert len(rig.store.people(5, timeout_seconds=TIMEOUT)) == 1
    rig.clock.advance(1)
    assert _shown_to(rig, "Ann") == []
    assert rig.store.people(5, timeout_seconds=TIMEOUT) == []
    for record in (thread, person, code, opt_out):
        assert there(rig, record).record == record
    again = replace(thread, touched_at=rig.clock.now())
    change(rig, again, version)
    assert _shown_to(rig, "Ann") == [thread.thread_id]


def test_threads_and_people_are_removed_in_time_and_codes_and_opt_outs_never(rig: StoreRig) -> None:
    if not rig.purges:
        pytest.skip("optional: this store removes by itself")
    old = [a_thread(shown=(shown("Ann"),)) for _ in range(3)]
    person, code = PersonRecord("Bob", "Bob", (), START), ThreadCode("K71", old[0].thread_id, START)
    opt_out, kept = OptOut(an_id(), START, "words"), a_thread(touched_at=later(7200), shown=(shown("Ann"),))
    put(rig, *old, person, code, opt_out, kept, a_relay(timestamp=START, final_status=FinalStatus.DELIVERED))
    rig.clock.advance(RETENTION.total_seconds() - 1)
    assert rig.store.purge_expired(rig.clock.now(), 10, timeout_seconds=TIMEOUT) == 0
    rig.clock.advance(1)
    purged = [rig.store.purge_expired(rig.clock.now(), 2, timeout_seconds=TIMEOUT) for _ in range(4)]
    assert purged == [2, 2, 1, 0]
    gone: tuple[ThreadRecord, ...] = (*old, person)
    assert [read(rig, each) for each in gone] == [None] * 4
    assert [there(rig, each).record for each in (code, opt_out, kept)] == [code, opt_out, kept]
    assert _shown_to(rig, "Ann") == [kept.thread_id]
    put(rig, replace(old[0], touched_at=rig.clock.now()))
    assert there(rig, old[0]).record.touched_at == rig.clock.now()
