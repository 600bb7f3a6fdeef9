"""What happens at a fork, each test in a process begun anew.

Nothing that other tests have loaded may be in it: a child that inherits the threads of gRPC may never end.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.embedded import forking

_ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 300.0


@pytest.mark.parametrize("name", [name for name in vars(forking) if name.startswith("test_")])
def test_at_a_fork(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "its")]
    done = subprocess.run(
        [*command, f"{forking.__file__}::{name}"],
        cwd=_ROOT,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
