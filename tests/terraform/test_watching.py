"""Metrics, alerts, dashboard and objective: they count what the code writes, by the names it writes."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from relay.core import machine, moves
from relay.core.events import Event, EventKind
from relay.core.failures import UNREACHABLE
from relay.core.model import Relay, SenderClass, Step
from relay.core.routes import Forward, Hold, Record
from relay.log import LINES, JsonJournal, LogAlarms

from scripts.deployment import ROOT
from tests import relays
from tests.terraform.deployment import Deployment

METRICS = "google_logging_metric"


def lines(relay: Relay) -> list[dict[str, Any]]:
    """What the journal writes about this relay."""
    stream = io.StringIO()
    journal = JsonJournal(stream)
    journal.steps(relay, relay.error_log)
    alarms = LogAlarms(journal)
    alarms.exhausted(relay)
    alarms.outage(relay.message_id, UNREACHABLE, relay.timestamp)
    alarms.not_forwarded(relay)
    alarms.answer_lost(relay)
    alarms.codes_used_up()
    alarms.left_to_newer(relay.message_id, 2)
    alarms.set_aside(relay.message_id, "its record cannot be read")
    journal.note("ERROR", "unexpected")
    journal.note("WARNING", "sweep", overdue=1, alert="overdue")
    alarms.not_taken_in(relay.message_id, "it has no sender")
    for reason in ("signature_mismatch", "no_signature"):
        alarms.webhook_refused(reason, "/sms/inbound", "https://relay.example.com/sms/inbound", "why", 1)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def repaired(relay: Relay) -> Relay:
    """The same relay a minute later, when the sweep finds it overdue."""
    event = Event(EventKind.DEADLINE_UNCONFIRMED, 1, by="sweep")
    return machine.transition(relay, event, relay.error_log[-1].at + timedelta(minutes=5)).relay


@pytest.fixture(scope="module")
def written() -> list[dict[str, Any]]:
    """Lines of every kind that a metric counts."""
    start = relays.received().relay
    stop, kept = relays.text(body="STOP", sender="+15550100001"), Record(relays.policy(), "not from a customer")
    opted_out = moves.receive(stop, SenderClass.HANDLER_OPT_OUT, kept, relays.T0, None).relay
    cascade = relays.after(start, relays.refused(1), relays.due(2), relays.accepted(2), relays.delivered(2))
    policy = relays.policy()
    patient = replace(policy, tiers=tuple(replace(tier, claim_timeout_seconds=60.0) for tier in policy.tiers))
    waiting = relays.after(relays.received(patient).relay, relays.accepted(1), relays.delivered(1))
    return [
        *lines(cascade),
        *lines(relays.after(start, relays.refused(1, relays.SENDER_FAULT))),
        *lines(relays.after(start, relays.refused(1, 21610))),
        *lines(relays.exhausted()),
        *lines(relays.after(start, Event(EventKind.CLAIMED, person="Ana"))),
        *lines(opted_out),
        *lines(machine.transition(waiting, Event(EventKind.CLAIM_DUE), relays.at(200)).relay),
        *lines(moves.receive(relays.text(), SenderClass.CUSTOMER, Hold(relays.policy(), "x"), relays.T0, None).relay),
        *lines(repaired(relays.after(start, relays.accepted(1)))),
        *lines(
            moves.receive(
                relays.text(), SenderClass.CUSTOMER, Forward(relays.policy()), relays.T0, "c", recovered_by="reconcile"
            ).relay
        ),
    ]


def matching(metric: dict[str, Any], written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines that a metric's filter lets through, read as far as these filters go."""
    conditions = [condition for condition in metric["filter"].split(" AND ") if "jsonPayload" in condition]
    assert conditions, metric["filter"]
    return [line for line in written if all(_holds(condition, line) for condition in conditions)]


def _holds(condition: str, line: dict[str, Any]) -> bool:
    words = condition.removeprefix("NOT ")
    field, operator, values = re.fullmatch(r"jsonPayload\.(\w+)([=:])(.*)", words).groups()  # type: ignore[union-attr]
    found = line.get(field)
    if operator == "=":
        holds = found in re.findall('"([^"]+)"', values)
    else:
        holds = found is not None and (values == "*" or values.strip('"') in str(found))
    return holds != condition.startswith("NOT ")


def test_every_metric_counts_events_that_the_code_writes(deployment: Deployment) -> None:
    for metric in deployment.all(METRICS).values():
        for values in re.findall(r"jsonPayload\.event=(\([^)]*\)|\"[^\"]*\")", metric["filter"]):
            for event in re.findall('"([^"]+)"', values):
                assert event in LINES, metric["name"]


def test_every_metric_counts_a_line_that_the_journal_really_writes(
    deployment: Deployment, written: list[dict[str, Any]]
) -> None:
    for metric in deployment.all(METRICS).values():
        assert matching(metric, written), metric["name"]


def test_every_label_is_a_field_of_the_lines_that_are_counted(
    deployment: Deployment, written: list[dict[str, Any]]
) -> None:
    for metric in deployment.all(METRICS).values():
        counted = matching(metric, written)
        extractors = dict(metric["label_extractors"] or {})
        declared = {label["key"] for label in metric["metric_descriptor"][0]["labels"]}
        assert set(extractors) == declared, metric["name"]
        if metric["value_extractor"]:
            extractors["value"] = metric["value_extractor"]
        for label, extractor in extractors.items():
            field = extractor.removeprefix("EXTRACT(jsonPayload.").removesuffix(")")
            assert any(field in line for line in counted), (metric["name"], label)


# A function whose only deed is to write the several lines of one commit, and a server that calls it.
_WRITES_LINES = """
from relay.log import JsonJournal, LogAlarms
from tests import relays

def write(request):
    relay = relays.exhausted()
    JsonJournal().steps(relay, relay.error_log)
    return "written"
"""
_SERVES_IT = """
import sys
import functions_framework

functions_framework.create_app("write", sys.argv[1]).test_client().get("/")
"""


@pytest.mark.parametrize("is_deployed_otherwise", [False, True])
def test_under_the_framework_each_line_of_a_commit_is_one_that_metrics_find(
    deployment: Deployment, tmp_path: Path, is_deployed_otherwise: bool
) -> None:
    (tmp_path / "main.py").write_text(_WRITES_LINES)
    (execution_ids,) = {
        function.service["environment_variables"].get("LOG_EXECUTION_ID") for function in deployment.functions.values()
    }
    if is_deployed_otherwise:
        # As Cloud Functions sets it for a function that says nothing else.
        execution_ids = "true"
    done = subprocess.run(
        [sys.executable, "-c", _SERVES_IT, tmp_path / "main.py"],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'functions'}:{ROOT}", "LOG_EXECUTION_ID": execution_ids},
        capture_output=True,
        text=True,
        check=True,
    )
    events = [json.loads(line).get("event") for line in done.stdout.splitlines()]
    assert events == [entry.step.value for entry in relays.exhausted().error_log]
    assert len(events) > 1


def test_metrics_count_the_lines_of_our_functions_alone(deployment: Deployment) -> None:
    for metric in deployment.all(METRICS).values():
        assert set(re.findall(r"service_name=\(([^)]*)\)", metric["filter"])[0].replace('"', "").split(" OR ")) == set(
            deployment.functions
        )


def test_a_failed_attempt_is_counted_by_its_class(deployment: Deployment, written: list[dict[str, Any]]) -> None:
    metric = deployment.one(f'{METRICS}.counter["failed_attempts"]')
    assert {line["status"] for line in matching(metric, written)} >= {"recipient", "opted_out"}


def test_whatever_sweep_and_reconcile_bring_about_is_a_repair(
    deployment: Deployment, written: list[dict[str, Any]]
) -> None:
    found = matching(deployment.one(f"{METRICS}.repairs"), written)
    assert {line["by"] for line in found} == {"sweep", "reconcile"}
    assert Step.RECOVERED in {line["event"] for line in found}


def test_the_dashboard_shows_what_it_should_and_only_metrics_that_exist(deployment: Deployment) -> None:
    dashboard = json.loads(deployment.one("google_monitoring_dashboard.relay")["dashboard_json"])
    tiles = dashboard["mosaicLayout"]["tiles"]
    titles = {tile["widget"]["title"] for tile in tiles}
    assert titles >= {
        "Texts taken in",
        "Outcome by tier",
        "Seconds to delivery, median",
        "Failed attempts by class",
        "Repaired by sweep and reconcile",
        "Sweeps answered",
    }
    metrics = {values["name"]: values for values in deployment.all(METRICS).values()}
    for tile in tiles:
        query = tile["widget"]["xyChart"]["dataSets"][0]["timeSeriesQuery"]["timeSeriesFilter"]
        for name in re.findall(r"logging\.googleapis\.com/user/(\S+?)\"", query["filter"]):
            labels = {label["key"] for label in metrics[name]["metric_descriptor"][0]["labels"]}
            asked = {field.removeprefix("metric.label.") for field in query["aggregation"]["groupByFields"]}
            assert asked <= labels
    assert len({(tile.get("xPos", 0), tile.get("yPos", 0)) for tile in tiles}) == len(tiles)
    # Monitoring leaves zeros out of its answers: who writes one sees a change in every plan.
    assert all(value != 0 for tile in tiles for value in tile.values())


def test_the_objective_counts_relays_that_ended_and_only_exhausted_ones_as_bad(deployment: Deployment) -> None:
    (sli,) = deployment.one("google_monitoring_slo.reached_a_handler")["request_based_sli"]
    (ratio,) = sli["good_total_ratio"]
    assert 'metric.type="logging.googleapis.com/user/sms_relay/finished"' in ratio["total_service_filter"]
    assert ratio["bad_service_filter"] == f'{ratio["total_service_filter"]} AND metric.label.outcome="exhausted"'
    finished = deployment.one(f'{METRICS}.counter["finished"]')
    assert finished["label_extractors"]["outcome"] == "EXTRACT(jsonPayload.event)"
