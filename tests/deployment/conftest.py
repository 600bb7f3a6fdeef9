"""Stand-ins for the programs that deployment commands call."""

from __future__ import annotations

import functools
import json
import os
import py_compile
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.deployment import deploy, manage_secrets, terraform
from tests.deployment import fake_gcloud, fake_terraform


@dataclass(frozen=True)
class Gcloud:
    """What the stand-in for gcloud keeps, and what it was asked."""

    path: Path

    @property
    def state(self) -> dict[str, Any]:
        return dict(json.loads(self.path.read_text()))

    def set(self, **changes: Any) -> None:
        self.path.write_text(json.dumps({**self.state, **changes}))

    @property
    def calls(self) -> list[list[str]]:
        return [call["arguments"] for call in self.state["calls"]]

    def calls_to(self, *words: str) -> list[list[str]]:
        return [call for call in self.calls if call[: len(words)] == list(words)]

    def latest(self, entry: str) -> str | None:
        values = [value for value in self.state["secrets"][entry] if value is not None]
        return values[-1] if values else None


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH: only what a test puts there can be called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for name in (
        "PROJECT",
        "REGION",
        "DRY_RUN",
        "NO_SMS",
        "STACK",
        "RELAY_TERRAFORM",
        "RELAYCTL_URL",
        "RELAYCTL_PROJECT",
        "RELAYCTL_TOKEN",
        "RELAYCTL_TOKEN_COMMAND",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "TF_WORKSPACE",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith(("TWILIO_", "TF_VAR_"))]:
        monkeypatch.delenv(name)
    return folder


def install(folder: Path, name: str, script: Path) -> None:
    program = folder / name
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{_compiled(script)}" "$@"\n')
    program.chmod(0o755)


@functools.cache
def _compiled(script: Path) -> str | None:
    """A stand-in is started some two thousand times: Python would compile what it is given by name each time."""
    return py_compile.compile(str(script), doraise=True)


@pytest.fixture
def gcloud(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gcloud:
    state = tmp_path / "gcloud.json"
    state.write_text(json.dumps(fake_gcloud.EMPTY))
    monkeypatch.setenv("GCLOUD_STATE", str(state))
    install(programs, "gcloud", Path(fake_gcloud.__file__))
    return Gcloud(state)


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for terraform/, its variables filled in."""
    folder = tmp_path / "terraform"
    folder.mkdir()
    (folder / "terraform.tfvars").write_text("")
    monkeypatch.setattr(terraform, "CONFIGURATION", folder)
    return folder


@pytest.fixture
def repos_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that `deploy` takes secrets' first values from."""
    file = tmp_path / "repos.env"
    file.write_text(f"TWILIO_ACCOUNT_SID=AC{'1' * 32}\nTWILIO_AUTH_TOKEN={'a' * 32}\n")
    file.chmod(0o600)
    monkeypatch.setattr(deploy, "REPOS_ENV", str(file))
    return file


@pytest.fixture
def calls(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Installs the stand-in for terraform. The file with every call of it."""
    path = tmp_path / "terraform-calls.json"
    path.write_text("[]")
    monkeypatch.setenv("TERRAFORM_CALLS", str(path))
    install(programs, "terraform", Path(fake_terraform.__file__))
    return path


@pytest.fixture
def run(calls: Path, repos_env: Path) -> Callable[..., int]:
    """Runs one of COMMANDS in a project and region."""

    def run(command: str, project: str, region: str = "us-central1") -> int:
        where = (f"--project={project}", f"--region={region}")
        if command == "secrets":
            return manage_secrets.main(["push", *where, f"--file={repos_env}"])
        return deploy.main([command, *where, "--yes"] if command in ("deploy", "destroy") else [command, *where])

    return run


@pytest.fixture
def hold(calls: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes Terraform's state hold these resources, whichever of the workspaces is asked for."""

    def hold(*resources: dict[str, Any], workspaces: str = "default prod staging") -> None:
        shown = {"format_version": "1.0", "values": {"root_module": {"resources": resources}}}
        monkeypatch.setenv("TERRAFORM_SHOW", json.dumps(shown))
        monkeypatch.setenv("TERRAFORM_WORKSPACES", workspaces)

    return hold


@pytest.fixture
def deployed(gcloud: Gcloud) -> None:
    """Secret Manager and Cloud Functions as a deployment left them."""
    filled = {f"twilio-{name}": ["x"] for name in ("account-sid", "auth-token", "auth-token-secondary")}
    gcloud.set(secrets=filled, functions=["sms-inbound"])


def commands(calls: Path) -> list[list[str]]:
    """What Terraform was called with so far, apart from which workspaces there are."""
    every = [list(call["words"]) for call in json.loads(calls.read_text())]
    return [words for words in every if words[:2] != ["workspace", "list"]]


def last(calls: Path, command: str) -> dict[str, Any]:
    """The last call of a command: its words, its workspace and the variables in its environment."""
    return dict([call for call in json.loads(calls.read_text()) if call["words"][0] == command][-1])
