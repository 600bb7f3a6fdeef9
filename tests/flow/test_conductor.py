"""Load, decide, commit, perform: what is done in which order, and what a lost answer or a death at any point leaves."""

from __future__ import annotations

import pytest
from relay.core import moves
from relay.core.comparing import digest_of
from relay.core.events import Event, EventKind
from relay.core.model import AttemptStatus, FinalStatus, Step, TimerKind
from relay.errors import AlreadyStored, StoreUnavailable, VersionConflict
from relay.flow import conductor
from relay.flow.budget import TASK_LIMITS, Budget
from relay.twilio.codes import failure_of

from tests.flow.conducting import apply, create, deadline, webhook_budget
from tests.relays import BODY, MESSAGE_ID, sid
from tests.worlds import Doubles, Killed, Observed, kill, lose_the_answer

# The order of things.


def test_a_text_is_committed_then_its_timer_armed_then_it_is_sent_then_that_is_recorded() -> None:
    doubles = Observed()
    assert create(doubles)
    assert doubles.calls == ["create", "arm deadline 1", "send", "update"]
    assert doubles.relay().attempts[0].status is AttemptStatus.ACCEPTED


def test_an_escalation_is_committed_then_armed_then_sent() -> None:
    doubles = Observed()
    create(doubles)
    doubles.calls.clear()
    apply(doubles, deadline())
    assert doubles.calls == ["get", "update", "arm deadline 2", "send", "update"]


def test_a_timer_no_longer_needed_is_cancelled_after_the_commit() -> None:
    doubles = Observed()
    create(doubles)
    doubles.calls.clear()
    apply(doubles, Event(EventKind.RECEIPT_DELIVERED, 1))
    assert doubles.calls == ["get", "update", "cancel deadline 1"]
    assert doubles.timers.armed == []


@pytest.mark.parametrize("place", ["arm deadline 1", "send"])
def test_whoever_dies_after_the_commit_leaves_a_record_that_says_what_is_pending(place: str) -> None:
    doubles = Observed()
    doubles.before[place] = kill
    with pytest.raises(Killed):
        create(doubles)
    relay = doubles.relay()
    assert relay.attempts[0].status is AttemptStatus.LEASED
    assert relay.due_at is not None
    assert doubles.messenger.sends == []
    doubles.before.clear()
    assert not create(doubles, lease="a second webhook")
    assert doubles.timers.armed == [moves.pending(relay)]
    assert doubles.messenger.sends == []


# Answers that are lost.


def test_a_create_whose_answer_is_lost_is_recognised_and_sent_once() -> None:
    doubles = Observed()
    doubles.after["create"] = lose_the_answer
    assert create(doubles)
    assert len(doubles.messenger.sends) == 1
    assert doubles.journal.steps_of(MESSAGE_ID)[0] is Step.RECEIVED
    assert moves.pending(doubles.relay()) in doubles.timers.armed


def test_already_stored_by_ones_own_create_goes_on_and_sends_once() -> None:
    """A client library repeats a create whose answer it lost, and then reports that the document exists."""

    def already() -> None:
        raise AlreadyStored(MESSAGE_ID)

    doubles = Observed()
    doubles.after["create"] = already
    assert create(doubles)
    assert len(doubles.messenger.sends) == 1


def test_already_stored_by_somebody_else_sends_nothing() -> None:
    doubles = Doubles()
    assert create(doubles, lease="the first")
    assert not create(doubles, lease="the second")
    assert len(doubles.messenger.sends) == 1


def test_a_lease_whose_answer_is_lost_is_still_the_callers() -> None:
    doubles = Observed()
    create(doubles)
    lost = iter([True])

    def lose_once() -> None:
        if next(lost, False):
            lose_the_answer()

    doubles.after["update"] = lose_once
    apply(doubles, deadline("task"))
    assert len(doubles.messenger.sends) == 2
    assert doubles.relay().attempts[1].status is AttemptStatus.ACCEPTED
    assert doubles.journal.steps_of(MESSAGE_ID).count(Step.ESCALATED) == 1


def test_a_lease_whose_answer_is_lost_remembers_the_words_that_are_sent_in_the_end() -> None:
    """Meanwhile another process learns that a carrier filtered the words, so that the next handler gets a notice."""
    doubles = Observed()
    create(doubles)
    lost = iter([True])

    def learn_and_lose_once() -> None:
        if next(lost, False):
            apply(doubles, Event(EventKind.RECEIPT_FAILED, 1, failure=failure_of(30007)))
            lose_the_answer()

    doubles.after["update"] = learn_and_lose_once
    apply(doubles, deadline("task"))
    words = [sent.body for sent in doubles.messenger.sends]
    assert len(words) == 2
    assert BODY not in words[1]
    assert doubles.relay().attempts[1].sent_digest == digest_of(words[1])


def test_a_timer_that_went_missing_with_a_lost_answer_is_armed() -> None:
    doubles = Observed()
    doubles.timers.is_down = True

    def lose_and_recover() -> None:
        doubles.timers.is_down = False
        lose_the_answer()

    doubles.after["create"] = lose_and_recover
    create(doubles)
    assert [timer.kind for timer in doubles.timers.armed] == [TimerKind.DEADLINE]


def test_a_text_that_could_not_be_stored_is_nobodys() -> None:
    doubles = Doubles()
    doubles.store.is_down = True
    with pytest.raises(StoreUnavailable):
        create(doubles)
    assert doubles.messenger.sends == []
    assert doubles.timers.armed == []


def test_a_text_of_which_nobody_knows_whether_it_is_stored_is_not_sent() -> None:
    doubles = Observed()
    doubles.after["create"] = lose_the_answer
    doubles.before["get"] = lose_the_answer
    with pytest.raises(StoreUnavailable):
        create(doubles)
    assert doubles.messenger.sends == []


def test_once_durable_a_failing_store_is_left_to_the_timers() -> None:
    doubles = Observed()
    doubles.before["update"] = lose_the_answer
    doubles.before["get"] = lose_the_answer
    assert create(doubles)
    assert len(doubles.messenger.sends) == 1
    (noted,) = [labels for _, words, labels in doubles.journal.notes if "after the text was durable" in words]
    assert noted["relay"] == MESSAGE_ID
    assert noted["reason"]
    doubles.before.clear()
    assert doubles.relay().attempts[0].status is AttemptStatus.LEASED


# Races.


def test_a_receipt_that_comes_before_the_post_returns_is_not_overwritten() -> None:
    doubles = Observed()

    def receipt_comes() -> None:
        apply(doubles, Event(EventKind.RECEIPT_DELIVERED, 1, sent_id=sid(1)))

    doubles.after["send"] = receipt_comes
    create(doubles)
    relay = doubles.relay()
    assert relay.final_status is FinalStatus.DELIVERED
    assert [attempt.status for attempt in relay.attempts] == [AttemptStatus.DELIVERED]


def test_on_a_conflict_it_is_decided_again_on_what_is_there_now() -> None:
    doubles = Observed()
    create(doubles)
    stale = doubles.store.get(MESSAGE_ID, timeout_seconds=1.0)
    assert stale is not None
    apply(doubles, Event(EventKind.RECEIPT_DELIVERED, 1))
    budget = Budget(doubles.clock, 40, TASK_LIMITS)
    applied = conductor.apply(doubles.world, stale, deadline(), budget)
    assert applied.ignored_because == "the relay has ended"
    assert len(doubles.messenger.sends) == 1


def test_a_relay_that_keeps_changing_is_given_up_after_eight_tries() -> None:
    doubles = Observed()
    create(doubles)
    doubles.calls.clear()

    def conflict() -> None:
        raise VersionConflict(MESSAGE_ID)

    doubles.before["update"] = conflict
    with pytest.raises(StoreUnavailable):
        apply(doubles, deadline())
    assert doubles.calls.count("update") == 8
    assert len(doubles.messenger.sends) == 1


def test_a_relay_that_is_gone_is_nobodys_any_more() -> None:
    doubles = Doubles()
    create(doubles)
    stored = doubles.store.get(MESSAGE_ID, timeout_seconds=1.0)
    assert stored is not None
    doubles.store.delete(MESSAGE_ID, timeout_seconds=1.0)
    applied = conductor.apply(doubles.world, stored, deadline(), webhook_budget(doubles))
    assert applied.stored is None
    assert len(doubles.messenger.sends) == 1
