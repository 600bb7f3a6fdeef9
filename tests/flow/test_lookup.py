"""Settling what is open: what Twilio knows more of than the record is asked for, and taken over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from relay.core import moves
from relay.core.model import FinalStatus
from relay.core.policy import FATE_LOOKUP_SECONDS, Success
from relay.flow import lookup, timers
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.sweep import GRACE, sweep

from tests.flow.lost_answers import FIRST, comes_in, settle
from tests.relays import PERMANENT, policy, sid
from tests.worlds import Doubles, Observed, inbound_request, status_request


def test_an_attempt_whose_holder_may_still_be_sending_is_left_alone() -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST)
    assert settle(doubles, FIRST).repaired == 0
    assert doubles.relay(FIRST).attempts[0].sent_id is None


@pytest.mark.parametrize(("arrives", "adopted", "declared"), [(True, 1, 0), (False, 0, 0)])
def test_an_unknown_attempt_in_progress_is_adopted_but_not_declared_lost(
    arrives: bool, adopted: int, declared: int
) -> None:
    """For a while its own deadline decides whether it was sent; that Twilio has it is worth knowing at once."""
    doubles = Doubles()
    comes_in(doubles, FIRST, arrives=arrives)
    doubles.clock.advance(30)
    settled = settle(doubles, FIRST)
    assert (settled.adopted, settled.declared_not_sent, settled.taken_over) == (adopted, declared, 0)
    assert settled.repaired == adopted + declared


def test_an_unknown_attempt_whose_deadline_is_far_away_is_not_waited_for() -> None:
    """The process died between lease and send: the next tier must not wait for an hour."""
    doubles = Doubles(policy(2, timeout=3600.0))
    comes_in(doubles, FIRST, arrives=False)
    doubles.clock.advance(138)
    assert settle(doubles, FIRST).declared_not_sent == 0
    doubles.clock.advance(1)
    assert settle(doubles, FIRST).declared_not_sent == 1
    assert [(attempt.tier, attempt.status.value) for attempt in doubles.relay(FIRST).attempts] == [
        (1, "failed"),
        (2, "scheduled"),
    ]
    assert len(doubles.timers.armed) == 2


def test_a_status_of_which_no_callback_told_is_taken_over() -> None:
    doubles = Doubles()
    doubles.inbound(inbound_request(MessageSid=FIRST))
    doubles.clock.advance(30)
    writes = doubles.store.writes
    assert settle(doubles, FIRST).repaired == 0, "that it is on its way is known"
    assert doubles.store.writes == writes
    doubles.messenger.set_status(doubles.relay(FIRST).attempts[0].sent_id or "", "delivered")
    assert settle(doubles, FIRST).taken_over == 1
    assert doubles.relay(FIRST).delivered_tier == 1


def test_a_process_that_stood_still_takes_no_later_attempts_text_for_that_of_the_one_it_asked_about() -> None:
    doubles = Doubles(policy(1))
    comes_in(doubles, FIRST, arrives=False)
    before = doubles.store.get(FIRST, timeout_seconds=1.0)
    assert before is not None
    doubles.wait(60)
    assert [attempt.sent_id for attempt in doubles.relay(FIRST).attempts] == [None, sid(1)]
    settled = lookup.settle(doubles.world, before, Budget(doubles.clock, 40, TASK_LIMITS), "reconcile")
    assert settled.repaired == 0
    assert [attempt.sent_id for attempt in doubles.relay(FIRST).attempts] == [None, sid(1)]


def test_a_silent_twilio_settles_nothing() -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST)
    doubles.clock.advance(30)
    doubles.messenger.is_down = True
    settled = settle(doubles, FIRST)
    assert (settled.repaired, settled.is_answered) == (0, False)


def test_an_attempt_about_which_twilio_is_silent_keeps_no_other_attempt_of_its_relay_from_being_settled() -> None:
    doubles = Doubles(policy(2, delays=(), timeout=60.0))
    doubles.inbound(inbound_request(MessageSid=FIRST))
    doubles.wait(60)
    doubles.clock.advance(30)
    first, second = (attempt.sent_id or "" for attempt in doubles.relay(FIRST).attempts)
    doubles.messenger.silent_about = {first}
    doubles.messenger.set_status(second, "delivered")
    settled = settle(doubles, FIRST)
    assert (settled.taken_over, settled.is_answered) == (1, False)
    assert doubles.relay(FIRST).delivered_tier == 2


def test_nothing_is_asked_at_the_deadline_of_a_text_that_has_failed() -> None:
    """Its timer was not cancelled in time. What Twilio has by then may be another text with the same words."""
    doubles = Observed(tiers=policy(tiers=1))
    doubles.inbound()
    timer = moves.pending(doubles.relay())
    assert timer is not None
    doubles.status(status_request("undelivered", ErrorCode=str(PERMANENT)))
    doubles.calls.clear()
    timers.fire(doubles.world, timer)
    assert doubles.relay().final_status is FinalStatus.EXHAUSTED
    assert not {"fetch", "sent_to"}.intersection(doubles.calls)


def test_what_was_not_asked_yet_because_another_machines_clock_is_ahead_is_no_answer() -> None:
    """Where `sent` counts, one answer is enough: it must not be one that was never asked for."""
    doubles = Doubles(policy(1, success=Success.SENT))
    ahead = timedelta(seconds=340)
    doubles.clock.set(doubles.clock.now() + ahead)
    doubles.inbound(inbound_request(MessageSid=FIRST))
    doubles.clock.set(doubles.clock.now() - ahead)
    doubles.status(status_request("sent", message_id=FIRST))
    doubles.messenger.set_status(doubles.relay(FIRST).attempts[0].sent_id or "", "undelivered", PERMANENT)
    for wait in (FATE_LOOKUP_SECONDS, 2 * FATE_LOOKUP_SECONDS):
        assert doubles.relay(FIRST).final_status is FinalStatus.DELIVERED
        doubles.clock.advance(wait + GRACE.total_seconds() + 1)
        sweep(doubles.world)
    assert doubles.relay(FIRST).final_status is FinalStatus.EXHAUSTED
