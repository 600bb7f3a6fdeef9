"""Clocks that are a day or months ahead or back, for one run or for hours: nothing is lost, and it heals by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from relay.core.model import FinalStatus
from relay.flow.reconcile import WATERMARK

from tests.flow.reconciling import EVERY, is_stored, listed_id, reconciled_before, run, runs, twilio_has, watermark
from tests.relays import MESSAGE_ID
from tests.worlds import Doubles

# A clock that is wrong by so much; the last one is that of a machine whose battery is dead.
WRONG = {
    "an hour ahead": timedelta(hours=1),
    "a day ahead": timedelta(days=1),
    "91 days ahead": timedelta(days=91),
    "ten years ahead": timedelta(days=3650),
    "an hour back": timedelta(hours=-1),
    "a day back": timedelta(days=-1),
    "91 days back": timedelta(days=-91),
    "of the year 2000": datetime(2000, 1, 1, tzinfo=UTC) - datetime(2026, 3, 1, 12, tzinfo=UTC),
}


@pytest.fixture
def doubles() -> Doubles:
    doubles = reconciled_before()
    twilio_has(doubles, listed_id(1), age=60)
    runs(doubles, hours=1.1)
    return doubles


def _with_clock(doubles: Doubles, wrong: timedelta) -> None:
    doubles.clock.set(doubles.clock.now() + wrong)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("for_hours", [0.1, 3.0])
def test_texts_that_are_lost_during_and_after_an_excursion_of_the_clock_are_recovered(
    doubles: Doubles, wrong: timedelta, for_hours: float
) -> None:
    _with_clock(doubles, wrong)
    twilio_has(doubles, listed_id(2), age=wrong.total_seconds() + 40)
    runs(doubles, hours=for_hours)
    _with_clock(doubles, -wrong)
    for number in range(3, 6):
        twilio_has(doubles, listed_id(number), age=40)
        doubles.clock.advance(EVERY)
        run(doubles)
    runs(doubles, hours=1.1)
    assert [number for number in range(1, 6) if not is_stored(doubles, listed_id(number))] == []
    until = watermark(doubles)
    assert until is not None
    assert until <= doubles.clock.now() + timedelta(minutes=5)


@pytest.mark.parametrize("wrong", [timedelta(days=1), timedelta(days=91)], ids=str)
def test_a_watermark_that_lies_ahead_is_pulled_back_and_that_is_said(wrong: timedelta) -> None:
    """An earlier revision set it by a clock that was ahead."""
    doubles = Doubles()
    doubles.store.set_watermark(WATERMARK, doubles.clock.now() + wrong, timeout_seconds=1.0)
    for number in range(3):
        twilio_has(doubles, listed_id(number), age=60)
        runs(doubles, hours=1)
    assert [number for number in range(3) if not is_stored(doubles, listed_id(number))] == []
    assert [labels["time"] for _, message, labels in doubles.journal.notes if "pulled back" in message] == [
        "compared_until"
    ]


def test_a_clock_that_is_behind_is_reported_and_what_is_listed_is_relayed_at_once(doubles: Doubles) -> None:
    twilio_has(doubles, age=60)
    _with_clock(doubles, timedelta(days=-1))
    assert run(doubles).recovered == 1
    (labels,) = [labels for _, message, labels in doubles.journal.notes if "clock is behind" in message]
    assert labels["seconds"] == 86400 - 60


@pytest.mark.parametrize("wrong", list(WRONG.values())[:4], ids=list(WRONG)[:4])
def test_a_relay_that_was_begun_by_a_clock_that_was_ahead_goes_on_once_it_is_right(
    doubles: Doubles, wrong: timedelta
) -> None:
    _with_clock(doubles, wrong)
    doubles.inbound()
    _with_clock(doubles, -wrong)
    doubles.wait(EVERY)
    run(doubles)
    assert doubles.relay().due_at is not None
    for _ in range(4):
        doubles.wait(EVERY)
        run(doubles)
    assert doubles.relay().final_status is FinalStatus.EXHAUSTED
    assert len(doubles.relay().attempts) == 3
    assert MESSAGE_ID in [relay.message_id for relay in doubles.journal.alarms]


def test_it_goes_on_although_the_provider_does_not_answer(doubles: Doubles) -> None:
    _with_clock(doubles, timedelta(days=91))
    doubles.inbound()
    _with_clock(doubles, timedelta(days=-91))
    doubles.messenger.is_down = True
    assert not run(doubles).provider_answered
    due_at = doubles.relay().due_at
    assert due_at is not None
    assert due_at <= doubles.clock.now() + timedelta(seconds=60)


def test_a_relay_that_was_begun_by_a_dead_clock_is_kept_when_the_clock_is_right(doubles: Doubles) -> None:
    wrong = WRONG["of the year 2000"]
    _with_clock(doubles, wrong)
    doubles.inbound()
    _with_clock(doubles, -wrong)
    assert is_stored(doubles, MESSAGE_ID), "it expired in the year 2000, but it has not ended"
    run(doubles)
    assert doubles.relay().expires_at > doubles.clock.now() + timedelta(days=89)


def test_the_first_run_of_all_by_a_clock_that_is_behind_relays_nothing_of_before() -> None:
    doubles = Doubles()
    twilio_has(doubles, listed_id(1), age=3600)
    twilio_has(doubles, listed_id(2), age=60)
    _with_clock(doubles, WRONG["of the year 2000"])
    assert run(doubles).recovered == 1
    assert is_stored(doubles, listed_id(2))


@pytest.mark.parametrize("ahead", [timedelta(days=2), timedelta(days=25_000)], ids=str)
@pytest.mark.parametrize("rows_ahead", [1, 2])
def test_rows_of_a_time_to_come_hide_no_text_that_is_lost_later(ahead: timedelta, rows_ahead: int) -> None:
    """The list shows them to the first run of all, and it is they that are wrong, not our clock."""
    doubles = Doubles()
    for number in range(rows_ahead):
        twilio_has(doubles, listed_id(number), age=-ahead.total_seconds() * (number + 1))
    twilio_has(doubles, listed_id(7), age=7200)
    runs(doubles, hours=2)
    twilio_has(doubles, listed_id(8), age=3600)
    twilio_has(doubles, listed_id(9), age=40)
    runs(doubles, hours=2)
    assert [is_stored(doubles, listed_id(number)) for number in (7, 8, 9)] == [False, True, True]
    assert all(is_stored(doubles, listed_id(number)) for number in range(rows_ahead)), "a text all the same"
