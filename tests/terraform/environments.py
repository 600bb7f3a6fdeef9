"""Environments of Python with the packages of a requirements file and no others. Kept for next time."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest


def environment(folder: Path, requirements: Path) -> Path:
    """Makes the environment in `folder`, unless it is there. Returns its folder of programs; skips without an index."""
    made, programs = folder / "requirements.txt", folder / "bin"
    wanted = f"{sys.version}\n{requirements.read_text()}"
    if not made.exists() or made.read_text() != wanted:
        # By our own pip, and compiled when it is used: a pip of its own and all its bytecode take longer than the rest.
        venv.create(folder, with_pip=False, clear=True)
        pip = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "--disable-pip-version-check"]
        install = ["install", "--quiet", "--no-input", "--no-compile", "--require-hashes", "-r", str(requirements)]
        done = subprocess.run([*pip, *install], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"the package index is needed to install {requirements.name}: {done.stderr[-300:]}")
        made.write_text(wanted)
    return programs
