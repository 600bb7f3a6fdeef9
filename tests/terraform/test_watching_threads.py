"""Metrics and the objective with replies on: what goes out is no text that came in, and a claim is an end."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core import machine, moves
from relay.core.events import Event, EventKind
from relay.core.model import Purpose, SenderClass
from relay.core.policy import Policy, Tier, sms
from relay.core.routes import Forward
from relay.log import JsonJournal

from tests import relays
from tests.terraform.deployment import Deployment
from tests.terraform.test_watching import METRICS, lines


@pytest.mark.parametrize("name", ["texts", "finished"])
def test_answers_and_notices_are_not_counted_as_texts_or_ends(deployment: Deployment, name: str) -> None:
    assert "AND NOT jsonPayload.purpose:*" in deployment.one(f'{METRICS}.counter["{name}"]')["filter"]
    assert "AND NOT jsonPayload.purpose:*" in deployment.one(f'{METRICS}.seconds["seconds_to_delivery"]')["filter"]
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


def test_how_long_it_takes_until_a_person_takes_a_text_is_measured(deployment: Deployment) -> None:
    metric = deployment.one(f'{METRICS}.seconds["seconds_to_claim"]')
    start = relays.after(relays.received().relay, relays.accepted(1))
    at = start.error_log[-1].at + timedelta(seconds=40)
    claimed = machine.transition(start, Event(EventKind.CLAIMED, person="Ana"), at).relay
    (line,) = [line for line in lines(claimed) if line["event"] == "claimed"]
    assert line["seconds_to_claim"] == (at - claimed.timestamp).total_seconds()
    assert metric["value_extractor"] == "EXTRACT(jsonPayload.seconds_to_claim)"
    assert 'jsonPayload.event="claimed"' in metric["filter"]


def test_a_text_that_no_person_took_in_time_is_counted(deployment: Deployment) -> None:
    counted = deployment.one(f'{METRICS}.counter["unclaimed"]')["filter"]
    words = counted.rpartition('jsonPayload.message:"')[2].rstrip('"')
    waiting = relays.policy(tiers=2)
    patient = replace(waiting, tiers=tuple(replace(tier, claim_timeout_seconds=60.0) for tier in waiting.tiers))
    for tiers, event in ((patient, "escalated"), (replace(patient, tiers=patient.tiers[:1]), "exhausted")):
        relay = relays.after(relays.received(tiers).relay, relays.accepted(1), relays.delivered(1))
        over = machine.transition(relay, Event(EventKind.CLAIM_DUE), relays.at(200)).relay
        assert any(line["event"] == event and words in line["message"] for line in lines(over))


def _written_of_an_answer() -> str:
    policy = Policy((Tier("customer", sms(relays.CUSTOMER)),))
    route = Forward(policy, Purpose.ANSWER, cause_id="SM1")
    relay = moves.receive(relays.text(), SenderClass.OWN_NUMBER, route, relays.T0, None).relay
    stream = io.StringIO()
    JsonJournal(stream).steps(relay, relay.error_log)
    return stream.getvalue()
