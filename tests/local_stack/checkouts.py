"""Copies of this checkout in which `make clean` and its like may be tried; in the real one they never are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.stories.relay_process import ROOT, clean_environment

# Only what hangs takes as long.
_SECONDS = 300
_NOT_COPIED = shutil.ignore_patterns("__pycache__", ".*", "tests")


def copied_checkout(folder: Path) -> Path:
    """The root of a new copy, in `folder`, of what installs and runs."""
    root = folder / "checkout"
    shutil.copytree(ROOT / "functions", root / "functions", ignore=_NOT_COPIED)
    shutil.copytree(ROOT / "scripts", root / "scripts", ignore=_NOT_COPIED)
    for file in [ROOT / "Makefile", *ROOT.glob("*.mk")]:
        shutil.copy(file, root)
    return root


class Checkout:
    """A copy in `folder`. Its make has a Python without any package, as where nothing is installed."""

    def __init__(self, folder: Path) -> None:
        self.root = copied_checkout(folder)
        self._python = folder / "python"
        self._python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', "utf-8")
        self._python.chmod(0o755)

    def make(
        self, *arguments: str, stdin: int = subprocess.DEVNULL, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run make there until it ends. It reads the copy's own `.env`."""
        ours = {name: value for name, value in clean_environment().items() if "MAKE" not in name and name != "YES"}
        del ours["RELAY_LOCAL_ENV_FILE"]
        return subprocess.run(
            ["make", f"PYTHON={self._python}", *arguments],
            cwd=self.root,
            env=ours | environ,
            stdin=stdin,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )

    def put(self, *names: str) -> None:
        """Make these files, with something in them."""
        for name in names:
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("something", "utf-8")

    def there(self) -> set[str]:
        """Every file, by its path from the top."""
        return {
            os.path.relpath(os.path.join(folder, name), self.root)
            for folder, _, names in os.walk(self.root)
            for name in names
        }
