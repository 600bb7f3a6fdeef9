"""Who may call what, and who may do what: nothing public that need not be, no role wider than its use."""

from __future__ import annotations

import re

import pytest
from relay.settings.variables import ENTRY_POINTS, Need

from tests.terraform.deployment import Deployment
from tests.terraform.test_functions import RUNS
from tests.terraform.test_order import AGENTS

PUBLIC = ("allUsers", "allAuthenticatedUsers")
# Roles that are wider than anything here may need. Google's own names.
TOO_WIDE = ("roles/owner", "roles/editor", "roles/viewer", "roles/datastore.user", "roles/datastore.owner")
# Rights on the whole project, and why there is no narrower way to give them.
ON_THE_PROJECT = {
    "roles/logging.logWriter": "the build's log",
    "roles/eventarc.eventReceiver": "Eventarc knows no narrower one",
    "roles/storage.objectViewer": "the build's, for two buckets, one of which Cloud Functions has yet to make",
    **dict.fromkeys(AGENTS, "that of one of Google's own accounts, and given to no other"),
}


def callers(deployment: Deployment, function: str) -> list[str]:
    bindings = deployment.all("google_cloud_run_v2_service_iam_binding.invokers")
    return list(bindings[function]["members"]) if function in bindings else []


def account(deployment: Deployment, address: str) -> str:
    return f"serviceAccount:{deployment.one(f'google_service_account.{address}')['email']}"


@pytest.mark.parametrize("run", RUNS)
def test_nothing_is_public_except_what_twilio_and_phones_must_reach_without_a_gateway(
    deployments: dict[str, Deployment], run: str
) -> None:
    public = {address for address, _, member in deployments[run].grants() if member in PUBLIC}
    binding = "google_cloud_run_v2_service_iam_binding.invokers"
    reached = ("sms-inbound", "sms-delivery-status", "media") if run == "without_gateway" else ()
    assert public == {f'{binding}["{name}"]' for name in reached}


@pytest.mark.parametrize("run", RUNS)
def test_no_role_is_wider_than_its_use(deployments: dict[str, Deployment], run: str) -> None:
    for address, role, _ in deployments[run].grants():
        assert role not in TOO_WIDE, address
        assert not role.lower().endswith(("admin", "owner", "editor")) or address.startswith(
            "google_bigquery_dataset_iam_member.pubsub_writes"  # dataEditor on the one dataset of events
        ), address


@pytest.mark.parametrize("run", RUNS)
def test_rights_on_the_whole_project_are_few_and_known(deployments: dict[str, Deployment], run: str) -> None:
    deployment = deployments[run]
    own = {values["id"] for values in deployment.all("google_project_iam_custom_role.store").values()}
    for address, role, _ in deployment.grants():
        if address.startswith("google_project_iam_"):
            assert role in ON_THE_PROJECT or role in own, address


def test_the_build_reads_no_bucket_but_those_of_the_functions_sources(deployment: Deployment) -> None:
    (condition,) = deployment.one("google_project_iam_member.build_reads_source")["condition"]
    buckets = re.findall(r'resource\.name\.startsWith\("projects/_/buckets/([^"]+)"\)', condition["expression"])
    assert buckets == ["demo-project-sms-relay-source", "gcf-v2-sources-123456789012-us-central1"]
    assert condition["expression"].count("||") == 1


def test_behind_the_gateway_only_the_gateway_calls_the_routes(deployment: Deployment) -> None:
    for function in ("sms-inbound", "sms-delivery-status", "sms-relay-state", "sms-redrive", "media", "console"):
        assert callers(deployment, function) == [account(deployment, "gateway[0]")]


def test_without_a_gateway_only_the_operator_account_calls_the_operators_routes(
    deployments: dict[str, Deployment],
) -> None:
    deployment = deployments["without_gateway"]
    for function in ("sms-relay-state", "sms-redrive"):
        assert callers(deployment, function) == [account(deployment, "operator")]


def test_tasks_schedules_and_events_are_called_by_their_own_accounts_alone(deployment: Deployment) -> None:
    expected = {f"escalate-tier-{tier}": ["tasks_invoker"] for tier in (1, 2, 3)}
    expected |= {"sweep": ["scheduler"], "reconcile": ["scheduler"], "relay-events": ["events_trigger"]}
    expected["tell"] = ["scheduler", "tasks_invoker"]
    for function, names in expected.items():
        assert sorted(callers(deployment, function)) == sorted(account(deployment, name) for name in names)
        assert deployment.functions[function].service["ingress_settings"] == "ALLOW_INTERNAL_ONLY"


def test_the_console_is_opened_by_the_gateway_and_directly_by_those_whom_google_knows(
    deployments: dict[str, Deployment],
) -> None:
    every_option = deployments["every_option"]
    gateway = account(every_option, "gateway[0]")
    assert set(callers(every_option, "console")) == {gateway, "user:jo@example.com", "group:desk@example.com"}
    assert callers(deployments["without_gateway"], "console") == ["user:jo@example.com"]


def test_the_operator_account_has_no_right_anywhere(deployments: dict[str, Deployment]) -> None:
    operator = account(deployments["defaults"], "operator")
    assert operator not in {member for _, _, member in deployments["defaults"].grants()}


def test_operators_borrow_the_operator_account_alone(deployments: dict[str, Deployment]) -> None:
    grants = list(deployments["every_option"].grants())
    borrowed = {address for address, _, member in grants if member == "user:jo@example.com"}
    assert borrowed == {
        "google_service_account_iam_binding.operators[0]",
        'google_cloud_run_v2_service_iam_binding.invokers["console"]',
    }


def test_a_secret_is_read_by_exactly_the_functions_that_have_it_in_their_environment(
    deployments: dict[str, Deployment],
) -> None:
    for run in RUNS:
        deployment = deployments[run]
        for variable, binding in deployment.all("google_secret_manager_secret_iam_binding.this").items():
            users = {name for name, function in deployment.functions.items() if variable in function.secrets}
            assert binding["role"] == "roles/secretmanager.secretAccessor"
            assert deployment.functions_among(binding["members"]) == users, (run, variable)


def having(deployment: Deployment, need: Need) -> set[str]:
    return {name for name, function in deployment.functions.items() if need in ENTRY_POINTS[function.entry_point]}


def test_tasks_are_created_and_deleted_by_exactly_the_functions_with_timers_and_those_that_tell_by_those_with_alarms(
    deployment: Deployment,
) -> None:
    armed, alarmed = having(deployment, Need.TIMERS), having(deployment, Need.ALARMS)
    for role, name in (("roles/cloudtasks.enqueuer", "creators"), ("roles/cloudtasks.taskDeleter", "deleters")):
        bindings = deployment.all(f"google_cloud_tasks_queue_iam_binding.{name}")
        assert set(bindings) == {"1", "2", "3"}
        for binding in bindings.values():
            assert binding["role"] == role
            assert deployment.functions_among(binding["members"]) == armed
    queue = deployment.one("google_cloud_tasks_queue_iam_binding.tell")
    assert queue["role"] == "roles/cloudtasks.enqueuer"
    assert deployment.functions_among(queue["members"]) == alarmed
    actors = deployment.one("google_service_account_iam_binding.tasks_invoker_users")
    assert actors["role"] == "roles/iam.serviceAccountUser"
    assert deployment.functions_among(actors["members"]) == armed | alarmed


def test_only_the_event_function_publishes(deployment: Deployment) -> None:
    for binding in deployment.all("google_pubsub_topic_iam_binding.publishers").values():
        assert deployment.functions_among(binding["members"]) == {"relay-events"}


def test_the_webhook_creates_and_updates_relays_and_creates_tasks_and_reads_its_secrets_and_nothing_else(
    deployment: Deployment,
) -> None:
    member = account(deployment, 'function["sms-inbound"]')
    rights = {address for address, _, holder in deployment.grants() if holder == member}
    kinds = {address.split("[")[0] for address in rights}
    assert kinds == {
        "google_project_iam_binding.store",
        "google_cloud_tasks_queue_iam_binding.creators",
        "google_cloud_tasks_queue_iam_binding.deleters",
        "google_cloud_tasks_queue_iam_binding.tell",
        "google_service_account_iam_binding.tasks_invoker_users",
        "google_secret_manager_secret_iam_binding.this",
    }
    verbs = {address.split('"')[1] for address in rights if "iam_binding.store" in address}
    assert verbs == {"get", "list", "create", "update"}


def test_members_are_accounts_of_this_deployment_or_given_by_variables(deployments: dict[str, Deployment]) -> None:
    for run in RUNS:
        deployment = deployments[run]
        made = {f"serviceAccount:{values['email']}" for values in deployment.all("google_service_account").values()}
        made |= {account(deployment, name) for name in ("build", "operator", "scheduler", "tasks_invoker")}
        identities = deployment.all("google_project_service_identity")
        made |= {f"serviceAccount:{values['email']}" for values in identities.values()}
        given = {"user:jo@example.com", "group:desk@example.com", *PUBLIC}
        for address, role, member in deployment.grants():
            # Which of Google's own accounts gets which of these: test_order.py.
            assert member in made | given or role in AGENTS, (run, address)
