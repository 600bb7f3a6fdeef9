"""What a deployment costs: a plan has no more of what is billed than the table of costs says."""

from __future__ import annotations

import re

import pytest

from scripts.cost import prices, standing, standing_document
from tests.terraform.deployment import Deployment
from tests.terraform.test_alerts import policies
from tests.terraform.test_functions import RUNS

VARIABLES = ("variables.tf", "variables_operation.tf")


def secrets(deployment: Deployment) -> int:
    """How many secrets are made; each has one version, but for the moments in which another one takes its place."""
    return len(deployment.all("google_secret_manager_secret"))


@pytest.mark.parametrize("run", RUNS)
def test_secrets_and_schedules_are_no_more_than_are_free(deployments: dict[str, Deployment], run: str) -> None:
    deployment = deployments[run]
    assert secrets(deployment) <= prices.SECRET_VERSION.free
    assert len(deployment.all("google_cloud_scheduler_job")) <= prices.SCHEDULER_JOB.free


def test_nothing_is_kept_warm_unless_it_is_asked_for(deployment: Deployment) -> None:
    assert {function.service["min_instance_count"] for function in deployment.functions.values()} == {0}


def test_one_instance_more_is_warm_for_each_that_is_asked_for(deployments: dict[str, Deployment]) -> None:
    functions = deployments["every_option"].functions
    warm = {name: function.service["min_instance_count"] for name, function in functions.items()}
    assert {name: count for name, count in warm.items() if count} == {"sms-inbound": 2}


@pytest.mark.parametrize("run", RUNS)
def test_each_condition_is_billed_so_there_are_seven_and_the_uptime_checks_is_free(
    deployments: dict[str, Deployment], run: str
) -> None:
    conditions = [each for policy in policies(deployments[run]).values() for each in policy["conditions"]]
    billed = [each for each in conditions if "monitoring.googleapis.com/uptime_check" not in str(each)]
    assert (len(conditions), len(billed)) == (7, standing.ALERT_REFERENCES)
    # A condition in PromQL is billed for each metric that it refers to.
    for each in billed:
        assert len(re.findall(r"_googleapis_com:|metric\.type=", str(each))) == 1


def test_the_table_counts_what_a_deployment_has(deployment: Deployment) -> None:
    assert len(deployment.functions) == standing.FUNCTIONS
    assert len(deployment.all("google_cloud_scheduler_job")) == standing.SCHEDULES
    assert secrets(deployment) == standing.SECRET_VERSIONS
    backups = deployment.one("google_firestore_backup_schedule.daily[0]")
    assert backups["retention"] == f"{standing.BACKUP_DAYS * 86400}s"
    database = deployment.one("google_firestore_database.this[0]")
    assert database["point_in_time_recovery_enablement"] == "POINT_IN_TIME_RECOVERY_ENABLED"
    assert deployment.one("google_monitoring_uptime_check_config.inbound")["period"] == "300s"


def test_recovery_and_backups_can_be_left_out(deployments: dict[str, Deployment]) -> None:
    deployment = deployments["every_option"]
    assert not deployment.all("google_firestore_backup_schedule")
    database = deployment.one("google_firestore_database.this[0]")
    assert database["point_in_time_recovery_enablement"] == "POINT_IN_TIME_RECOVERY_DISABLED"


def test_inputs_that_cost_say_their_price() -> None:
    terraform = standing_document.DOCUMENT.parent
    text = "".join((terraform / name).read_text("utf-8") for name in VARIABLES)
    said = {
        name: re.search(rf'variable "{name}" {{\n  description = "([^\n]*)"\n', text)[1]  # type: ignore[index]
        for name in ("warm_webhook_instances", "point_in_time_recovery", "backup_retention_days")
    }
    a_gib = standing.BACKUP_DAYS * prices.FIRESTORE_BACKUP.dollars
    assert f"{standing.warm_instance().listed:.2f} USD a month" in said["warm_webhook_instances"]
    assert f"{prices.FIRESTORE_RECOVERY.dollars:.2f} USD a GiB and month" in said["point_in_time_recovery"]
    assert f"{prices.FIRESTORE_BACKUP.dollars:.2f} USD a GiB and month" in said["backup_retention_days"]
    assert f"{standing.BACKUP_DAYS} days are {a_gib:.2f} USD for each GiB" in said["backup_retention_days"]
