"""The way in for timers: Twilio is asked first, and what it says decides whether the next tier is texted."""

from __future__ import annotations

import pytest
from relay.core import moves
from relay.core.model import AttemptStatus, FinalStatus, Step, Timer, TimerKind
from relay.core.policy import OUTAGE_SECONDS_MAX, OUTAGE_WAITS_SECONDS, Success
from relay.errors import StoreUnavailable
from relay.flow import timers
from relay.flow.conductor import Applied
from relay.ports import Ambiguous, Refused

from tests.relays import MESSAGE_ID, PERMANENT, TRANSIENT, policy, statuses
from tests.twilio_words import refusal
from tests.worlds import Doubles, Killed, Observed, kill, lose_the_answer, status_request

LOST = Ambiguous("no answer in time")


def _pending(doubles: Doubles) -> Timer:
    timer = moves.pending(doubles.relay())
    assert timer is not None
    return timer


def _fire_next(doubles: Doubles) -> Applied:
    """Let time pass until the relay's own timer is due, and fire it."""
    timer = _pending(doubles)
    doubles.clock.set(max(timer.due_at, doubles.clock.now()))
    assert timer in doubles.timers.take_due(doubles.clock.now())
    return timers.fire(doubles.world, timer)


def _begun(outcome: Refused | Ambiguous | None = None, **tiers: object) -> Doubles:
    """A text that has just been tried at tier 1."""
    doubles = Doubles(tiers=policy(**tiers))  # type: ignore[arg-type]
    if outcome is not None:
        doubles.messenger.script(outcome)
    doubles.inbound()
    return doubles


# An attempt is due.


def test_an_attempt_that_is_due_is_leased_and_sent() -> None:
    doubles = _begun(refusal(PERMANENT))
    assert not _fire_next(doubles).ignored_because
    assert statuses(doubles.relay()) == [(1, "failed"), (2, "accepted")]
    assert doubles.messenger.sends[1].to == doubles.tiers.tiers[1].reach.address


def test_the_same_timer_twice_sends_once() -> None:
    doubles = _begun(refusal(TRANSIENT))
    timer = _pending(doubles)
    timers.fire(doubles.world, timer)
    assert timers.fire(doubles.world, timer).ignored_because
    assert len(doubles.messenger.sends) == 2


def test_a_timer_of_a_relay_nobody_knows_is_done_with() -> None:
    applied = timers.fire(Doubles().world, Timer(MESSAGE_ID, 1, TimerKind.ATTEMPT, Doubles().clock.now(), 1))
    assert applied.stored is None


def test_a_timer_of_an_attempt_never_made_is_ignored() -> None:
    doubles = _begun()
    timer = Timer(MESSAGE_ID, 9, TimerKind.DEADLINE, doubles.clock.now(), 1)
    assert timers.fire(doubles.world, timer).ignored_because
    assert len(doubles.messenger.sends) == 1


def test_a_timer_that_could_not_be_recorded_must_come_again() -> None:
    doubles = _begun(refusal(PERMANENT))
    timer = _pending(doubles)
    doubles.store.is_down = True
    with pytest.raises(StoreUnavailable):
        timers.fire(doubles.world, timer)
    doubles.store.is_down = False
    timers.fire(doubles.world, timer)
    assert len(doubles.messenger.sends) == 2


def test_a_timer_far_too_late_does_what_it_is_for() -> None:
    doubles = _begun(refusal(PERMANENT))
    timer = _pending(doubles)
    doubles.clock.advance(86400)
    timers.fire(doubles.world, timer)
    assert statuses(doubles.relay())[-1] == (2, "accepted")


# A deadline: Twilio is asked first.


def test_at_the_deadline_twilio_is_asked_before_anything_is_decided() -> None:
    doubles = Observed()
    doubles.inbound()
    doubles.calls.clear()
    _fire_next(doubles)
    assert doubles.calls[:3] == ["get", "fetch", "update"]


@pytest.mark.parametrize("status", ["delivered", "read"])
def test_a_delivery_whose_receipt_was_lost_saves_the_next_tier(status: str) -> None:
    doubles = _begun()
    doubles.messenger.set_status(doubles.relay().attempts[0].sent_id or "", status)
    _fire_next(doubles)
    relay = doubles.relay()
    assert (relay.final_status, relay.delivered_tier) == (FinalStatus.DELIVERED, 1)
    assert relay.error_log[-1].reason == f"the provider says {status}"
    assert len(doubles.messenger.sends) == 1


def test_a_failure_whose_receipt_was_lost_goes_the_way_of_its_code() -> None:
    doubles = _begun()
    doubles.messenger.set_status(doubles.relay().attempts[0].sent_id or "", "undelivered", PERMANENT)
    _fire_next(doubles)
    assert statuses(doubles.relay()) == [(1, "failed"), (2, "scheduled")]
    assert "landline" in doubles.relay().error_log[-2].reason


@pytest.mark.parametrize("status", ["sent", "partially_delivered", "teleported"])
def test_what_is_not_delivered_in_time_goes_to_the_next_tier_at_once(status: str) -> None:
    doubles = _begun()
    doubles.messenger.set_status(doubles.relay().attempts[0].sent_id or "", status)
    _fire_next(doubles)
    assert statuses(doubles.relay()) == [(1, "unconfirmed"), (2, "accepted")]
    assert status in next(e.reason for e in doubles.relay().error_log if e.step is Step.ATTEMPT_UNCONFIRMED)


def test_sent_is_a_delivery_where_the_tier_says_so() -> None:
    doubles = _begun(success=Success.SENT)
    doubles.messenger.set_status(doubles.relay().attempts[0].sent_id or "", "sent")
    _fire_next(doubles)
    assert doubles.relay().final_status is FinalStatus.DELIVERED


def test_when_twilio_is_silent_an_accepted_text_is_given_up_like_any_other() -> None:
    doubles = _begun()
    doubles.messenger.is_down = True
    _fire_next(doubles)
    assert statuses(doubles.relay()) == [(1, "unconfirmed"), (2, "accepted")]


def test_a_text_twilio_has_forgotten_is_given_up_too() -> None:
    doubles = _begun()
    doubles.messenger.messages.clear()
    _fire_next(doubles)
    assert statuses(doubles.relay()) == [(1, "unconfirmed"), (2, "accepted")]


def test_nothing_is_asked_about_an_attempt_that_was_given_up_already() -> None:
    doubles = Observed()
    doubles.inbound()
    timer = _pending(doubles)
    _fire_next(doubles)
    doubles.calls.clear()
    timers.fire(doubles.world, timer)
    assert "fetch" not in doubles.calls
    assert doubles.calls.count("send") == 0


def test_a_receipt_that_comes_while_twilio_is_asked_wins() -> None:
    doubles = Observed()
    doubles.inbound()
    sid = doubles.relay().attempts[0].sent_id
    doubles.after["fetch"] = lambda: _answered(doubles.status(status_request(MessageSid=sid)).status)
    _fire_next(doubles)
    assert doubles.relay().final_status is FinalStatus.DELIVERED
    assert len(doubles.messenger.sends) == 1


def _answered(status: int) -> None:
    assert status == 204


def test_a_commit_whose_answer_was_lost_sends_the_next_tier_once() -> None:
    doubles = Observed()
    doubles.inbound()
    lost = iter([lose_the_answer])
    doubles.after["update"] = lambda: next(lost, lambda: None)()
    _fire_next(doubles)
    assert [sent.to for sent in doubles.messenger.sends] == [tier.reach.address for tier in doubles.tiers.tiers[:2]]


def test_whoever_dies_between_commit_and_send_costs_a_deadline_and_no_text() -> None:
    doubles = Observed()
    doubles.inbound()
    doubles.before["send"] = kill
    with pytest.raises(Killed):
        _fire_next(doubles)
    doubles.before.clear()
    assert statuses(doubles.relay()) == [(1, "unconfirmed"), (2, "claimed")]
    _fire_next(doubles)
    assert statuses(doubles.relay()) == [(1, "unconfirmed"), (2, "failed"), (3, "accepted")]


# An outcome nobody can tell.


def test_an_unknown_text_that_twilio_has_is_adopted_and_not_sent_again() -> None:
    doubles = _begun(LOST)
    taken = doubles.messenger.take(doubles.messenger.sends[0])
    doubles.messenger.set_status(taken, "delivered")
    _fire_next(doubles)
    relay = doubles.relay()
    assert relay.final_status is FinalStatus.DELIVERED
    assert relay.attempts[0].sent_id == taken


def test_an_unknown_text_that_twilio_never_had_goes_to_the_next_tier() -> None:
    doubles = _begun(LOST)
    _fire_next(doubles)
    assert statuses(doubles.relay()) == [(1, "failed"), (2, "accepted")]


def test_at_the_last_tier_it_is_sent_once_more_after_a_negative_look_up_and_only_then() -> None:
    doubles = _begun(LOST, tiers=1, delays=())
    assert len(doubles.messenger.sends) == 1
    doubles.messenger.script(LOST)
    _fire_next(doubles)
    assert len(doubles.messenger.sends) == 2
    assert doubles.relay().attempts[1].is_resend
    _fire_next(doubles)
    assert doubles.relay().final_status is FinalStatus.EXHAUSTED
    assert len(doubles.messenger.sends) == 2
    assert len(doubles.journal.alarms) == 1


def test_at_the_last_tier_a_text_that_twilio_has_is_not_sent_again() -> None:
    doubles = _begun(LOST, tiers=1, delays=())
    doubles.messenger.take(doubles.messenger.sends[0])
    _fire_next(doubles)
    assert statuses(doubles.relay()) == [(1, "unconfirmed")]
    assert len(doubles.messenger.sends) == 1


def test_at_the_last_tier_a_silent_twilio_is_asked_again_and_nothing_is_sent_blindly() -> None:
    doubles = _begun(LOST, tiers=1, delays=())
    doubles.messenger.is_down = True
    first = _pending(doubles)
    _fire_next(doubles)
    again = _pending(doubles)
    assert (again.due_at - doubles.clock.now()).total_seconds() == OUTAGE_WAITS_SECONDS[0]
    assert "put off" in timers.fire(doubles.world, first).ignored_because
    began = doubles.clock.now()
    while doubles.relay().final_status is FinalStatus.IN_PROGRESS:
        _fire_next(doubles)
    assert (doubles.clock.now() - began).total_seconds() <= OUTAGE_SECONDS_MAX
    assert doubles.relay().final_status is FinalStatus.EXHAUSTED
    assert doubles.relay().attempts[0].status is AttemptStatus.UNKNOWN
    assert len(doubles.messenger.sends) == 1


def test_once_twilio_answers_again_the_last_tier_gets_its_text() -> None:
    doubles = _begun(LOST, tiers=1, delays=())
    doubles.messenger.is_down = True
    _fire_next(doubles)
    doubles.messenger.is_down = False
    _fire_next(doubles)
    assert len(doubles.messenger.sends) == 2


# The whole cascade.


def test_tier_1_refused_tier_2_silent_tier_3_delivers() -> None:
    doubles = _begun(refusal(30006))
    _fire_next(doubles)
    _fire_next(doubles)
    doubles.status(status_request("delivered", attempt=3, tier=3, MessageSid=doubles.relay().attempts[2].sent_id))
    relay = doubles.relay()
    assert statuses(relay) == [(1, "failed"), (2, "unconfirmed"), (3, "delivered")]
    assert (relay.final_status, relay.delivered_tier) == (FinalStatus.DELIVERED, 3)
    assert [sent.to for sent in doubles.messenger.sends] == [tier.reach.address for tier in doubles.tiers.tiers]
    assert doubles.timers.armed == []


def test_firing_every_timer_twice_and_in_reverse_changes_nothing_about_the_end() -> None:
    doubles = _begun(refusal(TRANSIENT), delays=(2.0,))
    fired: list[Timer] = []
    while moves.pending(doubles.relay()) is not None:
        fired.append(_pending(doubles))
        _fire_next(doubles)
        for timer in reversed(fired):
            timers.fire(doubles.world, timer)
    assert doubles.relay().final_status is FinalStatus.EXHAUSTED
    assert [sent.to for sent in doubles.messenger.sends] == [
        doubles.tiers.tiers[number].reach.address for number in (0, 0, 1, 2)
    ]
