"""A text that the provider refused, and that exists all the same: a callback, or a look-up, tells of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from relay.core import machine, moves
from relay.core.events import ArmTimer, CancelTimer, Event
from relay.core.model import AttemptStatus, FinalStatus, Step, TimerKind
from relay.core.policy import Success

from tests.relays import (
    PERMANENT,
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
    steps,
    unconfirmed,
    unknown,
)


@pytest.mark.parametrize("code", [TRANSIENT, PERMANENT])
def test_a_callback_that_shows_that_a_refused_text_exists_withdraws_the_planned_try(code: int) -> None:
    """Whatever the code: the same handler again, or the next tier that is not leased yet."""
    refused_once = after(received().relay, refused(1, code))
    decision = machine.transition(refused_once, progress(1), at(3))
    relay = decision.relay
    assert [status for _, status in statuses(relay)] == ["accepted", "withdrawn"]
    assert relay.attempts[0].sent_id == sid(1)
    assert relay.attempts[0].failure is None
    assert relay.current_attempt is relay.attempts[0]
    assert relay.due_at == relay.attempts[0].deadline_at == at(60), "its own deadline counts"
    assert decision.effects == (*moves.timers_to_cancel(refused_once), moves.pending_timer(relay))
    assert moves.pending_timer(relay).timer.kind is TimerKind.DEADLINE


def test_the_timer_of_the_withdrawn_try_starts_nothing() -> None:
    relay = after(received().relay, refused(1, TRANSIENT), progress(1))
    assert machine.transition(relay, due(2), at(4)).relay is relay


def test_a_refused_text_that_exists_is_waited_for_and_given_up_like_any_other() -> None:
    relay = after(received().relay, refused(1, TRANSIENT), progress(1))
    assert after(relay, delivered(1)).final_status is FinalStatus.DELIVERED
    assert statuses(after(relay, failed(1, PERMANENT))) == [(1, "failed"), (1, "withdrawn"), (2, "scheduled")]
    given_up = after(relay, unconfirmed(1, lease="task"))
    assert statuses(given_up) == [(1, "unconfirmed"), (1, "withdrawn"), (2, "claimed")]


def test_a_refused_text_that_arrived_or_was_handed_over_where_that_counts_ends_the_relay() -> None:
    assert statuses(after(received().relay, refused(1, TRANSIENT), delivered(1))) == [
        (1, "delivered"),
        (1, "withdrawn"),
    ]
    ended = after(received(policy(success=Success.SENT)).relay, refused(1, PERMANENT), handed_over(1))
    assert statuses(ended) == [(1, "delivered"), (2, "withdrawn")]


def test_a_refused_text_that_failed_in_the_end_leaves_the_planned_try_alone() -> None:
    relay = after(received().relay, refused(1, TRANSIENT), failed(1, PERMANENT), progress(1))
    assert statuses(relay) == [(1, "failed"), (1, "scheduled")]
    assert relay.attempts[0].error_code == PERMANENT


@pytest.mark.parametrize("ends", [refused, failed])
def test_once_the_next_try_has_failed_as_well_the_one_that_exists_is_waited_for(ends: Callable[..., Event]) -> None:
    """[A third try was sent, and a fourth: four texts for the handler, of which the first had been told of in time]."""
    two_retries = policy(delays=(2.0, 4.0))
    relay = after(received(two_retries).relay, refused(1, TRANSIENT), due(2), progress(1))
    decision = machine.transition(relay, ends(2, TRANSIENT), at(4))
    assert statuses(decision.relay) == [(1, "accepted"), (1, "failed")]
    assert decision.relay.current_attempt is decision.relay.attempts[0]
    assert decision.effects == (*moves.timers_to_cancel(relay), moves.pending_timer(decision.relay))
    assert decision.relay.due_at == relay.attempts[0].deadline_at
    assert after(decision.relay, delivered(1)).final_status is FinalStatus.DELIVERED
    assert statuses(after(decision.relay, failed(1, PERMANENT)))[-1] == (2, "scheduled")


def test_a_text_of_the_tier_before_that_exists_keeps_no_other_handler_from_being_tried() -> None:
    relay = after(received().relay, refused(1, PERMANENT), due(2), progress(1), refused(2, PERMANENT))
    assert statuses(relay)[-1] == (3, "scheduled")


def test_when_the_next_try_is_leased_already_what_exists_is_only_recorded() -> None:
    relay = after(received().relay, refused(1, TRANSIENT), due(2), progress(1))
    assert statuses(relay) == [(1, "accepted"), (1, "claimed")]
    assert relay.current_attempt is relay.attempts[1]


def test_two_refused_texts_of_which_the_first_exists_are_one_text_too_many_already() -> None:
    relay = after(received().relay, refused(1, TRANSIENT), due(2), refused(2, TRANSIENT), progress(1))
    assert statuses(relay) == [(1, "accepted"), (1, "failed"), (1, "withdrawn")]
    assert relay.current_attempt is relay.attempts[0]
    both = after(relay, progress(2))
    assert both.current_attempt is relay.attempts[0]
    assert both.attempts[1].sent_id == sid(2)


def test_the_next_tier_is_due_anyway_once_the_deadline_of_the_refused_text_has_passed() -> None:
    relay = after(received().relay, refused(1, PERMANENT))
    late = machine.transition(relay, progress(1), at(61)).relay
    assert statuses(late) == [(1, "accepted"), (2, "scheduled")]


@pytest.mark.parametrize("shown_by", [progress(1), accepted(1)])
def test_at_the_last_tier_a_planned_resend_is_withdrawn_by_the_first_sign_of_the_text(shown_by: Event) -> None:
    """Declared not sent, and planned once more; nobody has begun to send it."""
    relay = after(received(policy(tiers=1)).relay, unknown(1), not_found(1), shown_by, seconds=60)
    assert statuses(relay) == [(1, "accepted"), (1, "withdrawn")]
    assert moves.pending_timer(relay).timer.kind is TimerKind.DEADLINE


def test_the_trail_tells_what_was_taken_back() -> None:
    relay = after(received().relay, refused(1, TRANSIENT), progress(1))
    assert steps(relay)[-2:] == [Step.ATTEMPT_WITHDRAWN, Step.ATTEMPT_ACCEPTED]
    assert relay.attempts[0].status is AttemptStatus.ACCEPTED


def test_the_timer_that_was_pending_is_cancelled_and_the_deadline_armed() -> None:
    relay = after(received().relay, refused(1, TRANSIENT))
    effects = machine.transition(relay, progress(1), at(3)).effects
    assert [type(effect) for effect in effects] == [CancelTimer, ArmTimer]
