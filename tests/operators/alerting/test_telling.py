"""Messages: put once, told at once, tried again with growing waits, and never by two processes at a time."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta

import pytest
from relay.errors import StoreUnavailable
from relay.operators.alerting import telling
from relay.operators.alerting.channel import TAKEN, Outcome
from relay.operators.alerting.messages import ChannelKind, Message
from relay.operators.alerting.telling import WAITS
from relay.ports.operator_records import OperatorKind

from tests.operators.alerting.office import AlarmDesk

FAILED = Outcome("it answers 500")


@pytest.fixture
def desk() -> AlarmDesk:
    return AlarmDesk()


def _put(desk: AlarmDesk, message: Message) -> None:
    desk.outbox.put(message, timeout_seconds=1)


def test_a_message_wakes_what_tells_and_is_told_once(desk: AlarmDesk) -> None:
    _put(desk, desk.code())
    assert desk.pokes == 1
    desk.run_in(0.001)
    desk.run_for(15)
    assert [message.words for message in desk.told()] == ["123456"]


def test_the_same_key_again_is_not_told_again_as_long_as_it_counts(desk: AlarmDesk) -> None:
    for _ in range(2):
        _put(desk, desk.code())
        desk.run_in(1)
    _put(desk, desk.code("code.2"))
    desk.run_in(1)
    assert [message.key for message in desk.told()] == ["code.1", "code.2"]


def test_what_was_told_leaves_neither_words_nor_address_behind(desk: AlarmDesk) -> None:
    _put(desk, desk.code())
    desk.run_in(1)
    record = desk.records.get(OperatorKind.MESSAGE, "code.1", timeout_seconds=1)
    assert record is not None
    assert record.due_at is None
    assert not any(word in str(record.content) for word in ("123456", "+1555"))


def test_a_store_that_does_not_answer_is_the_putters_to_know(desk: AlarmDesk) -> None:
    desk.records.is_down = True
    with pytest.raises(StoreUnavailable):
        _put(desk, desk.code())
    with pytest.raises(StoreUnavailable):
        desk.telling.run()


def test_a_failure_is_tried_again_with_growing_waits(desk: AlarmDesk) -> None:
    _put(desk, _of_a_day(desk))
    desk.email.script(*(FAILED,) * 100)
    tries: list[int] = []
    for second in range(2000):
        desk.run_in(1)
        if len(desk.email.tries) > len(tries):
            tries.append(second)
    waits = [after - before for before, after in itertools.pairwise(tries)]
    assert waits == list(WAITS[: len(waits)])
    assert len(waits) >= 6


def test_a_message_that_fails_for_a_day_is_told_as_soon_as_its_channel_works(desk: AlarmDesk) -> None:
    _put(desk, _of_a_day(desk))
    desk.email.script(*(FAILED,) * 20)
    desk.run_for(23 * 60)
    assert len(desk.email.tries) == 21
    assert len(desk.email.told) == 1


def test_after_its_time_it_is_not_told_any_more_and_the_log_says_so(desk: AlarmDesk) -> None:
    _put(desk, desk.code())
    desk.text.script(*(FAILED,) * 100)
    desk.run_for(12)
    tries = len(desk.text.tries)
    desk.text.script()
    desk.run_for(120)
    assert (len(desk.text.tries), desk.text.told) == (tries, [])
    lost = [labels for severity, words, labels in desk.journal.notes if words == "an operator was not told"]
    assert lost == [{"channel": "text", "reason": "it answers 500", "tries": tries + 1, "untold": ""}]
    assert desk.records.lasting(OperatorKind.MESSAGE, 10, timeout_seconds=1) == []


def test_what_is_refused_for_good_is_logged_and_not_tried_again(desk: AlarmDesk) -> None:
    _put(desk, desk.code())
    desk.text.script(Outcome("this handler has opted out", is_for_good=True))
    desk.run_for(30)
    assert len(desk.text.tries) == 1
    ((severity, words, labels),) = [note for note in desk.journal.notes if note[2].get("channel")]
    assert (severity, words, labels["reason"]) == ("ERROR", "an operator was not told", "this handler has opted out")


def test_a_channel_that_fails_for_hours_fills_no_log_and_raises_no_alarm(desk: AlarmDesk) -> None:
    desk.email.script(*(FAILED,) * 10_000)
    for number in range(50):
        _put(desk, _of_a_day(desk, f"code.{number}"))
    desk.run_for(60)
    failures = [words for _, words, _ in desk.journal.notes if words.startswith("an operator could not be told")]
    assert 1 <= len(failures) <= 13
    assert desk.records.lasting(OperatorKind.INCIDENT, 10, timeout_seconds=1) == []


def test_no_log_line_holds_an_address_or_the_words(desk: AlarmDesk) -> None:
    desk.raise_alarm("SM1")
    for channel in desk.channels.values():
        channel.script(*(FAILED,) * 3)
    desk.run_for(30)
    assert not any(word in str(desk.journal.notes) for word in ("+1555", "ana@", "hooks.example", "Headline"))


def test_a_channel_that_is_not_set_any_more_is_waited_for(desk: AlarmDesk) -> None:
    _put(desk, _of_a_day(desk))
    email = desk.channels.pop(ChannelKind.EMAIL)
    desk.run_for(5)
    desk.channels[ChannelKind.EMAIL] = email
    desk.run_for(5)
    assert len(email.told) == 1


def test_while_one_process_tells_it_no_other_does(desk: AlarmDesk) -> None:
    other, email = desk.another_process(), desk.email

    class Slow:
        def tell(self, message: Message, *, timeout_seconds: float) -> Outcome:
            assert other.run().told == 0  # in the middle of it
            return email.tell(message, timeout_seconds=timeout_seconds)

    _put(desk, _of_a_day(desk))
    desk.channels[ChannelKind.EMAIL] = Slow()  # type: ignore[assignment]
    desk.clock.advance(1)
    assert desk.telling.run().told == 1
    assert len(email.tries) == 1


def test_when_the_process_dies_while_it_tells_another_tells_it_again(desk: AlarmDesk) -> None:
    class Dying:
        def tell(self, message: Message, *, timeout_seconds: float) -> Outcome:
            desk.records.is_down = True  # nothing of this process is written any more
            return TAKEN

    email = desk.channels[ChannelKind.EMAIL]
    _put(desk, _of_a_day(desk))
    desk.channels[ChannelKind.EMAIL] = Dying()  # type: ignore[assignment]
    desk.clock.advance(1)
    with pytest.raises(StoreUnavailable):
        desk.telling.run()
    desk.records.is_down, desk.channels[ChannelKind.EMAIL] = False, email
    desk.run_in(30)
    assert email.told == [], "the lease holds"
    desk.run_in(31)
    assert len(email.told) == 1


def test_a_channel_that_breaks_is_a_failure_and_no_error(desk: AlarmDesk) -> None:
    class Broken:
        def tell(self, message: Message, *, timeout_seconds: float) -> Outcome:
            raise RuntimeError("of ana@example.com")

    desk.channels[ChannelKind.EMAIL] = Broken()  # type: ignore[assignment]
    _put(desk, _of_a_day(desk))
    desk.run_in(1)
    assert "unexpected RuntimeError" in str(desk.journal.notes)
    assert "ana@" not in str(desk.journal.notes)


class Hanging:
    """A channel that gives no answer before it may."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()

    def tell(self, message: Message, *, timeout_seconds: float) -> Outcome:
        self.may_go_on.wait(120)
        return TAKEN


def test_a_channel_that_hangs_keeps_the_others_from_nothing(desk: AlarmDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging, text = Hanging(), desk.text

    class LetsItGoOn:
        def tell(self, message: Message, *, timeout_seconds: float) -> Outcome:
            outcome = text.tell(message, timeout_seconds=timeout_seconds)
            if len(text.told) == 3:
                hanging.may_go_on.set()
            return outcome

    monkeypatch.setattr(telling, "CHANNEL_SECONDS", 60.0)
    desk.channels[ChannelKind.EMAIL] = hanging  # type: ignore[assignment]
    desk.channels[ChannelKind.TEXT] = LetsItGoOn()  # type: ignore[assignment]
    for number in range(3):
        _put(desk, _of_a_day(desk, f"mail.{number}"))
        _put(desk, desk.code(f"code.{number}"))
    desk.clock.advance(1)
    report = desk.telling.run()
    assert (report.told, report.failed) == (6, 0)


def test_a_channel_that_hangs_for_good_has_failed(desk: AlarmDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = Hanging()
    monkeypatch.setattr(telling, "CHANNEL_SECONDS", -0.9)
    desk.channels[ChannelKind.EMAIL] = hanging  # type: ignore[assignment]
    _put(desk, _of_a_day(desk))
    desk.clock.advance(1)
    report = desk.telling.run()
    hanging.may_go_on.set()
    assert (report.told, report.failed) == (0, 1)


def test_a_record_that_another_revision_wrote_is_left_and_keeps_no_run_busy(desk: AlarmDesk) -> None:
    from dataclasses import replace

    _put(desk, desk.code())
    record = desk.records.get(OperatorKind.MESSAGE, "code.1", timeout_seconds=1)
    assert record is not None
    desk.records.put(replace(record, content={**record.content, "channel": "pigeon"}), timeout_seconds=1)
    _put(desk, desk.code("code.2"))
    desk.run_for(3)
    assert [message.key for message in desk.told()] == ["code.2"]


def test_a_run_takes_no_longer_than_it_may(desk: AlarmDesk) -> None:
    class Slow:
        def tell(self, message: Message, *, timeout_seconds: float) -> Outcome:
            desk.clock.advance(14)
            return FAILED

    desk.channels[ChannelKind.EMAIL] = Slow()  # type: ignore[assignment]
    for number in range(40):
        _put(desk, _of_a_day(desk, f"mail.{number}"))
    desk.clock.advance(1)
    assert desk.telling.run(45).failed == 4


def _of_a_day(desk: AlarmDesk, key: str = "mail.1") -> Message:
    until = desk.clock.now() + timedelta(hours=24)
    return Message(key, ChannelKind.EMAIL, "ana@example.com", "A subject", "Words.", "", until)
