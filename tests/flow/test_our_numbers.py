"""Which numbers are ours, what becomes of a text to or from one, and from which one a text is forwarded."""

from __future__ import annotations

from typing import Any

import pytest
from relay.core.failures import FailureClass
from relay.core.model import FinalStatus, Relay, SenderClass, Step
from relay.core.policy import Policy, Tier, sms
from relay.flow.our_numbers import WARNED_EVERY, OurNumbers
from relay.flow.sweep import GRACE, sweep

from tests.relays import CUSTOMER, MESSAGE_ID, OUR_NUMBER, policy
from tests.worlds import Doubles, Killed, Observed, inbound_request, kill

UNLISTED = "+15551230000"
HANDLER = policy().tiers[0].reach.address


def _comes_in(doubles: Doubles, **changes: str) -> Relay:
    assert doubles.inbound(inbound_request(**changes)).status == 200
    return doubles.relay(changes.get("MessageSid", MESSAGE_ID))


def _warnings(doubles: Doubles) -> list[dict[str, Any]]:
    return [labels for severity, message, labels in doubles.journal.notes if "does not list" in message]


# A number of ours that is not listed.


def test_a_text_to_a_number_that_is_not_listed_is_forwarded_from_there_and_warned_of() -> None:
    doubles = Doubles()
    relay = _comes_in(doubles, To=UNLISTED)
    assert [(sent.to, sent.from_) for sent in doubles.messenger.sends] == [(HANDLER, UNLISTED)]
    assert (relay.recipient_phone, relay.recipient_address) == (UNLISTED, "")
    assert _warnings(doubles) == [{"number": "…00", "relay": MESSAGE_ID}]
    assert doubles.journal.notes[0][0] == "WARNING"


def test_the_warning_comes_once_an_hour_for_each_number() -> None:
    doubles = Doubles()
    for number in range(3):
        _comes_in(doubles, To=UNLISTED, MessageSid=f"SM{number:032x}")
    _comes_in(doubles, To="+15551239999", MessageSid=f"SM{5:032x}")
    assert [labels["number"] for labels in _warnings(doubles)] == ["…00", "…99"]
    doubles.clock.advance(WARNED_EVERY.total_seconds())
    _comes_in(doubles, To=UNLISTED, MessageSid=f"SM{6:032x}")
    assert [labels["number"] for labels in _warnings(doubles)] == ["…00", "…99", "…00"]


def test_a_text_to_a_listed_number_is_not_warned_of() -> None:
    doubles = Doubles()
    _comes_in(doubles)
    assert _warnings(doubles) == []


def test_a_text_from_an_unlisted_number_of_ours_is_recorded_once_a_text_came_to_it() -> None:
    """Two of our numbers that text each other would be a loop."""
    doubles = Doubles()
    _comes_in(doubles, To=UNLISTED)
    relay = _comes_in(doubles, From=UNLISTED, MessageSid="SM" + "1" * 32)
    assert (relay.sender_class, relay.final_status) == (SenderClass.OWN_NUMBER, FinalStatus.RECORDED)
    assert len(doubles.messenger.sends) == 1


def test_a_handler_stays_a_handler_although_texts_came_to_his_number() -> None:
    doubles = Doubles()
    _comes_in(doubles, To=HANDLER)
    relay = _comes_in(doubles, From=HANDLER, Body="STOP", MessageSid="SM" + "1" * 32)
    assert relay.sender_class is SenderClass.HANDLER_OPT_OUT


def test_so_many_unlisted_numbers_are_remembered_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.flow.our_numbers._UNLISTED_MAX", 2)
    ours, now = OurNumbers([OUR_NUMBER]), Doubles().clock.now()
    assert [ours.learn(f"+1555123000{number}", now) for number in range(3)] == [True, True, False]
    assert [ours.is_ours(f"+1555123000{number}") for number in range(3)] == [True, True, False]


# A number that is ours and a tier's.


@pytest.mark.parametrize("to", [HANDLER, policy().tiers[2].reach.address])
def test_a_text_to_a_tiers_own_number_is_recorded_with_an_alarm_and_never_sent_from_it_to_itself(to: str) -> None:
    doubles = Doubles()
    relay = _comes_in(doubles, To=to)
    assert doubles.messenger.sends == []
    assert (relay.sender_class, relay.final_status) == (SenderClass.CUSTOMER, FinalStatus.RECORDED)
    assert [entry.step for entry in relay.error_log] == [Step.RECEIVED, Step.RECORDED, Step.ALARM_RAISED]
    assert relay.error_log[1].reason == "the number it came to is a tier's too"
    assert [alarmed.message_id for alarmed in doubles.journal.alarms] == [MESSAGE_ID]
    assert _warnings(doubles) == []


def test_the_alarm_of_a_text_to_a_tiers_own_number_survives_the_process() -> None:
    doubles = Observed()
    doubles.after["create"] = kill
    with pytest.raises(Killed):
        doubles.inbound(inbound_request(To=HANDLER))
    doubles.after.clear()
    doubles.clock.advance(GRACE.total_seconds() + 1)
    sweep(doubles.world)
    assert [alarmed.message_id for alarmed in doubles.journal.alarms] == [MESSAGE_ID]
    assert doubles.relay().due_at is None


@pytest.mark.parametrize("sender", [HANDLER, OUR_NUMBER])
def test_what_a_handler_or_we_text_to_a_tiers_own_number_is_recorded_without_an_alarm(sender: str) -> None:
    doubles = Doubles()
    assert _comes_in(doubles, To=HANDLER, From=sender).final_status is FinalStatus.RECORDED
    assert doubles.journal.alarms == []


@pytest.mark.parametrize("ours", ["+525512345678", "+5215512345678"])
def test_no_text_leaves_for_the_number_that_it_leaves_from(ours: str) -> None:
    """A relay in progress or a redrive may bring such a tier: the next one gets the text, with an alarm."""
    tiers = Policy((Tier("ana", sms("+525512345678"), (2.0,)), Tier("ben", sms("+15550100002"))))
    doubles = Doubles(tiers=policy(2))
    doubles.intake = type(doubles.intake)(tiers, (ours,), type(doubles.intake.people)(()))
    relay = _comes_in(doubles, To=ours)
    assert [sent.to for sent in doubles.messenger.sends] == []
    failure = relay.attempts[0].failure
    assert failure is not None
    assert failure.failure_class is FailureClass.SETTINGS
    assert "RELAY_TIERS" in failure.words
    assert relay.attempts[1].tier == 2
    doubles.fire_next()
    assert [sent.to for sent in doubles.messenger.sends] == ["+15550100002"]


# What came by a channel.


@pytest.mark.parametrize("sender", ["rcs:{}", "RCS:{}", "whatsapp:{}", "WhatsApp:{}"])
def test_a_handler_who_writes_by_a_channel_is_the_handler(sender: str) -> None:
    doubles = Doubles()
    relay = _comes_in(doubles, From=sender.format(HANDLER))
    assert (relay.sender_class, relay.sender_phone) == (SenderClass.HANDLER, HANDLER)
    assert doubles.messenger.sends == []


@pytest.mark.parametrize(
    ("to", "sent_from", "kept"),
    [
        pytest.param("rcs:agent_xyz", OUR_NUMBER, "rcs:agent_xyz", id="an agent"),
        pytest.param("RCS:Agent_XYZ", OUR_NUMBER, "RCS:Agent_XYZ", id="an agent in capitals"),
        pytest.param("messenger:104912345678901", OUR_NUMBER, "messenger:104912345678901", id="a page"),
        pytest.param(f"whatsapp:{OUR_NUMBER}", OUR_NUMBER, f"whatsapp:{OUR_NUMBER}", id="a listed number"),
        pytest.param(f"whatsapp:{UNLISTED}", OUR_NUMBER, f"whatsapp:{UNLISTED}", id="a number of that channel alone"),
        pytest.param("Agent", OUR_NUMBER, "Agent", id="a name"),
        pytest.param("72404", "72404", "", id="a short code of ours"),
    ],
)
def test_a_text_to_an_address_of_a_channel_is_forwarded_from_a_number_that_can_text(
    to: str, sent_from: str, kept: str
) -> None:
    doubles = Doubles()
    relay = _comes_in(doubles, To=to, From=f"rcs:{CUSTOMER}")
    assert [(sent.from_, sent.to) for sent in doubles.messenger.sends] == [(sent_from, HANDLER)]
    assert (relay.sender_phone, relay.recipient_phone, relay.recipient_address) == (CUSTOMER, sent_from, kept)
    assert relay.final_status is FinalStatus.IN_PROGRESS


def test_with_several_numbers_the_first_one_listed_stands_in() -> None:
    assert OurNumbers(["+15550000001", "+15550000002"]).to_send_from("rcs:agent", "rcs:agent") == "+15550000001"
    assert OurNumbers([]).to_send_from("rcs:agent", "rcs:agent") == "rcs:agent"
