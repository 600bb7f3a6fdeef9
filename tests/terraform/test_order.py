"""One apply is enough: what Google refuses for a while after it was granted is waited for by those who need it."""

from __future__ import annotations

from tests.terraform.deployment import Deployment

FUNCTION = 'google_cloudfunctions2_function.this["sms-inbound"]'
FIRST = 'google_cloudfunctions2_function.first["media"]'
# Services by which those that are asked for are found, and Google's own names for their agents' addresses.
AGENTS = {
    "roles/apigateway.serviceAgent": "gcp-sa-apigateway",
    "roles/apigateway_management.serviceAgent": "gcp-sa-apigateway-mgmt",
    "roles/cloudbuild.serviceAgent": "gcp-sa-cloudbuild",
    "roles/cloudfunctions.serviceAgent": "gcf-admin-robot",
    "roles/cloudscheduler.serviceAgent": "gcp-sa-cloudscheduler",
    "roles/cloudtasks.serviceAgent": "gcp-sa-cloudtasks",
    "roles/eventarc.serviceAgent": "gcp-sa-eventarc",
    "roles/pubsub.serviceAgent": "gcp-sa-pubsub",
    "roles/run.serviceAgent": "serverless-robot-prod",
}


def test_everything_waits_until_services_are_known_everywhere(deployment: Deployment) -> None:
    made = [name for name in deployment.resources if name.startswith("google_")]
    waiting = [name for name in made if not name.startswith("google_project_service.")]
    assert len(waiting) > 100
    assert [name for name in waiting if "time_sleep.services" not in deployment.waited_for[name]] == []
    for name in deployment.all("google_project_service.this"):
        assert f'google_project_service.this["{name}"]' in deployment.resources
    assert "google_project_service.this" in deployment.waited_for["time_sleep.services"]


def test_services_are_enabled_after_the_one_by_which_the_project_is_looked_up(deployment: Deployment) -> None:
    for name in deployment.all("google_project_service.this"):
        waited_for = deployment.waited_for[f'google_project_service.this["{name}"]']
        assert waited_for == {"google_project_service.resource_manager", "time_sleep.resource_manager"}


def test_every_agent_gets_the_role_that_google_gives_it_and_is_asked_for_before(
    deployments: dict[str, Deployment],
) -> None:
    for run in ("defaults", "without_gateway"):
        deployment = deployments[run]
        given = {
            (values["role"], values["member"]): name
            for name, values in deployment.resources.items()
            if name.startswith("google_project_iam_member.") and values["role"].endswith(".serviceAgent")
        }
        prefix = "serviceAccount:service-123456789012@"
        expected = {
            (role, f"{prefix}{agent}.iam.gserviceaccount.com")
            for role, agent in AGENTS.items()
            if run == "defaults" or "apigateway" not in role
        }
        assert set(given) == expected, run
        asked_for = {*deployment.all("google_project_service_identity.this"), "pubsub.googleapis.com"}
        services = {
            f"{role.removeprefix('roles/').partition('.')[0].partition('_')[0]}.googleapis.com" for role, _ in given
        }
        assert services == asked_for, run
        for name in given.values():
            assert "google_project_service_identity.this" in deployment.waited_for[name]


def test_the_gateways_agents_get_their_roles_when_the_api_has_had_them_made(deployment: Deployment) -> None:
    for name in ("google_project_iam_member.gateway_agent[0]", "google_project_iam_member.gateway_management_agent[0]"):
        assert "google_api_gateway_api.this" in deployment.waited_for[name]
    for name in ("google_api_gateway_api_config.this[0]", "google_api_gateway_gateway.this[0]"):
        waited_for = deployment.waited_for[name]
        assert {"google_project_iam_member.gateway_agent", "time_sleep.gateway_rights"} <= waited_for
        # Should Google not have made that account yet, a gateway does without.
        assert "google_project_iam_member.gateway_management_agent" not in waited_for


def test_rights_are_given_and_waited_for_before_the_functions_that_use_them(deployment: Deployment) -> None:
    needed = {
        "google_artifact_registry_repository_iam_member.build_writes_images",
        "google_project_iam_binding.store",
        "google_project_iam_member.build_reads_source",
        "google_project_iam_member.build_writes_logs",
        "google_project_iam_member.events_trigger",
        "google_project_iam_member.service_agent",
        "google_secret_manager_secret_iam_binding.this",
    }
    assert needed <= deployment.waited_for["time_sleep.rights"]
    for name in (FIRST, FUNCTION, 'google_cloudfunctions2_function.this["relay-events"]'):
        assert {"time_sleep.rights", "google_secret_manager_secret_version.first"} <= deployment.waited_for[name]


def test_one_function_is_made_before_the_others(deployment: Deployment) -> None:
    for name in deployment.functions:
        if name != "media":
            waited_for = deployment.waited_for[f'google_cloudfunctions2_function.this["{name}"]']
            assert "google_cloudfunctions2_function.first" in waited_for, name


def test_the_first_function_is_made_like_the_others(deployment: Deployment) -> None:
    """It stands in a block of its own, since of one block none can be made before another."""
    first, other = deployment.one(FIRST), deployment.one(FUNCTION)
    assert set(first) == set(other)
    for block in ("build_config", "service_config"):
        one, another = first[block][0], other[block][0]
        assert {key for key, value in one.items() if value is None} == {
            key for key, value in another.items() if value is None
        }
    assert set(first["service_config"][0]["environment_variables"]) >= {"THREADS", "LOG_EXECUTION_ID"}


def test_waits_are_as_long_as_google_says_and_come_again_with_what_is_added(deployments: dict[str, Deployment]) -> None:
    def seconds(name: str) -> int:
        return int(deployments["defaults"].one(name)["create_duration"].removesuffix("s"))

    assert seconds("time_sleep.services") >= 60
    assert seconds("time_sleep.rights") >= 120
    assert seconds("time_sleep.gateway_rights[0]") >= 120
    for name, other in (("time_sleep.services", "every_option"), ("time_sleep.rights", "five_tiers")):
        assert deployments["defaults"].one(name)["triggers"] != deployments[other].one(name)["triggers"]


def test_what_is_refused_about_new_metrics_waits_for_the_functions(deployment: Deployment) -> None:
    about_metrics = ("google_monitoring_alert_policy.", "google_monitoring_slo.")
    waiting = [name for name in deployment.resources if name.startswith(about_metrics)]
    assert len(waiting) > 5
    for name in waiting:
        assert "google_cloudfunctions2_function.this" in deployment.waited_for[name], name
    for name in ("google_logging_metric.counter", "google_logging_metric.repairs", "google_logging_metric.seconds"):
        for made in (each for each in deployment.resources if each.startswith(name)):
            assert "google_cloudfunctions2_function.this" not in deployment.waited_for[made]
