"""Reconcile, the store against Twilio: what became of attempts that nobody told us of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from relay.core.model import Attempt, AttemptStatus, FinalStatus, Relay
from relay.core.moves import pending
from relay.core.policy import LEASE_SECONDS, SEND_SECONDS_MAX, Policy, Tier, sms
from relay.flow import reconcile, timers
from relay.flow.lookup import SILENT_AFTER
from relay.flow.reconcile import ReconcileReport
from relay.operators.redrive import redrive
from relay.ports import Ambiguous, Refused

from tests.relays import MESSAGE_ID, PERMANENT, policy, sid
from tests.twilio_words import refusal
from tests.worlds import Doubles, inbound_request, status_request

UNTIL_SETTLED = LEASE_SECONDS + SEND_SECONDS_MAX
LOST = Ambiguous("no answer in time")


def _run(doubles: Doubles) -> ReconcileReport:
    return reconcile.reconcile(doubles.world, doubles.intake)


def _sent(tiers: Policy, *outcomes: Refused | Ambiguous, arrives: bool = True) -> Doubles:
    """A text that was sent to tier 1 with these outcomes; whether an unknown one reached Twilio all the same."""
    doubles = Doubles(tiers)
    doubles.messenger.script(*outcomes)
    doubles.inbound()
    if outcomes and arrives:
        doubles.messenger.take(doubles.messenger.sends[-1])
    doubles.clock.advance(UNTIL_SETTLED)
    return doubles


def _deadline(doubles: Doubles) -> None:
    """The pending timer fires when it is due."""
    timer = pending(doubles.relay())
    assert timer is not None
    doubles.clock.advance(max(0.0, (timer.due_at - doubles.clock.now()).total_seconds()))
    timers.fire(doubles.world, timer)


def _first(relay: Relay) -> Attempt:
    return relay.attempts[0]


def _repaired_by(relay: Relay) -> str:
    return relay.error_log[-1].by


def test_an_attempt_of_unknown_outcome_that_twilio_has_is_adopted() -> None:
    doubles = _sent(policy(2, timeout=3600.0), LOST)
    assert _first(doubles.relay()).status is AttemptStatus.UNKNOWN
    assert _run(doubles).adopted == 1
    assert (_first(doubles.relay()).status, _first(doubles.relay()).sent_id) == (AttemptStatus.ACCEPTED, sid(1))
    assert _repaired_by(doubles.relay()) == "reconcile"


def test_a_current_attempt_that_twilio_does_not_have_is_left_to_its_deadline() -> None:
    doubles = _sent(policy(2, timeout=3600.0), LOST, arrives=False)
    before = doubles.relay()
    assert _run(doubles) == ReconcileReport()
    assert doubles.relay() == before


def test_a_delivery_that_no_callback_told_of_ends_the_relay_long_before_its_deadline() -> None:
    doubles = _sent(policy(2, timeout=3600.0))
    doubles.messenger.set_status(sid(1), "delivered")
    assert _run(doubles).taken_over == 1
    assert doubles.relay().final_status is FinalStatus.DELIVERED
    assert _repaired_by(doubles.relay()) == "reconcile"


def test_a_failure_that_no_callback_told_of_goes_on_to_the_next_tier() -> None:
    doubles = _sent(policy(2, timeout=3600.0))
    doubles.messenger.set_status(sid(1), "undelivered", PERMANENT)
    assert _run(doubles).taken_over == 1
    assert [attempt.tier for attempt in doubles.relay().attempts] == [1, 2]


def test_a_text_on_its_way_is_nothing_to_take_over() -> None:
    doubles = _sent(policy(2, timeout=3600.0))
    doubles.messenger.set_status(sid(1), "sent")
    before = doubles.relay()
    assert _run(doubles) == ReconcileReport()
    assert doubles.relay() == before


def test_an_earlier_attempt_is_taken_over_while_a_later_one_is_under_way() -> None:
    doubles = _sent(policy(2, timeout=60.0))
    _deadline(doubles)
    doubles.messenger.set_status(sid(1), "delivered")
    doubles.clock.advance(UNTIL_SETTLED)
    assert _run(doubles).taken_over == 1
    assert doubles.relay().delivered_tier == 1


def test_an_earlier_attempt_that_twilio_never_had_is_declared_not_sent() -> None:
    """Twilio was silent at its deadline, so the relay went on without knowing."""
    doubles = _sent(policy(2, timeout=60.0), LOST, arrives=False)
    doubles.messenger.is_down = True
    while len(doubles.relay().attempts) == 1:  # until the outage has used up its allowance
        _deadline(doubles)
    doubles.messenger.is_down = False
    assert _first(doubles.relay()).status is AttemptStatus.UNKNOWN
    doubles.clock.advance(UNTIL_SETTLED)
    assert _run(doubles).declared_not_sent == 1
    assert _first(doubles.relay()).status is AttemptStatus.FAILED
    assert _repaired_by(doubles.relay()) == "reconcile"


def test_an_exhausted_relay_whose_text_arrived_after_all_becomes_delivered() -> None:
    doubles = _sent(policy(1, timeout=60.0))
    _deadline(doubles)
    assert doubles.relay().final_status is FinalStatus.EXHAUSTED
    doubles.messenger.set_status(sid(1), "delivered")
    assert _run(doubles).taken_over == 1
    assert doubles.relay().final_status is FinalStatus.DELIVERED


def test_an_exhausted_relay_without_an_open_fate_is_not_asked_about() -> None:
    doubles = _sent(policy(1, delays=()), refusal(PERMANENT), arrives=False)
    assert doubles.relay().final_status is FinalStatus.EXHAUSTED
    doubles.messenger.is_down = True
    doubles.messenger.received.clear()
    doubles.intake = replace(doubles.intake, business_phones=())
    assert _run(doubles).provider_answered, "nothing was asked"


@pytest.mark.parametrize("fault", ["refused", "unreadable"])
def test_a_relay_that_the_store_refuses_or_cannot_read_keeps_no_other_from_being_settled(fault: str) -> None:
    doubles = _accepted(3)
    getattr(doubles.store, fault).add(f"SM{0xE000 + 2:032x}")  # the newest, which is the first to be asked about
    report = _run(doubles)
    assert (report.taken_over, report.was_held_up) == (2, False)
    assert report.failed == (fault == "refused"), "what cannot be read is not found, and has raised the alarm"


def test_a_send_that_may_be_under_way_is_not_asked_about() -> None:
    doubles = Doubles(policy(2, timeout=3600.0))
    doubles.messenger.script(LOST)
    doubles.inbound()
    doubles.messenger.take(doubles.messenger.sends[-1])
    doubles.clock.advance(UNTIL_SETTLED - 1)
    assert _run(doubles) == ReconcileReport()


def test_a_handler_of_an_earlier_drive_is_looked_for_at_the_number_of_that_time() -> None:
    """A redrive may bring other tiers."""
    doubles = _sent(policy(1, timeout=60.0), LOST)
    doubles.messenger.is_down = True
    while doubles.relay().final_status is FinalStatus.IN_PROGRESS:
        _deadline(doubles)
    doubles.messenger.is_down = False
    assert _first(doubles.relay()).status is AttemptStatus.UNKNOWN
    others = Policy((Tier("somebody else", sms("+15550199999"), receipt_timeout_seconds=3600.0),))
    redrive(doubles.world, others, MESSAGE_ID, "request-one", 1)
    _deadline(doubles)
    doubles.clock.advance(UNTIL_SETTLED)
    assert [send.to for send in doubles.messenger.sends] == [policy(1).tier(1).reach.address, "+15550199999"]
    assert _run(doubles).adopted == 1
    assert _first(doubles.relay()).sent_id == sid(1)


def _accepted(count: int) -> Doubles:
    """So many texts that Twilio has and delivered, and of which no callback came."""
    doubles = Doubles(policy(2, timeout=3600.0))
    for number in range(count):
        doubles.inbound(inbound_request(MessageSid=f"SM{0xE000 + number:032x}", Body=f"Text {number}"))
    for message_sid in doubles.messenger.messages:
        doubles.messenger.set_status(message_sid, "delivered")
    doubles.clock.advance(UNTIL_SETTLED)
    return doubles


def test_a_silent_twilio_ends_the_run_and_is_reported() -> None:
    doubles = _accepted(SILENT_AFTER + 1)
    doubles.intake = replace(doubles.intake, business_phones=())
    doubles.messenger.is_down = True
    report = _run(doubles)
    assert not report.provider_answered
    assert report.failed == SILENT_AFTER, "further ones were not asked about in vain"


@pytest.mark.parametrize("which", range(6))
def test_a_text_about_which_twilio_answers_500_for_ever_keeps_no_other_relay_from_being_settled(which: int) -> None:
    doubles = _accepted(6)
    doubles.messenger.silent_about = {sid(which + 1)}
    report = _run(doubles)
    assert (report.taken_over, report.failed, report.provider_answered) == (5, 1, True)
    assert not report.was_held_up, "one text is no outage: the next run comes at its usual time"


@pytest.mark.parametrize("limit", [1, 2])
def test_so_many_relays_are_asked_about_in_one_run(limit: int) -> None:
    doubles = Doubles(policy(2, timeout=3600.0))
    for number in range(3):
        doubles.inbound(inbound_request(MessageSid=f"SM{0xABC000 + number:032x}"))
        doubles.messenger.set_status(sid(number + 1), "delivered")
    doubles.clock.advance(UNTIL_SETTLED)
    report = reconcile.reconcile(doubles.world, doubles.intake, limit)
    assert (report.taken_over, report.more) == (limit, True)


def test_a_callback_that_arrives_after_all_changes_nothing_more() -> None:
    doubles = _sent(policy(2, timeout=3600.0))
    doubles.messenger.set_status(sid(1), "delivered")
    _run(doubles)
    before = doubles.relay()
    assert doubles.status(status_request("delivered", message_id=MESSAGE_ID)).status == 204
    assert doubles.relay() == before
