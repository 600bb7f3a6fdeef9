"""Each function gets exactly what its code reads, runs as an account of its own, and is sized on purpose."""

from __future__ import annotations

import json
import sys

import pytest
from relay.settings.settings import load_settings
from relay.settings.variables import ENTRY_POINTS, VARIABLES, variables_of

from scripts.deployment.deploy import runtime
from scripts.deployment.manage_secrets import secret_id
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
}

SECRET_VALUES = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "1" * 32,
    "TWILIO_AUTH_TOKEN_SECONDARY": "2" * 32,
    "TWILIO_API_KEY_SID": "SK" + "0" * 32,
    "TWILIO_API_KEY_SECRET": "secret",
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


def test_secrets_have_entries_without_values_and_the_names_that_the_script_fills(
    deployments: dict[str, Deployment],
) -> None:
    for run, function in each_function(deployments):
        entries = deployments[run].all("google_secret_manager_secret")
        for variable, entry in function.secrets.items():
            assert entry == entries[variable]["secret_id"] == secret_id(variable)
    for run in RUNS:
        assert not deployments[run].all("google_secret_manager_secret_version"), run


def test_the_code_accepts_the_configuration_of_every_function(deployments: dict[str, Deployment]) -> None:
    for _, function in each_function(deployments):
        secrets = {name: SECRET_VALUES[name] for name in function.secrets}
        settings = load_settings({**function.environment, **secrets}, [function.entry_point])
        assert settings.backend == ("google" if function.entry_point != "console" else "embedded")


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


def test_the_runtime_is_the_python_that_these_tests_run_on(deployment: Deployment) -> None:
    assert runtime() == f"python{sys.version_info.major}{sys.version_info.minor}"
    if runtime() != "python311":
        pytest.skip("optional: the default runtime is python311; make deploy sets the one that the tests ran on")
    assert {function.values["build_config"][0]["runtime"] for function in deployment.functions.values()} == {runtime()}


def test_threads_match_the_concurrency_which_needs_a_whole_cpu(deployment: Deployment) -> None:
    for function in deployment.functions.values():
        service = function.service
        assert service["environment_variables"]["THREADS"] == str(service["max_instance_request_concurrency"])
        if service["max_instance_request_concurrency"] > 1:
            assert float(service["available_cpu"]) >= 1


def test_the_webhook_is_warm_and_nothing_else_is_paid_for_while_idle(deployment: Deployment) -> None:
    warm = {name: function.service["min_instance_count"] for name, function in deployment.functions.items()}
    assert warm.pop("sms-inbound") == 1
    assert set(warm.values()) == {0}


def test_a_function_has_an_upper_limit(deployment: Deployment) -> None:
    for function in deployment.functions.values():
        assert 1 <= function.service["max_instance_count"] <= 20


def test_addresses_fit_into_a_host_name(deployment: Deployment) -> None:
    for name, url in deployment.outputs["functions"].items():
        label = url.removeprefix("https://").split(".")[0]
        assert len(label) <= 63, name
        assert "_" not in label
