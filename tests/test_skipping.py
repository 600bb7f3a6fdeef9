"""What a machine cannot test is said once for each thing that it lacks, and is an error where everything must run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_NEEDS_A_BROWSER = "tests/browser/test_phones_page.py"


def _without_programs(**environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", _NEEDS_A_BROWSER]
    bare = {**os.environ, "PATH": str(_ROOT / "docs"), "RELAY_FORBID_SKIPS": "", **environ}
    return subprocess.run(command, cwd=_ROOT, env=bare, capture_output=True, text=True, check=False)


def test_one_line_says_what_is_missing_and_how_to_get_it() -> None:
    done = _without_programs()
    assert done.returncode == 0
    lines = [line for line in done.stdout.splitlines() if "Chromium" in line]
    assert len(lines) == 1
    assert lines[0].endswith("tests: Chromium is needed to drive a page: install your system's package `chromium`")


def test_where_skipping_is_forbidden_it_fails() -> None:
    done = _without_programs(RELAY_FORBID_SKIPS="1")
    assert done.returncode == 1
    assert "was skipped, which is forbidden here: Chromium is needed" in done.stdout
