"""How far reconcile looks and how far it has come: where it begins, what it goes on with, what it never passes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from relay.core.model import RETENTION
from relay.errors import StoreUnavailable
from relay.flow import intake as inbound
from relay.flow import reconcile
from relay.flow.reconcile import BOOKMARK, WATERMARK
from relay.flow.taking_in import FRESH, LOOK_BACK, OVERLAP, TRIES

from tests.flow.reconciling import EVERY, is_stored, listed_id, reconciled_before, run, runs, twilio_has, watermark
from tests.worlds import Doubles

A_MOMENT = timedelta(seconds=1)


@pytest.fixture
def doubles() -> Doubles:
    return reconciled_before()


def test_the_first_run_looks_back_a_little_and_no_further() -> None:
    doubles = Doubles()
    twilio_has(doubles, listed_id(1), age=(OVERLAP - A_MOMENT).total_seconds())
    twilio_has(doubles, listed_id(2), age=(OVERLAP + A_MOMENT).total_seconds())
    assert run(doubles).recovered == 1
    assert is_stored(doubles, listed_id(1))


def test_what_came_in_since_a_list_was_first_asked_for_in_vain_is_found() -> None:
    """[A deployment with a wrong token: webhooks and lists are refused until it is corrected, hours later]."""
    doubles = Doubles()
    doubles.messenger.is_down = True
    assert not run(doubles).provider_answered
    twilio_has(doubles, listed_id(1), age=(OVERLAP - A_MOMENT).total_seconds())
    twilio_has(doubles, listed_id(2), age=(OVERLAP + A_MOMENT).total_seconds())
    runs(doubles, hours=3)
    twilio_has(doubles, listed_id(3), age=2 * 3600)
    doubles.messenger.is_down = False
    assert run(doubles).recovered == 2
    assert [is_stored(doubles, listed_id(number)) for number in (1, 2, 3)] == [True, False, True]


def test_what_came_in_long_before_the_first_list_that_was_had_is_not_looked_for() -> None:
    """[The clock was of the year 2000 when a list was first asked for]."""
    doubles = Doubles()
    now = doubles.clock.now()
    doubles.messenger.is_down = True
    doubles.clock.set(now - timedelta(days=9000))
    run(doubles)
    doubles.clock.set(now)
    doubles.messenger.is_down = False
    twilio_has(doubles, listed_id(1), age=(OVERLAP + LOOK_BACK + A_MOMENT).total_seconds())
    assert run(doubles).recovered == 0


def test_no_later_run_looks_further_back_than_the_first() -> None:
    doubles = Doubles()
    twilio_has(doubles, age=(OVERLAP + A_MOMENT).total_seconds())
    assert [report.recovered for report in runs(doubles, hours=26)] == [0] * 312


def test_what_an_earlier_revision_had_compared_is_gone_on_from() -> None:
    """It knew one time alone; texts that it had left are found from there on."""
    doubles = Doubles()
    doubles.store.set_watermark(WATERMARK, doubles.clock.now() - timedelta(hours=30), timeout_seconds=1.0)
    twilio_has(doubles, listed_id(1), age=29 * 3600)
    twilio_has(doubles, listed_id(2), age=31 * 3600)
    assert run(doubles).recovered == 1


def test_an_earlier_revision_finds_how_far_this_one_has_come(doubles: Doubles) -> None:
    doubles.clock.advance(7200)
    twilio_has(doubles, age=600)
    run(doubles)
    assert watermark(doubles) == doubles.clock.now() - timedelta(seconds=600)


def test_a_bookmark_that_cannot_be_read_is_told_of_and_made_anew(doubles: Doubles) -> None:
    for broken in ("not a bookmark", "{}", '{"first": 7}', "[]"):
        before = doubles.store.get_bookmark(BOOKMARK, timeout_seconds=1.0)
        assert doubles.store.swap_bookmark(BOOKMARK, before, broken, timeout_seconds=1.0)
        doubles.journal.notes.clear()
        run(doubles)
        assert doubles.journal.notes[0][0] == "ERROR"
        assert run(doubles).failed == 0
        assert len(doubles.journal.notes) == 3


@pytest.mark.parametrize("days", [1, 3, 30])
def test_a_pause_of_days_loses_nothing(doubles: Doubles, days: int) -> None:
    run(doubles)
    for number in range(6):
        twilio_has(doubles, listed_id(number), age=-number * days * 86400 / 6)
    doubles.clock.advance(days * 86400.0)
    assert run(doubles).recovered == 6


def test_a_text_older_than_the_retention_is_not_relayed_and_people_are_told(doubles: Doubles) -> None:
    twilio_has(doubles, age=-1)
    doubles.clock.advance(RETENTION.total_seconds() + 2)
    assert [report.recovered for report in runs(doubles, hours=TRIES)] == [0] * TRIES * 12
    assert [message_id for message_id, _ in doubles.journal.not_taken] == [
        doubles.messenger.received[0].text.message_id
    ]
    doubles.journal.not_taken.clear()
    runs(doubles, hours=24)
    assert doubles.journal.not_taken == [], "told once"


def test_a_quiet_line_looks_at_its_last_texts_and_no_older_ones_after_they_were_removed(doubles: Doubles) -> None:
    """Their relays were removed after 90 days; they are no new texts."""
    twilio_has(doubles)
    run(doubles)
    doubles.clock.advance(RETENTION.total_seconds() + 61)
    doubles.store.delete(doubles.messenger.received[0].text.message_id, timeout_seconds=1.0)
    assert [report.recovered for report in runs(doubles, hours=2)] == [0] * 24
    assert doubles.journal.not_taken == []


def test_a_run_is_bounded_and_the_next_one_goes_on(doubles: Doubles) -> None:
    for number in range(5):
        twilio_has(doubles, listed_id(number), age=290.0 - number)
    reports = []
    for _ in range(3):
        reports.append(run(doubles, limit=2))
        doubles.clock.advance(EVERY)
    assert [report.recovered for report in reports] == [2, 2, 1]
    assert [report.more for report in reports[:2]] == [True, True]


def test_a_run_out_of_time_leaves_the_rest_for_the_next(doubles: Doubles, monkeypatch: pytest.MonkeyPatch) -> None:
    twilio_has(doubles)
    monkeypatch.setattr(reconcile, "RUN_SECONDS", 1.0)
    report = run(doubles)
    assert (report.recovered, report.more) == (0, True)
    monkeypatch.setattr(reconcile, "RUN_SECONDS", 120.0)
    assert run(doubles).recovered == 1


@pytest.mark.parametrize("error", [ValueError("a body"), StoreUnavailable("refused"), RuntimeError()], ids=type)
def test_a_text_that_cannot_be_stored_is_tried_again_and_then_told_of(
    doubles: Doubles, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    twilio_has(doubles, listed_id(1), age=120)
    twilio_has(doubles, listed_id(2), age=60)
    accept, tried = inbound.accept, [0]

    def fails(world: object, intake: object, one: object, *arguments: object, **named: object) -> bool:
        if one.message_id == listed_id(1):  # type: ignore[attr-defined]
            tried[0] += 1
            raise error
        return accept(world, intake, one, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(inbound, "accept", fails)
    assert runs(doubles, hours=24)[0].recovered == 1, "the other one is not kept waiting"
    assert [message_id for message_id, _ in doubles.journal.not_taken] == [listed_id(1)]
    named = [labels for _, message, labels in doubles.journal.notes if message == "a text could not be recovered"]
    assert [labels["relay"] for labels in named] == [listed_id(1)] * (TRIES - 1)
    assert "body" not in str(doubles.journal.notes)
    assert tried[0] > TRIES, "it is tried further all the same"
    monkeypatch.setattr(inbound, "accept", accept)
    runs(doubles, hours=1)
    assert is_stored(doubles, listed_id(1))


def test_the_watermark_passes_no_text_that_waits_until_people_are_told(
    doubles: Doubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a pause of three days the text lies beyond what an ordinary run looks at."""
    run(doubles)
    twilio_has(doubles, listed_id(1), age=0)
    doubles.clock.advance(3 * 86400)
    twilio_has(doubles, listed_id(2), age=60)
    accept = inbound.accept
    left = [2]

    def fails_twice(world: object, intake: object, one: object, *arguments: object, **named: object) -> bool:
        if one.message_id == listed_id(1) and left[0]:  # type: ignore[attr-defined]
            left[0] -= 1
            raise ValueError
        return accept(world, intake, one, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(inbound, "accept", fails_twice)
    runs(doubles, hours=4)
    assert is_stored(doubles, listed_id(1))
    assert doubles.journal.not_taken == []


def test_every_text_is_looked_for_three_times_while_it_is_fresh_and_once_an_hour_for_a_day(doubles: Doubles) -> None:
    assert timedelta(seconds=3 * EVERY) == FRESH
    assert timedelta(hours=25) < LOOK_BACK <= timedelta(hours=27)
