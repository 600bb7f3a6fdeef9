"""What people do with a customer's text, case by case: they claim it, pass it on, release it, start it again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from relay.core import moves
from relay.core.events import (
    CancelTimer,
    Event,
    EventKind,
    RaiseAlarm,
    SendAttempt,
    WithdrawAttempt,
)
from relay.core.model import FinalStatus, Relay, SenderClass, Timer, TimerKind
from relay.core.policy import Success
from relay.core.routes import Forward, Hold

from tests.core.claiming import (
    ANN,
    BEN,
    RELEASED,
    asking,
    claimed_by,
    decide,
    passed_by,
    waiting,
)
from tests.relays import (
    MESSAGE_ID,
    T0,
    TRANSIENT,
    accepted,
    after,
    at,
    delivered,
    due,
    exhausted,
    failed,
    handed_over,
    policy,
    received,
    redrive_of,
    refused,
    statuses,
    text,
    unknown,
)

# A person claims it.


@pytest.mark.parametrize(
    ("relay", "effect"),
    [
        (waiting(), CancelTimer(Timer(MESSAGE_ID, 1, TimerKind.CLAIM, at(902), 2))),
        (received(lease=None).relay, CancelTimer(Timer(MESSAGE_ID, 1, TimerKind.ATTEMPT, T0, 1))),
        (after(received().relay, accepted(1)), WithdrawAttempt(1)),
        (after(received().relay, unknown(1)), WithdrawAttempt(1)),
    ],
)
def test_a_claim_ends_what_is_in_progress(relay: Relay, effect: object) -> None:
    decision = decide(relay, claimed_by(ANN), at(30))
    assert effect in decision.effects
    ended = decision.relay
    assert (ended.final_status, ended.claimed_by, ended.claimed_at) == (FinalStatus.CLAIMED, ANN, at(30))
    assert ended.claim_until is None
    assert moves.pending(ended) is None


def test_a_claim_takes_the_alarm_of_an_exhausted_relay_away() -> None:
    relay = exhausted()
    assert relay.alarm_is_due
    decision = decide(relay, claimed_by(ANN), at(30))
    assert (decision.relay.final_status, decision.relay.alarm_is_due) == (FinalStatus.CLAIMED, False)
    assert decision.effects == ()


def test_the_first_claim_stays() -> None:
    relay = after(waiting(), claimed_by(ANN))
    decision = decide(relay, claimed_by(BEN), at(50))
    assert decision.relay is relay
    assert decision.ignored_because == "a person took it"


def test_receipts_after_a_claim_are_learned_and_take_nothing_back() -> None:
    relay = after(received().relay, accepted(1), claimed_by(BEN), delivered(1))
    assert (relay.final_status, relay.claimed_by) == (FinalStatus.CLAIMED, BEN)
    assert (statuses(relay), relay.delivered_tier) == ([(1, "delivered")], 1)
    assert after(received().relay, accepted(1), claimed_by(BEN), failed(1)).final_status is FinalStatus.CLAIMED


@pytest.mark.parametrize("kind", [EventKind.CLAIMED, EventKind.PASSED, EventKind.RELEASED])
def test_what_is_kept_and_not_forwarded_is_told_nothing(kind: EventKind) -> None:
    held = moves.receive(text(), SenderClass.CUSTOMER, Hold(policy(), "too many"), T0, None).relay
    assert decide(held, Event(kind, person=ANN)).relay is held


# A person passes it on.


def test_a_pass_of_a_planned_try_withdraws_it_and_the_next_tier_is_due_now() -> None:
    relay = after(received(lease=None).relay, passed_by(ANN))
    assert statuses(relay) == [(1, "withdrawn"), (2, "scheduled")]


@pytest.mark.parametrize(
    ("events", "status"), [([], "claimed"), ([unknown(1)], "unknown"), ([accepted(1)], "unconfirmed")]
)
def test_a_pass_gives_up_what_is_under_way(events: list[Event], status: str) -> None:
    relay = after(received().relay, *events)
    decision = decide(relay, passed_by(ANN, lease="webhook 2"), at(30))
    assert statuses(decision.relay) == [(1, status), (2, "claimed")]
    assert decision.effects[-1] == SendAttempt(2)


def test_a_receipt_of_what_was_passed_on_ends_nothing() -> None:
    """The receipt may come after the words: the person who has the text on the phone does not take it."""
    relay = after(received().relay, accepted(1), passed_by(ANN), delivered(1))
    assert statuses(relay) == [(1, "delivered"), (2, "scheduled")]
    assert relay.final_status is FinalStatus.IN_PROGRESS


def test_a_pass_while_a_claim_is_waited_for_goes_on_at_once() -> None:
    relay = after(waiting(), passed_by(ANN))
    assert (statuses(relay), relay.claim_until) == ([(1, "delivered"), (2, "scheduled")], None)


def test_a_pass_at_the_last_tier_exhausts_the_relay_at_once() -> None:
    decision = decide(waiting(asking(1)), passed_by(ANN), at(30))
    assert decision.relay.final_status is FinalStatus.EXHAUSTED
    assert decision.effects[-1] == RaiseAlarm()


def test_a_pass_of_a_tier_already_left_changes_nothing() -> None:
    relay = after(received().relay, refused(1), due(2))
    decision = decide(relay, passed_by(ANN), at(30))
    assert (decision.relay, decision.ignored_because) == (relay, "a tier already left")


def test_after_a_delivery_its_handler_passes_it_on() -> None:
    relay = after(received().relay, accepted(1), delivered(1))
    assert decide(relay, passed_by(BEN)).ignored_because == "a tier already left"
    relay = after(relay, passed_by(ANN))
    assert (statuses(relay), relay.delivered_tier) == ([(1, "delivered"), (2, "scheduled")], None)
    assert relay.first_attempt_of_drive == 2


def test_who_claimed_it_passes_it_on_and_no_tier_is_skipped() -> None:
    relay = after(received().relay, accepted(1), claimed_by("handler 3"))
    assert decide(relay, passed_by(ANN)).ignored_because == "a tier already left"
    relay = after(relay, passed_by("handler 3"))
    assert (statuses(relay), relay.claimed_by) == ([(1, "accepted"), (2, "scheduled")], "")


def test_an_earlier_handler_who_claimed_and_passes_it_on_leaves_that_handlers_tier() -> None:
    relay = after(received().relay, refused(1), due(2), accepted(2), claimed_by(ANN), passed_by(ANN))
    assert statuses(relay) == [(1, "failed"), (2, "accepted"), (2, "scheduled")]


def test_a_tier_whose_next_try_a_claim_withdrew_is_not_over_for_an_owner_who_passes_it_on() -> None:
    """The owner stands at the next tier: without that try the text would be given up, and handler 2 never had it."""
    relay = after(received().relay, refused(1), due(2), refused(2, TRANSIENT), claimed_by("handler 3"))
    passed = after(relay, passed_by("handler 3"))
    assert statuses(passed) == [(1, "failed"), (2, "failed"), (2, "withdrawn"), (2, "scheduled")]


def test_a_tier_that_was_reached_is_over_although_a_try_was_withdrawn() -> None:
    relay = after(received(asking(3)).relay, refused(1), due(2), refused(2, TRANSIENT), delivered(2))
    assert statuses(relay) == [(1, "failed"), (2, "delivered"), (2, "withdrawn")]
    relay = after(relay, claimed_by("handler 3"), passed_by("handler 3"))
    assert (len(relay.attempts), relay.final_status) == (3, FinalStatus.EXHAUSTED)


def test_who_claims_before_the_next_try_and_passes_it_on_leaves_that_tier() -> None:
    relay = after(received().relay, refused(1), due(2), refused(2, TRANSIENT), claimed_by(BEN), passed_by(BEN))
    assert statuses(relay)[2:] == [(2, "withdrawn"), (3, "scheduled")]


def test_who_takes_it_back_before_a_pass_is_carried_out_and_passes_again_sends_no_earlier_tier_a_second_one() -> None:
    """Handler 1 had the text: what the second pass begins is the drive that the second claim had withdrawn."""
    relay = after(received(asking(3)).relay, accepted(1), delivered(1), claimed_by("handler 3"))
    for _ in range(2):
        relay = after(relay, passed_by("handler 3"), claimed_by("handler 3"))
    relay = after(relay, passed_by("handler 3"))
    assert statuses(relay) == [(1, "delivered"), (2, "withdrawn"), (2, "withdrawn"), (2, "scheduled")]


def test_a_tier_whose_handler_passed_between_two_tries_is_not_the_next_one_again() -> None:
    """The pass withdrew that try, and not the claim: handler 1 does not take the text."""
    relay = after(received(asking(3)).relay, refused(1, TRANSIENT), passed_by(ANN), claimed_by("handler 3"))
    assert statuses(relay) == [(1, "failed"), (1, "withdrawn"), (2, "withdrawn")]
    assert statuses(after(relay, passed_by("handler 3")))[3:] == [(2, "scheduled")]


def test_a_record_that_has_no_room_for_another_drive_ends_with_its_alarm() -> None:
    relay = after(waiting(asking(20)), claimed_by(ANN))
    for _ in range(40):
        relay = after(relay, passed_by(ANN), claimed_by(ANN))
        relay = replace(relay, attempts=(*relay.attempts, *relay.attempts)[:600])
    assert after(relay, passed_by(ANN)).final_status is FinalStatus.EXHAUSTED


# An operator releases it, or starts it again.


def test_a_release_ends_it_as_delivered_where_it_was_and_else_as_exhausted_with_its_alarm() -> None:
    was_delivered = after(received().relay, accepted(1), delivered(1), claimed_by(BEN), RELEASED)
    assert (was_delivered.final_status, was_delivered.delivered_tier) == (FinalStatus.DELIVERED, 1)
    decision = decide(after(waiting(), claimed_by(BEN)), RELEASED, at(30))
    assert (decision.relay.final_status, decision.relay.claimed_by) == (FinalStatus.EXHAUSTED, "")
    assert decision.effects == (RaiseAlarm(),)


def test_a_claimed_relay_is_redriven_only_after_its_release() -> None:
    relay = after(waiting(), claimed_by(ANN))
    decision = decide(relay, redrive_of(relay, 1))
    assert (decision.relay, decision.ignored_because) == (relay, "a person took it; release it first")
    relay = after(relay, RELEASED, redrive_of(relay, 1))
    assert statuses(relay) == [(1, "delivered"), (1, "scheduled")]


def test_a_delivered_text_of_a_thread_is_redriven_and_its_old_receipts_end_it_no_more() -> None:
    route = Forward(policy(success=Success.SENT), thread_id="a thread", code="K71")
    relay = moves.receive(text(), SenderClass.CUSTOMER, route, T0, "webhook").relay
    relay = after(relay, accepted(1), handed_over(1))
    assert relay.final_status is FinalStatus.DELIVERED
    relay = after(relay, redrive_of(relay, 1), delivered(1))
    assert statuses(relay) == [(1, "delivered"), (1, "scheduled")]
    assert (relay.final_status, relay.delivered_tier, relay.code) == (FinalStatus.IN_PROGRESS, None, "K71")
    without_thread = after(received().relay, accepted(1), delivered(1))
    assert decide(without_thread, redrive_of(without_thread, 1)).ignored_because == "the text was delivered"
