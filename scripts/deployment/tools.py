"""What the deployment's commands share: problems told in one sentence, tools that must be there, gcloud, repos.env.

Values of secrets only ever travel through pipes and memory: never in arguments, which every process list shows, and
never in a message.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from relay.errors import ConfigurationError

from scripts.local_stack.dotenv import read_env_file
from scripts.local_stack.private import refuse_open_secrets

LABEL = "sms-relay"
REPOS_ENV = "repos.env"


class Problem(Exception):
    """The command cannot go on. The message is one sentence that says what is missing or wrong and what to do."""


def run_command(main: Callable[[Sequence[str]], int]) -> NoReturn:
    """Run a command's `main` as a program: 0 done, 1 as `main` says, 2 with one sentence when it cannot go on."""
    try:
        sys.exit(main(sys.argv[1:]))
    except (Problem, ConfigurationError) as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(130)


def given(value: str | None, name: str, example: str) -> str:
    """The value of a make variable. Raises Problem when it is missing."""
    if not value:
        raise Problem(f"{name} is missing: say {name}={example}.")
    return value


def tool(name: str, where: str) -> str:
    """The path of a program. Raises Problem that says where to get it."""
    path = shutil.which(name)
    if path is None:
        raise Problem(f"{name} is not installed (or not on PATH): {where}.")
    return path


class Gcloud:
    """The gcloud command for one project, without questions."""

    def __init__(self, project: str) -> None:
        self._program = tool("gcloud", "get it with the Google Cloud CLI")
        self._project = project

    def need_login(self) -> None:
        """Raises Problem when gcloud has no account logged in."""
        if self.run("auth", "print-access-token", check=False).returncode:
            raise Problem("No account is logged in at Google Cloud: run `gcloud auth login`.")

    def text(self, *arguments: str, stdin: str | None = None) -> str:
        """What the command prints, without its last line break. Raises Problem with gcloud's own words."""
        return self.run(*arguments, stdin=stdin).stdout.removesuffix("\n")

    def lines(self, *arguments: str) -> list[str]:
        return [line for line in self.text(*arguments).splitlines() if line.strip()]

    def run(self, *arguments: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [self._program, *arguments, f"--project={self._project}", "--quiet"]
        done = subprocess.run(command, input=stdin or "", capture_output=True, text=True, check=False)
        if check and done.returncode:
            words = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
            raise Problem(f"`gcloud {' '.join(arguments[:3])}` failed: {words}")
        return done


def read_private_file(path: Path) -> dict[str, str]:
    """Returns the variables of a file with secrets.

    Raises Problem when there is none, ConfigurationError when others may read it, or it cannot be read.
    """
    if not path.exists():
        raise Problem(f"{path} cannot be found: `install -m 600 repos.env.example {path}` and fill it in.")
    values = read_env_file(path)
    if words := refuse_open_secrets(path, values):
        raise ConfigurationError([words])  # without credentials it is of no use anyway
    return values


def credentials(file: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Twilio's variables from the environment or, where it lacks one, from the file, if there is one."""
    names = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET")
    found = {name: environ[name] for name in (*names, "TWILIO_API_BASE_URL") if environ.get(name)}
    if not all(found.get(name) for name in names[:2]) and file.exists():
        found = {**{name: value for name, value in read_private_file(file).items() if value}, **found}
    for name in names[:2]:
        if not found.get(name):
            raise Problem(f"{name} is missing: set it in the environment or in {file}.")
    return found
