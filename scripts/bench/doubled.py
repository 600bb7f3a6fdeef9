"""The webhook's function with doubles in place of store, timers and Twilio, which answer at once: what our code costs.

Everything else is the deployed function: entry point, signature, machine, trail, log lines.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Sequence
from typing import cast

from relay import wiring
from relay.core.model import Relay, Timer
from relay.homes import Home
from relay.ports import Accepted, Alarms, Journal, Messenger, OperatorRecords, OutgoingText, RelayStore
from relay.settings.settings import Settings

# Lets the doubles take their time, as services over a network do.
_STORE_SECONDS = float(os.environ.get("RELAY_LOCAL_BENCH_STORE_SECONDS", "0"))
_TWILIO_SECONDS = float(os.environ.get("RELAY_LOCAL_BENCH_TWILIO_SECONDS", "0"))
# What the real clients take of the processor for each text.
_CLIENTS_CPU_SECONDS = float(os.environ.get("RELAY_LOCAL_BENCH_CPU_SECONDS", "0"))


def _take(seconds: float) -> None:
    if seconds:  # even a sleep of no time gives the processor away
        time.sleep(seconds)


class _Store:
    def create(self, relay: Relay, timers: Sequence[Timer], *, timeout_seconds: float) -> object:  # noqa: ARG002
        _take(_STORE_SECONDS)
        return 1

    def update(self, relay: Relay, version: object, timers: Sequence[Timer], *, timeout_seconds: float) -> object:  # noqa: ARG002
        _take(_STORE_SECONDS)
        return 2


class _Timers:
    def arm(self, timer: Timer, *, timeout_seconds: float) -> bool:  # noqa: ARG002 - the port's
        return True

    def cancel(self, timer: Timer, *, timeout_seconds: float) -> None: ...


class _Messenger:
    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def send(self, text: OutgoingText, *, timeout_seconds: float) -> Accepted:  # noqa: ARG002 - the port's
        _take(_TWILIO_SECONDS)
        if _CLIENTS_CPU_SECONDS:
            end = time.thread_time() + _CLIENTS_CPU_SECONDS
            while time.thread_time() < end:
                pass
        return Accepted(f"SM{next(self._numbers):032x}")


def _home(settings: Settings, journal: Journal, alarms: Alarms) -> Home:  # noqa: ARG001 - as wiring calls it
    # The webhook uses no more of them.
    return Home(cast(RelayStore, _Store()), _Timers(), cast(OperatorRecords, None))


def _shared_messenger(settings: Settings, journal: Journal) -> Messenger:  # noqa: ARG001 - as wiring calls it
    return cast(Messenger, _messenger)


_messenger = _Messenger()
wiring.shared_home = _home
wiring.shared_messenger = _shared_messenger

# After the doubles are in place. main.py's own folder is on the path as it is when deployed.
from main import sms_inbound  # noqa: E402

__all__ = ["sms_inbound"]
