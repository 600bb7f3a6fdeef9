"""What Terraform makes is found again by its project alone; and its example values are refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scripts.deployment import ROOT, deployed, manage_secrets
from scripts.deployment import terraform as programs
from scripts.deployment.terraform import Terraform
from scripts.deployment.tools import LABEL, Gcloud, Problem
from scripts.local_stack.dotenv import read_env_file
from tests.terraform.conftest import variables_alone
from tests.terraform.deployment import Deployment

EXAMPLE = ROOT / "terraform" / "terraform.tfvars.example"


class Lists(Gcloud):
    """Lists the functions of a deployment as gcloud does."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def text(self, *arguments: str, stdin: str | None = None) -> str:
        assert f"--filter=labels.app={LABEL}" in arguments
        return json.dumps(
            [self._told(values) for values in self._deployment.all("google_cloudfunctions2_function").values()]
        )

    @staticmethod
    def _told(values: dict[str, Any]) -> dict[str, Any]:
        (service,) = values["service_config"]
        return {
            "name": f"projects/demo-project/locations/{values['location']}/functions/{values['name']}",
            "serviceConfig": {"environmentVariables": service["environment_variables"]},
        }


@pytest.mark.parametrize("run", ["defaults", "without_gateway", "every_option"])
def test_what_was_deployed_is_found_as_terraform_describes_it(deployments: dict[str, Deployment], run: str) -> None:
    outputs = deployments[run].outputs
    found = deployed.find(Lists(deployments[run]), "demo-project")
    assert found.base_url == outputs["webhook_base_url"]
    assert found.relay_state_url == outputs["relay_state_url"]
    assert list(found.business_phones) == outputs["business_phone_numbers"]
    assert found.audience == outputs["identity_audiences"]["relay_state"]
    assert found.is_behind_gateway is (run != "without_gateway")
    firestore = outputs["firestore"]
    assert found.settings["FIRESTORE_DATABASE"] == firestore["database"]
    assert found.settings["RELAY_COLLECTION"] == firestore["collection"]


def test_the_names_that_operators_need_follow_from_the_project(deployments: dict[str, Deployment]) -> None:
    for run in ("defaults", "every_option"):
        account = deployments[run].one("google_service_account.operator")["account_id"]
        assert deployed.operator_of("demo-project").startswith(f"{account}@demo-project.")
        assert deployed.audience_of("demo-project") == deployments[run].outputs["identity_audiences"]["relay_state"]


def test_a_project_of_a_domain_has_names_that_google_takes(terraform: Terraform, configuration: Path) -> None:
    given = (
        *("-var=project_id=example.com:my-project", "-var=region=us-central1"),
        f"-var-file={configuration / 'terraform.tfvars.example'}",
    )
    domain = terraform.console(configuration, "local.project_domain", *given)
    assert domain == deployed.audience_of("example.com:my-project").removeprefix("https://sms-relay.")
    text = (ROOT / "terraform" / "source.tf").read_text()
    (expression,) = [line.split("=", 1)[1].strip() for line in text.splitlines() if "-sms-relay-source" in line]
    assert terraform.console(configuration, expression, *given) == "example-com-my-project-sms-relay-source"


def test_the_example_of_credentials_as_it_is_copied_is_refused() -> None:
    with pytest.raises(Problem, match="TWILIO_ACCOUNT_SID is missing in the file"):
        manage_secrets.checked(read_env_file(ROOT / "repos.env.example"))


def refusal_of(terraform: Terraform, folder: Path, example: str) -> str:
    """What a plan says of these variables. Of the variables alone: all the rest would be planned first."""
    variables_alone(ROOT / "terraform", folder)
    (folder / "terraform.tfvars").write_text(example)
    programs.initialise(terraform, folder)
    given = ("-var=project_id=my-project", "-var=region=us-central1", "-input=false", "-no-color")
    done = terraform.run(folder, "plan", *given)
    assert done.returncode == 1
    return " ".join(done.stderr.replace("│", " ").split())


def test_the_example_as_it_is_copied_is_refused_before_anything_is_made(terraform: Terraform, tmp_path: Path) -> None:
    said = refusal_of(terraform, tmp_path, EXAMPLE.read_text())
    assert "A number of business_phone_numbers, tiers, relay_operators or alarm_phones is made up" in said
    assert "ends with .example, as those of terraform.tfvars.example do: put your own in its place." in said


def test_the_example_has_no_name_that_a_customer_could_read_for_the_businesss(
    terraform: Terraform, tmp_path: Path
) -> None:
    example = re.sub(r"^# (replies|business_name) ", r"\1 ", EXAMPLE.read_text(), flags=re.MULTILINE)
    assert "business_name must be 1 to 40 characters on one line" in refusal_of(terraform, tmp_path, example)
