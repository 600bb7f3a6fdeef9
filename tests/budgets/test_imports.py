"""What importing main.py loads beyond the framework: it is paid for at every cold start."""

from __future__ import annotations

import json
import subprocess
import sys

from scripts.bench import settings

# What every entry point needs to check its configuration and to log: some fifteen milliseconds.
_MODULES_MAX = 15
_WAYS_IN = ("flow.", "operators.", "twilio.")
_CODE = """
import functions_framework, json, sys
before = set(sys.modules)
import main
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def _loaded() -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _CODE], env=settings.google(), capture_output=True, text=True, check=True, timeout=120
    )
    found: list[str] = json.loads(done.stdout)
    return found


def test_importing_main_loads_nothing_of_anybody_else() -> None:
    foreign = {name.split(".")[0] for name in _loaded()} - sys.stdlib_module_names
    assert foreign == {"main", "relay"}


def test_importing_main_loads_only_what_every_entry_point_needs() -> None:
    ours = {name.removeprefix("relay.") for name in _loaded() if name.startswith("relay.")}
    assert not [name for name in ours if name.startswith(_WAYS_IN)]
    assert len(ours) <= _MODULES_MAX, sorted(ours)
