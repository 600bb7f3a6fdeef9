"""Google's clients load without aiohttp, whose asynchronous half of them a relay never uses and would pay for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import relay

_FUNCTIONS = Path(relay.__path__[0]).parent
_NAMES = ("grpc", "aiohttp")


def _loaded_after(code: str) -> set[str]:
    """Which of the two a new Python process has loaded after running `code`."""
    report = f"import sys\nprint(*(name for name in {_NAMES!r} if sys.modules.get(name)))"
    command = [sys.executable, "-c", f"{code}\n{report}"]
    return set(subprocess.run(command, cwd=_FUNCTIONS, capture_output=True, text=True, check=True).stdout.split())


def test_the_google_clients_do_without_aiohttp_which_stays_available_to_others() -> None:
    use = "from relay.google import clients\nclients.firestore()\nclients.cloud_tasks()"
    assert _loaded_after(use) == {"grpc"}
    assert _loaded_after(f"{use}\nimport aiohttp") == {"grpc", "aiohttp"}


def test_cloud_tasks_loads_where_aiohttp_is_loaded_already() -> None:
    use = "import aiohttp\nfrom relay.google import clients\nclients.cloud_tasks().CloudTasksClient"
    assert _loaded_after(use) == {"grpc", "aiohttp"}
