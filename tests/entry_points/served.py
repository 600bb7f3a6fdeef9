"""One function as a process under functions-framework, exactly as it is deployed, but for the embedded home."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.ports import bound_socket
from tests.stories.relay_process import ROOT, children_of, clean_environment
from tests.stories.town import BUSINESS, NAMES, TIERS

_START_SECONDS = 240.0
_STOP_SECONDS = 60.0
AUDIENCE = "https://relay.example.com/sms/relay-state"


def settings_for(folder: Path, twilio_url: str = "http://127.0.0.1:9", **changes: str) -> dict[str, str]:
    """All settings of an embedded relay, whose Twilio nobody answers for unless said."""
    tiers = [
        {"name": name, "phone": phone, "retry_delays_seconds": [0.2], "receipt_timeout_seconds": 2}
        for name, phone in zip(NAMES, TIERS, strict=True)
    ]
    return {
        "RELAY_DATABASE": str(folder / "relay.db"),
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "made-up-auth-token",
        "TWILIO_API_BASE_URL": twilio_url,
        "PUBLIC_BASE_URL": "https://relay.example.com",
        "BUSINESS_PHONE_NUMBER": BUSINESS,
        "RELAY_TIERS": json.dumps(tiers),
        "RELAY_STATE_AUDIENCE": AUDIENCE,
        "RELAY_STATE_ALLOWED_EMAILS": "operator@example.com",
        **changes,
    }


class Served:
    """A function's process, from `start` on; on the same port each time it is started, which is nobody else's."""

    def __init__(
        self,
        target: str,
        settings: Mapping[str, str],
        folder: Path,
        command: tuple[str, ...] = (),
        held: socket.socket | None = None,
        options: tuple[str, ...] = (),
        checkout: Path = ROOT,
    ) -> None:
        self._held = held or bound_socket()
        self.port: int = self._held.getsockname()[1]
        self.log = folder / f"{target}.log"
        self._environ = clean_environment() | dict(settings)
        source = str(ROOT / "functions" / "main.py")
        usual = ("functions_framework", "--source", source, "--target", target, "--host", "127.0.0.1")
        self._command = [sys.executable, "-m", *(command or usual), "--port", str(self.port), *options]
        self._checkout = checkout
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> Served:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._checkout,
                env=self._environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.kill()
        raise AssertionError(f"it did not start:\n{self.log.read_text('utf-8', 'replace')[-4000:]}")

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def kill(self) -> None:
        """kill -9 of the server and of its workers."""
        if self._process is None:
            return
        for pid in [*children_of(self._process.pid), self._process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait(_STOP_SECONDS)
        self._process = None

    def stop(self) -> int:
        """As an operator does; the exit status."""
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            return self._process.wait(_STOP_SECONDS)
        finally:
            self._process = None

    def __enter__(self) -> Served:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()
