"""Queues and schedules, and the arithmetic between the code's limits and theirs."""

from __future__ import annotations

import pytest
from relay.core.policy import SEND_SECONDS_MAX
from relay.flow.budget import WEBHOOK_SECONDS
from relay.flow.reconcile import RUN_SECONDS as RECONCILE_SECONDS
from relay.flow.sweep import RUN_SECONDS as SWEEP_SECONDS
from relay.flow.timers import TASK_SECONDS
from relay.google.telling_task import _DISPATCH_DEADLINE_SECONDS as TELLING_DEADLINE_SECONDS
from relay.google.timers import DISPATCH_DEADLINE_SECONDS
from relay.operators.alerting.telling import CHANNEL_SECONDS
from relay.operators.alerting.telling import RUN_SECONDS as TELLING_SECONDS
from relay.operators.redrive import _SECONDS as REDRIVE_SECONDS

from tests.terraform.deployment import Deployment
from tests.terraform.test_functions import RUNS

# Twilio's read timeout, which no setting can raise (docs/usage/webhooks/webhooks-connection-overrides).
TWILIO_WAITS_SECONDS = 15


def seconds(duration: str) -> float:
    assert duration.endswith("s")
    return float(duration[:-1])


def timeout(deployment: Deployment, function: str) -> int:
    return int(deployment.functions[function].service["timeout_seconds"])


def test_a_task_is_given_up_later_than_its_function_and_that_later_than_the_code_and_a_send(
    deployment: Deployment,
) -> None:
    for tier in (1, 2, 3):
        function = timeout(deployment, f"escalate-tier-{tier}")
        assert DISPATCH_DEADLINE_SECONDS > function > TASK_SECONDS > SEND_SECONDS_MAX


def test_the_webhooks_answer_before_twilio_gives_up(deployment: Deployment) -> None:
    for name in ("sms-inbound", "sms-delivery-status"):
        assert TWILIO_WAITS_SECONDS >= timeout(deployment, name) > WEBHOOK_SECONDS


def test_a_redrive_has_the_time_that_the_code_gives_it(deployment: Deployment) -> None:
    assert timeout(deployment, "sms-redrive") > REDRIVE_SECONDS


def test_what_tells_has_the_time_to_hear_of_the_last_message_that_it_takes_on(deployment: Deployment) -> None:
    assert TELLING_DEADLINE_SECONDS > timeout(deployment, "tell") > TELLING_SECONDS + CHANNEL_SECONDS


def test_a_schedule_waits_longer_than_its_function_and_that_longer_than_the_code(deployment: Deployment) -> None:
    for name in ("sweep", "reconcile", "tell"):
        job = deployment.one(f'google_cloud_scheduler_job.this["{name}"]')
        assert seconds(job["attempt_deadline"]) > timeout(deployment, name)
    assert timeout(deployment, "sweep") > SWEEP_SECONDS
    assert timeout(deployment, "reconcile") > RECONCILE_SECONDS


def test_sweep_and_tell_run_every_minute_and_reconcile_every_five_and_no_other_schedule_costs_anything(
    deployment: Deployment,
) -> None:
    """Three schedules of a billing account are free: Cloud Scheduler's pricing."""
    jobs = deployment.all("google_cloud_scheduler_job")
    assert {name: job["schedule"] for name, job in jobs.items()} == {
        "sweep": "* * * * *",
        "tell": "* * * * *",
        "reconcile": "*/5 * * * *",
    }


@pytest.mark.parametrize("run", RUNS)
def test_schedules_call_their_functions_with_a_token_made_out_to_them(
    deployments: dict[str, Deployment], run: str
) -> None:
    deployment = deployments[run]
    for name, job in deployment.all("google_cloud_scheduler_job.this").items():
        (target,) = job["http_target"]
        (token,) = target["oidc_token"]
        assert target["http_method"] == "POST"
        assert target["uri"] == token["audience"] == deployment.outputs["functions"][name]
        assert token["service_account_email"] == deployment.one("google_service_account.scheduler")["email"]


@pytest.mark.parametrize("run", [*RUNS, "fewer_tiers_while_relays_are_on_their_way"])
def test_each_tier_has_the_queue_and_the_function_that_the_code_will_look_for(
    deployments: dict[str, Deployment], run: str
) -> None:
    deployment = deployments[run]
    environment = deployment.functions["sms-inbound"].environment
    queues = deployment.all("google_cloud_tasks_queue.tier")
    for tier, queue in queues.items():
        assert queue["name"] == environment["TASKS_QUEUE_TEMPLATE"].format(tier=tier)
        assert queue["location"] == environment["TASKS_LOCATION"]
        url = environment["ESCALATION_URL_TEMPLATE"].format(tier=tier)
        assert url == deployment.outputs["functions"][f"escalate-tier-{tier}"]
    assert {f"escalate-tier-{tier}" for tier in queues} == {
        name for name, function in deployment.functions.items() if function.entry_point == "escalate_tier"
    }


def test_every_function_with_timers_names_the_account_that_may_call_the_escalation_functions(
    deployment: Deployment,
) -> None:
    invoker = deployment.one("google_service_account.tasks_invoker")["email"]
    named = {
        function.environment["TASKS_INVOKER_EMAIL"]
        for function in deployment.functions.values()
        if "TASKS_INVOKER_EMAIL" in function.environment
    }
    assert named == {invoker}


def test_a_queue_never_has_more_under_way_than_its_function_takes(deployment: Deployment) -> None:
    for tier, queue in deployment.all("google_cloud_tasks_queue.tier").items():
        service = deployment.functions[f"escalate-tier-{tier}"].service
        capacity = service["max_instance_request_concurrency"] * service["max_instance_count"]
        assert queue["rate_limits"][0]["max_concurrent_dispatches"] <= capacity
        assert 0 < queue["rate_limits"][0]["max_dispatches_per_second"] <= 500


def test_a_refused_timer_comes_again_for_an_hour_and_then_is_left_to_the_sweep(deployment: Deployment) -> None:
    for queue in deployment.all("google_cloud_tasks_queue.tier").values():
        (retry,) = queue["retry_config"]
        assert seconds(retry["min_backoff"]) * 2 ** retry["max_doublings"] >= seconds(retry["max_backoff"])
        assert seconds(retry["max_retry_duration"]) == 3600
        assert retry["max_attempts"] == -1
