"""Stands in for Cloud Scheduler: calls sweep, reconcile and tell over HTTP, as often as it would."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request

from relay.homes import RECONCILE_EVERY_SECONDS, SWEEP_EVERY_SECONDS, TELL_EVERY_SECONDS
from relay.outgoing import open_url

_JOBS = (
    ("/tasks/sweep", SWEEP_EVERY_SECONDS),
    ("/tasks/reconcile", RECONCILE_EVERY_SECONDS),
    ("/tasks/tell", TELL_EVERY_SECONDS),
)
# Longer than either ever takes.
_TIMEOUT_SECONDS = 300.0


class Schedule:
    """One thread per job, from `start` to `stop`. A failed run is reported by the function itself."""

    def __init__(self, address: str) -> None:
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(address + path, seconds), daemon=True) for path, seconds in _JOBS
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """No further runs. One under way is not waited for: it is a request like any other."""
        self._stopping.set()

    def _run(self, url: str, every_seconds: float) -> None:
        while not self._stopping.wait(every_seconds):
            request = urllib.request.Request(url, data=b"", method="POST")  # noqa: S310 - our own address
            try:
                with open_url(request, _TIMEOUT_SECONDS):
                    pass
            except OSError:
                continue
