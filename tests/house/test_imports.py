"""What the core may load: it decides about a forged webhook before any client library is there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"
_ROOMS = ("core", "record", "flow", "settings", "twilio")
_ADAPTERS = {"relay.twilio.messenger", "relay.twilio.exchange"}
CORE = sorted(
    {f"relay.{room}.{path.stem}" for room in _ROOMS for path in (FUNCTIONS / "relay" / room).glob("[!_]*.py")}
    - _ADAPTERS
)
HEAVY = ("google", "grpc", "twilio", "requests", "urllib3", "aiohttp", "flask", "sqlite3", "asyncio", "hypothesis")
_LIST_MODULES = """
import json, sys
before = set(sys.modules)
for name in sys.argv[1:]:
    __import__(name)
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
    rooms = ("relay.google", "relay.embedded", "relay.operators", "relay.wiring")
    assert not {name for name in loaded if name.startswith(rooms)} | (loaded & _ADAPTERS)


def test_the_pure_part_knows_nothing_of_what_is_around_it() -> None:
    """core: no clock, no randomness, no I/O, nothing of Twilio's wire or of the configuration."""
    pure = sorted(f"relay.core.{path.stem}" for path in (FUNCTIONS / "relay" / "core").glob("[!_]*.py"))
    command = [sys.executable, "-c", _LIST_MODULES, *pure]
    done = subprocess.run(command, cwd=FUNCTIONS, capture_output=True, text=True, check=True)
    new = set(json.loads(done.stdout))
    ours = {name for name in new if name.startswith("relay.")}
    assert ours == {*pure, "relay.core"}
    assert not new & {"random", "secrets", "socket", "json", "logging", "urllib"}
