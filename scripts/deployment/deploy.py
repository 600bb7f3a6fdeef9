"""Plan, deploy and destroy with Terraform; says beforehand what will happen, and fails early in one sentence.

Each refuses when Terraform's state holds a deployment in another project or region.

make plan PROJECT=my-project REGION=us-central1
make deploy PROJECT=my-project REGION=us-central1
make destroy PROJECT=my-project REGION=us-central1
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.deployment import state, terraform
from scripts.deployment.terraform import Terraform
from scripts.deployment.tools import LABEL, Gcloud, Problem, given, run_command

# Functions cannot start before their secrets have a value, and Terraform never sees one: so entries come first. With
# them comes what Google takes minutes to spread: rights that the first build and the first trigger need, and metrics
# that alerts are about. While a person fills the secrets, it has the time.
FIRST = (
    "google_project_service.resource_manager",
    "google_project_service.this",
    "google_project_iam_member.service_agent",
    "google_project_iam_member.build_reads_source",
    "google_project_iam_member.build_writes_logs",
    "google_artifact_registry_repository_iam_member.build_writes_images",
    "google_logging_metric.counter",
    "google_logging_metric.repairs",
    "google_logging_metric.seconds",
    "google_secret_manager_secret.this",
)

_LEFT_BEHIND = """\
Left behind, because protection keeps it or Google does:
  - the Firestore database with its relays, which go on expiring, and the backups made so far, unless
    protect_data = false was applied before (deploy again later with create_database = false, which takes it over);
  - the table of exported events, under the same condition;
  - enabled services, log lines, and Google's own bucket gcf-v2-sources-NUMBER-REGION.
Missed by others, if they use Pub/Sub push or Eventarc in this project: the roles pubsub.serviceAgent and
eventarc.serviceAgent of Google's own accounts, which go with the rest.
Names stay taken for a while: queues for a week (deploy again sooner with another tasks_queue_prefix).
The Twilio number still points at the relay: point it elsewhere first, or its texts are lost."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="deploy", description="Plan, deploy or destroy with Terraform.")
    parser.add_argument("action", choices=("plan", "deploy", "destroy"))
    parser.add_argument("--project", default=os.environ.get("PROJECT"))
    parser.add_argument("--region", default=os.environ.get("REGION"))
    parser.add_argument("--yes", action="store_true", help="do not ask before changing anything")
    options = parser.parse_args(arguments)
    project = given(options.project, "PROJECT", "my-project")
    region = given(options.region, "REGION", "us-central1")
    folder = terraform.CONFIGURATION
    program = terraform.for_deployment()
    _need_variables(folder)
    gcloud = Gcloud(project)
    _need_logins(gcloud)
    variables = [f"-var=project_id={project}", f"-var=region={region}", f"-var=runtime={runtime()}"]
    approval = ["-auto-approve"] if options.yes else []
    _terraform(program, folder, "init", "-input=false")
    held = state.checked_place(program, folder, project, region)
    if options.action == "plan":
        print(f"Will show what a deployment to {project} in {region} would change. Nothing is changed.", flush=True)
        return _terraform(program, folder, "plan", "-input=false", *variables)
    if options.action == "destroy":
        if held is None:
            print("There is nothing to destroy: Terraform's state here holds no deployment.")
            return 0
        print(f"Will destroy the relay in {held}.\n{_LEFT_BEHIND}", flush=True)
        return _terraform(program, folder, "destroy", *variables, *approval)
    print(
        f"Will deploy to {project} in {region}: first services, empty secret entries and what Google takes its time to "
        "spread (rights, metrics), then, once every secret has a value, all the rest. Terraform shows each change and "
        "asks before making it.",
        flush=True,
    )
    _terraform(program, folder, "apply", *(f"-target={address}" for address in FIRST), *variables, *approval)
    _need_secret_values(gcloud, project, region)
    _terraform(program, folder, "apply", *variables, *approval)
    print(
        "Deployed. Next: `make configure-number` points the Twilio number at it, `make smoke` sends a text through it."
    )
    return 0


def runtime() -> str:
    """The functions' runtime: the Python that runs the tests, which is the one that runs this."""
    return f"python{sys.version_info.major}{sys.version_info.minor}"


def _need_variables(folder: Path) -> None:
    files = [*folder.glob("terraform.tfvars"), *folder.glob("terraform.tfvars.json"), *folder.glob("*.auto.tfvars*")]
    in_environment = {"TF_VAR_tiers", "TF_VAR_business_phone_numbers"} <= set(os.environ)
    if not files and not in_environment:
        raise Problem(
            "The business number and the tiers are missing: copy terraform/terraform.tfvars.example to "
            "terraform/terraform.tfvars and fill it in."
        )


def _need_logins(gcloud: Gcloud) -> None:
    gcloud.need_login()
    if os.environ.get("GOOGLE_APPLICATION_CREDENTIALS") or os.environ.get("GOOGLE_OAUTH_ACCESS_TOKEN"):
        return
    if gcloud.run("auth", "application-default", "print-access-token", check=False).returncode:
        raise Problem("Terraform has no login at Google Cloud: run `gcloud auth application-default login`.")


def _need_secret_values(gcloud: Gcloud, project: str, region: str) -> None:
    secrets = gcloud.lines("secrets", "list", f"--filter=labels.app={LABEL}", "--format=value(name.basename())")
    versions = ("--filter=state=ENABLED", "--limit=1", "--format=value(name)")
    empty = [name for name in secrets if not gcloud.lines("secrets", "versions", "list", name, *versions)]
    if empty:
        raise Problem(
            f"These secrets have no value yet: {', '.join(sorted(empty))}. Run `make secrets PROJECT={project} "
            f"REGION={region}`, then make deploy again."
        )


def _terraform(program: Terraform, folder: Path, *arguments: str) -> int:
    """Run it in the open: it prints and asks by itself. Raises Problem when it fails."""
    if program.run(folder, *arguments, capture=False).returncode:
        hint = " On a first deployment Google may still be spreading rights: try again after a minute."
        raise Problem(
            f"terraform {arguments[0]} did not succeed; what it said is above.{hint if arguments[0] == 'apply' else ''}"
        )
    return 0


if __name__ == "__main__":
    run_command(main)
