"""Pins what the packages we name bring along, every file of it by its hash, so that every installation is the same one.

`make pins` makes each `requirements.txt` from the `requirements.in` beside it. Versions stay as they are pinned; to
change one, change it in the `.in`, or take what it brings along out of the `.txt` first.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from uv import find_uv_bin

ROOT = Path(__file__).resolve().parents[1]
# In this order: what an earlier file pins, a later one that includes it need not.
STEMS = ("functions/requirements", "scripts/requirements", "requirements")
# The security linters have an environment of their own.
LINTERS = "tests/terraform/requirements-checkov"
# For every machine and every Python from 3.11 on; nothing of this machine, and no registry's address, gets into it.
_OPTIONS = ("--universal", "--python-version=3.11", "--generate-hashes", "--no-annotate", "--no-header", "--quiet")
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)==\S+.*\\\n(?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", re.MULTILINE)


def pins_in(text: str) -> dict[str, str]:
    """Returns each pinned package's name and its lines, hashes included; of two versions, for two Pythons, both."""
    pins: dict[str, str] = {}
    for match in _PIN.finditer(text):
        pins[match[1]] = pins.get(match[1], "") + match[0]
    return pins


def main() -> int:
    """Rewrite the files; 1 when uv found no versions that go together, in its own words."""
    earlier: dict[str, str] = {}
    included = ""
    for stem in (*STEMS, LINTERS):
        path = ROOT / f"{stem}.txt"
        command = [find_uv_bin(), "pip", "compile", *_OPTIONS, f"--output-file={path}", str(ROOT / f"{stem}.in")]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            return 1
        pins = pins_in(path.read_text("utf-8"))
        if stem == LINTERS:
            earlier, included = {}, ""
        own = {name: lines for name, lines in pins.items() if name not in earlier}
        header = f"# Made by `make pins` from {path.stem}.in.\n" + included
        path.write_text(header + "\n" + "".join(own.values()), "utf-8")
        earlier = pins
        included = f"-r {'../' if stem.startswith('functions/') else ''}{stem}.txt\n"
    return 0


if __name__ == "__main__":
    sys.exit(main())
