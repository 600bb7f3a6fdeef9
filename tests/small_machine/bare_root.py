"""Carries out a Containerfile without an engine: its steps run in a root folder of their own, on this machine's system.

What stands in for the base image is this machine's /usr, /etc and Python, mounted in; nothing else of it is there.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from scripts.local_stack import ROOT

_SYSTEM = ("usr", "bin", "sbin", "lib", "lib64", "etc", "dev", "proc")
_PYTHON = Path(sys.base_prefix)


@dataclass
class BareRoot:
    """The root folder, and what the steps so far have said of how to run in it."""

    folder: Path
    working: str = "/"
    user: str = "0:0"
    environ: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)

    def build(self, containerfile: str) -> None:
        """Carry out every step. Raises CalledProcessError when one fails, ValueError for one that is not known."""
        self.folder.chmod(0o755)
        (self.folder / "tmp").mkdir(mode=0o777)
        (self.folder / "tmp").chmod(0o777)
        text = "\n".join(line for line in containerfile.splitlines() if not line.lstrip().startswith("#"))
        for line in text.replace("\\\n", " ").splitlines():
            name, _, rest = line.strip().partition(" ")
            if name:
                self._carry_out(name, rest)

    def _carry_out(self, name: str, rest: str) -> None:
        match name:
            case "FROM" | "STOPSIGNAL":
                pass
            case "WORKDIR":
                self.working = rest
                self._path(rest).mkdir(parents=True, exist_ok=True)
            case "COPY":
                self._copy(*rest.split())
            case "RUN":
                subprocess.run(self.inside(["sh", "-ec", rest]), env=self.environment(), check=True)
            case "ENV":
                variable, _, value = rest.partition("=")
                self.environ[variable] = value
            case "VOLUME":
                self._path(rest).mkdir(exist_ok=True)
            case "USER":
                self.user = rest
            case "CMD":
                self.command = json.loads(rest)
            case _:
                raise ValueError(f"this step is not known here: {name}")

    def _copy(self, source: str, target: str) -> None:
        place = self._path(os.path.join(self.working, target))
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, place)

    def _path(self, inside: str) -> Path:
        return self.folder / inside.lstrip("/")

    def environment(self) -> dict[str, str]:
        """What a process in it has: the image's variables, and how this machine reaches its packages."""
        pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        pip["PIP_NO_COMPILE"] = "1"  # of much that the relay never imports: it would take half a minute
        return {
            **pip,
            "HOME": "/tmp",
            "PATH": f"{_PYTHON}/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            **self.environ,
        }

    def inside(self, command: list[str]) -> list[str]:
        """The command, in this root, as its user and in its folder; it becomes the process that is started."""
        mounts = [f"set -e; cd {shlex.quote(str(self.folder))}"]
        for name in _SYSTEM:
            real = Path("/", name)
            if real.is_symlink():
                mounts.append(f"ln -sfn {shlex.quote(os.readlink(real))} {name}")
            elif real.exists():
                mounts.append(f"mkdir -p {name}; mount --rbind /{name} {name}")
        python = shlex.quote(str(_PYTHON))
        if not _PYTHON.is_relative_to("/usr"):
            mounts.append(f"mkdir -p .{python}; mount --bind {python} .{python}")
        uid, gid = self.user.split(":")
        start = f'cd {shlex.quote(self.working)}; exec setpriv --reuid {uid} --regid {gid} --clear-groups "$@"'
        mounts.append(f'exec chroot . sh -ec {shlex.quote(start)} sh "$@"')
        return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", "\n".join(mounts), "sh", *command]
