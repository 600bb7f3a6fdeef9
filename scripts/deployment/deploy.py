"""Plan, deploy and destroy with Terraform: what plain Terraform does, with the checks before and the patience after it.

Each project has a state of its own (terraform/place.tf). What is shown is what is done, after one question.

make plan PROJECT=my-project REGION=us-central1
make deploy PROJECT=my-project REGION=us-central1
make destroy PROJECT=my-project REGION=us-central1
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from scripts.deployment import first_values, state, terraform
from scripts.deployment.applying import Planning
from scripts.deployment.deployed import inactive
from scripts.deployment.regions import check_region
from scripts.deployment.tools import REPOS_ENV, Gcloud, Problem, given, run_command

_LEFT_BEHIND = """\
Left behind, because protection keeps it or Google does:
  - the Firestore database with its relays, which go on expiring, its backups and their daily schedule, unless
    protect_data = false was applied before (deploy again later with create_database = false and
    create_backup_schedule = false, which take them over);
  - the table of exported events, under the same condition (create_events_table = false takes it over);
  - enabled services, log lines, and Google's own bucket gcf-v2-sources-NUMBER-REGION.
Missed by others in this project, if there are any: the roles of Google's own accounts (terraform/agents.tf), which go
with the rest.
Names stay taken for a while: queues for a week (deploy again sooner with another tasks_queue_prefix).
The Twilio number still points at the relay: point it elsewhere first, or its texts are lost."""

_DONE = {
    "deploy": "Deployed. Next: `make smoke PROJECT={project}` sends a text through it; then "
    "`make configure-number PROJECT={project}` points the Twilio number at it.",
    "destroy": "Destroyed.",
}


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
    _need_variables(folder, project)
    gcloud = Gcloud(project)
    _need_logins(gcloud)
    if options.action != "destroy":
        _need_services(gcloud, region)
    variables = [f"-var=project_id={project}", f"-var=region={region}"]
    terraform.initialise(program, folder)
    held = state.checked_place(program, folder, project, region)
    if options.action == "destroy":
        if held is None:
            print("There is nothing to destroy: Terraform's state here holds no deployment.")
            return 0
        print(f"Will destroy the relay in {held}.\n{_LEFT_BEHIND}", flush=True)
        variables.append("-destroy")
        values = {}
    else:
        secrets = state.secrets_held(program, folder, project)
        values = first_values.as_variables(secrets, gcloud, Path(REPOS_ENV))
    arguments = _files(folder, project) + variables
    planning = Planning(program.of(project, **values), folder, project, arguments)
    if options.action == "plan":
        print(f"Will show what a deployment to {project} in {region} would change. Nothing is changed.", flush=True)
        planning.shown()
        return 0
    changed = planning.carried_out(ask=not options.yes)
    if options.action == "deploy":
        # Plain terraform is to go on there, `terraform output` above all.
        terraform.for_deployment().run(folder, "workspace", "select", project)
        _need_active(gcloud, region)
    done = _DONE[options.action] if changed else "There is nothing to do: {project} is as it should be."
    print(done.format(project=project))
    return 0


def _files(folder: Path, project: str) -> list[str]:
    """The project's own variables, if it has a file of them beside terraform.tfvars, which is read by itself."""
    own = folder / f"{project}.tfvars"
    return [f"-var-file={own}"] if own.exists() else []


def _need_variables(folder: Path, project: str) -> None:
    names = ("terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars*", f"{project}.tfvars")
    in_environment = {"TF_VAR_tiers", "TF_VAR_business_phone_numbers"} <= set(os.environ)
    if not in_environment and not any(path for name in names for path in folder.glob(name)):
        raise Problem(
            "The business number and the tiers are missing: copy terraform/terraform.tfvars.example to "
            f"terraform/terraform.tfvars, or {project}.tfvars, and fill it in."
        )


def _need_logins(gcloud: Gcloud) -> None:
    gcloud.need_login()
    if os.environ.get("GOOGLE_APPLICATION_CREDENTIALS") or os.environ.get("GOOGLE_OAUTH_ACCESS_TOKEN"):
        return
    if gcloud.run("auth", "application-default", "print-access-token", check=False).returncode:
        raise Problem("Terraform has no login at Google Cloud: run `gcloud auth application-default login`.")


def _need_services(gcloud: Gcloud, region: str) -> None:
    if unasked := check_region(gcloud, region):
        print(
            f"Not switched on yet in the project, so not asked whether they are in {region}: {', '.join(unasked)}. "
            "Terraform has a list of its own, and makes what few regions have before what is for ever.",
            flush=True,
        )


def _need_active(gcloud: Gcloud, region: str) -> None:
    if failed := inactive(gcloud, region):
        raise Problem(
            f"Google says that the last deployment of {', '.join(failed)} failed, so earlier code may go on there, and "
            "no plan shows it: terraform/README.md, Traps, has the two commands that make Terraform look again."
        )


if __name__ == "__main__":
    run_command(main)
