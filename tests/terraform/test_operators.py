"""How operators get in and are told: what each function is told of them, and the function and queue that tell."""

from __future__ import annotations

import json

import pytest
from relay.core.operators import Operator, Role
from relay.settings.variables import ENTRY_POINTS, Need

from tests.terraform.deployment import Deployment
from tests.terraform.test_functions import RUNS
from tests.terraform.test_gateway import settings_of

ANA, BEN = Operator("Ana", "+15550100007", "ana@example.com"), Operator("Ben", "", "ben@example.com", Role.LOOK)


def functions_with(deployment: Deployment, need: Need) -> list[str]:
    found = [name for name, function in deployment.functions.items() if need in ENTRY_POINTS[function.entry_point]]
    assert found
    return found


def test_operators_reach_the_code_as_they_were_given(deployments: dict[str, Deployment]) -> None:
    for run, people in (("defaults", ()), ("every_option", (ANA, BEN))):
        for name in functions_with(deployments[run], Need.OPERATORS):
            assert settings_of(deployments[run], name).operators.people == people


def test_what_an_operator_does_not_say_is_not_told_to_the_code(deployments: dict[str, Deployment]) -> None:
    told = json.loads(deployments["every_option"].functions["console"].environment["RELAY_OPERATORS"])
    assert [set(each) for each in told] == [{"name", "phone", "email"}, {"name", "email", "role"}]


def test_whom_a_request_came_from_is_read_where_googles_front_ends_write_it(
    deployments: dict[str, Deployment],
) -> None:
    for run, proxies in (("defaults", 2), ("without_gateway", 0), ("every_option", 3)):
        assert settings_of(deployments[run], "console").trusted_proxies == proxies


def test_the_console_its_links_and_its_origin_are_at_one_address(deployments: dict[str, Deployment]) -> None:
    gateway = f"https://{deployments['defaults'].one('google_api_gateway_gateway.this[0]')['default_hostname']}"
    expected = {
        "defaults": gateway,
        "every_option": "https://console.example.com",
        "without_gateway": deployments["without_gateway"].outputs["functions"]["console"],
    }
    for run, address in expected.items():
        deployment = deployments[run]
        assert deployment.outputs["console_url"] == f"{address}/console/"
        told = {*functions_with(deployment, Need.OPERATORS), *functions_with(deployment, Need.ALARMS)}
        assert {settings_of(deployment, name).console_base_url for name in told} == {address}
    # The page asks where it came from: to another origin no browser would send the session's cookie.
    assert deployments["every_option"].functions["console"].environment["CONSOLE_API_URL"] == expected["every_option"]


@pytest.mark.parametrize("run", RUNS)
def test_what_is_put_to_be_told_is_found_by_the_function_that_tells(
    deployments: dict[str, Deployment], run: str
) -> None:
    deployment = deployments[run]
    queue = deployment.one("google_cloud_tasks_queue.tell")
    assert deployment.outputs["queues"]["tell"] == queue["name"]
    for name in functions_with(deployment, Need.ALARMS):
        environment = deployment.functions[name].environment
        assert environment["TELL_QUEUE"] == queue["name"]
        assert environment["TASKS_LOCATION"] == queue["location"]
        assert environment["TELL_URL"] == deployment.outputs["functions"]["tell"]
        assert environment["TASKS_INVOKER_EMAIL"] == deployment.one("google_service_account.tasks_invoker")["email"]


def test_a_queue_that_is_named_otherwise_takes_the_one_that_tells_along(deployments: dict[str, Deployment]) -> None:
    """Cloud Tasks keeps a deleted queue's name for a week."""
    assert deployments["defaults"].outputs["queues"]["tell"] == "tell"
    assert deployments["every_option"].outputs["queues"]["tell"] == "relay-tell"


def test_the_queue_that_tells_never_has_more_under_way_than_its_function_takes(deployment: Deployment) -> None:
    queue = deployment.one("google_cloud_tasks_queue.tell")
    service = deployment.functions["tell"].service
    capacity = service["max_instance_request_concurrency"] * service["max_instance_count"]
    assert queue["rate_limits"][0]["max_concurrent_dispatches"] <= capacity
    assert queue["retry_config"][0]["max_retry_duration"] == "600s"
