"""What a cold start loads: a function that refuses a forged webhook has not paid for a single client library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.entry_points.served import settings_for
from tests.stories.relay_process import ROOT

# google.cloud itself is there anyway: the framework ships google.cloud.functions.
HEAVY = (
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
    "sqlite3",
)
_GOOGLE = {
    "RELAY_BACKEND": "google",
    "GOOGLE_CLOUD_PROJECT": "example",
    "TASKS_LOCATION": "us-central1",
    "TASKS_INVOKER_EMAIL": "tasks@example.com",
    "ESCALATION_URL_TEMPLATE": "https://escalate-{tier}.example.com",
}
_REPORT = """
import json, sys
heavy = json.loads(sys.argv[1])
print(json.dumps(sorted(n for n in sys.modules if any(n == h or n.startswith(h + ".") for h in heavy))))
"""
_IMPORT = f"""
import sys
sys.path.append(sys.argv[2])
import main
{_REPORT}"""
_REFUSE = f"""
import functions_framework, sys
client = functions_framework.create_app(sys.argv[3], sys.argv[2] + "/main.py").test_client()
form = {{"content_type": "application/x-www-form-urlencoded", "data": "Body=hello"}}
for headers in ({{}}, {{"X-Twilio-Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}}):
    assert client.post("/", headers=headers, **form).status_code == 403
assert client.get("/").status_code == 405
assert client.post("/", data="x" * 100_000, content_type="application/x-www-form-urlencoded").status_code == 413
{_REPORT}"""


def loaded_by(code: str, folder: Path, *arguments: str) -> list[str]:
    """The heavy modules that a new process has loaded after this."""
    environ = {"PATH": os.environ.get("PATH", ""), **settings_for(folder), **_GOOGLE}
    command = [sys.executable, "-c", code, json.dumps(HEAVY), str(ROOT / "functions"), *arguments]
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_importing_main_loads_no_client_library(tmp_path: Path) -> None:
    assert loaded_by(_IMPORT, tmp_path) == []


@pytest.mark.parametrize("target", ["sms_inbound", "sms_delivery_status"])
def test_a_forged_webhook_is_refused_without_loading_a_client_library(tmp_path: Path, target: str) -> None:
    assert loaded_by(_REFUSE, tmp_path, target) == []
