"""What goes out, when nothing may go out any more, and the alarm when nobody was reached."""

from __future__ import annotations

import pytest
from relay.core import failures, moves
from relay.core.events import Event, EventKind
from relay.core.model import AttemptStatus, Step, TimerKind
from relay.core.policy import LEASE_SECONDS
from relay.flow import conductor
from relay.flow.budget import TASK_LIMITS, Budget
from relay.ports import Accepted, Ambiguous, SendOutcome

from tests.flow.conducting import apply, create, deadline, new, webhook_budget
from tests.relays import BODY, CUSTOMER, MESSAGE_ID, OUR_NUMBER, PERMANENT, policy, sid
from tests.twilio_words import refusal
from tests.worlds import Doubles, Killed, Observed, kill

# Sending.


def test_what_goes_out_is_addressed_described_and_limited() -> None:
    doubles = Doubles(tiers=policy(timeout=45.7))
    create(doubles)
    (sent,) = doubles.messenger.sends
    assert (sent.to, sent.from_) == (doubles.tiers.tiers[0].reach.address, OUR_NUMBER)
    assert sent.body == f"{CUSTOMER}: {BODY}"
    assert sent.validity_seconds == 45 + 600, "no longer than the relay waits for it"
    assert (sent.message_id, sent.tier, sent.attempt) == (MESSAGE_ID, 1, 1)


@pytest.mark.parametrize(("timeout", "validity"), [(1.0, 601), (1.9, 601), (36000.0, 36000)])
def test_a_texts_validity_stays_within_twilios_bounds(timeout: float, validity: int) -> None:
    doubles = Doubles(tiers=policy(timeout=timeout))
    create(doubles)
    assert doubles.messenger.sends[0].validity_seconds == validity


def test_at_the_last_tier_a_text_may_stay_queued_for_hours() -> None:
    doubles = Doubles(tiers=policy(tiers=1, timeout=5))
    create(doubles)
    assert doubles.messenger.sends[0].validity_seconds == 36000


def test_a_refusal_is_recorded_with_its_code_and_goes_on_by_a_timer() -> None:
    doubles = Doubles()
    doubles.messenger.script(refusal(PERMANENT))
    create(doubles)
    relay = doubles.relay()
    assert [(each.tier, each.status.value) for each in relay.attempts] == [(1, "failed"), (2, "scheduled")]
    assert relay.attempts[0].error_code == PERMANENT
    assert [(timer.kind, timer.attempt) for timer in doubles.timers.armed] == [(TimerKind.ATTEMPT, 2)]
    assert len(doubles.messenger.sends) == 1


def test_an_ambiguous_send_is_never_repeated_by_whoever_comes_by() -> None:
    doubles = Doubles()
    doubles.messenger.script(Ambiguous("no answer in time"))
    create(doubles)
    create(doubles, lease="a second webhook")
    apply(doubles, Event(EventKind.ATTEMPT_DUE, 1, lease="a task"))
    apply(doubles, Event(EventKind.INBOUND_REPEATED, lease="a third webhook"))
    assert doubles.relay().attempts[0].status is AttemptStatus.UNKNOWN
    assert doubles.relay().error_log[-1].reason == "no answer in time"
    assert len(doubles.messenger.sends) == 1


@pytest.mark.parametrize("seconds", [LEASE_SECONDS, LEASE_SECONDS + 3600])
def test_a_lease_that_has_run_out_sends_nothing(seconds: float) -> None:
    doubles = Observed()
    doubles.after["create"] = lambda: doubles.clock.advance(seconds)
    decision = new(doubles)
    conductor.create(doubles.world, decision, Budget(doubles.clock, 10_000, TASK_LIMITS))
    assert doubles.messenger.sends == []
    relay = doubles.relay()
    assert relay.attempts[0].failure == failures.NOT_STARTED
    assert relay.attempts[1].tier == 1
    assert moves.pending(relay) in doubles.timers.armed


def test_a_lease_that_has_run_out_is_noticed_though_the_clock_was_set_back() -> None:
    doubles = Observed()
    began = doubles.clock.now()

    def held_up() -> None:
        doubles.clock.advance(LEASE_SECONDS + 1)
        doubles.clock.set(began)

    doubles.after["create"] = held_up
    conductor.create(doubles.world, new(doubles), Budget(doubles.clock, 10_000, TASK_LIMITS))
    assert doubles.messenger.sends == []


def test_without_time_for_an_answer_nothing_is_sent_and_that_is_no_try() -> None:
    doubles = Observed(tiers=policy(tiers=1, delays=()))
    doubles.after["create"] = lambda: doubles.clock.advance(3.5)
    create(doubles)
    assert doubles.messenger.sends == []
    assert [(each.tier, each.status.value) for each in doubles.relay().attempts] == [(1, "failed"), (1, "scheduled")]


def test_a_final_relay_sends_nothing_more() -> None:
    """S4: the store holds a final state before the holder of a lease gets to its send."""
    doubles = Observed()
    create(doubles)
    apply(doubles, Event(EventKind.RECEIPT_DELIVERED, 1))
    apply(doubles, deadline())
    apply(doubles, Event(EventKind.ATTEMPT_DUE, 1, lease="task"))
    assert len(doubles.messenger.sends) == 1


# The alarm.


def test_the_alarm_is_raised_once_and_recorded() -> None:
    doubles = Doubles(tiers=policy(tiers=1))
    doubles.messenger.script(refusal(PERMANENT))
    create(doubles)
    apply(doubles, Event(EventKind.INBOUND_REPEATED))
    assert [relay.message_id for relay in doubles.journal.alarms] == [MESSAGE_ID]
    assert doubles.relay().error_log[-1].step is Step.ALARM_RAISED


def test_the_alarm_is_raised_again_after_a_death_before_it_was_recorded() -> None:
    doubles = Observed(tiers=policy(tiers=1))
    doubles.messenger.script(refusal(PERMANENT))
    updates = iter([None, kill])
    doubles.before["update"] = lambda: (next(updates) or _nothing)()
    with pytest.raises(Killed):
        create(doubles)
    assert doubles.relay().alarm_is_due
    doubles.before.clear()
    apply(doubles, Event(EventKind.INBOUND_REPEATED))
    assert len(doubles.journal.alarms) == 2
    assert not doubles.relay().alarm_is_due


def _nothing() -> None:
    pass


# Time.


def test_no_call_is_given_more_time_than_is_left_nor_none_at_all() -> None:
    doubles = Doubles()
    budget = webhook_budget(doubles, 4.3)
    assert (budget.store, budget.timers, budget.send) == (1.2, 1.0, 2.5)
    doubles.clock.advance(3.5)
    assert budget.store == pytest.approx(0.8)
    assert not budget.has_time_to_send
    doubles.clock.advance(60)
    assert budget.is_used_up
    assert budget.store == budget.send == 0.05


def test_a_send_leaves_time_to_write_down_how_it_went() -> None:
    doubles = Doubles()
    budget = webhook_budget(doubles, 2.0)
    assert budget.send == pytest.approx(1.5)
    assert budget.has_time_to_send


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Accepted(sid(9)), AttemptStatus.ACCEPTED),
        (refusal(PERMANENT), AttemptStatus.FAILED),
        (Ambiguous("reset"), AttemptStatus.UNKNOWN),
    ],
)
def test_every_outcome_of_a_send_is_recorded(outcome: SendOutcome, status: AttemptStatus) -> None:
    doubles = Doubles()
    doubles.messenger.script(outcome)
    create(doubles)
    assert doubles.relay().attempts[0].status is status
