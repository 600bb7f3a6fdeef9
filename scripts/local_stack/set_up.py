"""Tries the set-up, when the page's button asks for it: by `relayctl doctor --set-up`, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scripts.local_stack import ROOT

# Twilio, and the way from outside, are each waited for; a dead one must not hold the page for ever.
_TIMEOUT_SECONDS = 180.0


class Busy(Exception):
    """It is being tried already."""


class SetUp:
    """The set-up of the relay at `address`, whose process has this environment."""

    def __init__(self, address: str, environ: Mapping[str, str], timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
        self._command = [sys.executable, "-m", "scripts.relayctl", "--url", address, "doctor", "--set-up", "--json"]
        self._environ = dict(environ)
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()

    def tried(self) -> dict[str, Any]:
        """Returns the `checks`, as doctor tells them, and when they were made. Raises Busy."""
        if not self._lock.acquire(blocking=False):
            raise Busy
        try:
            return {"checks": self._checks(), "at": datetime.now(UTC).isoformat()}
        finally:
            self._lock.release()

    def _checks(self) -> list[dict[str, str]]:
        try:
            done = subprocess.run(
                self._command,
                cwd=ROOT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=self._timeout_seconds,
            )
            checks: list[dict[str, str]] = json.loads(done.stdout)["checks"]
        except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as error:
            words = f"the set-up could not be tried ({type(error).__name__})"
            return [_finding(words, "In a terminal, scripts/relayctl.sh doctor --set-up says more.")]
        return checks


def _finding(words: str, advice: str) -> dict[str, str]:
    return {"name": "doctor", "state": "bad", "words": words, "advice": advice}
