"""The watchman: what is overdue goes on, within bounds, and none that is broken keeps the others waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from relay.core.model import FinalStatus, Step
from relay.core.policy import FATE_LOOKUP_SECONDS
from relay.errors import StoreUnavailable
from relay.flow import sweep as sweep_module
from relay.flow.lookup import SILENT_AFTER
from relay.flow.sweep import GRACE, LONG_OVERDUE, UNFORESEEN_FOR, sweep
from relay.ports import Ambiguous

from tests.relays import MESSAGE_ID, PERMANENT, policy
from tests.twilio_words import refusal
from tests.worlds import Doubles, Killed, Observed, inbound_request, kill, status_request

OTHER = "SM" + "9" * 32


def _message_id(number: int) -> str:
    return f"SM{number:032x}"


def _refused_texts(doubles: Doubles, count: int) -> None:
    """So many texts that tier 1 refused, whose timers were all lost."""
    for number in range(count):
        doubles.messenger.script(refusal(PERMANENT))
        doubles.inbound(inbound_request(MessageSid=_message_id(number), Body=f"Text {number}"))
    doubles.timers.take_due(doubles.clock.now() + timedelta(days=1))


def _late(doubles: Doubles, seconds: float = 0.001) -> None:
    doubles.clock.advance(GRACE.total_seconds() + seconds)


def test_a_lost_timer_costs_lateness_and_no_text() -> None:
    doubles = Doubles()
    _refused_texts(doubles, 1)
    _late(doubles)
    report = sweep(doubles.world)
    assert (report.resumed, report.failed, report.more) == (1, 0, False)
    assert doubles.messenger.sends[-1].to == doubles.tiers.tiers[1].reach.address
    assert doubles.relay(_message_id(0)).error_log[-2].by == "sweep"


def test_a_timer_a_little_late_is_left_alone() -> None:
    doubles = Doubles()
    _refused_texts(doubles, 1)
    doubles.clock.advance(GRACE.total_seconds())
    assert sweep(doubles.world).resumed == 0
    assert len(doubles.messenger.sends) == 1


def test_a_webhook_that_died_before_its_send_goes_on_at_its_deadline() -> None:
    doubles = Observed()
    doubles.before["send"] = kill
    with pytest.raises(Killed):
        doubles.inbound()
    doubles.before.clear()
    doubles.clock.advance(60)
    _late(doubles)
    assert sweep(doubles.world).resumed == 1
    assert doubles.messenger.sends[-1].to == doubles.tiers.tiers[1].reach.address


def test_the_sweep_repeated_changes_nothing_more() -> None:
    doubles = Doubles()
    _refused_texts(doubles, 3)
    _late(doubles)
    sweep(doubles.world)
    sends = len(doubles.messenger.sends)
    assert sweep(doubles.world).resumed == 0
    assert len(doubles.messenger.sends) == sends


def test_a_run_is_bounded_and_says_that_there_is_more() -> None:
    doubles = Doubles()
    _refused_texts(doubles, 7)
    _late(doubles)
    reports = [sweep(doubles.world, limit=3) for _ in range(3)]
    assert [(report.resumed, report.more) for report in reports] == [(3, True), (3, True), (1, False)]


def test_the_longest_overdue_comes_first() -> None:
    doubles = Doubles()
    for number in range(3):
        doubles.messenger.script(refusal(PERMANENT))
        doubles.inbound(inbound_request(MessageSid=_message_id(number)))
        doubles.clock.advance(1)
    _late(doubles)
    sweep(doubles.world, limit=1)
    assert len(doubles.relay(_message_id(0)).attempts) == 2
    assert doubles.relay(_message_id(0)).attempts[1].lease is not None
    assert doubles.relay(_message_id(1)).attempts[1].lease is None


def test_a_run_ends_when_its_time_is_used_up() -> None:
    doubles = Observed()
    _refused_texts(doubles, 5)
    _late(doubles)
    doubles.after["send"] = lambda: doubles.clock.advance(30)
    report = sweep(doubles.world)
    assert report.more
    assert report.resumed < 5


def test_a_relay_that_cannot_be_worked_on_does_not_keep_the_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    doubles = Doubles()
    _refused_texts(doubles, 3)
    _late(doubles)
    resume = sweep_module.resume

    def broken_for_one(world: object, stored: object, budget: object) -> bool:
        if getattr(stored, "relay").message_id == _message_id(0):  # noqa: B009 - typed as object on purpose
            raise ValueError("a text that must not be reported")
        return resume(world, stored, budget)  # type: ignore[arg-type]

    monkeypatch.setattr(sweep_module, "resume", broken_for_one)
    report = sweep(doubles.world)
    assert (report.resumed, report.failed, report.set_aside) == (2, 1, 0)
    errors = [note for note in doubles.journal.notes if note[0] == "ERROR"]
    assert errors[0][2] == {"relay": _message_id(0), "reason": "ValueError"}
    assert doubles.journal.aside == [], "an error that no code foresees may pass"
    doubles.clock.advance(UNFORESEEN_FOR.total_seconds())
    assert sweep(doubles.world).set_aside == 1
    assert [message_id for message_id, _ in doubles.journal.aside] == [_message_id(0)]
    assert sweep(doubles.world).failed == 0


def test_a_store_that_fails_for_one_relay_is_for_the_next_run() -> None:
    doubles = Observed()
    _refused_texts(doubles, 2)
    _late(doubles)
    failures = iter([StoreUnavailable("down")] * 16)

    def fail_at_first() -> None:
        error = next(failures, None)
        if error is not None:
            raise error

    doubles.before["update"] = fail_at_first
    report = sweep(doubles.world)
    assert (report.failed, report.resumed) == (2, 0)
    doubles.before.clear()
    assert sweep(doubles.world).resumed == 2


def test_without_a_store_there_is_no_run() -> None:
    doubles = Doubles()
    doubles.store.is_down = True
    with pytest.raises(StoreUnavailable):
        sweep(doubles.world)


def test_an_alarm_that_nobody_recorded_is_raised() -> None:
    doubles = Observed(tiers=policy(tiers=1))
    doubles.messenger.script(refusal(PERMANENT))
    updates = iter([None, kill])
    doubles.before["update"] = lambda: (next(updates, None) or _nothing)()
    with pytest.raises(Killed):
        doubles.inbound()
    assert doubles.relay().final_status is FinalStatus.EXHAUSTED
    _late(doubles)
    assert sweep(doubles.world).resumed == 1
    assert doubles.relay().error_log[-1].step is Step.ALARM_RAISED
    assert sweep(doubles.world).resumed == 0


def _nothing() -> None:
    pass


def test_the_fate_of_an_attempt_left_unknown_is_asked_after_the_end() -> None:
    doubles = Doubles(tiers=policy(tiers=1, delays=()))
    doubles.messenger.script(Ambiguous("no answer in time"), Ambiguous("no answer in time"))
    doubles.inbound()
    taken = doubles.messenger.take(doubles.messenger.sends[0])
    doubles.messenger.is_down = True
    for _ in range(40):
        doubles.clock.advance(60)
        sweep(doubles.world)
    relay = doubles.relay()
    assert relay.final_status is FinalStatus.EXHAUSTED
    assert relay.due_at is not None
    doubles.messenger.is_down = False
    doubles.messenger.set_status(taken, "delivered")
    doubles.clock.advance(86400)
    sweep(doubles.world)
    assert doubles.relay().final_status is FinalStatus.DELIVERED
    assert doubles.relay().due_at is None


def test_a_text_about_which_twilio_answers_500_for_ever_keeps_no_other_relay_from_being_settled() -> None:
    doubles = Doubles(tiers=policy(tiers=1, delays=()))
    for number in range(6):
        doubles.inbound(inbound_request(MessageSid=_message_id(number), Body=f"Text {number}"))
    doubles.wait(60)
    for message_sid in doubles.messenger.messages:
        doubles.messenger.set_status(message_sid, "delivered")
    doubles.messenger.silent_about = {doubles.relay(_message_id(0)).attempts[0].sent_id or ""}
    doubles.clock.advance(FATE_LOOKUP_SECONDS)
    _late(doubles)
    assert sweep(doubles.world).resumed == 5
    waiting = doubles.relay(_message_id(0))
    assert waiting.final_status is FinalStatus.EXHAUSTED
    assert waiting.error_log[-1].reason == "the provider could not be asked what became of an attempt"


def test_a_twilio_that_answers_nothing_is_not_asked_about_every_relay() -> None:
    doubles = Observed(tiers=policy(tiers=1, delays=()))
    for number in range(SILENT_AFTER + 3):
        doubles.inbound(inbound_request(MessageSid=_message_id(number), Body=f"Text {number}"))
    doubles.wait(60)
    doubles.messenger.is_down = True
    doubles.clock.advance(FATE_LOOKUP_SECONDS)
    _late(doubles)
    doubles.calls.clear()
    sweep(doubles.world)
    assert doubles.observer.count("fetch") == SILENT_AFTER
    for number in range(SILENT_AFTER + 3):
        assert doubles.relay(_message_id(number)).fate_lookups == 1, "each is asked about later"


def test_expired_relays_are_removed() -> None:
    doubles = Doubles()
    doubles.inbound()
    doubles.status(status_request("delivered"))
    doubles.clock.advance(timedelta(days=90).total_seconds())
    assert sweep(doubles.world).purged == 1
    assert doubles.store.get(MESSAGE_ID, timeout_seconds=1.0) is None


@pytest.mark.parametrize("days", [91, 3650])
def test_a_clock_that_is_months_ahead_for_one_sweep_removes_neither_what_is_under_way_nor_what_has_ended(
    days: int,
) -> None:
    doubles = Doubles()
    doubles.inbound()
    doubles.status(status_request("delivered"))
    doubles.inbound(inbound_request(MessageSid=OTHER))
    sweep(doubles.world)
    right = doubles.clock.now()
    doubles.clock.set(right + timedelta(days=days))
    assert sweep(doubles.world).purged == 0
    doubles.clock.set(right)
    assert doubles.relay().final_status is FinalStatus.DELIVERED
    assert doubles.relay(OTHER).final_status is not FinalStatus.DELIVERED


def test_what_had_to_be_repaired_is_a_warning_and_a_quiet_run_is_not() -> None:
    doubles = Doubles()
    sweep(doubles.world)
    assert doubles.journal.notes[-1][0] == "INFO"
    _refused_texts(doubles, 1)
    _late(doubles)
    sweep(doubles.world)
    severity, message, labels = doubles.journal.notes[-1]
    assert (severity, message, labels["resumed"]) == ("WARNING", "sweep", 1)


def test_relays_that_timers_and_sweep_have_both_forgotten_for_minutes_are_counted_as_overdue() -> None:
    doubles = Doubles()
    _refused_texts(doubles, 2)
    _late(doubles)
    assert sweep(doubles.world, limit=1).overdue == 0
    assert doubles.journal.notes[-1][2]["alert"] == ""
    doubles.clock.advance(60.0 + LONG_OVERDUE.total_seconds() + 1)
    report = sweep(doubles.world)
    assert (report.resumed, report.overdue) == (2, 2)
    labels = doubles.journal.notes[-1][2]
    assert (labels["overdue"], labels["alert"]) == (2, "overdue")
