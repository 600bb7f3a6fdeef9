"""A deployment as `terraform test` made it, and how tests look at it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Values = dict[str, Any]

# Environment variables that functions-framework reads, and our code does not.
_FRAMEWORKS_OWN = ("THREADS", "LOG_EXECUTION_ID")


@dataclass(frozen=True)
class Deployment:
    """The resources of one run: address → values; its outputs; and address → what had to be there before (without keys,
    since Terraform waits for all of them)."""

    resources: dict[str, Values]
    outputs: dict[str, Any]
    waited_for: dict[str, set[str]]

    def one(self, address: str) -> Values:
        return self.resources[address]

    def all(self, kind: str) -> dict[str, Values]:
        """Resources of this kind ("google_pubsub_topic", or with a name "google_project_iam_binding.store"), by their
        key in the configuration, or by their address when they have none."""
        return {
            key_of(address): values
            for address, values in self.resources.items()
            if address == kind or address.startswith((f"{kind}.", f"{kind}["))
        }

    @property
    def functions(self) -> dict[str, Function]:
        return {name: Function(name, values) for name, values in self.all("google_cloudfunctions2_function").items()}

    def account_of(self, function: str) -> str:
        """The e-mail address of the account that is meant for this function."""
        return str(self.one(f'google_service_account.function["{function}"]')["email"])

    def functions_among(self, members: list[str]) -> set[str]:
        """The functions whose accounts are among these IAM members. Fails when one is no function's."""
        accounts = {f"serviceAccount:{self.account_of(name)}": name for name in self.functions}
        return {accounts[member] for member in members}

    def grants(self) -> Iterator[tuple[str, str, str]]:
        """Every right that is given to anybody: (address of the binding, role, member)."""
        for address, values in self.resources.items():
            if "_iam_binding." in address or "_iam_member." in address:
                for member in values.get("members") or [values["member"]]:
                    yield address, values["role"], member


@dataclass(frozen=True)
class Function:
    """A deployed function."""

    name: str
    values: Values

    @property
    def entry_point(self) -> str:
        return str(self.values["build_config"][0]["entry_point"])

    @property
    def service(self) -> Values:
        return dict(self.values["service_config"][0])

    @property
    def environment(self) -> dict[str, str]:
        """Its plain environment variables, without those that only the framework reads."""
        return {
            name: value for name, value in self.service["environment_variables"].items() if name not in _FRAMEWORKS_OWN
        }

    @property
    def secrets(self) -> dict[str, str]:
        """Its secret environment variables: name → Secret Manager entry."""
        return {secret["key"]: secret["secret"] for secret in self.service["secret_environment_variables"]}


def key_of(address: str) -> str:
    """The key of a resource made with for_each; its address when it has none."""
    return json.loads(address.split("[", 1)[1].removesuffix("]")) if address.endswith('"]') else address


def deployments_of(output: str) -> tuple[dict[str, Deployment], list[str]]:
    """The runs in the JSON lines that `terraform test -json -verbose` prints, and what went wrong, in words."""
    runs: dict[str, Deployment] = {}
    wrong: list[str] = []
    for line in output.splitlines():
        message = json.loads(line)
        if message["type"] == "test_state":
            runs[message["@testrun"]] = _deployment(message["test_state"])
        elif message["type"] == "diagnostic" and message["diagnostic"]["severity"] == "error":
            wrong.append(f"{message.get('@testrun', '')}: {message['diagnostic']['summary']} {_detail(message)}")
    return runs, wrong


def _detail(message: Values) -> str:
    return " ".join(str(message["diagnostic"].get("detail", "")).split())


def _deployment(state: Values) -> Deployment:
    made = state["root_module"]["resources"]
    return Deployment(
        resources={resource["address"]: resource["values"] for resource in made},
        outputs={name: output["value"] for name, output in state.get("outputs", {}).items()},
        waited_for={resource["address"]: set(resource.get("depends_on", [])) for resource in made},
    )
