"""What a later word on a text takes back: that the carrier had taken it, or which text it was about."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from relay.core import fates, machine, moves
from relay.core.events import Event, EventKind, RaiseAlarm
from relay.core.model import AttemptStatus, FinalStatus, Relay, Step
from relay.core.policy import FATE_LOOKUP_SECONDS, Policy, Success

from tests.relays import (
    PERMANENT,
    T0,
    TRANSIENT,
    accepted,
    after,
    at,
    delivered,
    due,
    failed,
    handed_over,
    not_found,
    policy,
    progress,
    received,
    refused,
    sid,
    statuses,
    unconfirmed,
    unknown,
)


def _sent_counts(tiers: int = 2) -> Policy:
    """Tiers of carriers that return no delivery receipt."""
    return policy(tiers=tiers, success=Success.SENT)


def _handed_over(tiers: int = 2) -> Relay:
    """A relay that has ended, because its carrier took the text and that is all that is asked of it."""
    return after(received(_sent_counts(tiers)).relay, accepted(1), handed_over(1))


# `sent`, then `undelivered`.


def test_a_text_that_its_carrier_took_has_reached_the_handler_where_that_counts() -> None:
    relay = _handed_over()
    assert (relay.final_status, relay.delivered_tier) == (FinalStatus.DELIVERED, 1)


def test_it_is_asked_about_once_more_because_the_failures_callback_may_be_lost() -> None:
    relay = _handed_over()
    assert [attempt.number for attempt in fates.open_attempts(relay)] == [1]
    assert relay.due_at == relay.error_log[-1].at + timedelta(seconds=FATE_LOOKUP_SECONDS)
    asked = machine.transition(relay, Event(EventKind.LOOKED_UP), relay.due_at).relay
    assert (asked.final_status, asked.due_at) == (FinalStatus.DELIVERED, None)
    told = machine.transition(relay, failed(1, PERMANENT), relay.due_at).relay
    assert statuses(told) == [(1, "failed"), (2, "scheduled")]


def test_undelivered_after_a_sent_that_ended_the_relay_goes_to_the_next_tier() -> None:
    decision = machine.transition(_handed_over(), failed(1, PERMANENT), at(9))
    relay = decision.relay
    assert statuses(relay) == [(1, "failed"), (2, "scheduled")]
    assert (relay.final_status, relay.delivered_tier, relay.delivery_confirmed_at) == (
        FinalStatus.IN_PROGRESS,
        None,
        None,
    )
    assert decision.effects == (moves.pending_timer(relay),)
    assert relay.due_at == at(9)
    line = next(entry for entry in relay.error_log if entry.step is Step.ATTEMPT_FAILED)
    assert (line.error_code, line.status, line.attempt) == (PERMANENT, "recipient", 1)


def test_undelivered_after_a_sent_that_ended_the_relay_raises_the_alarm_at_the_last_tier() -> None:
    decision = machine.transition(_handed_over(tiers=1), failed(1, PERMANENT), at(9))
    assert decision.relay.final_status is FinalStatus.EXHAUSTED
    assert decision.relay.alarm_is_due
    assert RaiseAlarm() in decision.effects


def test_a_passing_failure_after_a_sent_is_tried_again_by_the_tiers_schedule() -> None:
    assert statuses(after(_handed_over(), failed(1, TRANSIENT))) == [(1, "failed"), (1, "scheduled")]


def test_undelivered_months_after_a_sent_does_not_expire_with_the_record() -> None:
    late = T0 + timedelta(days=89)
    relay = machine.transition(_handed_over(), failed(1, PERMANENT), late).relay
    assert relay.expires_at == late + timedelta(days=90)


def test_a_delivery_after_the_sent_makes_the_end_firm() -> None:
    relay = after(_handed_over(), delivered(1))
    assert relay.final_status is FinalStatus.DELIVERED
    contradicted = after(relay, failed(1, PERMANENT))
    assert (contradicted.final_status, contradicted.delivered_tier) == (FinalStatus.DELIVERED, 1)
    assert len(contradicted.attempts) == 1
    assert contradicted.error_log[-1].error_code == PERMANENT


def test_a_sent_that_is_told_twice_changes_nothing() -> None:
    relay = _handed_over()
    assert machine.transition(relay, handed_over(1), at(9)).relay is relay


def test_after_an_undelivered_the_tier_that_was_being_texted_meanwhile_decides() -> None:
    """Tier 1 was given up, tier 2 was being texted, and then tier 1's late `sent` ended the relay."""
    under_way = after(
        received(_sent_counts()).relay, accepted(1), unconfirmed(1, lease="task"), accepted(2), handed_over(1)
    )
    assert under_way.final_status is FinalStatus.DELIVERED
    decision = machine.transition(under_way, failed(1, PERMANENT), at(9))
    assert statuses(decision.relay) == [(1, "failed"), (2, "accepted")]
    assert decision.relay.due_at == decision.relay.attempts[1].deadline_at
    assert decision.effects == (moves.pending_timer(decision.relay),)


def test_after_an_undelivered_a_second_handler_who_has_the_text_is_the_one_on_record() -> None:
    both = after(
        received(_sent_counts()).relay,
        accepted(1),
        unconfirmed(1, lease="task"),
        accepted(2),
        handed_over(1),
        delivered(2),
    )
    relay = after(both, failed(1, PERMANENT))
    assert (relay.final_status, relay.delivered_tier) == (FinalStatus.DELIVERED, 2)
    assert len(relay.attempts) == 2


def test_a_failure_that_is_told_again_after_a_late_delivery_changes_nothing() -> None:
    elsewhere = (accepted(1), failed(1, PERMANENT), due(2), accepted(2), delivered(2))
    relay = after(received().relay, *elsewhere, delivered(1))
    assert [attempt.status for attempt in relay.attempts] == [AttemptStatus.DELIVERED] * 2
    assert machine.transition(relay, failed(1, PERMANENT), at(200)).relay is relay


# `undelivered`, then `sent`.


def test_a_late_sent_takes_no_explicit_failure_back_and_withdraws_nothing() -> None:
    relay = after(received(_sent_counts()).relay, accepted(1), failed(1, PERMANENT))
    decision = machine.transition(relay, handed_over(1), at(9))
    assert decision.relay is relay
    assert statuses(relay) == [(1, "failed"), (2, "scheduled")]
    assert statuses(after(relay, due(2))) == [(1, "failed"), (2, "claimed")]


def test_a_late_sent_does_not_end_an_exhausted_relay_whose_failure_was_explicit() -> None:
    relay = after(received(_sent_counts(tiers=1)).relay, accepted(1), failed(1, PERMANENT))
    assert after(relay, handed_over(1)).final_status is FinalStatus.EXHAUSTED
    assert after(relay, delivered(1)).final_status is FinalStatus.DELIVERED


def test_a_late_sent_still_ends_a_relay_that_nothing_else_was_told_of() -> None:
    relay = after(received(_sent_counts()).relay, accepted(1), unconfirmed(1), handed_over(1))
    assert relay.final_status is FinalStatus.DELIVERED
    assert statuses(relay) == [(1, "delivered"), (2, "withdrawn")]


# A receipt that came before the answer to the POST, and was about another text.


def test_the_answer_to_the_post_says_which_text_is_the_attempts_and_takes_a_receipt_about_another_back() -> None:
    relay = after(received().relay, delivered(1))
    told = machine.transition(relay, replace(accepted(1), sent_id=sid(50)), at(5)).relay
    assert (told.attempts[0].sent_id, told.final_status) == (sid(50), FinalStatus.IN_PROGRESS)
    assert statuses(told) == [(1, "accepted")]
    assert told.due_at == told.attempts[0].deadline_at
    assert "another id" in told.error_log[-1].reason
    failing = after(told, replace(failed(1), sent_id=sid(50)))
    assert statuses(failing) == [(1, "failed"), (1, "scheduled")]
    assert after(told, replace(delivered(1), sent_id=sid(50))).final_status is FinalStatus.DELIVERED


def test_the_answer_to_the_post_confirms_the_id_that_a_look_up_found_so_that_no_receipt_names_another() -> None:
    relay = after(received().relay, replace(progress(1), asked_after=1))
    assert relay.attempts[0].is_adopted
    relay = after(relay, accepted(1))
    assert (relay.attempts[0].sent_id, relay.attempts[0].is_adopted) == (sid(1), False)
    assert machine.transition(relay, accepted(1), at(9)).relay is relay


def test_an_answer_to_the_post_with_the_id_that_a_receipt_told_changes_nothing() -> None:
    relay = after(received().relay, delivered(1))
    assert machine.transition(relay, accepted(1), at(5)).relay is relay


def test_a_tier_that_refused_for_good_is_not_asked_again_when_an_earlier_text_that_existed_fails() -> None:
    """Least of all a handler who has opted out."""
    relay = after(received(policy(tiers=3)).relay, unknown(1), not_found(1), due(2), refused(2))
    assert statuses(relay) == [(1, "failed"), (2, "failed"), (3, "scheduled")]
    revived = after(relay, accepted(1))
    assert statuses(revived) == [(1, "accepted"), (2, "failed"), (3, "withdrawn")]
    assert statuses(after(revived, failed(1, PERMANENT)))[-1] == (3, "scheduled")
