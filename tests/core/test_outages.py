"""Outages: what would have met every handler alike is waited out, out of one allowance, and uses up no tier."""

from __future__ import annotations

from datetime import timedelta

import pytest
from relay.core import machine, moves
from relay.core.events import Event, EventKind, SendAttempt, TellOutage, TellOutageOver
from relay.core.failures import UNREACHABLE, Failure, FailureClass
from relay.core.model import AttemptStatus, FinalStatus, Relay, Step, TimerKind
from relay.core.policy import LAST_TIER_SECONDS, OUTAGE_SECONDS_MAX, QUEUE_SECONDS_MAX, SEND_SECONDS_MAX
from relay.twilio.codes import failure_of

from tests.relays import (
    PERMANENT,
    SENDER_FAULT,
    T0,
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
    queued,
    received,
    statuses,
    steps,
    unanswered,
    unconfirmed,
    undecided,
    unknown,
)

TOO_MANY = failure_of(20429)
OURS = failure_of(SENDER_FAULT)


def _refused(failure: Failure, retry_after: float | None = None, attempt: int = 1, under: str | None = None) -> Event:
    return Event(EventKind.SEND_REFUSED, attempt, failure=failure, retry_after_seconds=retry_after, under=under)


def _play(relay: Relay, failure: Failure, until: float) -> tuple[Relay, list[float], list[TellOutage]]:
    """Refuse every try at once until then. Returns the relay, the wait before each try, and what people were told."""
    now, waits, told = relay.timestamp, [], []
    for number in range(200):
        decision = machine.transition(relay, _refused(failure, attempt=relay.current.number), now)
        relay = decision.relay
        told += [effect for effect in decision.effects if isinstance(effect, TellOutage)]
        if relay.due_at is None or relay.final_status is not FinalStatus.IN_PROGRESS or relay.due_at > at(until):
            break
        waits.append((relay.due_at - now).total_seconds())
        now = relay.due_at
        relay = machine.transition(relay, due(relay.current.number, f"task {number}"), now).relay
    return relay, waits, told


@pytest.mark.parametrize("failure", [UNREACHABLE, TOO_MANY, OURS], ids=["refused connection", "429", "our account"])
def test_a_minute_of_outage_costs_no_tier_and_no_try_and_the_waits_grow(failure: Failure) -> None:
    relay, waits, _ = _play(received().relay, failure, 60)
    assert waits[:5] == [2, 4, 8, 15, 30]
    assert statuses(relay) == [(1, "scheduled")]
    assert relay.attempts[0].try_in_tier == 1
    back = after(relay, due(1, "at last"), accepted(1), delivered(1))
    assert (back.final_status, back.delivered_tier, len(back.attempts)) == (FinalStatus.DELIVERED, 1, 1)


def test_the_same_attempt_is_leased_again_and_sent_by_the_one_who_leased_it() -> None:
    relay = after(received().relay, _refused(TOO_MANY))
    assert moves.pending_timer(relay).timer.kind is TimerKind.ATTEMPT
    decision = machine.transition(relay, due(1, "task"), at(5))
    assert statuses(decision.relay) == [(1, "claimed")]
    assert decision.effects[-1] == SendAttempt(1)
    assert decision.relay.attempts[0].deadline_at == at(65)


def test_what_ended_an_earlier_try_is_no_word_on_the_one_that_follows() -> None:
    """Sent again after an outage, and then not to be found: it was declared not sent, and not refused."""
    relay = after(received().relay, _refused(TOO_MANY), due(1, "task"), unknown(1))
    relay = machine.transition(relay, Event(EventKind.DEADLINE_NOT_FOUND, 1), at(65)).relay
    assert relay.attempts[0].was_declared_not_sent


def test_an_outage_is_one_line_of_the_trail_and_not_one_for_each_try() -> None:
    relay, waits, _ = _play(received().relay, UNREACHABLE, 300)
    assert len(waits) > 8
    assert steps(relay) == [Step.RECEIVED, Step.ATTEMPT_STARTED, Step.OUTAGE_BEGAN]
    assert steps(after(relay, due(1, "at last"), accepted(1)))[-1] is Step.ATTEMPT_ACCEPTED


def test_waits_longer_than_the_schedules_are_taken_from_the_provider_up_to_a_minute() -> None:
    first = received().relay
    assert machine.transition(first, _refused(TOO_MANY, 10), at(0)).relay.due_at == at(10)
    assert machine.transition(first, _refused(TOO_MANY, 0.5), at(0)).relay.due_at == at(2)
    assert machine.transition(first, _refused(TOO_MANY, 3600), at(0)).relay.due_at == at(60)


@pytest.mark.parametrize("failure", [UNREACHABLE, OURS])
def test_an_outage_longer_than_the_allowance_is_an_ordinary_failure_and_exhausted_has_tried_every_tier(
    failure: Failure,
) -> None:
    relay, waits, _ = _play(received(policy(tiers=2)).relay, failure, 10_000)
    assert relay.final_status is FinalStatus.EXHAUSTED
    assert [attempt.tier for attempt in relay.attempts] == [1, 1, 1, 1, 2, 2, 2, 2]
    assert OUTAGE_SECONDS_MAX <= sum(waits) <= OUTAGE_SECONDS_MAX + 2 * (2 + 4 + 8)


def test_there_is_one_allowance_a_drive_and_a_redrive_has_its_own() -> None:
    relay, _, _ = _play(received(policy(tiers=1)).relay, UNREACHABLE, 10_000)
    assert OUTAGE_SECONDS_MAX - 2 < relay.outage_seconds <= OUTAGE_SECONDS_MAX
    redriven = after(relay, Event(EventKind.REDRIVE_REQUESTED, policy=policy(tiers=1), request_id="1"))
    again = after(redriven, due(redriven.current.number), _refused(UNREACHABLE, attempt=redriven.current.number))
    assert statuses(again)[-1] == (1, "scheduled")
    assert 0 < again.outage_seconds < 10


def test_people_are_told_once_after_a_minute_and_at_once_where_our_account_is_the_trouble() -> None:
    _, _, early = _play(received().relay, UNREACHABLE, 45)
    _, _, later = _play(received().relay, UNREACHABLE, 400)
    _, _, ours = _play(received().relay, OURS, 1)
    assert (early, later, ours) == ([], [TellOutage(UNREACHABLE)], [TellOutage(OURS)])


@pytest.mark.parametrize("word", [accepted(1), delivered(1)], ids=["its answer", "its receipt"])
def test_that_an_outage_is_over_is_told_once_and_only_where_people_were_told_of_it(word: Event) -> None:
    def over(failure: Failure, seconds: float) -> list[TellOutageOver]:
        waiting, _, _ = _play(received().relay, failure, seconds)
        under_way = after(waiting, due(1, "at last"))
        decisions = [machine.transition(under_way, word, at(seconds))]
        decisions.append(machine.transition(decisions[0].relay, delivered(1), at(seconds + 1)))
        effects = (effect for decision in decisions for effect in decision.effects)
        return [effect for effect in effects if isinstance(effect, TellOutageOver)]

    assert over(OURS, 1) == [TellOutageOver()]
    assert over(UNREACHABLE, 400) == [TellOutageOver()]
    assert over(UNREACHABLE, 20) == []


def test_a_redrive_does_not_tell_that_an_outage_is_over() -> None:
    relay, _, _ = _play(received(policy(tiers=1)).relay, OURS, 10_000)
    redriven = machine.transition(relay, Event(EventKind.REDRIVE_REQUESTED, policy=policy(), request_id="1"), at(9999))
    assert redriven.changed
    assert TellOutageOver() not in redriven.effects


def test_a_fault_of_the_handlers_within_an_outage_goes_to_the_next_tier_at_once() -> None:
    relay = after(received().relay, _refused(TOO_MANY), due(1, "task"), _refused(failure_of(21610)))
    assert statuses(relay) == [(1, "failed"), (2, "scheduled")]
    assert relay.outage_since is None


def test_the_outcome_of_an_earlier_try_does_not_end_the_one_that_is_being_sent() -> None:
    relay = after(received(lease="webhook").relay, _refused(TOO_MANY, under="webhook"), due(1, "task"))
    late = machine.transition(relay, _refused(TOO_MANY, under="webhook"), at(9))
    assert late.relay is relay
    assert late.effects == (moves.pending_timer(relay),)


def test_a_try_that_is_being_sent_again_is_refused_no_more_and_may_have_left() -> None:
    """Its process died, and the provider has no such text yet: that may still come, and is no other attempt's."""
    again = after(received().relay, _refused(TOO_MANY), due(1, "task"))
    assert (again.attempts[0].failure, again.attempts[0].is_refused) == (None, False)
    given_up = after(again, not_found(1), seconds=120)
    assert given_up.attempts[0].was_declared_not_sent


@pytest.mark.parametrize(
    ("told", "after_it"),
    [(progress(1), "accepted"), (delivered(1), "delivered"), (handed_over(1), "delivered"), (failed(1), "failed")],
)
def test_a_callback_about_a_text_that_waits_for_its_next_try_counts(told: Event, after_it: str) -> None:
    relay = after(received().relay, _refused(OURS), told)
    assert statuses(relay)[0] == (1, after_it)
    if after_it == "accepted":
        assert moves.pending_timer(relay).timer.kind is TimerKind.DEADLINE


# Of unknown outcome, and nothing can be asked.


def test_while_the_provider_cannot_be_asked_it_is_only_asked_again_whatever_the_tier() -> None:
    relay = after(received().relay, unknown(1), unanswered(1, "task"), unanswered(1, "task 2"))
    assert statuses(relay) == [(1, "unknown")]
    assert steps(relay)[-1] is Step.OUTAGE_BEGAN
    assert steps(relay).count(Step.OUTAGE_BEGAN) == 1


@pytest.mark.parametrize("tiers", [1, 2])
def test_when_the_allowance_is_used_up_no_second_post_is_made(tiers: int) -> None:
    relay = after(received(policy(tiers=tiers)).relay, unknown(1))
    for number in range(100):
        assert relay.due_at is not None
        relay = machine.transition(relay, unanswered(1, f"task {number}"), relay.due_at).relay
        if len(relay.attempts) > 1 or relay.final_status is not FinalStatus.IN_PROGRESS:
            break
    if tiers == 2:
        assert statuses(relay) == [(1, "unknown"), (2, "claimed")]
    else:
        assert relay.final_status is FinalStatus.EXHAUSTED
        assert statuses(relay) == [(1, "unknown")]
        assert "unknown" in relay.error_log[-1].reason
    assert relay.error_log[-1].at <= at(60 + OUTAGE_SECONDS_MAX + 30)


def test_the_time_that_a_provider_takes_to_answer_nothing_counts_towards_the_allowance() -> None:
    """Each look-up waits its ten seconds for an answer: without them an outage of ten minutes would last fourteen."""
    relay = after(received(policy(tiers=2)).relay, unknown(1))
    while len(relay.attempts) == 1:
        assert relay.due_at is not None
        given_up_at = relay.due_at + timedelta(seconds=SEND_SECONDS_MAX)
        relay = machine.transition(relay, unanswered(1, "task"), given_up_at).relay
    assert at(60 + OUTAGE_SECONDS_MAX - 30) <= relay.error_log[-1].at <= at(60 + OUTAGE_SECONDS_MAX + SEND_SECONDS_MAX)


def test_the_time_that_a_provider_takes_to_refuse_every_try_counts_towards_the_allowance() -> None:
    relay = received(policy(tiers=2)).relay
    now = T0
    while relay.attempts[0].status is not AttemptStatus.FAILED:
        answered_at = now + timedelta(seconds=SEND_SECONDS_MAX)
        relay = machine.transition(relay, _refused(UNREACHABLE), answered_at).relay
        assert relay.due_at is not None
        now = relay.due_at
        relay = machine.transition(relay, due(relay.current.number), now).relay
    assert answered_at <= at(OUTAGE_SECONDS_MAX + SEND_SECONDS_MAX)


def test_a_timer_that_came_late_uses_up_no_allowance() -> None:
    relay = machine.transition(after(received().relay, unknown(1)), unanswered(1, "task"), at(3600)).relay
    assert statuses(relay) == [(1, "unknown")]
    assert relay.outage_seconds <= SEND_SECONDS_MAX + 2


# A queue is not a loss.


def test_a_text_that_is_still_queued_is_waited_for_within_its_bound_and_then_the_next_tier_has_it() -> None:
    relay, asked = after(received(policy(timeout=60)).relay, accepted(1)), []
    while statuses(relay) == [(1, "accepted")]:
        assert relay.due_at is not None
        asked.append((relay.due_at - T0).total_seconds())
        relay = machine.transition(relay, queued(1, "task"), relay.due_at).relay
    assert asked == [60, 90, 150, 270, 510, 60 + QUEUE_SECONDS_MAX]
    assert statuses(relay) == [(1, "unconfirmed"), (2, "claimed")]
    assert steps(relay).count(Step.STILL_QUEUED) == 1


def test_at_the_last_tier_late_beats_never() -> None:
    relay, asked = after(received(policy(tiers=1)).relay, accepted(1)), 0
    while relay.final_status is FinalStatus.IN_PROGRESS:
        assert relay.due_at is not None
        ended, asked = relay.due_at, asked + 1
        relay = machine.transition(relay, queued(1, "task"), relay.due_at).relay
    assert ended == T0 + timedelta(seconds=LAST_TIER_SECONDS)
    assert asked < 70
    assert len(relay.attempts) == 1


def test_a_text_that_died_in_the_queue_is_not_queued_again_at_the_same_tier() -> None:
    waited = after(received().relay, accepted(1), queued(1), seconds=60)
    assert statuses(after(waited, failed(1)))[-1] == (2, "scheduled")


def test_at_the_last_tier_all_tries_share_one_patience() -> None:
    waited = after(received(policy(tiers=1)).relay, accepted(1), queued(1), seconds=60)
    retried = after(waited, failed(1), due(2))
    assert statuses(retried) == [(1, "failed"), (1, "claimed")]
    assert retried.attempts[1].queued_until == retried.attempts[0].queued_until
    late = machine.transition(after(waited), failed(1), T0 + timedelta(seconds=LAST_TIER_SECONDS + 5)).relay
    assert late.final_status is FinalStatus.EXHAUSTED


def test_what_was_handed_over_and_not_confirmed_is_no_queue() -> None:
    assert after(received(policy(tiers=1)).relay, accepted(1), unconfirmed(1)).final_status is FinalStatus.EXHAUSTED


def test_failure_classes_that_are_no_outage_use_up_their_tier() -> None:
    for failure_class in set(FailureClass) - {
        FailureClass.NOT_PROCESSED,
        FailureClass.SENDER,
        FailureClass.NOT_STARTED,
    }:
        relay = after(received().relay, _refused(Failure(failure_class, "words", PERMANENT)))
        assert relay.attempts[0].status == "failed", failure_class


def test_what_was_asked_in_vain_during_an_outage_takes_no_question_from_afterwards() -> None:
    """Else a relay whose text is told apart by another one's receipt, moments later, ends as exhausted at once."""
    relay = after(received(policy(tiers=1)).relay, unknown(1), *[unanswered(1)] * 15)
    assert relay.attempts[0].lookups == 0
    relay = after(relay, undecided(1))
    assert relay.final_status is FinalStatus.IN_PROGRESS
