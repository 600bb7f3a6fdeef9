"""What was shown is what is applied, also when Google refuses it for a while and the rest is planned again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.deployment import applying, terraform
from scripts.deployment.applying import CROWDED_WAIT_SECONDS, TRIES, WAIT_SECONDS, Planning
from scripts.deployment.tools import Problem
from tests.deployment.conftest import commands

PASSING = {
    "a service that was just switched on": "Error 403: Cloud Tasks API has not been used in project 1 before or it is "
    "disabled. Enable it by visiting https://console.example.com then retry.",
    "Eventarc's agent": "Permission denied while using the Eventarc Service Agent. If you recently started to use "
    "Eventarc, it may take a few minutes before all necessary permissions are propagated to the Service Agent.",
    "the repository": "Unable to retrieve the repository metadata for projects/p/locations/r/repositories/sms-relay.",
    "the gateway's agent": "API Gateway service agent is missing the required permissions on service account x.",
    "an agent that is being made": "Error 400: Service account service-1@gcp-sa-apigateway-mgmt.iam.example.com does "
    "not exist.",
    "a secret's right": "Permission denied on secret: projects/1/secrets/twilio-auth-token/versions/latest",
    "a metric": 'Error 404: Cannot find metric that matches type = "logging.googleapis.com/user/sms_relay_x".',
    "a metric, in other words": "Error 400: Invalid SLO definition: The metric referenced by the provided filter is "
    "unknown. Check the metric name and labels.",
    "the build's right to the zip": "Build failed with status: FAILURE and message: failed to Fetch: failed to "
    "download archive gs://gcf-v2-sources-1-us-central1/media/function-source.zip: Access to bucket "
    "gcf-v2-sources-1-us-central1 denied. You must grant Storage Object Viewer permission to relay-build@example.com.",
    "the build's other rights": "Build failed with status: FAILURE. Could not build the function due to a missing "
    "permission on the build service account.",
    "the right to read the image": "Google Cloud Run Service Agent service-1@serverless.example.com must "
    "have permission to read the image, us-central1-docker.pkg.dev/demo-project/sms-relay/media.",
    "the right to act as a function's account": "Error 403: Google Cloud Run Service Agent does not have permission to "
    "get access tokens for the service account relay-media@example.com.",
    "a role of our own": "Error 400: Role (projects/demo-project/roles/smsRelayDocumentGet) does not exist in the "
    "resource's hierarchy., badRequest",
    "too many builds in a minute": "Build failed: Quota exceeded for quota metric 'Build Create requests' and limit "
    "'Build Create requests per minute' of service 'cloudbuild.googleapis.com' for consumer 'project_number:1'.",
    "indexes made at once": "Error 409: too much contention on these datastore entities. please try again.",
    "wrapped and framed": "│ Error: Permission denied while using\n│ the Eventarc Service\n\x1b[31m│\x1b[0m Agent.",
}
LASTING = [
    "Error 403: Permission 'run.services.create' denied on resource.",
    "Quota exceeded for quota metric 'Builds' and limit 'Builds per day' of service 'cloudbuild.googleapis.com'",
]
CROWDED = """Error waiting for Creating function: Error code 8, message: Could not create or update Cloud Run service
tell, Container Healthcheck failed. Quota exceeded for total allowable CPU per project per region."""


def plan_of(**changes: list[str]) -> str:
    every = [{"address": address, "change": {"actions": actions}} for address, actions in changes.items()]
    return json.dumps({"resource_changes": every})


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def planning(calls: Path, configuration: Path, waits: list[float]) -> Planning:
    program = terraform.for_deployment().of("demo-project")
    return Planning(program, configuration, "demo-project", ["-var=a=b"], wait=waits.append)


@pytest.mark.parametrize("error", PASSING.values(), ids=PASSING)
def test_what_is_refused_in_a_projects_first_minutes_is_tried_again(
    planning: Planning, calls: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    monkeypatch.setenv("TERRAFORM_ERRORS", json.dumps([error, ""]))
    assert planning.carried_out(ask=False)
    assert [call[0] for call in commands(calls)] == ["plan", "show", "apply", "plan", "show", "apply"]
    assert waits == [WAIT_SECONDS]


def test_tries_have_an_end(
    planning: Planning, calls: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERRAFORM_ERRORS", json.dumps([PASSING["the repository"]] * 10))
    with pytest.raises(Problem, match="terraform apply did not succeed; what it said is above"):
        planning.carried_out(ask=False)
    assert [call[0] for call in commands(calls)].count("apply") == TRIES
    assert waits == [WAIT_SECONDS] * (TRIES - 1)


@pytest.mark.parametrize("error", LASTING)
def test_what_waiting_does_not_mend_is_not_tried_again(
    planning: Planning,
    calls: Path,
    waits: list[float],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: str,
) -> None:
    monkeypatch.setenv("TERRAFORM_ERRORS", json.dumps([error, ""]))
    with pytest.raises(Problem):
        planning.carried_out(ask=False)
    assert [call[0] for call in commands(calls)].count("apply") == 1
    assert not waits
    assert error in capfd.readouterr().err


@pytest.mark.parametrize("error", [CROWDED, CROWDED.replace("CPU", "memory")], ids=["processors", "memory"])
def test_what_a_deployment_started_at_once_is_waited_out(
    planning: Planning, calls: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    monkeypatch.setenv("TERRAFORM_ERRORS", json.dumps([error, ""]))
    assert planning.carried_out(ask=False)
    assert [call[0] for call in commands(calls)].count("apply") == 2
    assert waits == [CROWDED_WAIT_SECONDS]
    monkeypatch.setenv("TERRAFORM_ERRORS", json.dumps([error] * 10))
    calls.write_text("[]")
    with pytest.raises(Problem, match="do it again in a quarter of an hour, or ask for more"):
        planning.carried_out(ask=False)


@pytest.mark.parametrize(
    "error",
    [
        CROWDED.replace("Creating", "Updating"),
        'Error updating function "projects/p/locations/r/functions/f": googleapi: Error 403: it may take a few minutes',
    ],
)
def test_a_function_that_could_not_be_changed_is_not_taken_for_changed(
    planning: Planning, calls: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    """The provider has written down what was wanted: a further plan would be without it, and look like success."""
    monkeypatch.setenv("TERRAFORM_ERRORS", json.dumps([error, ""]))
    with pytest.raises(Problem, match="Terraform takes it for changed and would not change it again"):
        planning.carried_out(ask=False)
    assert [call[0] for call in commands(calls)].count("apply") == 1
    assert not waits


def test_a_refusal_for_quota_is_explained(planning: Planning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERRAFORM_ERRORS", json.dumps(["Max instances must be set to 5 or fewer"]))
    with pytest.raises(Problem, match=r"did not succeed.* lower max_instances of its kind to 5 or fewer"):
        planning.carried_out(ask=False)


def test_the_rest_goes_on_only_where_all_of_it_was_agreed_to(
    planning: Planning, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was to be made and was half made is made anew; what was to be changed is not replaced instead."""
    monkeypatch.setenv("TERRAFORM_ERRORS", json.dumps([PASSING["the repository"], ""]))
    agreed = plan_of(made=["create"], changed=["update"], same=["no-op"], looked_up=["read"])
    for left in (plan_of(made=["create"]), plan_of(made=["delete", "create"]), plan_of(changed=["update"])):
        calls.write_text("[]")
        monkeypatch.setenv("TERRAFORM_PLANS", json.dumps([agreed, left]))
        assert planning.carried_out(ask=False)
    for left in (plan_of(same=["update"]), plan_of(changed=["delete", "create"]), plan_of(another=["create"])):
        calls.write_text("[]")
        monkeypatch.setenv("TERRAFORM_PLANS", json.dumps([agreed, left]))
        with pytest.raises(Problem, match=r"What is left was not shown before \((same|changed|another)\)"):
            planning.carried_out(ask=False)
        assert [call[0] for call in commands(calls)].count("apply") == 1


def test_a_plan_that_fails_is_told(planning: Planning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERRAFORM_FAILS", "plan")
    with pytest.raises(Problem, match="terraform plan did not succeed"):
        planning.carried_out(ask=False)


def test_the_plan_is_kept_nowhere(planning: Planning, calls: Path) -> None:
    planning.carried_out(ask=False)
    folder = Path(commands(calls)[-1][-1]).parent
    assert not folder.exists()
    assert applying.TRIES <= 5
