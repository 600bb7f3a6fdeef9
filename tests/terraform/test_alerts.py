"""Alerts: as few conditions as tell causes apart, each with words of its own, and what is missing is noticed."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from relay.core import machine
from relay.core.events import Event, EventKind
from relay.core.model import Step
from relay.errors import BadRequest
from relay.log import LINES, JsonJournal
from relay.web import INBOUND_PATH, Request, check_post, refusal

from tests import relays
from tests.terraform.deployment import Deployment

POLICY = "google_monitoring_alert_policy"
# Lines that only the embedded home writes: nothing on Google could be alerted by them.
EMBEDDED = {"database_lost", "store_fails", "clock_set"}
# What lines of no name of their own are about.
OF_NO_NAME = {"repaired", "overdue", "error"}


def policies(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """Every alert policy, by its address."""
    return {address: values for address, values in deployment.resources.items() if address.startswith(f"{POLICY}.")}


def condition(deployment: Deployment, name: str) -> dict[str, Any]:
    """The threshold of one of the alerts."""
    policy = deployment.one(f'{POLICY}.threshold["{name}"]')
    return dict(policy["conditions"][0]["condition_threshold"][0])


def words(policy: dict[str, Any]) -> str:
    return str(policy["documentation"][0]["content"])


def causes(deployment: Deployment) -> dict[str, str]:
    """What the alert on the log says, by cause."""
    said = words(deployment.one(f'{POLICY}.threshold["log"]'))
    return dict(re.findall(r"^- \*\*(\w+)\*\*: (.+)$", said, re.MULTILINE))


def logged(line: str) -> str:
    """The cause that a line of this name has in it; "" for none."""
    stream = io.StringIO()
    JsonJournal(stream).named(line, None, {})
    return str(json.loads(stream.getvalue()).get("alert", ""))


def test_what_only_the_log_knows_is_one_condition_with_an_incident_for_each_cause(deployment: Deployment) -> None:
    told = condition(deployment, "log")
    assert 'metric.type="logging.googleapis.com/user/sms_relay/alerts"' in told["filter"]
    assert (told["comparison"], told["threshold_value"], told["duration"]) == ("COMPARISON_GT", 0, "0s")
    assert told["aggregations"][0]["group_by_fields"] == ["metric.label.cause"]
    metric = deployment.one('google_logging_metric.counter["alerts"]')
    assert metric["label_extractors"] == {"cause": "EXTRACT(jsonPayload.alert)"}
    conditions = [each for policy in policies(deployment).values() for each in policy["conditions"]]
    assert sum("logging.googleapis.com/user" in json.dumps(each) for each in conditions) == 1


def test_each_cause_that_a_line_can_have_has_words_of_its_own_and_no_other_has(deployment: Deployment) -> None:
    named = {cause for cause in map(logged, set(LINES) - {step.value for step in Step}) if cause}
    assert named >= {"alarm", "webhook_refused", *EMBEDDED}
    assert set(causes(deployment)) == named - EMBEDDED | OF_NO_NAME
    for cause, says in causes(deployment).items():
        assert len(says) > 60, cause


def test_an_alerts_subject_names_its_cause_and_its_text_fits(deployment: Deployment) -> None:
    policy = deployment.one(f'{POLICY}.threshold["log"]')
    assert policy["documentation"][0]["subject"].endswith("(${metric.label.cause})")
    assert words(policy).startswith("**${metric.label.cause}**")
    for each in policies(deployment).values():
        # Cloud Monitoring's limits (AlertPolicy.Documentation).
        assert len(words(each)) <= 8192
        assert len(words(each).encode()) <= 10_240
        assert len(each["documentation"][0]["subject"] or "") <= 255


def test_lines_without_a_name_of_their_own_say_what_they_are_about() -> None:
    stream = io.StringIO()
    journal = JsonJournal(stream)
    journal.note("ERROR", "unexpected")
    journal.note("WARNING", "sweep", overdue=1, alert="overdue")
    journal.note("INFO", "reconcile")
    noticed = Event(EventKind.DEADLINE_UNCONFIRMED, 1, by="sweep")
    before = relays.after(relays.received().relay, relays.accepted(1))
    swept = machine.transition(before, noticed, relays.at(300)).relay
    journal.steps(swept, swept.error_log[len(before.error_log) :])
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line.get("alert") for line in lines[:3]] == ["error", "overdue", None]
    assert {line["alert"] for line in lines[3:]} == {"repaired"}
    assert Step.ATTEMPT_UNCONFIRMED in {line["event"] for line in lines[3:]}


def test_a_strangers_request_is_no_alert_and_one_that_was_signed_is(deployment: Deployment) -> None:
    metric = deployment.one('google_logging_metric.counter["alerts"]')
    assert metric["filter"].endswith('AND jsonPayload.alert:* AND NOT jsonPayload.reason="no_signature"')


def test_any_function_that_answers_5xx_is_told_by_its_name(deployment: Deployment) -> None:
    told = condition(deployment, "answers_5xx")
    pattern = re.findall(r'full_match\("([^"]*)"\)', told["filter"])[0]
    matched = {name for name in deployment.functions if re.fullmatch(pattern, name)}
    assert matched == {
        "sms-inbound", "sms-delivery-status", "escalate-tier-1", "escalate-tier-2", "escalate-tier-3", "relay-events",
        "sweep", "tell",
    }  # fmt: skip
    assert 'response_code_class="5xx"' in told["filter"]
    assert told["aggregations"][0]["group_by_fields"] == ["resource.label.service_name"]
    assert "${resource.label.service_name}" in words(deployment.one(f'{POLICY}.threshold["answers_5xx"]'))


def test_queues_that_fill_up_are_told_whatever_they_are_called(deployments: dict[str, Deployment]) -> None:
    for run, prefix in (("defaults", "escalate-tier-"), ("every_option", "relay-")):
        assert f'queue_id=starts_with("{prefix}")' in condition(deployments[run], "queue_depth")["filter"]


@pytest.mark.parametrize(("watchman", "period_minutes"), [("sweep", 1), ("reconcile", 5), ("tell", 1)])
def test_a_watchman_who_no_longer_answers_or_never_did_is_told(
    deployment: Deployment, watchman: str, period_minutes: int
) -> None:
    (only,) = deployment.one(f'{POLICY}.no_round["{watchman}"]')["conditions"]
    (missed,) = only["condition_prometheus_query_language"]
    found = re.fullmatch(
        r"\(sum\(increase\(run_googleapis_com:request_count\{(.*)\}\[(\d+)m\]\)\) or vector\(0\)\) < 0\.5",
        missed["query"],
    )
    assert found, "what has no number counts as none: neither zeros nor a function that never ran are missed"
    labels = dict(re.findall(r'(\w+)="([^"]*)"', found[1]))
    assert labels == {
        "monitored_resource": "cloud_run_revision",
        "project_id": "demo-project",
        "service_name": watchman,
        "response_code_class": "2xx",
    }
    # One round that fails is no news, nor that the first of all takes minutes to be seen: a cold start, and at most
    # 180 s until a request is counted (Cloud Run's list of metrics).
    assert int(found[2]) > 3 * period_minutes
    assert int(missed["duration"].removesuffix("s")) > 60 * period_minutes + 180 + 120
    assert not only["condition_absent"]
    assert missed["disable_metric_validation"], "in a new project no function was ever called"


def test_nothing_is_missed_before_there_is_a_schedule(deployment: Deployment) -> None:
    for watchman in ("sweep", "reconcile", "tell"):
        waited = deployment.waited_for[f'{POLICY}.no_round["{watchman}"]']
        assert any(address.startswith("google_cloud_scheduler_job") for address in waited)


@pytest.mark.parametrize("run", ["defaults", "without_gateway"])
def test_twilios_address_is_asked_from_outside_and_answered_by_the_relay_itself(
    deployments: dict[str, Deployment], run: str
) -> None:
    deployment = deployments[run]
    check = deployment.one("google_monitoring_uptime_check_config.inbound")
    host = check["monitored_resource"][0]["labels"]["host"]
    (asked,) = check["http_check"]
    assert f"https://{host}{asked['path']}" == deployment.outputs["inbound_url"]
    assert (asked["request_method"], asked["use_ssl"], asked["validate_ssl"]) == ("GET", True, True)
    with pytest.raises(BadRequest) as refused:
        check_post(Request(method="GET", path=INBOUND_PATH))
    answer = refusal(refused.value)
    assert [each["status_value"] for each in asked["accepted_response_status_codes"]] == [answer.status]
    assert check["content_matchers"][0]["content"] == answer.body.decode()
    # What Twilio would have given up on is no answer.
    assert check["timeout"] == "15s"


def test_an_address_that_is_answered_from_one_place_less_is_no_news_and_from_two_it_is(deployment: Deployment) -> None:
    (only,) = deployment.one(f"{POLICY}.unreachable")["conditions"]
    (told,) = only["condition_threshold"]
    check = deployment.one("google_monitoring_uptime_check_config.inbound")
    assert f'metric.label.check_id="{check["uptime_check_id"]}"' in told["filter"]
    assert (told["comparison"], told["threshold_value"]) == ("COMPARISON_GT", 1)
    assert told["aggregations"][0]["cross_series_reducer"] == "REDUCE_COUNT_FALSE"


def test_the_uptime_checks_requests_and_no_others_are_left_out_of_the_log(deployment: Deployment) -> None:
    exclusion = deployment.one("google_logging_project_exclusion.uptime_checks")["filter"]
    url = re.findall(r'requestUrl=~"([^"]*)"', exclusion)[0]
    assert re.search(url, deployment.outputs["inbound_url"])
    assert not re.search(url, f"{deployment.outputs['inbound_url']}?a=b")
    assert 'httpRequest.requestMethod="GET"' in exclusion
    assert 'httpRequest.userAgent=~"^GoogleStackdriverMonitoring-UptimeChecks"' in exclusion


def test_every_alert_reaches_every_channel_and_says_what_to_do(deployments: dict[str, Deployment]) -> None:
    deployment = deployments["every_option"]
    made = deployment.one('google_monitoring_notification_channel.email["jo@example.com"]')["name"]
    for policy in policies(deployment).values():
        assert policy["notification_channels"] == ["projects/demo-project/notificationChannels/42", made]
        assert len(words(policy)) > 60
