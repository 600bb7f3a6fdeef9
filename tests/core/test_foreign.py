"""What working on a record means where a newer revision wrote a word that this one does not know: the table of
core/foreign.py, row by row."""

from __future__ import annotations

from dataclasses import replace

import pytest
from relay.core.events import ArmTimer, Event, EventKind, Meaning, Receipt, SendAttempt
from relay.core.foreign import foreign, is_foreign
from relay.core.machine import transition
from relay.core.model import AttemptStatus, FinalStatus, Relay, SenderClass, Step, TimerKind, TrailEntry
from relay.core.moves import pending
from relay.core.policy import Policy, Success
from relay.flow.receipts import receipt_event, success_for
from relay.record.documents import from_document, to_document
from relay.record.relay_events import events_of
from relay.twilio.codes import failure_of

from tests import relays
from tests.strategies import a_relay, an_attempt, later

NOW = later(100)
RUNG = foreign(AttemptStatus, "rung")


def _ringing() -> Relay:
    """Under way at tier 1; a newer revision handed its attempt out and knows more of it than this one."""
    attempt = an_attempt(status=RUNG, lease="theirs", lease_until=later(10), deadline_at=later(60))
    return a_relay(attempts=(attempt,), due_at=later(60))


def test_a_foreign_word_equals_itself_and_no_word_of_this_revision() -> None:
    assert foreign(Step, "rung") == foreign(Step, "rung") == "rung"
    assert hash(foreign(Step, "rung")) == hash(foreign(Step, "rung"))
    assert foreign(Step, "rung") not in set(Step)
    assert isinstance(foreign(Step, "rung"), Step)
    assert [is_foreign(word) for word in (foreign(Step, "rung"), *Step)] == [True] + [False] * len(Step)


@pytest.mark.parametrize("kind", EventKind)
def test_an_end_of_a_newer_revision_is_an_end_and_nothing_changes_it(kind: EventKind) -> None:
    ended = replace(relays.exhausted(), final_status=foreign(FinalStatus, "archived"))
    decision = transition(ended, Event(kind, 1, lease="c", policy=ended.policy, request_id="again-0001"), NOW)
    assert decision.relay is ended
    assert decision.effects == ()
    assert "newer revision" in decision.ignored_because
    assert pending(ended) is None


def test_an_attempt_leased_by_a_newer_revision_is_not_sent_again() -> None:
    for kind in (EventKind.ATTEMPT_DUE, EventKind.INBOUND_REPEATED):
        decision = transition(_ringing(), Event(kind, 1, lease="ours"), NOW)
        assert not any(isinstance(effect, SendAttempt) for effect in decision.effects)
        assert decision.relay.attempts[0].status == "rung"


def test_an_attempt_leased_by_a_newer_revision_waits_for_its_deadline_and_then_goes_on() -> None:
    timer = pending(_ringing())
    assert timer is not None
    assert (timer.kind, timer.due_at) == (TimerKind.DEADLINE, later(60))
    on = transition(_ringing(), Event(EventKind.DEADLINE_UNCONFIRMED, 1, lease="ours"), NOW).relay
    assert [attempt.tier for attempt in on.attempts] == [1, 2]
    assert on.attempts[0].status is AttemptStatus.UNCONFIRMED


def test_receipts_decide_an_attempt_of_a_newer_revision() -> None:
    delivered = transition(_ringing(), Event(EventKind.RECEIPT_DELIVERED, 1), NOW).relay
    assert delivered.final_status is FinalStatus.DELIVERED
    failed = transition(_ringing(), Event(EventKind.RECEIPT_FAILED, 1, failure=failure_of(30006)), NOW).relay
    assert failed.attempts[0].status is AttemptStatus.FAILED
    assert failed.attempts[1].tier == 2


def test_an_attempt_that_was_never_leased_is_sent() -> None:
    waiting = a_relay(attempts=(an_attempt(status=foreign(AttemptStatus, "waiting_for_twilio")),))
    timer = pending(waiting)
    assert timer is not None
    assert timer.kind is TimerKind.ATTEMPT
    decision = transition(waiting, Event(EventKind.ATTEMPT_DUE, 1, lease="ours"), NOW)
    assert decision.relay.attempts[0].status is AttemptStatus.LEASED
    assert SendAttempt(1) in decision.effects


def test_an_attempt_that_waits_in_an_outage_is_sent_whatever_a_newer_revision_calls_its_waiting() -> None:
    refused = an_attempt(status=foreign(AttemptStatus, "waiting"), lease="theirs", deadline_at=later(60))
    waiting = a_relay(attempts=(replace(refused, is_refused=True),), due_at=later(2))
    timer = pending(waiting)
    assert timer is not None
    assert timer.kind is TimerKind.ATTEMPT
    again = transition(waiting, Event(EventKind.ATTEMPT_DUE, 1, lease="ours"), NOW)
    assert SendAttempt(1) in again.effects
    assert (again.relay.attempts[0].is_refused, again.relay.attempts[0].status) == (False, AttemptStatus.LEASED)


def test_a_word_of_an_earlier_attempt_stays_until_more_is_known() -> None:
    first = an_attempt(status=RUNG, lease="theirs", sent_id=relays.sid(1))
    second = an_attempt(2, tier=2, status=AttemptStatus.LEASED, lease="ours", deadline_at=later(200))
    relay = a_relay(attempts=(first, second))
    same = transition(relay, Event(EventKind.RECEIPT_PROGRESS, 1, sent_id=relays.sid(1)), NOW).relay
    assert same.attempts[0].status == "rung"
    failed = transition(relay, Event(EventKind.RECEIPT_FAILED, 1, failure=failure_of(30006)), NOW).relay
    assert failed.attempts[0].status is AttemptStatus.FAILED


def test_a_line_of_a_newer_revision_is_announced_to_nobody_and_counts_for_nothing() -> None:
    exhausted = relays.after(relays.exhausted())
    line = TrailEntry(NOW, foreign(Step, "thread_told"))
    more = replace(exhausted, error_log=(*exhausted.error_log, line))
    assert more.alarm_is_due == exhausted.alarm_is_due
    assert events_of(more) == events_of(exhausted)


def test_a_tier_whose_success_is_a_foreign_word_is_reached_by_a_delivery_only() -> None:
    relay = _ringing()
    tiers = tuple(replace(tier, success=foreign(Success, "claimed")) for tier in relay.policy.tiers)
    relay = replace(relay, policy=Policy(tiers))
    success = success_for(relay, relay.attempts[0])
    told = (Receipt(relays.sid(1), meaning, "") for meaning in (Meaning.HANDED_OVER, Meaning.DELIVERED))
    assert {receipt.meaning: receipt_event(receipt, success, 1).kind for receipt in told} == {
        Meaning.HANDED_OVER: EventKind.RECEIPT_PROGRESS,
        Meaning.DELIVERED: EventKind.RECEIPT_DELIVERED,
    }


def test_a_text_of_a_foreign_sender_class_goes_on() -> None:
    relay = replace(relays.received().relay, sender_class=foreign(SenderClass, "customer_by_rcs"))
    assert relays.after(relay, relays.delivered(1)).final_status is FinalStatus.DELIVERED


def test_what_a_newer_revision_added_survives_a_whole_cascade() -> None:
    """Fields at every level, and words, through each move of the machine to the end."""
    document = to_document(relays.received().relay)
    parts = [document, document["policy"], *document["policy"]["tiers"], *document["attempts"], *document["error_log"]]
    for number, part in enumerate(parts):
        part["x_added"] = {"number": number}
    relay = relays.after(from_document(document), relays.refused(1), relays.due(2), relays.accepted(2))
    written = to_document(relays.after(relay, relays.delivered(2)))
    kept = [
        written,
        written["policy"],
        *written["policy"]["tiers"],
        written["attempts"][0],
        *written["error_log"][: len(document["error_log"])],
    ]
    assert [part["x_added"]["number"] for part in kept] == list(range(len(parts)))
    assert "x_added" not in written["attempts"][1]


def test_a_repeated_webhook_arms_what_a_newer_revision_is_waiting_for() -> None:
    decision = transition(_ringing(), Event(EventKind.INBOUND_REPEATED), NOW)
    assert [type(effect) for effect in decision.effects] == [ArmTimer]
