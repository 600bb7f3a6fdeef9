"""Push secrets from repos.env to Secret Manager, and rotate Twilio's auth token without losing a text.

    make secrets PROJECT=… REGION=…                     push what repos.env holds
    make secrets PROJECT=… REGION=… ROTATE=add          accept the new token (TWILIO_AUTH_TOKEN_SECONDARY) as well
    make secrets PROJECT=… REGION=… ROTATE=promote      send with the new token, accept both
    make secrets PROJECT=… REGION=… ROTATE=retire       accept the new token only

Every step can be repeated, and none is done while Terraform's state holds a deployment in another project or region.
Values are compared and passed on in memory and through pipes, never as arguments.
Functions read secrets when an instance starts, so after a change new instances are started.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from relay.settings.settings import forms_of_credentials
from relay.settings.variables import ENTRY_POINTS, variables_of

from scripts.deployment import state, terraform
from scripts.deployment.tools import LABEL, REPOS_ENV, Gcloud, Problem, given, read_private_file, run_command

PRIMARY, SECONDARY = "TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_SECONDARY"
_API_KEY = ("TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET")
# Secrets that a deployment has only when it is asked for them, and by which input of terraform/ it is.
_ASKED_FOR = {
    **dict.fromkeys(_API_KEY, "send_with_api_key = true"),
    "SMTP_PASSWORD": "a user in smtp_url",
    "RELAY_ALARM_WEBHOOK_SECRET": "alarm_webhook_signed = true",
}


class SecretValues:
    """The relay's secrets, by environment variable, as they are in Secret Manager."""

    def __init__(self, gcloud: Gcloud, first: Mapping[str, str | None] | None = None) -> None:
        """`first` are the versions that Terraform made, by variable."""
        self._gcloud = gcloud
        self._first = first or {}
        listed = gcloud.lines("secrets", "list", f"--filter=labels.app={LABEL}", "--format=value(name.basename())")
        self._names = set(listed)

    def exists(self, variable: str) -> bool:
        return secret_id(variable) in self._names

    def latest(self, variable: str) -> str | None:
        """The value that functions get; None when there is none yet."""
        arguments = ("secrets", "versions", "access", "latest", f"--secret={secret_id(variable)}")
        done = self._gcloud.run(*arguments, check=False)
        return done.stdout.removesuffix("\n") if done.returncode == 0 else None

    def put(self, variable: str, value: str) -> bool:
        """Make this the latest value; whether that was a change."""
        if not self.exists(variable):
            raise Problem(f"Secret Manager has no entry {secret_id(variable)}: run make deploy, which makes it, first.")
        if self.latest(variable) == value:
            print(f"  {variable}: unchanged")
            return False
        self._gcloud.text("secrets", "versions", "add", secret_id(variable), "--data-file=-", stdin=value)
        print(f"  {variable}: new version")
        return True

    def forget_older(self, variable: str) -> int:
        """Destroy every version but the latest, and say how many.

        The one that Terraform made is disabled instead: destroyed, it would be missing there and made again.
        """
        listing = ("--filter=state!=DESTROYED", "--sort-by=~createTime", "--format=value(name.basename())")
        older = self._gcloud.lines("secrets", "versions", "list", secret_id(variable), *listing)[1:]
        for version in older:
            how = "disable" if version == self._first.get(variable) else "destroy"
            self._gcloud.text("secrets", "versions", how, version, f"--secret={secret_id(variable)}")
        return len(older)


def secret_id(variable: str) -> str:
    """The entry's name, as terraform/secrets.tf makes it."""
    return variable.lower().replace("_", "-")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="manage_secrets", description="Push secrets, or rotate the auth token.")
    parser.add_argument("action", choices=("push", "add", "promote", "retire"))
    parser.add_argument("--project", default=os.environ.get("PROJECT"))
    parser.add_argument("--region", default=os.environ.get("REGION"))
    parser.add_argument("--file", type=Path, default=Path(REPOS_ENV), help="its owner's alone (default: repos.env)")
    options = parser.parse_args(arguments)
    project = given(options.project, "PROJECT", "my-project")
    region = given(options.region, "REGION", "us-central1")
    values = checked(read_private_file(options.file))
    gcloud = Gcloud(project)
    gcloud.need_login()
    program = terraform.for_deployment()
    terraform.initialise(program, terraform.CONFIGURATION)
    state.checked_place(program, terraform.CONFIGURATION, project, region)
    first = state.secrets_held(program, terraform.CONFIGURATION, project)
    actions = {"push": push, "add": add, "promote": promote, "retire": retire}
    changed = actions[options.action](SecretValues(gcloud, first), values)
    restart(gcloud, region, changed)
    return 0


def checked(values: Mapping[str, str]) -> dict[str, str]:
    """The secrets among these variables. Raises Problem when one is missing or cannot be one; shows none of them."""
    found = {name: values.get(name, "").strip() for name in ("TWILIO_ACCOUNT_SID", PRIMARY, SECONDARY, *_ASKED_FOR)}
    for name in ("TWILIO_ACCOUNT_SID", PRIMARY):
        if not found[name]:
            raise Problem(f"{name} is missing in the file.")
    for name, (pattern, words) in forms_of_credentials(values.get("TWILIO_API_BASE_URL", "").strip()).items():
        if found[name] and not pattern.fullmatch(found[name]):
            raise Problem(f"{name} in the file is not {words}.")
    if bool(found[_API_KEY[0]]) != bool(found[_API_KEY[1]]):
        raise Problem(f"{_API_KEY[0]} and {_API_KEY[1]} go together: give both or neither.")
    return {name: value for name, value in found.items() if value}


def push(secrets: SecretValues, values: Mapping[str, str]) -> list[str]:
    """Make Secret Manager hold what the file holds. Returns the variables that changed."""
    print("Will make Secret Manager hold what the file holds:")
    wanted = dict(values)
    if SECONDARY not in wanted and secrets.latest(SECONDARY) is None:
        # The entry must have a value for functions to start; outside a rotation it equals the first.
        wanted[SECONDARY] = wanted[PRIMARY]
    for name, asked_by in _ASKED_FOR.items():
        if name in wanted and not secrets.exists(name):
            print(f"  {name}: left out, this deployment has no use for it without {asked_by}")
            del wanted[name]
        elif name not in wanted and secrets.exists(name) and secrets.latest(name) is None:
            raise Problem(f"{name} is missing in the file: with {asked_by} functions cannot start without it.")
    return [name for name, value in wanted.items() if secrets.put(name, value)]


def add(secrets: SecretValues, values: Mapping[str, str]) -> list[str]:
    """First step: accept signatures of the new token, too."""
    new = _new_token(values)
    print("Will accept webhooks signed with either token; texts are still sent with the old one:")
    changed = secrets.put(SECONDARY, new)
    print("Next: ROTATE=promote. Do not promote the token at Twilio before that.")
    return [SECONDARY] if changed else []


def promote(secrets: SecretValues, values: Mapping[str, str]) -> list[str]:
    """Second step: send with the new token. The old one stays accepted until Twilio signs with the new one."""
    new = _new_token(values)
    old = secrets.latest(PRIMARY)
    if old == new:
        print("The new token is the first one already: nothing to do. Next: promote it at Twilio, then ROTATE=retire.")
        return []
    if old is None:
        raise Problem(f"{PRIMARY} has no value yet: run make secrets first.")
    if secrets.latest(SECONDARY) not in (new, old):
        raise Problem("The new token is not accepted yet: run ROTATE=add first.")
    print("Will send texts with the new token and accept webhooks signed with either:")
    # In this order an instance that starts in between still has the old token, with which Twilio signs.
    changed = [name for name, value in ((SECONDARY, old), (PRIMARY, new)) if secrets.put(name, value)]
    print(
        "Next: promote the token in the Twilio console (it signs with the new one from then on), put it into the file "
        f"as {PRIMARY}, then ROTATE=retire."
    )
    return changed


def retire(secrets: SecretValues, values: Mapping[str, str]) -> list[str]:
    """Last step, after Twilio signs with the new token: forget the old one."""
    if secrets.latest(PRIMARY) != values[PRIMARY]:
        raise Problem(
            f"{PRIMARY} in the file is not the token that the relay sends with: run ROTATE=promote first, promote the "
            f"token at Twilio, and put the new token into the file as {PRIMARY}."
        )
    print("Will accept the new token only, and put every older version out of use:")
    changed = [SECONDARY] if secrets.put(SECONDARY, values[PRIMARY]) else []
    for variable in (PRIMARY, SECONDARY):
        print(f"  {variable}: {secrets.forget_older(variable)} older version(s) out of use")
    return changed


def _new_token(values: Mapping[str, str]) -> str:
    new = values.get(SECONDARY, "")
    if not new:
        raise Problem(f"{SECONDARY} is missing in the file: create a secondary auth token at Twilio and put it there.")
    return new


def restart(gcloud: Gcloud, region: str, changed: Iterable[str]) -> None:
    """Start new instances of the functions that read these variables."""
    changed = set(changed)
    if not changed:
        print("Nothing changed, so nothing is restarted.")
        return
    listing = ("functions", "list", "--v2", f"--regions={region}", f"--filter=labels.app={LABEL}")
    functions = gcloud.lines(*listing, "--format=value(name.basename())")
    concerned = [name for name in functions if changed & {variable.name for variable in variables_of(_entry(name))}]
    if not concerned:
        print("No function that reads them is deployed yet.")
    for name in concerned:
        print(f"Starting new instances of {name}")
        # Any change of the service starts a new revision; a label is the one that changes nothing else.
        label = f"--update-labels=relay-secrets={int(time.time())}"
        gcloud.text("run", "services", "update", name, f"--region={region}", label)


def _entry(function: str) -> str:
    """The entry point of a deployed function."""
    name = re.sub(r"^(escalate-tier)-[0-9]+$", r"\1", function).replace("-", "_")
    if name not in ENTRY_POINTS:
        raise Problem(f"{function} carries the relay's label but is none of its functions.")
    return name


if __name__ == "__main__":
    run_command(main)
