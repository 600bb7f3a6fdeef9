"""Each function gets exactly what its code reads, runs as an account of its own, and is sized on purpose."""

from __future__ import annotations

import json
import tomllib

import pytest
from relay.settings.settings import load_settings
from relay.settings.variables import ENTRY_POINTS, VARIABLES, variables_of

from scripts.deployment import ROOT
from scripts.deployment.manage_secrets import checked, secret_id
from tests.terraform.deployment import Deployment, Function

RUNS = ("defaults", "one_tier", "five_tiers", "without_gateway", "every_option", "database_that_exists")

# Variables of the code that no deployment sets, and why.
NEVER_SET = {
    "RELAY_DATABASE": "the embedded home's file",
    "PRIMARY_HANDLER_PHONE": "RELAY_TIERS says more",
    "SECONDARY_HANDLER_PHONE": "RELAY_TIERS says more",
    "BACKUP_HANDLER_PHONE": "RELAY_TIERS says more",
    "PRIMARY_HANDLER_NAME": "RELAY_TIERS has the names",
    "SECONDARY_HANDLER_NAME": "RELAY_TIERS has the names",
    "BACKUP_HANDLER_NAME": "RELAY_TIERS has the names",
    "RELAY_STATE_CERTS_URL": "only Google's own keys are trusted",
    "HEARTBEAT_URL": "the embedded home's; alert policies watch this one",
}
# Set only under a condition: the runs in which it does not hold.
NOT_SET_IN = {
    "CALLBACK_BASE_URL": {*RUNS} - {"without_gateway"},
    "TWILIO_API_BASE_URL": {*RUNS} - {"every_option"},
    "RELAY_BUSINESS_NAME": {*RUNS} - {"every_option"},
    "TWILIO_API_KEY_SID": {*RUNS} - {"every_option"},
    "TWILIO_API_KEY_SECRET": {*RUNS} - {"every_option"},
    "RELAY_STATE_ALLOWED_ORIGINS": {"without_gateway"},
    "CONSOLE_API_URL": {"without_gateway"},
    "RELAY_ALARM_PHONES": {*RUNS} - {"without_gateway"},
    "RELAY_ALARM_EMAILS": {*RUNS} - {"every_option"},
    "RELAY_ALARM_WEBHOOK_URL": {*RUNS} - {"without_gateway", "every_option"},
    "RELAY_ALARM_WEBHOOK_SECRET": {*RUNS} - {"without_gateway"},
    "SMTP_URL": {*RUNS} - {"every_option"},
    "SMTP_PASSWORD": {*RUNS} - {"every_option"},
    "RELAY_EMAIL_FROM": {*RUNS} - {"every_option"},
}

SECRET_VALUES = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "1" * 32,
    "TWILIO_AUTH_TOKEN_SECONDARY": "2" * 32,
    "TWILIO_API_KEY_SID": "SK" + "0" * 32,
    "TWILIO_API_KEY_SECRET": "secret",
    "SMTP_PASSWORD": "a password of words",
    "RELAY_ALARM_WEBHOOK_SECRET": "3" * 32,
}


def each_function(deployments: dict[str, Deployment]) -> list[tuple[str, Function]]:
    return [(run, function) for run in RUNS for function in deployments[run].functions.values()]


@pytest.mark.parametrize(("run", "tiers"), [("one_tier", 1), ("defaults", 3), ("five_tiers", 5)])
def test_every_entry_point_is_deployed_and_escalation_once_per_tier(
    deployments: dict[str, Deployment], run: str, tiers: int
) -> None:
    functions = deployments[run].functions
    once = {name.replace("_", "-"): name for name in ENTRY_POINTS if name != "escalate_tier"}
    expected = once | {f"escalate-tier-{tier}": "escalate_tier" for tier in range(1, tiers + 1)}
    assert {name: function.entry_point for name, function in functions.items()} == expected
    for tier in range(1, tiers + 1):
        assert functions[f"escalate-tier-{tier}"].environment["ESCALATION_TIER"] == str(tier)


def test_a_function_gets_no_variable_that_its_code_does_not_read(deployments: dict[str, Deployment]) -> None:
    for run, function in each_function(deployments):
        read = {variable.name for variable in variables_of(function.entry_point)}
        assert set(function.environment) | set(function.secrets) <= read, (run, function.name)


def test_a_function_gets_every_variable_that_its_code_reads(deployments: dict[str, Deployment]) -> None:
    for run, function in each_function(deployments):
        read = {variable.name for variable in variables_of(function.entry_point)}
        conditional = {name for name, runs in NOT_SET_IN.items() if run in runs}
        if run == "without_gateway" and function.name != "sms-inbound":
            conditional.add("CALLBACK_BASE_URL")  # PUBLIC_BASE_URL says it already
        assert read - set(NEVER_SET) - conditional <= set(function.environment) | set(function.secrets), (
            run,
            function.name,
        )


def test_what_is_said_of_variables_is_about_variables_that_exist() -> None:
    names = {variable.name for variable in VARIABLES}
    assert set(NEVER_SET) | set(NOT_SET_IN) | set(SECRET_VALUES) <= names


def test_a_secret_variable_comes_from_secret_manager(deployments: dict[str, Deployment]) -> None:
    secret = {variable.name for variable in VARIABLES if variable.secret}
    for run, function in each_function(deployments):
        assert not secret & set(function.environment), (run, function.name)


def test_secrets_have_the_names_that_the_script_fills_and_a_first_version_whose_value_is_kept_nowhere(
    deployments: dict[str, Deployment],
) -> None:
    for run, function in each_function(deployments):
        entries = deployments[run].all("google_secret_manager_secret")
        for variable, entry in function.secrets.items():
            assert entry == entries[variable]["secret_id"] == secret_id(variable)
    for run in RUNS:
        secrets = deployments[run].all("google_secret_manager_secret")
        versions = deployments[run].all("google_secret_manager_secret_version")
        assert set(versions) == set(secrets), run
        for version in versions.values():
            assert version["secret_data"] is version["secret_data_wo"] is None
            assert version["deletion_policy"] == "ABANDON"
        assert len(secrets) <= 6, "as many versions are free"


def test_every_secret_that_may_be_asked_for_is_filled_by_the_script() -> None:
    assert set(checked(SECRET_VALUES)) == set(SECRET_VALUES)


def test_the_code_accepts_the_configuration_of_every_function(deployments: dict[str, Deployment]) -> None:
    for _, function in each_function(deployments):
        secrets = {name: SECRET_VALUES[name] for name in function.secrets}
        settings = load_settings({**function.environment, **secrets}, [function.entry_point])
        assert settings.backend == "google"


def test_tiers_reach_the_code_as_they_were_given(deployments: dict[str, Deployment]) -> None:
    function = deployments["one_tier"].functions["sms-inbound"]
    secrets = {name: SECRET_VALUES[name] for name in function.secrets}
    policy = load_settings({**function.environment, **secrets}, ["sms_inbound"]).policy
    assert policy is not None
    (tier,) = policy.tiers
    assert (tier.name, tier.reach.address, tier.retry_delays_seconds, tier.receipt_timeout_seconds, tier.success) == (
        "owner",
        "+15550100001",
        (),
        30.0,
        "sent",
    )


def test_replies_reach_the_code_as_they_were_given_and_are_off_by_default(deployments: dict[str, Deployment]) -> None:
    for run, given in (("defaults", (False, "", 7200.0)), ("every_option", (True, "Harbor Heating", 3600.0))):
        function = deployments[run].functions["escalate-tier-1"]
        secrets = {name: SECRET_VALUES[name] for name in function.secrets}
        settings = load_settings({**function.environment, **secrets}, ["escalate_tier"])
        assert (settings.replies, settings.business_name, settings.owner_active_seconds) == given


def test_what_a_tier_does_not_say_is_not_told_to_the_code(deployments: dict[str, Deployment]) -> None:
    """A null would be read as a value by a revision that does not know the key."""
    told = json.loads(deployments["defaults"].functions["sms-inbound"].environment["RELAY_TIERS"])
    assert [set(tier) for tier in told] == [
        {"name", "phone", "retry_delays_seconds", "receipt_timeout_seconds", "success"}
    ] * 3


def test_a_tier_that_wants_no_link_to_photos_says_so_to_the_code(deployments: dict[str, Deployment]) -> None:
    function = deployments["every_option"].functions["sms-inbound"]
    secrets = {name: SECRET_VALUES[name] for name in function.secrets}
    policy = load_settings({**function.environment, **secrets}, ["sms_inbound"]).policy
    assert policy is not None
    assert [tier.without_link for tier in policy.tiers] == [False, True, False]


def test_each_function_runs_as_an_account_of_its_own(deployments: dict[str, Deployment]) -> None:
    for run in RUNS:
        accounts = []
        for name, function in deployments[run].functions.items():
            assert function.service["service_account_email"] == deployments[run].account_of(name)
            accounts.append(deployments[run].one(f'google_service_account.function["{name}"]')["account_id"])
        assert len(set(accounts)) == len(accounts)
        # The limit of an account's id.
        assert all(6 <= len(account) <= 30 for account in accounts)


def test_builds_do_not_run_as_the_projects_default_account(deployment: Deployment) -> None:
    build = deployment.one("google_service_account.build")["id"]
    assert {function.values["build_config"][0]["service_account"] for function in deployment.functions.values()} == {
        build
    }


def test_the_runtime_is_pinned_to_the_oldest_python_that_the_code_is_written_and_checked_for(
    deployments: dict[str, Deployment],
) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    version = project["mypy"]["python_version"].replace(".", "")
    assert project["ruff"]["target-version"] == f"py{version}"
    for run, function in each_function(deployments):
        assert function.values["build_config"][0]["runtime"] == f"python{version}", (run, function.name)


def test_threads_match_the_concurrency_which_needs_a_whole_cpu(deployment: Deployment) -> None:
    for function in deployment.functions.values():
        service = function.service
        assert service["environment_variables"]["THREADS"] == str(service["max_instance_request_concurrency"])
        if service["max_instance_request_concurrency"] > 1:
            assert float(service["available_cpu"]) >= 1


def test_by_default_no_function_asks_for_more_than_the_smallest_quota_and_their_sum_is_told(
    deployments: dict[str, Deployment],
) -> None:
    for run in ("defaults", "one_tier", "five_tiers", "without_gateway"):
        told = deployments[run].outputs["instances_at_most"]
        in_all = told.pop("in_all")
        vcpus = 0.0
        for name, function in deployments[run].functions.items():
            most = function.service["max_instance_count"]
            assert 1 <= most * float(function.service["available_cpu"]) <= 10, (run, name)
            assert told.pop(name) == most
            vcpus += most * float(function.service["available_cpu"])
        assert (told, in_all) == ({}, vcpus)


def test_addresses_fit_into_a_host_name(deployment: Deployment) -> None:
    for name, url in deployment.outputs["functions"].items():
        label = url.removeprefix("https://").split(".")[0]
        assert len(label) <= 63, name
        assert "_" not in label
