"""docs/deploying.md has every role that an account needs to make what Terraform makes, and how providers are locked."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from scripts.deployment import ROOT

DOCUMENT = (ROOT / "docs" / "deploying.md").read_text()

# By what the kind of a resource begins with, the longest first.
ROLES = {
    "api_gateway": "apigateway.admin",
    "artifact_registry": "artifactregistry.admin",
    "bigquery": "bigquery.admin",
    "cloud_run": "run.admin",
    "cloud_scheduler": "cloudscheduler.admin",
    "cloud_tasks": "cloudtasks.admin",
    "cloudfunctions2": "cloudfunctions.admin",
    "firestore": "datastore.owner",
    "logging": "logging.configWriter",
    "monitoring": "monitoring.admin",
    "project_iam_custom_role": "iam.roleAdmin",
    "project_iam": "resourcemanager.projectIamAdmin",
    "project_service": "serviceusage.serviceUsageAdmin",
    "pubsub": "pubsub.admin",
    "secret_manager": "secretmanager.admin",
    "service_account": "iam.serviceAccountAdmin",
    "storage": "storage.admin",
}
# Of no kind of its own: running as the functions' accounts, and the trigger that Cloud Functions makes.
BESIDES = {"iam.serviceAccountUser", "eventarc.admin"}


def role_for(kind: str) -> str:
    found = [beginning for beginning in ROLES if kind.startswith(beginning)]
    assert found, f"which role does a deploying account need for google_{kind}?"
    return ROLES[max(found, key=len)]


def test_the_deploying_account_has_a_role_for_every_kind_of_resource_and_no_other() -> None:
    texts = [path.read_text() for path in (ROOT / "terraform").glob("*.tf")]
    kinds = {kind for text in texts for kind in re.findall(r'^resource "google_(\w+)"', text, re.MULTILINE)}
    needed = {role_for(kind) for kind in kinds} | BESIDES
    assert len(kinds) > 30
    assert set(re.findall(r"^\| `roles/([\w.]+)` \|", DOCUMENT, re.MULTILINE)) == needed


def test_the_command_that_gives_the_roles_gives_those_of_the_table() -> None:
    (loop,) = re.findall(r"for role in (.*?); do", DOCUMENT, re.DOTALL)
    given = loop.replace("\\\n", " ").split()
    assert sorted(given) == sorted(re.findall(r"^\| `roles/([\w.]+)` \|", DOCUMENT, re.MULTILINE))


def test_the_lock_file_is_made_by_a_documented_command_and_git_takes_it() -> None:
    assert "terraform -chdir=terraform providers lock -platform=linux_amd64" in DOCUMENT
    ignored = subprocess.run(["git", "check-ignore", "terraform/.terraform.lock.hcl"], cwd=ROOT, capture_output=True)
    assert ignored.returncode != 0


def test_the_workflow_runs_the_python_that_is_deployed_and_a_terraform_that_is_new_enough() -> None:
    (python,) = re.findall(r'python-version: "3\.(\d+)"', DOCUMENT)
    (runtime,) = re.findall(r'default += "python3(\d+)"', (ROOT / "terraform/variables_operation.tf").read_text())
    assert python == runtime
    (version,) = re.findall(r'terraform_version: "([\d.]+)"', DOCUMENT)
    (needed,) = re.findall(r'required_version = ">= ([\d.]+)"', (ROOT / "terraform/versions.tf").read_text())
    assert tuple(map(int, version.split("."))) >= tuple(map(int, needed.split(".")))


def test_the_workflow_finds_the_state_in_its_bucket_though_git_ignores_where_that_is(tmp_path: Path) -> None:
    ignored = subprocess.run(["git", "check-ignore", "terraform/backend.tf"], cwd=ROOT, capture_output=True)
    assert ignored.returncode == 0
    steps = re.findall(r"^      - run: (.*)$", DOCUMENT, re.MULTILINE)
    (deploying,) = (position for position, step in enumerate(steps) if step.startswith("make deploy"))
    (tmp_path / "terraform").mkdir()
    example = ROOT / "terraform" / "backend.tf.example"
    (tmp_path / "terraform" / example.name).write_text(example.read_text())
    for step in steps[:deploying]:
        subprocess.run(step, shell=True, cwd=tmp_path, check=True)
    assert 'bucket = "my-project-terraform-state"' in (tmp_path / "terraform" / "backend.tf").read_text()
