"""What is kept of operators, in every home: compare-and-set, what expires and what is due, and what no store takes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from relay.errors import StoreRefused, StoreUnavailable, VersionConflict
from relay.ports import OperatorKind, OperatorRecord
from relay.record.operator_contents import CONTENT_BYTES_MAX

from tests.contract.operator_rigs import RIGS, OperatorRig
from tests.fakes.clock import START

LIMIT: dict[str, Any] = {"timeout_seconds": 120.0}
SESSION, MESSAGE = OperatorKind.SESSION, OperatorKind.MESSAGE
HOUR = timedelta(hours=1)
ODD: dict[str, Any] = {
    "": None,
    "a.b": {"__c__": [[1, []], {"": -0.5}]},
    "`": True,
    "big": 2**70,
    "words": "line\n\0 \U0001f600 ünï \u2028",
    "0": {},
}


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest) -> Iterator[OperatorRig]:
    with RIGS[request.param](request) as one:
        yield one


def session(key: str = "a", lasts: timedelta = HOUR, **content: object) -> OperatorRecord:
    return OperatorRecord(SESSION, key, content, START + lasts)


def message(key: str, due: timedelta, lasts: timedelta = HOUR) -> OperatorRecord:
    return OperatorRecord(MESSAGE, key, {"to": key}, START + lasts, START + due)


def put(rig: OperatorRig, *records: OperatorRecord) -> list[OperatorRecord]:
    return [rig.records.put(record, **LIMIT) for record in records]


def get(rig: OperatorRig, record: OperatorRecord) -> OperatorRecord | None:
    return rig.records.get(record.kind, record.key, **LIMIT)


def due(rig: OperatorRig, before: datetime, limit: int = 10) -> list[str]:
    return [each.key for each in rig.records.due(MESSAGE, before, limit, **LIMIT)]


def lasting(rig: OperatorRig, kind: OperatorKind = SESSION, limit: int = 10) -> list[str]:
    return [each.key for each in rig.records.lasting(kind, limit, **LIMIT)]


@pytest.mark.parametrize("kind", OperatorKind)
def test_a_record_comes_back_as_it_was_stored_and_is_none_before(rig: OperatorRig, kind: OperatorKind) -> None:
    microsecond = timedelta(microseconds=1)
    record = OperatorRecord(kind, "A-z_0.9:" + "x" * 192, ODD, START + HOUR + microsecond, START + microsecond)
    assert get(rig, record) is None
    (stored,) = put(rig, record)
    assert stored.version is not None
    assert replace(stored, version=None) == record
    assert get(rig, record) == stored
    assert rig.others.get(kind, record.key, **LIMIT) == stored
    assert rig.records.due(kind, START + HOUR, 5, **LIMIT) == [stored]
    assert rig.records.lasting(kind, 5, **LIMIT) == [stored]


def test_records_of_different_kinds_with_one_key_are_different_records(rig: OperatorRig) -> None:
    stored = put(rig, *(OperatorRecord(kind, "..", {"is": kind.value}, START + HOUR) for kind in OperatorKind))
    for each in stored:
        assert get(rig, each) == each
    rig.records.delete(SESSION, "..", **LIMIT)
    assert [each for each in stored if get(rig, each) is None] == [each for each in stored if each.kind is SESSION]


def test_a_record_is_made_once_and_changed_only_as_it_was_read(rig: OperatorRig) -> None:
    (first,) = put(rig, session(tries=0))
    with pytest.raises(VersionConflict) as caught:
        put(rig, session(tries=5))
    assert (caught.value.kind, caught.value.record_id) == ("session", "a")
    (second,) = put(rig, replace(first, content={"tries": 1}, due_at=START))
    assert second.version != first.version
    with pytest.raises(VersionConflict):
        put(rig, replace(first, content={"tries": 2}))
    assert get(rig, first) == second
    (third,) = put(rig, replace(second, due_at=None))
    assert get(rig, first) == third
    assert third.due_at is None


def test_a_version_is_used_once_also_where_nothing_changes(rig: OperatorRig) -> None:
    (first,) = put(rig, session())
    (second,) = put(rig, first)
    assert second.version != first.version
    with pytest.raises(VersionConflict):
        put(rig, first)


def test_a_change_of_a_record_that_is_gone_or_was_made_again_is_a_conflict(rig: OperatorRig) -> None:
    (first,) = put(rig, session())
    with pytest.raises(VersionConflict):
        put(rig, replace(first, key="another"))
    rig.records.delete(SESSION, "a", **LIMIT)
    with pytest.raises(VersionConflict):
        put(rig, first)
    (again,) = put(rig, session(made="again"))
    with pytest.raises(VersionConflict):
        put(rig, first)
    assert get(rig, again) == again


def test_what_is_deleted_is_gone_from_every_list_and_deleting_it_again_does_nothing(rig: OperatorRig) -> None:
    put(rig, message("a", -HOUR), message("b", -HOUR))
    for _ in range(2):
        rig.records.delete(MESSAGE, "a", **LIMIT)
    rig.records.delete(MESSAGE, "never there", **LIMIT)
    rig.records.delete(MESSAGE, "never-there", **LIMIT)
    assert get(rig, message("a", -HOUR)) is None
    assert due(rig, START) == ["b"]
    assert lasting(rig, MESSAGE) == ["b"]


def test_what_has_expired_is_no_longer_returned_and_its_place_is_free(rig: OperatorRig) -> None:
    first, other = put(rig, session(number=1), message("m", -HOUR))
    rig.clock.set(START + HOUR - timedelta(microseconds=1))
    assert (get(rig, first), lasting(rig), due(rig, START)) == (first, ["a"], ["m"])
    with pytest.raises(VersionConflict):
        put(rig, session(number=2))
    rig.clock.set(START + HOUR)
    assert (get(rig, first), get(rig, other), lasting(rig), due(rig, START)) == (None, None, [], [])
    (second,) = put(rig, session(lasts=2 * HOUR, number=2))
    assert get(rig, first) == second
    with pytest.raises(VersionConflict):
        put(rig, replace(first, expires_at=START + 3 * HOUR))


def test_the_longest_overdue_come_first_and_what_is_not_due_not_at_all(rig: OperatorRig) -> None:
    put(rig, *(message(f"due-{minutes}", timedelta(minutes=minutes)) for minutes in (-1, -30, 0, -5, 3)))
    put(rig, session("no-time"), session("of-another-kind"))
    assert due(rig, START) == ["due--30", "due--5", "due--1"]
    assert due(rig, START + timedelta(microseconds=1))[-1] == "due-0"
    assert due(rig, START, 2) == ["due--30", "due--5"]
    assert due(rig, START, 0) == []
    assert due(rig, START - HOUR) == []


def test_those_that_expire_last_come_first(rig: OperatorRig) -> None:
    put(rig, *(session(f"for-{hours}", hours * HOUR) for hours in (2, 1, 5, 3)), message("other", HOUR, 9 * HOUR))
    assert lasting(rig) == ["for-5", "for-3", "for-2", "for-1"]
    assert lasting(rig, limit=2) == ["for-5", "for-3"]
    rig.clock.advance(HOUR.total_seconds() * 2)
    assert lasting(rig) == ["for-5", "for-3"]


def test_those_of_one_time_come_in_the_order_of_their_keys(rig: OperatorRig) -> None:
    put(rig, *(message(key, -HOUR) for key in ("b", "a", "c")))
    assert due(rig, START) == ["a", "b", "c"]
    assert lasting(rig, MESSAGE) == ["c", "b", "a"]


def test_what_cannot_be_read_counts_as_none_is_told_of_and_can_be_made_anew(rig: OperatorRig) -> None:
    broken, sound = put(rig, message("a", -2 * HOUR), message("b", -HOUR))
    rig.spoil(MESSAGE, "a")
    assert get(rig, broken) is None
    words = ("WARNING", "a record of an operator cannot be read", {"kind": "message", "key": "a"})
    assert words in rig.journal.notes
    assert due(rig, START, 1) == ["b"]
    assert lasting(rig, MESSAGE, 1) == ["b"]
    assert get(rig, sound) == sound
    (again,) = put(rig, message("a", -3 * HOUR))
    assert get(rig, broken) == again
    assert due(rig, START) == ["a", "b"]


@pytest.mark.parametrize("key", ["", "+15550100", "a/b", "ana@example.com", "é", "x" * 201, "a\n", "\ud83d", " "])
def test_a_key_of_another_form_names_nothing_and_is_refused_without_repeating_it(rig: OperatorRig, key: str) -> None:
    assert rig.records.get(SESSION, key, **LIMIT) is None
    rig.records.delete(SESSION, key, **LIMIT)
    with pytest.raises(StoreRefused) as caught:
        put(rig, session(key))
    assert str(caught.value) == "session: its key is none"


@pytest.mark.parametrize(
    "value",
    [START, (1, 2), {1: "a number that names"}, b"bytes", float("nan"), float("inf"), "half \ud83d", {"a set"}],
    ids=repr,
)
def test_what_would_come_back_as_something_else_is_refused_for_good(rig: OperatorRig, value: object) -> None:
    (first,) = put(rig, session(value=1))
    for presumed in (first, session("b")):
        with pytest.raises(StoreRefused):
            put(rig, replace(presumed, content={"value": value}))
    with pytest.raises(StoreRefused):
        put(rig, replace(first, due_at=START.replace(tzinfo=None)))
    assert get(rig, first) == first
    assert get(rig, session("b")) is None


def test_the_largest_content_is_stored_and_a_byte_more_is_refused_for_good(rig: OperatorRig) -> None:
    largest = "é" * ((CONTENT_BYTES_MAX - len('{"words":""}')) // 2)
    (stored,) = put(rig, session("x" * 200, words=largest))
    assert get(rig, stored) == stored
    with pytest.raises(StoreRefused):
        put(rig, replace(stored, content={"words": f"{largest}é"}))
    assert get(rig, stored) == stored


def test_a_content_that_is_changed_after_it_was_stored_or_read_changes_nothing(rig: OperatorRig) -> None:
    content: dict[str, Any] = {"tries": [1]}
    (stored,) = put(rig, session(**content))
    content["tries"].append(2)
    found = get(rig, stored)
    assert found is not None
    found.content["tries"].append(3)
    again = get(rig, stored)
    assert again is not None
    assert again.content == {"tries": [1]}


@pytest.mark.parametrize("is_new", [True, False])
def test_of_writers_at_the_same_time_one_wins(rig: OperatorRig, is_new: bool) -> None:
    presumed = session() if is_new else put(rig, session())[0]
    ready = threading.Barrier(4)
    won: list[OperatorRecord] = []
    lost: list[VersionConflict] = []

    def write(number: int) -> None:
        records = (rig.records, rig.others)[number % 2]
        ready.wait()
        try:
            won.append(records.put(replace(presumed, content={"by": number}), **LIMIT))
        except VersionConflict as error:
            lost.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 3)
    assert get(rig, presumed) == won[0]


def test_of_writers_that_take_the_place_of_an_expired_record_one_wins(rig: OperatorRig) -> None:
    put(rig, session())
    rig.clock.advance(HOUR.total_seconds())
    ready = threading.Barrier(2)
    won: list[OperatorRecord] = []

    def write(number: int) -> None:
        records = (rig.records, rig.others)[number]
        ready.wait()
        try:
            won.append(records.put(session(lasts=2 * HOUR, by=number), **LIMIT))
        except VersionConflict:
            return

    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert get(rig, session()) == won[0]


def test_a_store_that_does_not_answer_is_unavailable_and_a_write_that_was_tried_again_is_done_or_a_conflict(
    rig: OperatorRig,
) -> None:
    (first,) = put(rig, session(number=1))
    changed = replace(first, content={"number": 2})
    with rig.stalled():
        with pytest.raises(StoreUnavailable):
            rig.records.put(changed, timeout_seconds=0.3)
        with pytest.raises(StoreUnavailable):
            rig.records.delete(SESSION, "b", timeout_seconds=0.3)
        if rig.stalls_reads:
            for read in (
                lambda: rig.records.get(SESSION, "a", timeout_seconds=0.3),
                lambda: rig.records.due(MESSAGE, START, 5, timeout_seconds=0.3),
                lambda: rig.records.lasting(SESSION, 5, timeout_seconds=0.3),
            ):
                with pytest.raises(StoreUnavailable):
                    read()
    with contextlib.suppress(VersionConflict):  # the first try was stored after all, and its reply lost
        put(rig, changed)
    found = get(rig, first)
    assert found is not None
    assert found.content == {"number": 2}
