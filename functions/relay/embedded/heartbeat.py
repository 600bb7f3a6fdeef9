"""Heartbeat calls an address of the business's choice after each good sweep, so that another machine misses a dead one.

A watcher (healthchecks.io, Uptime Kuma and the like) expects a GET now and then, and tells people when none comes.
"""

from __future__ import annotations

import threading
import urllib.error
from http.client import HTTPException

from relay.log.throttle import Throttle
from relay.outgoing import REDIRECTS, open_url
from relay.ports import Clock, Journal

# For each step of a call: to connect, and for each part of the answer.
_TIMEOUT_SECONDS = 10.0
_TOLD_EVERY_SECONDS = 3600.0


class Heartbeat:
    """Calls `url`, which may hold a token and is therefore never logged; nothing is called when it is ""."""

    def __init__(self, url: str, clock: Clock, journal: Journal) -> None:
        self._url = url
        self._clock = clock
        self._journal = journal
        self._throttle = Throttle(_TOLD_EVERY_SECONDS)
        self._thread: threading.Thread | None = None

    def beat(self) -> None:
        """Have the address called, beside the caller, who waits for nothing. A failure is logged once an hour."""
        if not self._url:
            return
        if self._thread is not None and self._thread.is_alive():
            self._failed("the last call has not ended yet")
            return
        self._thread = threading.Thread(target=self._call, name="relay-heartbeat", daemon=True)
        self._thread.start()

    def _call(self) -> None:
        try:
            # What the watcher says is of no interest, but that it says yes.
            open_url(self._url, _TIMEOUT_SECONDS).close()
        except urllib.error.HTTPError as error:
            error.close()
            is_redirect = error.code in REDIRECTS
            self._failed(
                f"it answers {error.code}{', a redirect: give the address it leads to' if is_redirect else ''}"
            )
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            self._failed(f"no answer ({type(reason).__name__})")
        except Exception as error:
            self._failed(f"unexpected {type(error).__name__}")

    def _failed(self, reason: str) -> None:
        untold = self._throttle.held_back("heartbeat", self._clock.monotonic())
        if untold is not None:
            labels = {"reason": reason, "untold": untold or ""}
            self._journal.note("WARNING", "the heartbeat was not heard", **labels)
