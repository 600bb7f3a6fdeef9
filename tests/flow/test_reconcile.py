"""Reconcile, Twilio's list against the store: a text whose webhook never arrived is relayed after all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from relay.core.model import FinalStatus, SenderClass, Step
from relay.core.people import handlers_of
from relay.errors import StoreUnavailable
from relay.flow import intake as inbound
from relay.flow import reconcile, taking_in
from relay.flow.intake import Intake
from relay.flow.taking_in import WEBHOOK_UNDER_WAY

from tests.flow.reconciling import is_stored, listed_id, reconciled_before, run, twilio_has, watermark
from tests.relays import MESSAGE_ID, OUR_NUMBER
from tests.worlds import Doubles, inbound_request

A_MOMENT = timedelta(seconds=1)


@pytest.fixture
def doubles() -> Doubles:
    return reconciled_before()


def test_a_text_whose_webhook_never_arrived_is_relayed_at_once(doubles: Doubles) -> None:
    twilio_has(doubles)
    assert run(doubles).recovered == 1
    relay = doubles.relay()
    assert relay.recovered
    assert [send.to for send in doubles.messenger.sends] == [relay.policy.tier(1).reach.address]
    assert [(entry.step, entry.by) for entry in relay.error_log[:2]] == [
        (Step.RECOVERED, "reconcile"),
        (Step.ATTEMPT_STARTED, "reconcile"),
    ]


def test_a_text_that_the_store_knows_is_left_alone(doubles: Doubles) -> None:
    doubles.inbound()
    before = doubles.relay()
    twilio_has(doubles)
    assert run(doubles).recovered == 0
    assert doubles.relay() == before
    assert len(doubles.messenger.sends) == 1


def test_running_again_recovers_nothing_again(doubles: Doubles) -> None:
    twilio_has(doubles)
    assert [run(doubles).recovered for _ in range(3)] == [1, 0, 0]
    assert len(doubles.messenger.sends) == 1


def test_a_webhook_that_arrives_after_all_finds_the_text_known(doubles: Doubles) -> None:
    twilio_has(doubles)
    run(doubles)
    assert doubles.inbound(inbound_request(MessageSid=MESSAGE_ID)).status == 200
    assert len(doubles.messenger.sends) == 1


@pytest.mark.parametrize("sender", ["handler", "ours"])
def test_a_text_that_is_not_from_a_customer_is_recorded_as_the_webhook_would(doubles: Doubles, sender: str) -> None:
    handler = doubles.tiers.tier(2).reach.address
    twilio_has(doubles, sender=handler if sender == "handler" else OUR_NUMBER)
    assert run(doubles).recovered == 1
    assert doubles.relay().final_status is FinalStatus.RECORDED
    assert doubles.relay().sender_class in (SenderClass.HANDLER, SenderClass.OWN_NUMBER)
    assert doubles.messenger.sends == []


def test_a_young_text_is_left_to_its_webhook_for_now(doubles: Doubles) -> None:
    twilio_has(doubles, age=(WEBHOOK_UNDER_WAY - A_MOMENT).total_seconds())
    assert run(doubles).recovered == 0
    doubles.clock.advance(300)
    assert run(doubles).recovered == 1


def test_a_webhook_that_comes_between_the_look_and_the_send_is_not_doubled(
    doubles: Doubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    twilio_has(doubles, listed_id(1))
    twilio_has(doubles, listed_id(2))
    looked = doubles.store.missing

    def webhook_comes(message_ids: Sequence[str], *, timeout_seconds: float) -> set[str]:
        missing = looked(message_ids, timeout_seconds=timeout_seconds)
        doubles.inbound(inbound_request(MessageSid=listed_id(2)))
        return missing

    monkeypatch.setattr(doubles.store, "missing", webhook_comes)
    assert run(doubles).recovered == 1
    assert [doubles.relay(listed_id(number)).recovered for number in (1, 2)] == [True, False]
    assert len(doubles.messenger.sends) == 2


def test_more_texts_than_are_compared_at_once_are_all_recovered_oldest_first(
    doubles: Doubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_in, "COMPARED_AT_ONCE", 3)
    for number in range(8):
        twilio_has(doubles, listed_id(number), age=120 - number, sender=f"+1555765{number:04d}")
    doubles.inbound(inbound_request(MessageSid=listed_id(4)))
    assert run(doubles).recovered == 7
    told = [
        next(number for number in range(8) if listed_id(number) == send.message_id) for send in doubles.messenger.sends
    ]
    assert told == [4, 0, 1, 2, 3, 5, 6, 7]
    assert [doubles.relay(listed_id(number)).recovered for number in range(8)] == [True] * 4 + [False] + [True] * 3


def test_texts_before_a_young_one_are_not_left_waiting(doubles: Doubles) -> None:
    twilio_has(doubles, listed_id(1), age=5)
    twilio_has(doubles, listed_id(2), age=120)
    assert run(doubles).recovered == 1
    assert is_stored(doubles, listed_id(2))
    assert not is_stored(doubles, listed_id(1))


def test_all_of_our_numbers_are_compared(doubles: Doubles) -> None:
    second = "+15551234568"
    doubles.intake = Intake(doubles.tiers, (OUR_NUMBER, second), handlers_of(doubles.tiers))
    twilio_has(doubles, listed_id(1))
    twilio_has(doubles, listed_id(2), to=second)
    assert run(doubles).recovered == 2


def test_the_oldest_text_comes_first(doubles: Doubles) -> None:
    for number, age in ((1, 60.0), (2, 240.0), (3, 120.0)):
        twilio_has(doubles, listed_id(number), age=age)
    run(doubles)
    recovered = [owner for owner, entry in doubles.journal.entries if entry.step is Step.RECOVERED]
    assert recovered == [listed_id(2), listed_id(3), listed_id(1)]


# When something does not answer.


def test_a_silent_twilio_loses_nothing(doubles: Doubles) -> None:
    doubles.clock.advance(3600)
    twilio_has(doubles, age=3000)
    doubles.messenger.is_down = True
    assert not run(doubles).provider_answered
    doubles.messenger.is_down = False
    assert run(doubles).recovered == 1


def test_without_a_store_nothing_is_begun(doubles: Doubles) -> None:
    twilio_has(doubles)
    doubles.store.is_down = True
    with pytest.raises(StoreUnavailable):
        run(doubles)
    assert doubles.messenger.sends == []


def test_a_store_that_fails_on_the_way_ends_the_run_and_the_next_one_makes_up_for_it(
    doubles: Doubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubles.clock.advance(3600)
    for number in range(5):
        twilio_has(doubles, listed_id(number), age=3000 - number)

    def fails(*arguments: object, **named: object) -> bool:
        raise StoreUnavailable("down")

    with monkeypatch.context() as patched:
        patched.setattr(inbound, "accept", fails)
        report = run(doubles)
    assert (report.store_answered, report.was_held_up) == (False, True)
    assert [message for _, message, _ in doubles.journal.notes] == ["reconcile"], "no text is to blame"
    assert watermark(doubles) is not None
    doubles.clock.advance(3600)
    assert run(doubles).recovered == 5


def test_one_text_that_cannot_be_worked_on_does_not_keep_the_others_waiting(
    doubles: Doubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    twilio_has(doubles, listed_id(1), age=120)
    twilio_has(doubles, listed_id(2), age=60)
    accept = inbound.accept

    def fails_once(world: object, intake: object, one: object, *arguments: object, **named: object) -> bool:
        if one.message_id == listed_id(1):  # type: ignore[attr-defined]
            raise ValueError("please call +15557654321")
        return accept(world, intake, one, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(inbound, "accept", fails_once)
    report = run(doubles)
    assert (report.recovered, report.failed) == (1, 1)
    severity, message, labels = doubles.journal.notes[0]
    assert (severity, labels) == ("ERROR", {"relay": listed_id(1), "reason": "ValueError"})
    assert "+1555" not in message


# What it says.


def test_what_had_to_be_repaired_is_counted_and_a_warning(doubles: Doubles) -> None:
    twilio_has(doubles)
    run(doubles)
    severity, message, labels = doubles.journal.notes[-1]
    assert (severity, message, labels["recovered"]) == ("WARNING", "reconcile", 1)


def test_a_quiet_run_is_no_warning(doubles: Doubles) -> None:
    doubles.inbound()
    twilio_has(doubles)
    report = run(doubles)
    assert report == reconcile.ReconcileReport()
    assert doubles.journal.notes[-1][0] == "INFO"


def test_a_silent_twilio_is_a_warning(doubles: Doubles) -> None:
    doubles.messenger.is_down = True
    run(doubles)
    severity, _, labels = doubles.journal.notes[-1]
    assert (severity, labels["provider_answered"]) == ("WARNING", False)
