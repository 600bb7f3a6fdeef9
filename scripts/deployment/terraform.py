"""Terraform as these scripts and tests use it: which program, and how it is run.

RELAY_TERRAFORM names another program with Terraform's command line, for example a wrapper that works offline.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.deployment import ROOT
from scripts.deployment.tools import Problem

CONFIGURATION = ROOT / "terraform"
# By which Terraform is told a workspace; empty it counts as not set. A workspace is named after its project.
_WORKSPACE = "TF_WORKSPACE"
DEFAULT_WORKSPACE = "default"
_WHERE = "get it from developer.hashicorp.com/terraform, or name a program in RELAY_TERRAFORM"
# Beside the checkout: a wrapper that runs the real Terraform against the real providers' schemas without any network.
_OFFLINE_WRAPPER = ROOT.parent / "shared" / "tools" / "terraform-offline" / "terraform-offline"

# A fifth to a third of what a command computes is Go's garbage collection of the providers' schemas. This asks for less
# of it, for some 130 MB of memory more. And the workspace of the tests' project.
_OF_TESTS = {"GOGC": "400", _WORKSPACE: "demo-project"}


@dataclass(frozen=True)
class Terraform:
    """A program with Terraform's command line. `is_offline`: it plans and applies without any account."""

    program: str
    is_offline: bool
    environ: Mapping[str, str]

    def of(self, project: str, **variables: str) -> Terraform:
        """The same with the state of this project (terraform/place.tf), and with these variables in its environment."""
        return replace(self, environ={**self.environ, _WORKSPACE: project, **variables})

    def run(self, folder: Path, *arguments: str, capture: bool = True) -> subprocess.CompletedProcess[str]:
        """Run it in the configuration's folder; it asks nothing. Errors are captured always, the rest if told to."""
        return subprocess.run(
            [self.program, f"-chdir={folder}", *arguments],
            env={**os.environ, **self.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if capture else None,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    def console(self, folder: Path, expression: str, *arguments: str) -> str:
        """The value of an expression in the configuration. Raises Problem."""
        command = [self.program, f"-chdir={folder}", "console", *arguments]
        environ = {**os.environ, **self.environ}
        done = subprocess.run(command, env=environ, input=expression, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Problem(f"terraform console failed: {' '.join(done.stderr.split())}")
        # Warnings stand before it.
        return done.stdout.strip().splitlines()[-1].strip('"')


def for_deployment() -> Terraform:
    """The program that deploys. Raises Problem when there is none."""
    named = os.environ.get("RELAY_TERRAFORM", "")
    found = shutil.which(named or "terraform")
    if found is None:
        what = f"RELAY_TERRAFORM names {named}, which is no program" if named else "terraform is not installed"
        raise Problem(f"{what}: {_WHERE}.")
    # What is exported for Terraform alone is none of a command's that was told its project.
    return Terraform(found, is_offline=False, environ={_WORKSPACE: ""})


def workspaces(program: Terraform, folder: Path) -> list[str]:
    """The projects that have a state here; none where that cannot be told, as before the first init."""
    done = program.run(folder, "workspace", "list", "-no-color")
    names = [line.removeprefix("*").strip() for line in done.stdout.splitlines()]
    return [name for name in names if name and name != DEFAULT_WORKSPACE]


def initialise(program: Terraform, folder: Path) -> None:
    """Make its providers and its state reachable, silently. Raises Problem with Terraform's own words."""
    done = program.run(folder, "init", "-input=false", "-no-color")
    if done.returncode:
        raise Problem(f"terraform init failed: {' '.join(done.stderr.split())}")


def for_tests(folder: Path, data: Path) -> Terraform:
    """A Terraform that can initialise the configuration in `folder`, initialised; its own files go to `data`.

    The one that RELAY_TERRAFORM names; else the real one, if it can fetch the providers; else the offline wrapper, if
    it lies beside the checkout. Raises Problem that says what is missing.
    """
    wrapper = os.environ.get("RELAY_TERRAFORM") or (str(_OFFLINE_WRAPPER) if _OFFLINE_WRAPPER.exists() else "")
    installed = shutil.which("terraform")
    reason = f"terraform is not installed: {_WHERE}"
    if installed and not os.environ.get("RELAY_TERRAFORM"):
        plugins = data / "plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        # Data of its own: a deployment from this checkout keeps its own, backend included.
        environ = {"TF_DATA_DIR": str(data / "data"), "TF_PLUGIN_CACHE_DIR": str(plugins), "CHECKPOINT_DISABLE": "1"}
        real = Terraform(installed, is_offline=False, environ={**environ, **_OF_TESTS})
        if real.run(folder, "init", "-backend=false", "-input=false", "-no-color").returncode == 0:
            return real
        reason = "terraform cannot fetch its providers here"
    if wrapper and shutil.which(wrapper):
        # A wrapper in Python finds this one first: through a version manager each start would take half a second more.
        programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
        offline = Terraform(wrapper, is_offline=True, environ={**_OF_TESTS, "PATH": programs})
        done = offline.run(folder, "init", "-input=false", "-no-color")
        if done.returncode == 0:
            return offline
        raise Problem(f"{wrapper} could not initialise: {' '.join(done.stderr.split())}")
    raise Problem(f"{reason} (or name a wrapper that works offline in RELAY_TERRAFORM)")
