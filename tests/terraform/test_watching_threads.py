"""Metrics and the objective with replies on: what goes out is no text that came in, and a claim is an end."""

from __future__ import annotations

import io
import json

import pytest
from relay.core import machine, moves
from relay.core.events import Event, EventKind
from relay.core.model import Purpose, SenderClass
from relay.core.policy import Policy, Tier, sms
from relay.core.routes import Forward
from relay.log import JsonJournal

from tests import relays
from tests.terraform.deployment import Deployment
from tests.terraform.test_watching import METRICS, alert, lines


@pytest.mark.parametrize(
    ("name", "metric"), [("answer_lost", "sms_relay/answers_lost"), ("codes_used_up", "sms_relay/codes_used_up")]
)
def test_one_line_is_enough_for_an_alert(deployment: Deployment, name: str, metric: str) -> None:
    condition = alert(deployment, name)
    assert f'metric.type="logging.googleapis.com/user/{metric}"' in condition["filter"]
    assert (condition["comparison"], condition["threshold_value"], condition["duration"]) == ("COMPARISON_GT", 0, "0s")


@pytest.mark.parametrize("name", ["texts", "finished"])
def test_answers_and_notices_are_not_counted_as_texts_or_ends(deployment: Deployment, name: str) -> None:
    assert "AND NOT jsonPayload.purpose:*" in deployment.one(f'{METRICS}.counter["{name}"]')["filter"]
    assert "AND NOT jsonPayload.purpose:*" in deployment.one(f"{METRICS}.seconds_to_delivery")["filter"]
    answer = [json.loads(line) for line in _written_of_an_answer().splitlines()]
    assert {line["purpose"] for line in answer} == {"answer"}


def test_a_claim_is_an_end_unless_the_relay_had_ended_before(deployment: Deployment) -> None:
    finished = deployment.one(f'{METRICS}.counter["finished"]')["filter"]
    assert '"claimed"' in finished
    assert "AND NOT jsonPayload.again:*" in finished
    start = relays.after(relays.received().relay, relays.accepted(1))
    ways = {
        "in progress": start,
        "delivered": relays.after(start, relays.delivered(1)),
        "exhausted": relays.exhausted(),
    }
    again = {}
    for name, relay in ways.items():
        claimed = machine.transition(relay, Event(EventKind.CLAIMED, person="Ana"), relay.error_log[-1].at).relay
        (line,) = [line for line in lines(claimed) if line["event"] == "claimed"]
        again[name] = line.get("again", False)
    assert again == {"in progress": False, "delivered": True, "exhausted": True}


def _written_of_an_answer() -> str:
    policy = Policy((Tier("customer", sms(relays.CUSTOMER)),))
    route = Forward(policy, Purpose.ANSWER, cause_id="SM1")
    relay = moves.receive(relays.text(), SenderClass.OWN_NUMBER, route, relays.T0, None).relay
    stream = io.StringIO()
    JsonJournal(stream).steps(relay, relay.error_log)
    return stream.getvalue()
