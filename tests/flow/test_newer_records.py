"""A record of a later version is left to the newer revision: callers are to come again, and the watchmen pass it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from relay.errors import NewerRecord
from relay.flow import timers
from relay.flow.sweep import sweep
from relay.operators.redrive import redrive

from tests.flow.reconciling import listed_id, reconciled_before, run, twilio_has
from tests.relays import MESSAGE_ID, PERMANENT, sid
from tests.twilio_words import refusal
from tests.worlds import Doubles, Observed, inbound_request, status_request

SECOND = "SM" + "2" * 32


@pytest.fixture
def doubles() -> Doubles:
    """A text under way, which a newer revision has taken over."""
    doubles = Doubles()
    doubles.inbound()
    doubles.store.newer.add(MESSAGE_ID)
    return doubles


def test_its_webhook_is_answered_503(doubles: Doubles) -> None:
    assert doubles.inbound().status == 503
    assert len(doubles.messenger.sends) == 1


def test_its_callback_is_answered_503(doubles: Doubles) -> None:
    assert doubles.status(status_request("delivered", MessageSid=sid(1))).status == 503


def test_its_timer_comes_again(doubles: Doubles) -> None:
    (timer,) = doubles.timers.armed
    with pytest.raises(NewerRecord):
        timers.fire(doubles.world, timer)
    assert len(doubles.messenger.sends) == 1


def test_it_is_not_redriven(doubles: Doubles) -> None:
    with pytest.raises(NewerRecord):
        redrive(doubles.world, doubles.tiers, MESSAGE_ID, "redrive-0001", 1)


def test_the_sweep_passes_it_and_resumes_the_others(doubles: Doubles) -> None:
    doubles.messenger.script(refusal(PERMANENT))
    doubles.inbound(inbound_request(MessageSid=SECOND))
    doubles.clock.advance(3600)
    report = sweep(doubles.world)
    assert (report.resumed, report.failed) == (1, 0)
    assert len(doubles.relay(SECOND).attempts) == 2


def test_one_that_is_taken_over_while_the_sweep_works_on_it_is_no_failure() -> None:
    doubles = Observed()
    doubles.inbound()
    doubles.clock.advance(3600)
    doubles.before["update"] = lambda: doubles.store.newer.add(MESSAGE_ID)
    report = sweep(doubles.world)
    assert doubles.calls.count("update") >= 2, "the sweep did work on it"
    assert (report.resumed, report.failed) == (0, 0)


def test_reconcile_passes_it_and_settles_the_others() -> None:
    doubles = reconciled_before()
    for number in (1, 2):
        doubles.inbound(inbound_request(MessageSid=listed_id(number)))
        doubles.clock.advance(1)
    doubles.store.newer.add(listed_id(1))
    doubles.clock.advance(3600)
    twilio_has(doubles, listed_id(3), age=60)
    report = run(doubles)
    assert (report.recovered, report.failed, report.was_held_up) == (1, 0, False)


def test_one_that_is_taken_over_while_reconcile_asks_about_it_does_not_end_the_run() -> None:
    doubles = Observed()
    doubles.store.set_watermark("reconcile", doubles.clock.now(), timeout_seconds=1.0)
    doubles.inbound()
    doubles.clock.advance(timedelta(minutes=5).total_seconds())
    # Found by the search, and gone to the newer revision when it is read.
    doubles.before["get"] = lambda: doubles.store.newer.add(MESSAGE_ID)
    report = run(doubles)
    assert MESSAGE_ID in doubles.store.newer
    assert not report.was_held_up


def test_a_text_recovered_while_a_newer_revision_takes_it_in_does_not_end_the_run() -> None:
    doubles = Observed()
    doubles.store.set_watermark("reconcile", doubles.clock.now(), timeout_seconds=1.0)
    twilio_has(doubles, MESSAGE_ID, age=60)
    twilio_has(doubles, SECOND, age=50)

    def its_webhook_comes_after_all() -> None:
        doubles.before.clear()
        doubles.inbound()
        doubles.store.newer.add(MESSAGE_ID)

    doubles.before["create"] = its_webhook_comes_after_all
    report = run(doubles)
    assert (report.recovered, report.was_held_up) == (1, False)
    assert doubles.relay(SECOND).recovered
