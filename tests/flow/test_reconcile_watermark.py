"""Reconcile's watermark: where a run looks, and how far it has come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from relay.core.model import RETENTION
from relay.flow import reconcile
from relay.flow.reconcile import CLOCK_TOLERANCE, OVERLAP, WATERMARK

from tests.flow.reconciling import is_stored, listed_id, reconciled_before, run, twilio_has, watermark
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


def test_no_later_run_looks_further_back_than_the_first() -> None:
    doubles = Doubles()
    twilio_has(doubles, age=(OVERLAP + A_MOMENT).total_seconds())
    for _ in range(5):
        assert run(doubles).recovered == 0
        doubles.clock.advance(60)


def test_every_run_overlaps_the_one_before(doubles: Doubles) -> None:
    """Twilio's list may be behind, and our clock ahead of Twilio's."""
    doubles.clock.advance(600)
    run(doubles)
    done_until = watermark(doubles)
    assert done_until == doubles.clock.now() - CLOCK_TOLERANCE
    twilio_has(doubles, age=(CLOCK_TOLERANCE + OVERLAP - A_MOMENT).total_seconds())
    assert run(doubles).recovered == 1


def test_a_pause_of_days_loses_nothing(doubles: Doubles) -> None:
    twilio_has(doubles, age=0)
    doubles.clock.advance(3 * 86400.0)
    assert run(doubles).recovered == 1


def test_a_text_older_than_the_retention_is_not_relayed(doubles: Doubles) -> None:
    twilio_has(doubles, age=-1)
    doubles.clock.advance(RETENTION.total_seconds() + 2)
    assert run(doubles).recovered == 0


def test_the_watermark_never_goes_back(doubles: Doubles) -> None:
    ahead = doubles.clock.now() + timedelta(minutes=4)
    doubles.store.set_watermark(WATERMARK, ahead, timeout_seconds=1.0)
    run(doubles)
    assert watermark(doubles) == ahead


def test_a_run_is_bounded_and_the_next_one_goes_on(doubles: Doubles) -> None:
    for number in range(5):
        twilio_has(doubles, listed_id(number), age=290.0 - number)
    reports = []
    for _ in range(3):
        reports.append(run(doubles, limit=2))
        doubles.clock.advance(300)
    assert [report.recovered for report in reports] == [2, 2, 1]
    assert [report.more for report in reports[:2]] == [True, True]


def test_a_run_out_of_time_leaves_the_rest_for_the_next(doubles: Doubles, monkeypatch: pytest.MonkeyPatch) -> None:
    twilio_has(doubles)
    monkeypatch.setattr(reconcile, "RUN_SECONDS", 1.0)
    report = run(doubles)
    assert (report.recovered, report.more) == (0, True)
    monkeypatch.setattr(reconcile, "RUN_SECONDS", 120.0)
    assert run(doubles).recovered == 1
