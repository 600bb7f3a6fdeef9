"""What the core may load: it decides about a forged webhook before any client library is there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"
CORE = (
    "config",
    "documents",
    "errors",
    "escalation",
    "events",
    "failures",
    "fates",
    "forwarded_text",
    "immutable",
    "inbound",
    "log",
    "lookup",
    "machine",
    "model",
    "outcomes",
    "policy",
    "ports",
    "receipts",
    "reconcile",
    "shell",
    "steps",
    "sweep",
    "variables",
    "web",
    "webhook",
)
HEAVY = ("google", "grpc", "twilio", "requests", "urllib3", "aiohttp", "flask", "sqlite3", "asyncio", "hypothesis")
_LIST_MODULES = """
import json, sys
before = set(sys.modules)
for name in sys.argv[1:]:
    __import__("relay." + name)
print(json.dumps(sorted(set(sys.modules) - before)))
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules that the core loads in a fresh interpreter."""
    command = [sys.executable, "-c", _LIST_MODULES, *CORE]
    done = subprocess.run(command, cwd=FUNCTIONS, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("heavy", HEAVY)
def test_the_core_loads_no_client_library_and_no_framework(loaded: set[str], heavy: str) -> None:
    assert not {name for name in loaded if name == heavy or name.startswith(f"{heavy}.")}


def test_the_core_loads_none_of_the_adapters(loaded: set[str]) -> None:
    homes = ("sqlite", "firestore", "cloud_tasks", "pubsub", "twilio", "google", "client_libraries", "wiring")
    ours = {name.removeprefix("relay.") for name in loaded if name.startswith("relay.")}
    assert not {name for name in ours if name.startswith((*homes, "background", "identity"))}


def test_the_pure_part_knows_nothing_of_what_is_around_it() -> None:
    """model, policy, machine: no clock, no randomness, no I/O, nothing of Twilio's wire or of the configuration."""
    command = [sys.executable, "-c", _LIST_MODULES, "machine"]
    done = subprocess.run(command, cwd=FUNCTIONS, capture_output=True, text=True, check=True)
    new = set(json.loads(done.stdout))
    pure = ("machine", "steps", "outcomes", "fates", "events", "immutable", "model", "policy", "failures")
    around = {f"relay.{name}" for name in CORE if name not in pure}
    assert {f"relay.{name}" for name in pure} <= new
    assert not new & {*around, "random", "secrets", "socket", "json", "logging", "urllib"}
