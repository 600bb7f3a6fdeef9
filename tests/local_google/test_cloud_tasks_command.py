"""The server as a command: it says where it is, makes its queues, sends signed tasks and ends when told."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from google.auth.transport.requests import Request
from google.cloud import tasks_v2
from google.oauth2 import id_token

from scripts.local_google.cloud_tasks import CloudTasksServer, local_client, main
from tests.local_google.target import Target, eventually

COMMAND = [sys.executable, "-m", "scripts.local_google.cloud_tasks"]
ROOT = Path(__file__).parents[2]


def test_the_command_serves_queues_and_signed_tasks_until_told_to_end(target: Target) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--queue", "tier-1", "--queue", "projects/p/locations/l/queues/tier-2"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline().split() for _ in range(4)]
        queues = [words[1] for words in lines[:2]]
        assert queues == ["projects/local/locations/us-central1/queues/tier-1", "projects/p/locations/l/queues/tier-2"]
        certs_url, address = lines[2][-1], lines[3][-1]
        task = tasks_v2.Task(
            http_request={"url": target.url, "oidc_token": {"service_account_email": "tasks@example.com"}}
        )
        with local_client(address) as client:
            client.create_task(parent=queues[0], task=task, timeout=60)
        eventually(lambda: len(target.received) == 1, "the task arrives")
        token = target.received[0].headers["Authorization"].removeprefix("Bearer ")
        claims = id_token.verify_token(token, Request(), audience=target.url, certs_url=certs_url)
        assert claims["email"] == "tasks@example.com"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == 0


def test_a_taken_port_is_a_clear_error(capsys: pytest.CaptureFixture[str]) -> None:
    with CloudTasksServer() as running:
        with pytest.raises(OSError, match=f"port {running.port} is taken"):
            CloudTasksServer(port=running.port).start()
        with pytest.raises(SystemExit):
            main(["--port", str(running.port)])
        assert f"port {running.port} is taken" in capsys.readouterr().err
