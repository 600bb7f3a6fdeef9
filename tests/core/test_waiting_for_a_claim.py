"""What a text that a handler got waits for at a tier that asks for a claim, case by case."""

from __future__ import annotations

from dataclasses import replace

from relay.core import machine, moves
from relay.core.events import (
    ArmTimer,
    CancelTimer,
    Event,
    EventKind,
    RaiseAlarm,
    SendAttempt,
    State,
)
from relay.core.failures import Failure, FailureClass
from relay.core.model import FinalStatus, Step, Timer, TimerKind
from relay.core.policy import Policy, Success

from tests.core.claiming import (
    ANN,
    CLAIM_DUE,
    WINDOW,
    asking,
    decide,
    waiting,
)
from tests.relays import (
    MESSAGE_ID,
    T0,
    accepted,
    after,
    at,
    delivered,
    due,
    failed,
    handed_over,
    not_found,
    received,
    statuses,
    steps,
    text,
    unconfirmed,
    unknown,
)

# Waiting for a claim.


def test_a_delivery_begins_the_time_for_a_claim_and_the_relay_stays_in_progress() -> None:
    relay = after(received(asking()).relay, accepted(1))
    decision = decide(relay, delivered(1), at(2))
    relay = decision.relay
    assert (relay.final_status, relay.claim_until, relay.due_at) == (FinalStatus.IN_PROGRESS, at(902), at(902))
    assert machine.state_of(relay, CLAIM_DUE) is State.WAITING
    assert relay.delivered_tier is None
    window = Timer(MESSAGE_ID, 1, TimerKind.CLAIM, at(902), queue_tier=2)
    assert decision.effects == (CancelTimer(Timer(MESSAGE_ID, 1, TimerKind.DEADLINE, at(60), 2)), ArmTimer(window))
    assert steps(relay)[-1] is Step.CLAIM_AWAITED


def test_a_delivery_counts_although_the_next_tier_was_tried_in_an_outage_and_withdrawn() -> None:
    """[By a clock that is ahead the text was declared not sent; the next tier's met an outage; then it did exist]."""
    relay = decide(received(asking()).relay, unknown(1), at(1)).relay
    relay = decide(relay, not_found(1, "second"), at(61)).relay
    busy = Failure(FailureClass.NOT_PROCESSED, "too many requests", 20429)
    relay = decide(relay, Event(EventKind.SEND_REFUSED, 2, failure=busy), at(62)).relay
    relay = decide(relay, accepted(1), at(30)).relay
    assert [status for _, status in statuses(relay)] == ["accepted", "withdrawn"]
    relay = decide(relay, delivered(1), at(31)).relay
    assert machine.state_of(relay, CLAIM_DUE) is State.WAITING
    assert relay.claim_until == at(931)


def test_a_claim_not_made_in_time_goes_to_the_next_tier_and_at_the_last_one_ends_with_an_alarm() -> None:
    relay = after(waiting(), replace(CLAIM_DUE, lease="task"))
    assert statuses(relay) == [(1, "delivered"), (2, "claimed")]
    assert relay.error_log[-2].reason == "on to tier 2 of 2; delivered, and not claimed in time"
    relay = after(relay, accepted(2), delivered(2))
    decision = decide(relay, CLAIM_DUE, at(2000))
    assert decision.relay.final_status is FinalStatus.EXHAUSTED
    assert RaiseAlarm() in decision.effects
    assert decision.relay.error_log[-1].reason == "no tiers left; delivered, and not claimed in time"


def test_the_lease_of_the_next_tier_is_found_again_after_a_lost_reply() -> None:
    event = replace(CLAIM_DUE, lease="task")
    relay = after(waiting(), event)
    assert decide(relay, event, at(910)).effects[-1] == SendAttempt(2)


def test_a_second_receipt_begins_no_second_window() -> None:
    relay = waiting()
    decision = decide(relay, delivered(1), at(100))
    assert decision.relay is relay
    assert decision.effects == (moves.pending_timer(relay),)


def test_what_is_planned_and_not_leased_is_withdrawn_when_a_late_receipt_comes() -> None:
    relay = after(received(asking()).relay, accepted(1), unconfirmed(1), delivered(1))
    assert statuses(relay) == [(1, "delivered"), (2, "withdrawn")]
    assert relay.claim_until is not None
    timer = moves.pending(relay)
    assert timer is not None
    assert (timer.kind, timer.queue_tier) == (TimerKind.CLAIM, 2)
    relay = after(relay, CLAIM_DUE)
    assert statuses(relay) == [(1, "delivered"), (2, "withdrawn"), (2, "scheduled")]


def test_a_late_receipt_of_a_tier_already_left_changes_nothing_once_the_next_attempt_is_leased() -> None:
    relay = after(received(asking()).relay, accepted(1), unconfirmed(1, lease="task"), delivered(1))
    assert statuses(relay) == [(1, "delivered"), (2, "claimed")]
    assert relay.claim_until is None
    assert relay.current.number == 2


def test_failures_of_other_attempts_of_the_tier_are_learned_while_the_window_runs() -> None:
    relay = after(received(asking(1)).relay, failed(1), due(2), accepted(2), delivered(1), failed(2))
    assert statuses(relay) == [(1, "delivered"), (1, "failed")]
    assert relay.final_status is FinalStatus.IN_PROGRESS
    assert relay.claim_until is not None


def test_an_exhausted_relay_stays_so_when_a_tier_that_asks_for_a_claim_had_it_after_all() -> None:
    """Its alarm is what people act on: a delivery that no person took must not silence it."""
    relay = after(received(asking(1)).relay, accepted(1), unconfirmed(1), delivered(1))
    assert statuses(relay) == [(1, "delivered")]
    assert (relay.final_status, relay.alarm_is_due) == (FinalStatus.EXHAUSTED, True)


def test_a_failure_after_handed_over_takes_the_window_back_and_the_relay_goes_on() -> None:
    relay = after(received(asking(success=Success.SENT)).relay, accepted(1), handed_over(1))
    assert relay.claim_until is not None
    decision = decide(relay, failed(1), at(10))
    assert statuses(decision.relay) == [(1, "failed"), (1, "scheduled")]
    assert decision.relay.claim_until is None
    assert CancelTimer(Timer(MESSAGE_ID, 1, TimerKind.CLAIM, at(902), 2)) in decision.effects


def test_undelivered_after_delivered_is_a_line_of_the_trail() -> None:
    relay = after(waiting(), failed(1))
    assert relay.claim_until == at(902)
    assert steps(relay)[-1] is Step.LATE_STATUS


def test_a_tier_that_asks_for_no_claim_ends_the_relay_as_today_also_behind_one_that_does() -> None:
    of = asking()
    relay = received(Policy((of.tiers[0], replace(of.tiers[1], claim_timeout_seconds=0.0)))).relay
    relay = after(relay, accepted(1), delivered(1), replace(CLAIM_DUE, lease="task"), accepted(2), delivered(2))
    assert (relay.final_status, relay.delivered_tier) == (FinalStatus.DELIVERED, 2)


def test_more_words_begin_anew_and_end_the_window() -> None:
    event = Event(
        EventKind.INBOUND_SAYS_MORE, text=text(body="The boiler is leaking, please come now"), lease="webhook"
    )
    decision = decide(waiting(), event, at(10))
    assert decision.relay.claim_until is None
    assert statuses(decision.relay) == [(1, "delivered"), (1, "claimed")]
    assert CancelTimer(Timer(MESSAGE_ID, 1, TimerKind.CLAIM, at(902), 2)) in decision.effects


def test_a_clock_that_was_set_moves_the_window() -> None:
    relay = waiting()
    decision = decide(relay, Event(EventKind.TIMES_ARE_OFF, set_by=at(100) - T0), at(110))
    assert (decision.relay.claim_until, decision.relay.due_at) == (at(1002), at(1002))


def test_a_window_that_a_clock_ahead_began_is_cut_to_the_tiers_own_time() -> None:
    relay = waiting()
    now = at(-86400)
    decision = decide(relay, Event(EventKind.TIMES_ARE_OFF), now)
    assert decision.relay.claim_until == at(-86400 + WINDOW)


# A delivery to the owner.


def test_a_delivery_at_the_owners_tier_claims_for_the_owner() -> None:
    relay = waiting(asking(owner=ANN))
    assert (relay.final_status, relay.claimed_by, relay.claimed_at) == (FinalStatus.CLAIMED, ANN, at(2))
    assert (relay.delivered_tier, relay.claim_until) == (1, None)
    assert steps(relay)[-2:] == [Step.DELIVERED, Step.CLAIMED]


def test_a_claim_that_only_the_carrier_made_is_taken_back_by_a_failure() -> None:
    """The owner's phone never got the text, and the owner has not said a word: it would be lost."""
    relay = after(received(asking(owner=ANN, success=Success.SENT)).relay, accepted(1), handed_over(1), failed(1))
    assert (relay.final_status, relay.claimed_by) == (FinalStatus.IN_PROGRESS, "")
    assert statuses(relay) == [(1, "failed"), (1, "scheduled")]
