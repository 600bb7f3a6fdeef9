"""Rows of the provider's list that are odd or not whole: named, told of, waited for; and beside them all goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from relay.core.model import FinalStatus
from relay.flow.bookmark import TROUBLES_MAX
from relay.flow.taking_in import ARRIVING
from relay.ports import ReceivedMessage

from tests.flow.reconciling import EVERY, is_stored, listed_id, reconciled_before, run, runs, twilio_has
from tests.relays import MESSAGE_ID, text
from tests.worlds import Doubles, inbound_request

WHOLE = "I have a couch and a fridge"
NO_SENDER = "it does not say who sent it"


@pytest.fixture
def doubles() -> Doubles:
    return reconciled_before()


def _changed(doubles: Doubles, message_id: str = MESSAGE_ID, body: str | None = None, **row: Any) -> None:
    """The list shows this text otherwise from now on."""
    received = doubles.messenger.received
    at = next(index for index, one in enumerate(received) if one.text.message_id == message_id)
    told = received[at].text if body is None else replace(received[at].text, body=body)
    received[at] = replace(received[at], text=told, **row)


def _arriving(doubles: Doubles, age: float = 45.0) -> None:
    """A row with status receiving and no words yet."""
    twilio_has(doubles, age=age, is_arriving=True)
    _changed(doubles, body="")


@pytest.mark.parametrize(
    "row",
    [
        {"unusable_because": NO_SENDER},
        {"unusable_because": "Twilio stopped it (failed, error 30039)"},
    ],
)
def test_a_row_that_cannot_become_a_relay_is_told_of_by_its_id_and_keeps_no_other_waiting(
    doubles: Doubles, row: dict[str, Any]
) -> None:
    for number in range(3):
        twilio_has(doubles, listed_id(number), age=60 + number)
    twilio_has(doubles, age=61, **row)
    report = run(doubles)
    assert (report.recovered, report.failed, report.provider_answered) == (3, 1, True)
    assert doubles.journal.not_taken == [(MESSAGE_ID, row["unusable_because"])]
    runs(doubles, hours=30)
    assert len(doubles.journal.not_taken) == 1, "told once"


def test_a_row_without_id_is_told_of_by_its_time(doubles: Doubles) -> None:
    at = twilio_has(doubles, "", age=90, unusable_because="it has no id")
    twilio_has(doubles, listed_id(1), age=60)
    assert run(doubles).recovered == 1
    runs(doubles, hours=30)
    ((named, because),) = doubles.journal.not_taken
    assert (named, because) == (f"without id, of {at.isoformat()}", "it has no id")


@pytest.mark.parametrize("before", [[3600.0], [], [3600.0 * 24 * 20]])
def test_a_row_without_id_and_time_is_told_of_once_and_not_in_every_run(doubles: Doubles, before: list[float]) -> None:
    """As the newest of all it has no text above it that would tell when it came in."""
    for number, age in enumerate(before):
        doubles.inbound(inbound_request(MessageSid=listed_id(number)))
        twilio_has(doubles, listed_id(number), age=age)
    twilio_has(doubles, "", received_at=None, unusable_because="it has no id, no time")
    runs(doubles, hours=6)
    assert len(doubles.journal.not_taken) == 1
    twilio_has(doubles, listed_id(7), age=60)
    run(doubles)
    assert is_stored(doubles, listed_id(7))


def test_a_row_that_lacks_its_sender_is_no_trouble_once_its_webhook_came(doubles: Doubles) -> None:
    doubles.inbound()
    twilio_has(doubles, unusable_because=NO_SENDER)
    run(doubles)
    assert doubles.journal.not_taken == []


def test_a_row_that_gets_its_sender_later_is_relayed_after_all(doubles: Doubles) -> None:
    twilio_has(doubles, unusable_because=NO_SENDER)
    run(doubles)
    _changed(doubles, unusable_because="")
    doubles.clock.advance(EVERY)
    assert run(doubles).recovered == 1


@pytest.mark.parametrize("nulls", [{"received_at": None}, {"received_at": None, "is_arriving": False}])
def test_a_text_without_a_time_is_relayed_as_of_the_one_before_it(doubles: Doubles, nulls: dict[str, Any]) -> None:
    twilio_has(doubles, listed_id(1), age=40)
    twilio_has(doubles, listed_id(2), age=60, **nulls)
    twilio_has(doubles, listed_id(3), age=80)
    doubles.clock.advance(EVERY)
    assert run(doubles).recovered == 3


def test_odd_bytes_become_words(doubles: Doubles) -> None:
    twilio_has(doubles)
    _changed(doubles, body="caf\N{REPLACEMENT CHARACTER} \u0007\u2028")
    assert run(doubles).recovered == 1


# Rows that are not whole yet.


def test_a_row_that_is_not_whole_is_left_until_it_is(doubles: Doubles) -> None:
    _arriving(doubles)
    assert run(doubles).recovered == 0
    _changed(doubles, body=WHOLE, is_arriving=False)
    doubles.clock.advance(EVERY)
    assert run(doubles).recovered == 1
    assert doubles.relay().message_body == WHOLE


def test_the_webhook_of_a_row_that_is_not_whole_has_all_of_the_words_alone(doubles: Doubles) -> None:
    _arriving(doubles)
    run(doubles)
    doubles.inbound(inbound_request(Body=WHOLE))
    runs(doubles, hours=2)
    assert len(doubles.messenger.sends) == 1
    assert doubles.relay().message_body == WHOLE


def test_a_row_that_never_becomes_whole_is_taken_in_as_it_is(doubles: Doubles) -> None:
    _arriving(doubles)
    runs(doubles, hours=0.5)
    relay = doubles.relay()
    assert relay.message_body == ""
    assert relay.error_log[0].at - doubles.messenger.received[0].received_at >= ARRIVING  # type: ignore[operator]


def test_a_row_that_is_not_whole_is_looked_at_again_while_it_is_fresh(doubles: Doubles) -> None:
    """[The second run came some milliseconds before the row's wait was over, the third when it was fresh no more]."""
    _arriving(doubles, age=299.98)
    for seconds in (300.0, 300.04, 0.0):
        run(doubles)
        doubles.clock.advance(seconds)
    assert is_stored(doubles, MESSAGE_ID)


def test_a_row_that_is_not_whole_and_was_found_late_is_taken_in_by_the_run_that_found_it(doubles: Doubles) -> None:
    """[Of the runs that it was fresh for one died and one was not made: it waited for two deep passes, two hours]."""
    doubles.clock.advance(7200)
    _arriving(doubles, age=7000.0)
    assert run(doubles).recovered == 1


def test_a_row_that_is_not_whole_is_not_taken_in_while_another_run_stores_its_bookmark(
    doubles: Doubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says more later, which only that it is remembered brings to light."""
    doubles.clock.advance(7200)
    _arriving(doubles, age=7000.0)
    monkeypatch.setattr(doubles.store, "swap_bookmark", lambda *_args, **_options: False)
    assert run(doubles).recovered == 0
    monkeypatch.undo()
    assert run(doubles).recovered == 1


@pytest.mark.parametrize("age", [45.0, 7200.0])
def test_what_was_taken_in_before_it_was_whole_is_forwarded_once_more_when_it_is(doubles: Doubles, age: float) -> None:
    """The list itself says more in the end, and no webhook ever comes."""
    doubles.clock.advance(7200)
    _arriving(doubles, age)
    runs(doubles, hours=3)
    assert is_stored(doubles, MESSAGE_ID)
    _changed(doubles, body=WHOLE, is_arriving=False)
    runs(doubles, hours=1.5)
    assert (doubles.relay().message_body, len(doubles.messenger.sends)) == (WHOLE, 2)
    runs(doubles, hours=3)
    assert doubles.relay().final_status is FinalStatus.IN_PROGRESS
    assert len(doubles.messenger.sends) == 2


class _Killed(BaseException):
    pass


def test_it_is_forwarded_once_more_even_if_the_process_died_right_after_taking_it_in(
    doubles: Doubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubles.clock.advance(7200)
    _arriving(doubles, 7200.0)
    create = doubles.store.create

    def dies(*args: Any, **kwargs: Any) -> None:
        create(*args, **kwargs)
        monkeypatch.undo()
        raise _Killed

    monkeypatch.setattr(doubles.store, "create", dies)
    with pytest.raises(_Killed):
        runs(doubles, hours=3)
    assert is_stored(doubles, MESSAGE_ID)
    _changed(doubles, body=WHOLE, is_arriving=False)
    runs(doubles, hours=3)
    assert doubles.relay().message_body == WHOLE


def test_rows_of_the_list_that_repeat_are_one_text(doubles: Doubles) -> None:
    for _ in range(3):
        twilio_has(doubles)
    assert run(doubles).recovered == 1
    assert len(doubles.messenger.sends) == 1


def test_a_list_of_nothing_but_odd_rows_is_bounded_in_what_is_remembered(doubles: Doubles) -> None:
    now = doubles.clock.now()
    doubles.messenger.received += [ReceivedMessage(text(listed_id(number)), now, NO_SENDER) for number in range(500)]
    doubles.clock.advance(60)
    assert run(doubles).failed == 500
    assert len(doubles.store.get_bookmark("reconcile-bookmark", timeout_seconds=1.0)) < 50_000


def test_more_rows_that_are_not_whole_than_are_remembered_are_all_taken_in(doubles: Doubles) -> None:
    """Of an account, say, that shows no words of anything."""
    count = TROUBLES_MAX + 50
    for number in range(count):
        twilio_has(doubles, listed_id(number), age=60 + number / 10, sender=f"+1555777{number:04d}", is_arriving=True)
    runs(doubles, hours=3)
    assert sum(is_stored(doubles, listed_id(number)) for number in range(count)) == count
