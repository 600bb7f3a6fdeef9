"""What importing this project loads, and what it does not: a cold start pays for every module."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import relay

FUNCTIONS = Path(relay.__path__[0]).parent
MODULES = sorted(module.name for module in pkgutil.walk_packages(relay.__path__, "relay."))
HEAVY = (
    "google.cloud.firestore",
    "google.cloud.tasks_v2",
    "google.api_core",
    "google.auth",
    "google.protobuf",
    "grpc",
    "twilio",
    "requests",
    "urllib3",
    "aiohttp",
)


def loaded_after(code: str) -> set[str]:
    """Which of HEAVY a new Python process has loaded after running `code`."""
    report = f"import sys\nprint(*(name for name in {HEAVY!r} if sys.modules.get(name)), sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], cwd=FUNCTIONS, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_every_module_of_the_relay_loads_no_client_library() -> None:
    assert {"relay.google.store", "relay.google.timers", "relay.twilio.messenger"} <= set(MODULES)
    assert loaded_after("import " + ", ".join(MODULES)) == set()


def test_the_google_clients_do_without_aiohttp_which_stays_available_to_others() -> None:
    use = "from relay.google import clients\nclients.firestore()\nclients.cloud_tasks()"
    assert "grpc" in loaded_after(use)
    assert "aiohttp" not in loaded_after(use)
    assert "aiohttp" in loaded_after(f"{use}\nimport aiohttp")


def test_cloud_tasks_loads_where_aiohttp_is_loaded_already() -> None:
    assert {"aiohttp", "grpc"} <= loaded_after(
        "import aiohttp\nfrom relay.google import clients\nclients.cloud_tasks().CloudTasksClient"
    )


def test_sending_loads_neither_grpc_nor_the_asynchronous_half_of_twilios_client() -> None:
    loaded = loaded_after(
        "from relay.twilio.messenger import TwilioMessenger\n"
        "TwilioMessenger(account_sid='AC' + '0' * 32, auth_token='made up').warm_up()"
    )
    assert loaded == {"twilio", "requests", "urllib3"}
