"""Relays that cannot go on: they are set aside with an alarm, keep no other waiting, and can be taken up again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from relay.core.moves import pending
from relay.flow import timers
from relay.flow.sweep import GRACE, RUN_LIMIT, sweep
from relay.operators.redrive import redrive

from tests.relays import MESSAGE_ID, PERMANENT, TRANSIENT
from tests.twilio_words import refusal
from tests.worlds import Doubles, inbound_request, status_request


def message_id_of(number: int) -> str:
    return f"SM{number:032x}"


def overdue_texts(doubles: Doubles, count: int) -> None:
    """So many texts that tier 1 refused, whose timers were all lost; the sweep takes them on."""
    for number in range(count):
        doubles.messenger.script(refusal(PERMANENT))
        doubles.inbound(inbound_request(MessageSid=message_id_of(number), From=f"+1555765{number:04d}"))
    doubles.timers.take_due(doubles.clock.now() + timedelta(days=1))
    doubles.clock.advance(GRACE.total_seconds() + 0.001)


@pytest.mark.parametrize("count", [1, RUN_LIMIT, RUN_LIMIT + 50])
@pytest.mark.parametrize("fault", ["refused", "unreadable"])
def test_relays_that_the_store_refuses_or_cannot_read_keep_no_other_waiting(count: int, fault: str) -> None:
    """However many they are and though they are the longest overdue: the others go on in the same round."""
    doubles = Doubles()
    overdue_texts(doubles, count + 2)
    getattr(doubles.store, fault).update(message_id_of(number) for number in range(count))
    report = sweep(doubles.world)
    assert (report.resumed, report.failed, report.set_aside, report.more) == (2, count, count, False)
    assert [message_id for message_id, _ in doubles.journal.aside] == [message_id_of(number) for number in range(count)]
    again = sweep(doubles.world)
    assert (again.resumed, again.failed, again.set_aside) == (0, 0, 0), "they are not met again every minute"
    assert len(doubles.journal.aside) == count


def test_relays_of_which_not_even_the_mark_can_be_stored_keep_no_other_waiting_and_raise_one_alarm_each() -> None:
    doubles = Doubles()
    overdue_texts(doubles, RUN_LIMIT + 2)
    poisoned = {message_id_of(number) for number in range(RUN_LIMIT)}
    doubles.store.refused |= poisoned
    doubles.store.unmarkable |= poisoned
    for resumed in (2, 0):
        report = sweep(doubles.world)
        assert (report.resumed, report.failed, report.set_aside) == (resumed, RUN_LIMIT, 0)
        assert len(doubles.journal.aside) == RUN_LIMIT


def test_a_relay_that_was_set_aside_goes_on_by_itself_once_its_record_can_be_written_again() -> None:
    doubles = Doubles()
    overdue_texts(doubles, 1)
    relay_id = message_id_of(0)
    doubles.store.refused.add(relay_id)
    sweep(doubles.world)
    aside = doubles.relay(relay_id)
    assert (aside.due_at, aside.set_aside_because) == (None, "it is refused for good")
    doubles.store.refused.clear()
    timer = pending(aside)
    assert timer is not None
    timers.fire(doubles.world, timer)
    taken_up = doubles.relay(relay_id)
    assert taken_up.set_aside_because == ""
    assert taken_up.due_at is not None
    assert doubles.messenger.sends[-1].to == doubles.tiers.tiers[1].reach.address


@pytest.mark.parametrize("fault", ["refused", "unreadable"])
def test_a_timer_of_a_relay_that_is_to_be_set_aside_does_not_come_again_and_again(fault: str) -> None:
    doubles = Doubles()
    overdue_texts(doubles, 1)
    timer = pending(doubles.relay(message_id_of(0)))
    assert timer is not None
    getattr(doubles.store, fault).add(message_id_of(0))
    doubles.clock.advance(1)
    assert "left to the sweep" in timers.fire(doubles.world, timer).ignored_because
    assert sweep(doubles.world).set_aside == 1


@pytest.mark.parametrize("fault", ["refused", "unreadable"])
def test_a_receipt_that_can_never_be_recorded_is_not_answered_as_if_it_were(fault: str) -> None:
    doubles = Doubles()
    doubles.inbound()
    getattr(doubles.store, fault).add(MESSAGE_ID)
    assert doubles.status(status_request("delivered")).status == 503
    getattr(doubles.store, fault).clear()
    assert doubles.status(status_request("delivered")).status == 204
    assert doubles.relay().delivered_tier == 1


def _set_aside(doubles: Doubles, relay_id: str) -> None:
    stored = doubles.store.get(relay_id, timeout_seconds=1.0)
    assert stored is not None
    doubles.store.set_aside(relay_id, stored.version, "its record cannot be written", timeout_seconds=1.0)


def test_an_operators_redrive_takes_up_a_relay_that_was_set_aside() -> None:
    doubles = Doubles()
    overdue_texts(doubles, 1)
    relay_id = message_id_of(0)
    _set_aside(doubles, relay_id)
    answer = redrive(doubles.world, doubles.tiers, relay_id, "request-one", 1)
    assert answer.status == 200
    relay = doubles.relay(relay_id)
    assert (relay.set_aside_because, relay.redrive_ids) == ("", ("request-one",))
    assert [attempt.status for attempt in relay.attempts] == ["failed", "withdrawn", "scheduled"]
    doubles.wait(120)
    assert doubles.messenger.sends[1].to == doubles.tiers.tiers[0].reach.address
    assert len(doubles.messenger.sends) > 1
    assert redrive(doubles.world, doubles.tiers, relay_id, "request-two", 1).status == 409, "it is under way"


def test_a_receipt_takes_up_a_relay_that_was_set_aside_and_what_is_pending_is_due_again() -> None:
    doubles = Doubles()
    doubles.inbound()
    _set_aside(doubles, MESSAGE_ID)
    doubles.messenger.set_status(doubles.relay().attempts[0].sent_id or "", "delivered")
    assert doubles.status(status_request("sent")).status == 204
    assert doubles.relay().set_aside_because == "its record cannot be written", "it told nothing new"
    assert doubles.status(status_request("failed", ErrorCode=str(TRANSIENT))).status == 204
    relay = doubles.relay()
    assert relay.set_aside_because == ""
    assert relay.due_at is not None
