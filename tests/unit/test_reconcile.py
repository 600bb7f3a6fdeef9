"""Reconcile, Twilio's list against the store: a text whose webhook never arrived is relayed after all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from relay import inbound, reconcile
from relay.errors import StoreUnavailable
from relay.inbound import Intake
from relay.model import RETENTION, FinalStatus, SenderClass, Step
from relay.ports import ReceivedMessage
from relay.reconcile import CLOCK_TOLERANCE, OVERLAP, WATERMARK, WEBHOOK_UNDER_WAY

from tests.unit.relays import MESSAGE_ID, OUR_NUMBER, text
from tests.unit.worlds import Doubles, inbound_request

A_MOMENT = timedelta(seconds=1)


def _id(number: int) -> str:
    return f"SM{0xABC000 + number:032x}"


@pytest.fixture
def doubles() -> Doubles:
    """A relay that has been reconciled before."""
    doubles = Doubles()
    doubles.store.set_watermark(WATERMARK, doubles.clock.now(), timeout_seconds=1.0)
    return doubles


def _twilio_has(
    doubles: Doubles, message_id: str = MESSAGE_ID, age: float = 60.0, sender: str = "", to: str = OUR_NUMBER
) -> None:
    """Twilio took in a text so many seconds ago."""
    one = replace(text(message_id), recipient_phone=to)
    one = replace(one, sender_phone=sender) if sender else one
    received_at = doubles.clock.now() - timedelta(seconds=age)
    doubles.messenger.received.append(ReceivedMessage(one, received_at))


def _run(doubles: Doubles, limit: int = reconcile.RUN_LIMIT) -> reconcile.ReconcileReport:
    return reconcile.reconcile(doubles.world, doubles.intake, limit)


def _watermark(doubles: Doubles) -> datetime | None:
    return doubles.store.get_watermark(WATERMARK, timeout_seconds=1.0)


def _is_stored(doubles: Doubles, message_id: str) -> bool:
    return doubles.store.get(message_id, timeout_seconds=1.0) is not None


def test_a_text_whose_webhook_never_arrived_is_relayed_at_once(doubles: Doubles) -> None:
    _twilio_has(doubles)
    assert _run(doubles).recovered == 1
    relay = doubles.relay()
    assert relay.recovered
    assert [send.to for send in doubles.messenger.sends] == [relay.policy.tier(1).phone]
    assert [(entry.step, entry.by) for entry in relay.error_log[:2]] == [
        (Step.RECOVERED, "reconcile"),
        (Step.ATTEMPT_STARTED, "reconcile"),
    ]


def test_a_text_that_the_store_knows_is_left_alone(doubles: Doubles) -> None:
    doubles.inbound()
    before = doubles.relay()
    _twilio_has(doubles)
    assert _run(doubles).recovered == 0
    assert doubles.relay() == before
    assert len(doubles.messenger.sends) == 1


def test_running_again_recovers_nothing_again(doubles: Doubles) -> None:
    _twilio_has(doubles)
    assert [_run(doubles).recovered for _ in range(3)] == [1, 0, 0]
    assert len(doubles.messenger.sends) == 1


def test_a_webhook_that_arrives_after_all_finds_the_text_known(doubles: Doubles) -> None:
    _twilio_has(doubles)
    _run(doubles)
    assert doubles.inbound(inbound_request(MessageSid=MESSAGE_ID)).status == 200
    assert len(doubles.messenger.sends) == 1


@pytest.mark.parametrize("sender", ["handler", "ours"])
def test_a_text_that_is_not_from_a_customer_is_recorded_as_the_webhook_would(doubles: Doubles, sender: str) -> None:
    handler = doubles.tiers.tier(2).phone
    _twilio_has(doubles, sender=handler if sender == "handler" else OUR_NUMBER)
    assert _run(doubles).recovered == 1
    assert doubles.relay().final_status is FinalStatus.RECORDED
    assert doubles.relay().sender_class in (SenderClass.HANDLER, SenderClass.OWN_NUMBER)
    assert doubles.messenger.sends == []


def test_a_young_text_is_left_to_its_webhook_for_now(doubles: Doubles) -> None:
    _twilio_has(doubles, age=(WEBHOOK_UNDER_WAY - A_MOMENT).total_seconds())
    assert _run(doubles).recovered == 0
    doubles.clock.advance(300)
    assert _run(doubles).recovered == 1


def test_a_webhook_that_comes_between_the_look_and_the_send_is_not_doubled(
    doubles: Doubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    _twilio_has(doubles, _id(1))
    _twilio_has(doubles, _id(2))
    looked = doubles.store.missing

    def webhook_comes(message_ids: Sequence[str], *, timeout_seconds: float) -> set[str]:
        missing = looked(message_ids, timeout_seconds=timeout_seconds)
        doubles.inbound(inbound_request(MessageSid=_id(2)))
        return missing

    monkeypatch.setattr(doubles.store, "missing", webhook_comes)
    assert _run(doubles).recovered == 1
    assert [doubles.relay(_id(number)).recovered for number in (1, 2)] == [True, False]
    assert len(doubles.messenger.sends) == 2


def test_more_texts_than_are_compared_at_once_are_all_recovered_oldest_first(
    doubles: Doubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "_COMPARED_AT_ONCE", 3)
    for number in range(8):
        _twilio_has(doubles, _id(number), age=120 - number)
    doubles.inbound(inbound_request(MessageSid=_id(4)))
    assert _run(doubles).recovered == 7
    told = [
        next(number for number in range(8) if _id(number) in send.status_callback) for send in doubles.messenger.sends
    ]
    assert told == [4, 0, 1, 2, 3, 5, 6, 7]
    assert [doubles.relay(_id(number)).recovered for number in range(8)] == [True] * 4 + [False] + [True] * 3


def test_texts_before_a_young_one_are_not_left_waiting(doubles: Doubles) -> None:
    _twilio_has(doubles, _id(1), age=5)
    _twilio_has(doubles, _id(2), age=120)
    assert _run(doubles).recovered == 1
    assert _is_stored(doubles, _id(2))
    assert not _is_stored(doubles, _id(1))


def test_all_of_our_numbers_are_compared(doubles: Doubles) -> None:
    second = "+15551234568"
    doubles.intake = Intake(doubles.tiers, (OUR_NUMBER, second))
    _twilio_has(doubles, _id(1))
    _twilio_has(doubles, _id(2), to=second)
    assert _run(doubles).recovered == 2


def test_the_oldest_text_comes_first(doubles: Doubles) -> None:
    for number, age in ((1, 60.0), (2, 240.0), (3, 120.0)):
        _twilio_has(doubles, _id(number), age=age)
    _run(doubles)
    recovered = [owner for owner, entry in doubles.journal.entries if entry.step is Step.RECOVERED]
    assert recovered == [_id(2), _id(3), _id(1)]


# Where it looks, and how far it has come.


def test_the_first_run_looks_back_a_little_and_no_further() -> None:
    doubles = Doubles()
    _twilio_has(doubles, _id(1), age=(OVERLAP - A_MOMENT).total_seconds())
    _twilio_has(doubles, _id(2), age=(OVERLAP + A_MOMENT).total_seconds())
    assert _run(doubles).recovered == 1
    assert _is_stored(doubles, _id(1))


def test_no_later_run_looks_further_back_than_the_first() -> None:
    doubles = Doubles()
    _twilio_has(doubles, age=(OVERLAP + A_MOMENT).total_seconds())
    for _ in range(5):
        assert _run(doubles).recovered == 0
        doubles.clock.advance(60)


def test_every_run_overlaps_the_one_before(doubles: Doubles) -> None:
    """Twilio's list may be behind, and our clock ahead of Twilio's."""
    doubles.clock.advance(600)
    _run(doubles)
    done_until = _watermark(doubles)
    assert done_until == doubles.clock.now() - CLOCK_TOLERANCE
    _twilio_has(doubles, age=(CLOCK_TOLERANCE + OVERLAP - A_MOMENT).total_seconds())
    assert _run(doubles).recovered == 1


def test_a_pause_of_days_loses_nothing(doubles: Doubles) -> None:
    _twilio_has(doubles, age=0)
    doubles.clock.advance(3 * 86400.0)
    assert _run(doubles).recovered == 1


def test_a_text_older_than_the_retention_is_not_relayed(doubles: Doubles) -> None:
    _twilio_has(doubles, age=-1)
    doubles.clock.advance(RETENTION.total_seconds() + 2)
    assert _run(doubles).recovered == 0


def test_the_watermark_never_goes_back(doubles: Doubles) -> None:
    ahead = doubles.clock.now() + timedelta(minutes=4)
    doubles.store.set_watermark(WATERMARK, ahead, timeout_seconds=1.0)
    _run(doubles)
    assert _watermark(doubles) == ahead


def test_a_run_is_bounded_and_the_next_one_goes_on(doubles: Doubles) -> None:
    for number in range(5):
        _twilio_has(doubles, _id(number), age=290.0 - number)
    reports = []
    for _ in range(3):
        reports.append(_run(doubles, limit=2))
        doubles.clock.advance(300)
    assert [report.recovered for report in reports] == [2, 2, 1]
    assert [report.more for report in reports[:2]] == [True, True]


def test_a_run_out_of_time_leaves_the_rest_for_the_next(doubles: Doubles, monkeypatch: pytest.MonkeyPatch) -> None:
    _twilio_has(doubles)
    monkeypatch.setattr(reconcile, "RUN_SECONDS", 1.0)
    report = _run(doubles)
    assert (report.recovered, report.more) == (0, True)
    monkeypatch.setattr(reconcile, "RUN_SECONDS", 120.0)
    assert _run(doubles).recovered == 1


# When something does not answer.


def test_a_silent_twilio_loses_nothing(doubles: Doubles) -> None:
    doubles.clock.advance(3600)
    before = _watermark(doubles)
    _twilio_has(doubles, age=3000)
    doubles.messenger.is_down = True
    assert not _run(doubles).twilio_answered
    assert _watermark(doubles) == before
    doubles.messenger.is_down = False
    assert _run(doubles).recovered == 1


def test_without_a_store_nothing_is_begun(doubles: Doubles) -> None:
    _twilio_has(doubles)
    doubles.store.is_down = True
    with pytest.raises(StoreUnavailable):
        _run(doubles)
    assert doubles.messenger.sends == []


def test_a_store_that_fails_on_the_way_leaves_the_watermark(doubles: Doubles, monkeypatch: pytest.MonkeyPatch) -> None:
    doubles.clock.advance(3600)
    before = _watermark(doubles)
    _twilio_has(doubles, age=3000)

    def fails(*arguments: object, **named: object) -> bool:
        raise StoreUnavailable("down")

    monkeypatch.setattr(inbound, "accept", fails)
    report = _run(doubles)
    assert (report.store_answered, report.was_held_up) == (False, True)
    assert _watermark(doubles) == before


def test_one_text_that_cannot_be_worked_on_does_not_keep_the_others_waiting(
    doubles: Doubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    _twilio_has(doubles, _id(1), age=120)
    _twilio_has(doubles, _id(2), age=60)
    accept = inbound.accept

    def fails_once(world: object, intake: object, one: object, *arguments: object, **named: object) -> bool:
        if one.message_id == _id(1):  # type: ignore[attr-defined]
            raise ValueError("please call +15557654321")
        return accept(world, intake, one, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(inbound, "accept", fails_once)
    report = _run(doubles)
    assert (report.recovered, report.failed) == (1, 1)
    severity, message, labels = doubles.journal.notes[0]
    assert (severity, labels) == ("ERROR", {"relay": _id(1), "reason": "ValueError"})
    assert "+1555" not in message


# What it says.


def test_what_had_to_be_repaired_is_counted_and_a_warning(doubles: Doubles) -> None:
    _twilio_has(doubles)
    _run(doubles)
    severity, message, labels = doubles.journal.notes[-1]
    assert (severity, message, labels["recovered"]) == ("WARNING", "reconcile", 1)


def test_a_quiet_run_is_no_warning(doubles: Doubles) -> None:
    doubles.inbound()
    _twilio_has(doubles)
    report = _run(doubles)
    assert report == reconcile.ReconcileReport()
    assert doubles.journal.notes[-1][0] == "INFO"


def test_a_silent_twilio_is_a_warning(doubles: Doubles) -> None:
    doubles.messenger.is_down = True
    _run(doubles)
    severity, _, labels = doubles.journal.notes[-1]
    assert (severity, labels["twilio_answered"]) == ("WARNING", False)
