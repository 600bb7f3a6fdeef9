"""Load, decide, commit, perform: what is done in which order, and what a lost answer or a death at any point leaves."""

from __future__ import annotations

import pytest
from relay import failures, shell, steps
from relay.errors import AlreadyStored, StoreUnavailable, VersionConflict
from relay.events import Decision, Event, EventKind
from relay.model import AttemptStatus, FinalStatus, SenderClass, Step, TimerKind
from relay.policy import LEASE_SECONDS
from relay.ports import Accepted, Ambiguous, Refused, SendOutcome
from relay.shell import TASK_LIMITS, WEBHOOK_LIMITS, Budget

from tests.unit.relays import BODY, CUSTOMER, MESSAGE_ID, OUR_NUMBER, PERMANENT, policy, sid, text
from tests.unit.worlds import BASE_URL, Doubles, Killed, Observed, kill, lose_the_answer


def _budget(doubles: Doubles, seconds: float = 4.3) -> Budget:
    return Budget(doubles.clock, seconds, WEBHOOK_LIMITS)


def _new(doubles: Doubles, claim: str = "webhook") -> Decision:
    return steps.receive(text(), SenderClass.CUSTOMER, doubles.tiers, doubles.clock.now(), claim)


def _create(doubles: Doubles, claim: str = "webhook") -> bool:
    return shell.create(doubles.world, _new(doubles, claim), _budget(doubles))


def _apply(doubles: Doubles, event: Event, seconds: float = 40.0) -> shell.Applied:
    stored = doubles.store.get(MESSAGE_ID, timeout_seconds=1.0)
    assert stored is not None
    return shell.apply(doubles.world, stored, event, Budget(doubles.clock, seconds, TASK_LIMITS))


def _deadline(claim: str = "task") -> Event:
    return Event(EventKind.DEADLINE_UNCONFIRMED, 1, claim=claim)


# The order of things.


def test_a_text_is_committed_then_its_timer_armed_then_it_is_sent_then_that_is_recorded() -> None:
    doubles = Observed()
    assert _create(doubles)
    assert doubles.calls == ["create", "arm deadline 1", "send", "update"]
    assert doubles.relay().attempts[0].status is AttemptStatus.ACCEPTED


def test_an_escalation_is_committed_then_armed_then_sent() -> None:
    doubles = Observed()
    _create(doubles)
    doubles.calls.clear()
    _apply(doubles, _deadline())
    assert doubles.calls == ["get", "update", "arm deadline 2", "send", "update"]


def test_a_timer_no_longer_needed_is_cancelled_after_the_commit() -> None:
    doubles = Observed()
    _create(doubles)
    doubles.calls.clear()
    _apply(doubles, Event(EventKind.RECEIPT_DELIVERED, 1))
    assert doubles.calls == ["get", "update", "cancel deadline 1"]
    assert doubles.timers.armed == []


@pytest.mark.parametrize("place", ["arm deadline 1", "send"])
def test_whoever_dies_after_the_commit_leaves_a_record_that_says_what_is_pending(place: str) -> None:
    doubles = Observed()
    doubles.before[place] = kill
    with pytest.raises(Killed):
        _create(doubles)
    relay = doubles.relay()
    assert relay.attempts[0].status is AttemptStatus.CLAIMED
    assert relay.due_at is not None
    assert doubles.messenger.sends == []
    doubles.before.clear()
    assert not _create(doubles, claim="a second webhook")
    assert doubles.timers.armed == [steps.pending(relay)]
    assert doubles.messenger.sends == []


# Answers that are lost.


def test_a_create_whose_answer_is_lost_is_recognised_and_sent_once() -> None:
    doubles = Observed()
    doubles.after["create"] = lose_the_answer
    assert _create(doubles)
    assert len(doubles.messenger.sends) == 1
    assert doubles.journal.steps_of(MESSAGE_ID)[0] is Step.RECEIVED
    assert steps.pending(doubles.relay()) in doubles.timers.armed


def test_already_stored_by_ones_own_create_goes_on_and_sends_once() -> None:
    """A client library repeats a create whose answer it lost, and then reports that the document exists."""

    def already() -> None:
        raise AlreadyStored(MESSAGE_ID)

    doubles = Observed()
    doubles.after["create"] = already
    assert _create(doubles)
    assert len(doubles.messenger.sends) == 1


def test_already_stored_by_somebody_else_sends_nothing() -> None:
    doubles = Doubles()
    assert _create(doubles, claim="the first")
    assert not _create(doubles, claim="the second")
    assert len(doubles.messenger.sends) == 1


def test_a_claim_whose_answer_is_lost_is_still_the_callers() -> None:
    doubles = Observed()
    _create(doubles)
    lost = iter([True])

    def lose_once() -> None:
        if next(lost, False):
            lose_the_answer()

    doubles.after["update"] = lose_once
    _apply(doubles, _deadline("task"))
    assert len(doubles.messenger.sends) == 2
    assert doubles.relay().attempts[1].status is AttemptStatus.ACCEPTED
    assert doubles.journal.steps_of(MESSAGE_ID).count(Step.ESCALATED) == 1


def test_a_timer_that_went_missing_with_a_lost_answer_is_armed() -> None:
    doubles = Observed()
    doubles.timers.is_down = True

    def lose_and_recover() -> None:
        doubles.timers.is_down = False
        lose_the_answer()

    doubles.after["create"] = lose_and_recover
    _create(doubles)
    assert [timer.kind for timer in doubles.timers.armed] == [TimerKind.DEADLINE]


def test_a_text_that_could_not_be_stored_is_nobodys() -> None:
    doubles = Doubles()
    doubles.store.is_down = True
    with pytest.raises(StoreUnavailable):
        _create(doubles)
    assert doubles.messenger.sends == []
    assert doubles.timers.armed == []


def test_a_text_of_which_nobody_knows_whether_it_is_stored_is_not_sent() -> None:
    doubles = Observed()
    doubles.after["create"] = lose_the_answer
    doubles.before["get"] = lose_the_answer
    with pytest.raises(StoreUnavailable):
        _create(doubles)
    assert doubles.messenger.sends == []


def test_once_durable_a_failing_store_is_left_to_the_timers() -> None:
    doubles = Observed()
    doubles.before["update"] = lose_the_answer
    doubles.before["get"] = lose_the_answer
    assert _create(doubles)
    assert len(doubles.messenger.sends) == 1
    assert ("WARNING", "store unavailable after the text was durable", {"relay": MESSAGE_ID}) in doubles.journal.notes
    doubles.before.clear()
    assert doubles.relay().attempts[0].status is AttemptStatus.CLAIMED


# Races.


def test_a_receipt_that_comes_before_the_post_returns_is_not_overwritten() -> None:
    doubles = Observed()

    def receipt_comes() -> None:
        _apply(doubles, Event(EventKind.RECEIPT_DELIVERED, 1, message_sid=sid(1)))

    doubles.after["send"] = receipt_comes
    _create(doubles)
    relay = doubles.relay()
    assert relay.final_status is FinalStatus.DELIVERED
    assert [attempt.status for attempt in relay.attempts] == [AttemptStatus.DELIVERED]


def test_on_a_conflict_it_is_decided_again_on_what_is_there_now() -> None:
    doubles = Observed()
    _create(doubles)
    stale = doubles.store.get(MESSAGE_ID, timeout_seconds=1.0)
    assert stale is not None
    _apply(doubles, Event(EventKind.RECEIPT_DELIVERED, 1))
    budget = Budget(doubles.clock, 40, TASK_LIMITS)
    applied = shell.apply(doubles.world, stale, _deadline(), budget)
    assert applied.ignored_because == "the relay has ended"
    assert len(doubles.messenger.sends) == 1


def test_a_relay_that_keeps_changing_is_given_up_after_eight_tries() -> None:
    doubles = Observed()
    _create(doubles)
    doubles.calls.clear()

    def conflict() -> None:
        raise VersionConflict(MESSAGE_ID)

    doubles.before["update"] = conflict
    with pytest.raises(StoreUnavailable):
        _apply(doubles, _deadline())
    assert doubles.calls.count("update") == 8
    assert len(doubles.messenger.sends) == 1


def test_a_relay_that_is_gone_is_nobodys_any_more() -> None:
    doubles = Doubles()
    _create(doubles)
    stored = doubles.store.get(MESSAGE_ID, timeout_seconds=1.0)
    assert stored is not None
    doubles.store.delete(MESSAGE_ID, timeout_seconds=1.0)
    applied = shell.apply(doubles.world, stored, _deadline(), _budget(doubles))
    assert applied.stored is None
    assert len(doubles.messenger.sends) == 1


# Sending.


def test_what_goes_out_is_addressed_described_and_limited() -> None:
    doubles = Doubles(tiers=policy(timeout=45.7))
    _create(doubles)
    (sent,) = doubles.messenger.sends
    assert (sent.to, sent.from_) == (doubles.tiers.tiers[0].phone, OUR_NUMBER)
    assert sent.body == f"{CUSTOMER}: {BODY}"
    assert sent.validity_seconds == 45
    assert sent.status_callback.startswith(f"{BASE_URL}/sms/delivery-status?relay={MESSAGE_ID}&tier=1&attempt=1#")


@pytest.mark.parametrize(("timeout", "validity"), [(1.0, 1), (1.9, 1), (36000.0, 36000)])
def test_a_texts_validity_stays_within_twilios_bounds(timeout: float, validity: int) -> None:
    doubles = Doubles(tiers=policy(timeout=timeout))
    _create(doubles)
    assert doubles.messenger.sends[0].validity_seconds == validity


def test_a_refusal_is_recorded_with_its_code_and_goes_on_by_a_timer() -> None:
    doubles = Doubles()
    doubles.messenger.script(Refused(PERMANENT))
    _create(doubles)
    relay = doubles.relay()
    assert [(each.tier, each.status.value) for each in relay.attempts] == [(1, "failed"), (2, "scheduled")]
    assert relay.attempts[0].error_code == PERMANENT
    assert [(timer.kind, timer.attempt) for timer in doubles.timers.armed] == [(TimerKind.ATTEMPT, 2)]
    assert len(doubles.messenger.sends) == 1


def test_an_ambiguous_send_is_never_repeated_by_whoever_comes_by() -> None:
    doubles = Doubles()
    doubles.messenger.script(Ambiguous("no answer in time"))
    _create(doubles)
    _create(doubles, claim="a second webhook")
    _apply(doubles, Event(EventKind.ATTEMPT_DUE, 1, claim="a task"))
    _apply(doubles, Event(EventKind.INBOUND_REPEATED, claim="a third webhook"))
    assert doubles.relay().attempts[0].status is AttemptStatus.UNKNOWN
    assert doubles.relay().error_log[-1].reason == "no answer in time"
    assert len(doubles.messenger.sends) == 1


@pytest.mark.parametrize("seconds", [LEASE_SECONDS, LEASE_SECONDS + 3600])
def test_a_lease_that_has_run_out_sends_nothing(seconds: float) -> None:
    doubles = Observed()
    doubles.after["create"] = lambda: doubles.clock.advance(seconds)
    decision = _new(doubles)
    shell.create(doubles.world, decision, Budget(doubles.clock, 10_000, TASK_LIMITS))
    assert doubles.messenger.sends == []
    relay = doubles.relay()
    assert relay.attempts[0].error_code == failures.NOT_STARTED
    assert relay.attempts[1].tier == 1
    assert steps.pending(relay) in doubles.timers.armed


def test_a_lease_that_has_run_out_is_noticed_though_the_clock_was_set_back() -> None:
    doubles = Observed()
    began = doubles.clock.now()

    def held_up() -> None:
        doubles.clock.advance(LEASE_SECONDS + 1)
        doubles.clock.set(began)

    doubles.after["create"] = held_up
    shell.create(doubles.world, _new(doubles), Budget(doubles.clock, 10_000, TASK_LIMITS))
    assert doubles.messenger.sends == []


def test_without_time_for_an_answer_nothing_is_sent_and_that_is_no_try() -> None:
    doubles = Observed(tiers=policy(tiers=1, delays=()))
    doubles.after["create"] = lambda: doubles.clock.advance(3.5)
    _create(doubles)
    assert doubles.messenger.sends == []
    assert [(each.tier, each.status.value) for each in doubles.relay().attempts] == [(1, "failed"), (1, "scheduled")]


def test_a_final_relay_sends_nothing_more() -> None:
    """S4: the store holds a final state before the holder of a claim gets to its send."""
    doubles = Observed()
    _create(doubles)
    _apply(doubles, Event(EventKind.RECEIPT_DELIVERED, 1))
    _apply(doubles, _deadline())
    _apply(doubles, Event(EventKind.ATTEMPT_DUE, 1, claim="task"))
    assert len(doubles.messenger.sends) == 1


# The alarm.


def test_the_alarm_is_raised_once_and_recorded() -> None:
    doubles = Doubles(tiers=policy(tiers=1))
    doubles.messenger.script(Refused(PERMANENT))
    _create(doubles)
    _apply(doubles, Event(EventKind.INBOUND_REPEATED))
    assert [relay.message_id for relay in doubles.journal.alarms] == [MESSAGE_ID]
    assert doubles.relay().error_log[-1].step is Step.ALARM_RAISED


def test_the_alarm_is_raised_again_after_a_death_before_it_was_recorded() -> None:
    doubles = Observed(tiers=policy(tiers=1))
    doubles.messenger.script(Refused(PERMANENT))
    updates = iter([None, kill])
    doubles.before["update"] = lambda: (next(updates) or _nothing)()
    with pytest.raises(Killed):
        _create(doubles)
    assert doubles.relay().alarm_is_due
    doubles.before.clear()
    _apply(doubles, Event(EventKind.INBOUND_REPEATED))
    assert len(doubles.journal.alarms) == 2
    assert not doubles.relay().alarm_is_due


def _nothing() -> None:
    pass


# Time.


def test_no_call_is_given_more_time_than_is_left_nor_none_at_all() -> None:
    doubles = Doubles()
    budget = _budget(doubles, 4.3)
    assert (budget.store, budget.timers, budget.send) == (1.2, 1.0, 2.5)
    doubles.clock.advance(3.5)
    assert budget.store == pytest.approx(0.8)
    assert not budget.has_time_to_send
    doubles.clock.advance(60)
    assert budget.is_used_up
    assert budget.store == budget.send == 0.05


def test_a_send_leaves_time_to_write_down_how_it_went() -> None:
    doubles = Doubles()
    budget = _budget(doubles, 2.0)
    assert budget.send == pytest.approx(1.5)
    assert budget.has_time_to_send


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Accepted(sid(9)), AttemptStatus.ACCEPTED),
        (Refused(PERMANENT), AttemptStatus.FAILED),
        (Ambiguous("reset"), AttemptStatus.UNKNOWN),
    ],
)
def test_every_outcome_of_a_send_is_recorded(outcome: SendOutcome, status: AttemptStatus) -> None:
    doubles = Doubles()
    doubles.messenger.script(outcome)
    _create(doubles)
    assert doubles.relay().attempts[0].status is status
