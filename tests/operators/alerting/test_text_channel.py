"""Texts to operators: from which number, what becomes of a refusal, and that their receipts disturb no relay."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core.failures import ADVICE, Failure, FailureClass
from relay.operators.alerting.channel import TAKEN
from relay.operators.alerting.messages import ChannelKind, Message
from relay.operators.alerting.text_channel import TextChannel
from relay.ports import Ambiguous, Refused
from relay.twilio.forms import delivery_status, status_callback_url

from tests.fakes import FakeClock, ScriptedMessenger
from tests.fakes.clock import START

FIRST, SECOND, ANA = "+15550001000", "+15550001001", "+15550002001"
MESSAGE = Message(
    key="alarm.1",
    channel=ChannelKind.TEXT,
    to=ANA,
    subject="A text shows none",
    words="No handler was reached. Call the customer.",
    link="https://relay.example.com/console/#relay=SM0",
    until=START + timedelta(hours=24),
)


class _Desk:
    def __init__(self, *our_phones: str) -> None:
        self.clock = FakeClock()
        self.messenger = ScriptedMessenger(self.clock)
        self.asked_for: list[str] = []
        self.channel = TextChannel(self._provider_of, our_phones, self.clock)

    def _provider_of(self, our_phone: str) -> ScriptedMessenger:
        self.asked_for.append(our_phone)
        return self.messenger


def test_it_leaves_from_another_of_our_numbers_where_there_is_one() -> None:
    for our_phones, from_ in (((FIRST,), FIRST), ((FIRST, SECOND), SECOND)):
        desk = _Desk(*our_phones)
        assert desk.channel.tell(MESSAGE, timeout_seconds=5) == TAKEN
        (text,) = desk.messenger.sends
        assert (text.from_, text.to, desk.asked_for) == (from_, ANA, [from_])
        assert text.body == f"{MESSAGE.words}\n{MESSAGE.link}"


def test_our_own_number_is_never_texted() -> None:
    desk = _Desk(FIRST, SECOND)
    for to in (FIRST, SECOND):
        assert desk.channel.tell(replace(MESSAGE, to=to), timeout_seconds=5).is_for_good
    assert desk.messenger.sends == []


def test_without_a_number_of_ours_nothing_is_sent() -> None:
    assert _Desk().channel.tell(MESSAGE, timeout_seconds=5).failed_because


@pytest.mark.parametrize("failure_class", sorted(ADVICE))
def test_only_an_operator_who_cannot_be_texted_or_wants_no_texts_is_not_tried_again(
    failure_class: FailureClass,
) -> None:
    desk = _Desk(FIRST)
    desk.messenger.script(Refused(Failure(failure_class, "the words")))
    outcome = desk.channel.tell(MESSAGE, timeout_seconds=5)
    assert outcome.failed_because == "the words"
    assert outcome.is_for_good == (failure_class in (FailureClass.OPTED_OUT, FailureClass.RECIPIENT))
    assert not outcome.may_have_gone


def test_a_lost_answer_is_a_failure_of_which_it_is_not_known_whether_it_went() -> None:
    desk = _Desk(FIRST)
    desk.messenger.script(Ambiguous("timeout"))
    outcome = desk.channel.tell(MESSAGE, timeout_seconds=5)
    assert (outcome.failed_because, outcome.is_for_good, outcome.may_have_gone) == ("timeout", False, True)


def test_the_provider_keeps_it_no_longer_than_it_is_of_use() -> None:
    for until, seconds in ((timedelta(hours=24), 3600), (timedelta(minutes=10), 600), (timedelta(seconds=1), 60)):
        desk = _Desk(FIRST)
        desk.channel.tell(replace(MESSAGE, until=START + until), timeout_seconds=5)
        assert desk.messenger.sends[0].validity_seconds == seconds


def test_its_receipts_are_well_formed_so_that_no_one_takes_them_for_a_strangers() -> None:
    desk = _Desk(FIRST)
    desk.channel.tell(MESSAGE, timeout_seconds=5)
    (text,) = desk.messenger.sends
    url = status_callback_url("https://relay.example.com", text.message_id, text.tier, text.attempt)
    query = url.partition("?")[2].partition("#")[0]
    form = {"MessageSid": ["SM" + "0" * 32], "MessageStatus": ["sent"], "To": [ANA]}
    callback = delivery_status(form, query)
    assert callback.message_id == text.message_id
