"""What Google tells and what the relay tells itself is said in the same words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from relay.core import moves
from relay.core.failures import UNREACHABLE, FailureClass
from relay.core.model import SenderClass
from relay.core.routes import Hold, Record
from relay.operators.alerting import wording
from relay.operators.alerting.wording import Alarm

from tests import relays
from tests.terraform.deployment import Deployment
from tests.terraform.test_alerts import causes

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
LOST = relays.exhausted()
HELD = moves.receive(relays.text(), SenderClass.CUSTOMER, Hold(relays.policy(), "x"), relays.T0, None).relay
OURS = moves.receive(
    relays.text(), SenderClass.CUSTOMER, Record(relays.policy(), "a number of ours"), relays.T0, None
).relay
# Cause → the relay's alarms of the same things, each with the words that both say of it and of what to do.
SAME: list[tuple[str, Alarm, str, str]] = [
    (
        "alarm",
        wording.exhausted(LOST, shows_words=False),
        "No handler was reached with a text",
        "Call the customer, then send it again.",
    ),
    (
        "outage",
        wording.outage("SM1", UNREACHABLE, NOW),
        "Texts wait",
        "status page. Nothing is lost",
    ),
    (
        "sender_or_account_error",
        wording.refused_us(FailureClass.SENDER, "no credit", "SM1"),
        "refused a text",
        "",
    ),
    (
        "handler_opted_out",
        wording.handler_opted_out("Ana", "SM1"),
        "has opted out: that phone gets no texts from the relay any more",
        "Have the handler text START to our number",
    ),
    (
        "sender_held_back",
        wording.not_forwarded(HELD, shows_words=False),
        "are held back",
        "send them on if a person wrote them",
    ),
    (
        "handlers_number_is_ours",
        wording.not_forwarded(OURS, shows_words=False),
        "came to a number of ours that is also a handler's",
        "Call the customer. Give that handler a phone that is not connected to the relay",
    ),
    (
        "answer_lost",
        wording.answer_lost(LOST),
        "did not get an answer, and no handler could be told so",
        "Call the customer",
    ),
    (
        "codes_used_up",
        wording.codes_used_up(NOW),
        "No code is free for a further customer's thread",
        "Close threads that are done",
    ),
    (
        "set_aside",
        wording.set_aside("SM1", "its record cannot be read"),
        "A text cannot go on by itself and is set aside",
        "Call the customer",
    ),
    (
        "not_taken_in",
        wording.not_taken_in("SM1", "it has no sender"),
        "list could not be taken in",
        "console, and call the customer",
    ),
    (
        "left_to_newer",
        wording.left_to_newer("SM1"),
        "A text waits for a newer version of the relay",
        "Install that version again, or read the record and call the customer.",
    ),
    (
        "webhook_refused",
        wording.webhook_refused("signature_mismatch", "why", NOW),
        "Requests about texts are refused",
        "customers' texts are refused",
    ),
]


@pytest.mark.parametrize(("cause", "alarm", "what", "to_do"), SAME, ids=[name for name, *_ in SAME])
def test_an_alert_and_an_alarm_of_one_thing_say_the_same(
    deployment: Deployment, cause: str, alarm: Alarm, what: str, to_do: str
) -> None:
    says = causes(deployment)[cause]
    for said in (says, alarm.headline):
        assert what in said
    for said in (says, alarm.advice):
        assert to_do in said


@pytest.mark.parametrize(("net", "owner"), [("sweep", ""), ("reconcile", "Twilio's")])
def test_a_net_that_is_cut_is_called_the_same(deployment: Deployment, net: str, owner: str) -> None:
    made = deployment.one(f'google_monitoring_alert_policy.no_round["{net}"]')
    headline = wording.net_cut(net, NOW).headline.replace("the provider's", owner)
    assert headline.partition(" since ")[0] in made["display_name"]
    found = "lost text would not be found"
    assert found in headline
    assert found in made["documentation"][0]["content"]
