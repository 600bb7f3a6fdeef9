"""What each entry point really loads in a fresh process under the real framework, by rooms and client libraries.

Every module is paid for at each cold start, and a forgery must not make anybody pay for a client library. The contracts
of the linter say who may import whom; here is what that comes to.
"""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
import relay
from relay.settings.variables import ENTRY_POINTS

from tests.entry_points.served import settings_for
from tests.stories.relay_process import ROOT

# google.cloud itself is there anyway: the framework ships google.cloud.functions.
CLIENT_LIBRARIES = (
    "google.cloud.firestore",
    "google.cloud.firestore_v1",
    "google.cloud.pubsub_v1",
    "google.cloud.tasks_v2",
    "google.api_core",
    "google.auth",
    "google.events",
    "google.protobuf",
    "grpc",
    "twilio",
    "requests",
    "aiohttp",
    "jwt",
    "cryptography",
    "sqlite3",
)
_GOOGLE = {
    "RELAY_BACKEND": "google",
    "GOOGLE_CLOUD_PROJECT": "example",
    "TASKS_LOCATION": "us-central1",
    "TASKS_INVOKER_EMAIL": "tasks@example.com",
    "ESCALATION_URL_TEMPLATE": "https://escalate-{tier}.example.com",
    "ESCALATION_TIER": "any",
    "EVENTS_TOPIC": "events",
    "DEAD_LETTER_TOPIC": "dead-letters",
}

# Requests that are refused, each with the status of its answer.
Refused = tuple[str, str, str, dict[str, str], int]
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_UNSIGNED: Refused = ("POST", _FORM, "Body=hello", {}, 403)
_WRONGLY_SIGNED: Refused = ("POST", _FORM, "Body=hello", {"X-Twilio-Signature": "A" * 27 + "="}, 403)
_TOO_LARGE: Refused = ("POST", _FORM, "x" * 100_000, {}, 413)
_NO_POST: Refused = ("GET", _JSON, "", {}, 405)
_NO_TOKEN: Refused = ("POST", _JSON, "{}", {}, 401)
_MALFORMED: Refused = ("POST", _JSON, "{}", {}, 400)
_NO_LINK: Refused = ("GET", _JSON, "", {}, 404)
_NO_GET: Refused = ("POST", _JSON, "", {}, 405)
# What asks whether it is signed in: no page of ours, our page without a session, and a made-up credential.
_NOT_OURS: tuple[Refused, ...] = (
    ("POST", _JSON, "{}", {"Origin": "https://evil.example.com"}, 403),
    ("POST", _JSON, "{}", {"Origin": "https://relay.example.com"}, 401),
    ("POST", _JSON, "{}", {"Authorization": f"Bearer rc_{'A' * 43}"}, 401),
)

# What main.py loads before any request: what every entry point needs to check its configuration and to log.
AT_START = {"core", "log", "settings"}
# Entry point → what it refuses, and which more rooms it has loaded then. No client library is ever among it.
FIRST_STEPS: dict[str, tuple[tuple[Refused, ...], set[str]]] = {
    "sms_inbound": (
        (_UNSIGNED, _WRONGLY_SIGNED, _NO_POST, _TOO_LARGE),
        {"flow", "google", "ports", "record", "twilio"},
    ),
    "sms_delivery_status": (
        (_UNSIGNED, _WRONGLY_SIGNED, _NO_POST, _TOO_LARGE),
        {"flow", "google", "ports", "record", "twilio"},
    ),
    "sms_relay_state": ((_NO_TOKEN, _NO_POST), {"flow", "google", "operators", "ports", "record"}),
    "sms_redrive": ((_NO_TOKEN, _NO_POST), {"flow", "google", "operators", "ports", "record"}),
    "escalate_tier": ((_NO_POST, _MALFORMED), {"flow", "google", "ports"}),
    "sweep": ((_NO_POST,), {"flow", "ports"}),
    "reconcile": ((_NO_POST,), {"flow", "ports", "record"}),
    "tell": ((_NO_POST,), set()),
    "relay_events": ((_MALFORMED,), set()),
    "console": ((_NO_GET,), {"operators"}),
    "media": ((_NO_LINK, _NO_GET), {"google", "media", "ports", "record", "twilio"}),
}

_REPORT = """
def loaded():
    return sorted(sys.modules)
"""
_SERVE = f"""
import functions_framework, json, sys
{_REPORT}
target, source, refused, path = json.loads(sys.argv[1])
kind = "cloudevent" if target == "relay_events" else "http"
client = functions_framework.create_app(target, source, kind).test_client()
steps = [loaded()]
for method, content_type, body, headers, status in refused:
    answer = client.open(path, method=method, data=body, content_type=content_type, headers=headers)
    assert answer.status_code == status, (method, headers, answer.status_code, answer.text)
print(json.dumps([*steps, loaded()]))
"""
_CORE = """
import sys
before = set(sys.modules)
sys.path.insert(0, "functions")
import importlib
import json
importlib.import_module("relay")
before |= set(sys.modules)
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
print(json.dumps([sorted(set(sys.modules) - before)]))
"""
_SEND = f"""
import json, sys
{_REPORT}
sys.path.insert(0, "functions")
from relay.twilio.messenger import TwilioMessenger
TwilioMessenger(account_sid="AC" + "0" * 32, auth_token="made up", callback_base_url="").warm_up()
print(json.dumps([loaded()]))
"""
_LOAD = f"""
import json, sys, warnings
{_REPORT}
warnings.simplefilter("error")
sys.path.insert(0, "functions")
from relay.google import clients
getattr(clients, json.loads(sys.argv[1]))()
print(json.dumps([loaded()]))
"""
_IMPORT = f"""
import functions_framework, importlib, json, sys
{_REPORT}
sys.path.insert(0, "functions")
steps = [loaded()]
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
print(json.dumps([*steps, loaded()]))
"""


def _steps(code: str, argument: object, **environ: str) -> list[set[str]]:
    """The modules that a fresh process has loaded at each of its steps."""
    command = [sys.executable, "-c", code, json.dumps(argument)]
    environ = {"PATH": os.environ.get("PATH", ""), **environ}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return [set(names) for names in json.loads(done.stdout.splitlines()[-1])]


def _rooms(modules: set[str]) -> set[str]:
    """The folders of relay/ among them; what lies beside the folders is everybody's."""
    loaded = {name.split(".")[1] for name in modules if name.startswith("relay.")}
    return {name for name in loaded if (ROOT / "functions" / "relay" / name).is_dir()}


def _client_libraries(modules: set[str]) -> set[str]:
    return modules & set(CLIENT_LIBRARIES)


def test_every_entry_point_is_in_the_table() -> None:
    assert set(FIRST_STEPS) == set(ENTRY_POINTS)


@pytest.mark.parametrize("target", FIRST_STEPS)
def test_an_entry_point_that_refuses_has_loaded_its_own_rooms_and_no_client_library(
    target: str, tmp_path: Path
) -> None:
    refused, rooms = FIRST_STEPS[target]
    source = str(ROOT / "functions" / "main.py")
    at_start, at_refusal = _steps(_SERVE, [target, source, refused, "/"], **settings_for(tmp_path), **_GOOGLE)
    assert _rooms(at_start) == AT_START
    assert _rooms(at_refusal) == AT_START | rooms
    assert _client_libraries(at_refusal) == set()


@pytest.mark.parametrize("path", ["/console/session", "/session"])
def test_a_stranger_who_signs_in_makes_the_console_load_no_client_library(path: str, tmp_path: Path) -> None:
    source = str(ROOT / "functions" / "main.py")
    settings = settings_for(tmp_path, CONSOLE_BASE_URL="https://relay.example.com")
    _, at_refusal = _steps(_SERVE, ["console", source, _NOT_OURS, path], **settings, **_GOOGLE)
    assert _rooms(at_refusal) == AT_START | {"google", "operators", "ports", "record"}
    assert _client_libraries(at_refusal) == set()


@pytest.mark.parametrize("target", ["sms_inbound", "sms_delivery_status"])
def test_where_operators_are_told_a_forgery_still_loads_neither_a_client_library_nor_a_channel(
    target: str, tmp_path: Path
) -> None:
    told = {"RELAY_ALARM_EMAILS": "ana@example.com", "RELAY_ALARM_PHONES": "+15550102001"}
    refused, rooms = FIRST_STEPS[target]
    source = str(ROOT / "functions" / "main.py")
    at_start, at_refusal = _steps(_SERVE, [target, source, refused, "/"], **settings_for(tmp_path), **_GOOGLE, **told)
    assert _rooms(at_start) == AT_START
    assert _rooms(at_refusal) == AT_START | rooms | {"operators"}
    assert _client_libraries(at_refusal) | ({"smtplib"} & at_refusal) == set()


def test_the_embedded_home_loads_no_client_library_but_sqlite(tmp_path: Path) -> None:
    source = str(ROOT / "functions" / "main.py")
    _, at_refusal = _steps(_SERVE, ["sms_inbound", source, (_UNSIGNED,), "/"], **settings_for(tmp_path))
    assert _client_libraries(at_refusal) == {"sqlite3"}


def test_importing_main_loads_nothing_of_anybody_else_beyond_the_framework() -> None:
    framework, loaded = _steps(_IMPORT, ["main"])
    foreign = {name.split(".")[0] for name in loaded - framework} - sys.stdlib_module_names
    assert foreign == {"main", "relay"}


def test_importing_every_module_of_the_relay_loads_no_client_library() -> None:
    everything = [module.name for module in pkgutil.walk_packages(relay.__path__, "relay.")]
    _, loaded = _steps(_IMPORT, everything)
    assert set(everything) <= loaded
    # The embedded home's own is SQLite, which is loaded with it.
    assert _client_libraries(loaded) == {"sqlite3"}


def test_the_core_loads_no_other_room_and_nothing_that_reaches_outside() -> None:
    """No clock, no randomness, no I/O, nothing of a wire format or of the configuration."""
    core = [module.name for module in pkgutil.walk_packages([str(ROOT / "functions/relay/core")], "relay.core.")]
    (loaded,) = _steps(_CORE, core)
    assert _rooms(loaded) == {"core"}
    assert not loaded & {"random", "secrets", "socket", "logging", "urllib.request", "asyncio"}


def test_sending_loads_neither_grpc_nor_the_asynchronous_half_of_twilios_client() -> None:
    (loaded,) = _steps(_SEND, None)
    assert _client_libraries(loaded) == {"twilio", "requests"}
    assert "charset_normalizer" not in loaded
    resources = {name.split(".")[5] for name in loaded if name.startswith("twilio.rest.api.v2010.account.")}
    assert resources == {"message"}


@pytest.mark.parametrize("first", ["firestore", "cloud_tasks"])
def test_googles_clients_load_neither_their_asynchronous_half_nor_a_transport_but_grpc(first: str) -> None:
    (loaded,) = _steps(_LOAD, first)
    parts = {name.rpartition(".")[2] for name in loaded if name.startswith("google.cloud.")}
    assert "grpc" in parts
    assert not {part for part in parts if part.startswith(("async_", "rest", "grpc_asyncio"))}


@pytest.mark.parametrize("first", ["firestore", "cloud_tasks", "pubsub"])
def test_googles_clients_load_no_asynchronous_http_and_nothing_that_guesses_letters_and_warn_of_neither(
    first: str,
) -> None:
    (loaded,) = _steps(_LOAD, first)
    assert "requests" in loaded
    assert not loaded & {"aiohttp", "charset_normalizer"}
