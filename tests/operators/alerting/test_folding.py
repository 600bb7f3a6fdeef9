"""Alarms: the first at once, those that follow together, by every channel that they may go by, and never twice."""

from __future__ import annotations

import pytest
from relay.errors import StoreUnavailable
from relay.operators.alerting.channel import Outcome
from relay.operators.alerting.messages import ChannelKind
from relay.operators.alerting.wording import NO_TEXTS
from relay.ports.operator_records import OperatorKind

from tests.operators.alerting.office import ANA, ANAS_MAIL, HOOK, AlarmDesk


@pytest.fixture
def desk() -> AlarmDesk:
    return AlarmDesk()


def test_an_alarm_goes_at_once_to_every_recipient_and_leads_to_its_relay(desk: AlarmDesk) -> None:
    desk.raise_alarm("SM1")
    assert desk.pokes == 1
    desk.run_in(0.001)
    assert {message.to for message in desk.told()} == {ANA, ANAS_MAIL, HOOK}
    for message in desk.told():
        assert message.words == "Headline SM1. Call the customer."
        assert message.link == "https://relay.example.com/console/#relay=SM1"
    assert [message.subject for message in desk.email.told] == ["Headline SM1."]


def test_raising_one_costs_one_read_and_one_write_whatever_the_recipients(desk: AlarmDesk) -> None:
    before = (desk.records.reads, desk.records.writes)
    desk.raise_alarm("SM1")
    assert desk.records.writes - before[1] == 1
    assert desk.records.reads - before[0] <= 2  # the double's write looks too


def test_those_that_follow_within_ten_minutes_are_told_together_with_their_number(desk: AlarmDesk) -> None:
    for number in range(1, 6):
        desk.raise_alarm(f"SM{number}")
        desk.run_in(30)
    assert len(desk.email.told) == 1
    desk.run_for(10)
    first, rest = desk.email.told
    assert rest.link == "https://relay.example.com/console/", "not to one of them alone"
    assert first.words == "Headline SM1. Call the customer."
    assert rest.subject == "4 more texts reached no handler since 12:00 UTC."
    assert rest.words.endswith("The latest: Headline SM5. Call the customer.")
    desk.run_for(30)
    assert len(desk.email.told) == 2


def test_a_text_that_was_seen_to_before_its_alarm_was_told_is_told_no_more(desk: AlarmDesk) -> None:
    desk.raise_alarm("SM1")
    desk.run_in(1)
    desk.raise_alarm("SM2")
    desk.seen_to = {"SM1", "SM2"}
    desk.run_for(30)
    assert [message.subject for message in desk.email.told] == ["Headline SM1."]
    desk.raise_alarm("SM3")
    desk.run_in(1)
    assert [message.subject for message in desk.email.told] == ["Headline SM1.", "Headline SM3."], "the next at once"


def test_a_message_that_waited_for_its_channel_is_not_told_once_its_text_was_seen_to(desk: AlarmDesk) -> None:
    desk.email.script(*(Outcome("it answers 500"),) * 10)
    desk.raise_alarm("SM1")
    desk.run_in(1)
    assert len(desk.text.told) == 1
    desk.seen_to = {"SM1"}
    desk.run_for(60)
    tries = len(desk.email.tries)
    desk.email.script()
    desk.run_for(120)
    assert (len(desk.email.tries), desk.email.told) == (tries, [])
    assert "an operator was not told" not in str(desk.journal.notes)


def test_of_several_texts_it_is_not_asked_which_were_seen_to(desk: AlarmDesk) -> None:
    for number in range(3):
        desk.raise_alarm(f"SM{number}")
    desk.seen_to = {"SM2"}
    desk.run_in(1)
    assert desk.email.told[0].subject.startswith("3 texts")


def test_several_before_the_first_was_told_are_one_message_from_the_beginning(desk: AlarmDesk) -> None:
    for number in range(3):
        desk.raise_alarm(f"SM{number}")
    desk.run_in(1)
    (message,) = desk.email.told
    assert message.subject == "3 texts reached no handler since 12:00 UTC."


def test_one_that_follows_later_is_told_at_once_again(desk: AlarmDesk) -> None:
    desk.raise_alarm("SM1")
    desk.run_for(11)
    desk.raise_alarm("SM2")
    desk.run_in(1)
    assert [message.subject for message in desk.email.told] == ["Headline SM1.", "Headline SM2."]


def test_a_storm_of_hours_is_six_messages_an_hour_at_most(desk: AlarmDesk) -> None:
    for number in range(3 * 60):
        desk.raise_alarm(f"SM{number}")
        desk.run_in(60)
    assert 15 <= len(desk.email.told) <= 19
    counted = [int(message.subject.split()[0]) for message in desk.email.told[1:]]
    assert 1 + sum(counted) >= 3 * 60 - 11


def test_causes_are_told_apart(desk: AlarmDesk) -> None:
    desk.raise_alarm("SM1")
    desk.raise_alarm("SM2", cause="aside")
    desk.run_in(1)
    assert len(desk.email.told) == 2


def test_the_same_again_is_not_counted(desk: AlarmDesk) -> None:
    for _ in range(5):
        desk.raise_alarm("SM1")
        desk.run_in(60)
    desk.run_for(12)
    desk.raise_alarm("SM1")
    desk.run_for(12)
    assert len(desk.email.told) == 1


def test_what_must_not_go_by_text_goes_by_the_others_alone(desk: AlarmDesk) -> None:
    desk.raise_alarm("SM1", by=NO_TEXTS)
    desk.run_in(1)
    assert {message.channel for message in desk.told()} == {ChannelKind.EMAIL, ChannelKind.WEBHOOK}


def test_one_raised_while_messages_are_made_is_neither_lost_nor_told_twice(desk: AlarmDesk) -> None:
    desk.raise_alarm("SM1")
    put = desk.records.put

    def put_and_meet(record: object, *, timeout_seconds: float) -> object:
        if record.kind is OperatorKind.MESSAGE and "SM2" not in raised:  # type: ignore[attr-defined]
            raised.append("SM2")
            desk.raise_alarm("SM2")
        return put(record, timeout_seconds=timeout_seconds)  # type: ignore[arg-type]

    raised: list[str] = []
    desk.records.put = put_and_meet  # type: ignore[method-assign, assignment]
    desk.run_in(1)
    assert [message.subject for message in desk.email.told] == ["Headline SM1."]
    desk.run_for(12)
    assert [message.subject for message in desk.email.told] == ["Headline SM1.", "Headline SM2."]


def test_a_store_that_does_not_answer_is_said(desk: AlarmDesk) -> None:
    desk.records.is_down = True
    with pytest.raises(StoreUnavailable):
        desk.raise_alarm("SM1")


def test_six_texts_of_alarms_an_hour_go_to_a_number_and_the_others_follow_later(desk: AlarmDesk) -> None:
    for number in range(9):
        desk.raise_alarm(f"SM{number}", cause=f"cause-{number}")
    desk.run_in(1)
    assert len(desk.text.told) == 6
    assert len(desk.email.told) == 9
    desk.run_for(58)
    assert len(desk.text.told) == 6
    desk.run_for(5)
    assert len(desk.text.told) == 9
    assert all(message.words.startswith("(Of 01 Mar 12:00 UTC.) ") for message in desk.text.told[6:])


def test_codes_are_not_counted_among_them(desk: AlarmDesk) -> None:
    for number in range(9):
        desk.outbox.put(desk.code(f"code.{number}"), timeout_seconds=1)
    desk.run_in(1)
    desk.raise_alarm("SM1")
    desk.run_in(1)
    assert len(desk.text.told) == 10


def test_texts_that_certainly_did_not_go_are_not_counted_and_those_that_may_have_are(desk: AlarmDesk) -> None:
    desk.text.script(*(Outcome("refused"),) * 8)
    desk.raise_alarm("SM1")
    desk.run_for(60)
    assert len(desk.text.told) == 1
    desk.text.script(*(Outcome("lost", may_have_gone=True),) * 20)
    tries = len(desk.text.tries)
    desk.raise_alarm("SM2", cause="other")
    desk.run_for(59)
    assert len(desk.text.tries) - tries <= 6


def test_an_alarm_that_no_channel_took_for_a_day_is_over(desk: AlarmDesk) -> None:
    desk.email.script(*(Outcome("refused"),) * 1000)
    desk.raise_alarm("SM1")
    desk.run_for(26 * 60)
    assert desk.email.told == []
    assert desk.records.lasting(OperatorKind.MESSAGE, 10, timeout_seconds=1) == []
