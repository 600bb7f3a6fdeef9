"""Which code a run is made of: runs add up, over days and machines, while it stays as it is."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_PLACES = (_ROOT / "functions", _ROOT)
_PRINT_FILES = "for module in list(sys.modules.values()): print(getattr(module, '__file__', None) or '')"


def fingerprint() -> str:
    """Returns a digest of the files that a run loads, as they are on the disk. No other file changes it."""
    return digest_of(loaded_files())


def loaded_files(plays: str = "") -> list[Path]:
    """Returns our own files that a new process has loaded that can play runs, and has done what `plays` says."""
    program = "\n".join(["import sys", "from tests.simulator.runner import run_seed", plays, _PRINT_FILES])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, _PLACES))}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=True)
    files = {Path(line).resolve() for line in done.stdout.splitlines() if line}
    return sorted(file for file in files if any(file.is_relative_to(_ROOT / name) for name in ("functions", "tests")))


def digest_of(files: Iterable[Path]) -> str:
    """Returns one digest of the names of these files below the repository, and of what is in them."""
    digest = hashlib.sha256()
    for file in files:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(_ROOT).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:16]
