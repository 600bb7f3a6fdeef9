"""Relays for the tests of this folder, made by the machine itself, and small doubles of the adapters' surroundings."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from relay.core import machine, moves
from relay.core.events import ArmTimer, Event, EventKind
from relay.core.model import InboundText, Relay, SenderClass, Timer, TrailEntry
from relay.core.policy import Policy, Tier

SENDER = "+15550003001"
OURS = "+15550001000"
BODY = "the boiler is leaking"
# Microseconds that no binary fraction hits, to see that none is lost.
NOW = datetime(2026, 3, 4, 5, 6, 7, 123457, UTC)
POLICY = Policy((Tier("first", "+15550002001"), Tier("second", "+15550002002"), Tier("third", "+15550002003")))


def sid(number: int) -> str:
    return f"SM{number:032x}"


def new_relay(number: int = 1, at: datetime = NOW, sender: str = SENDER) -> tuple[Relay, list[Timer]]:
    """A relay just received, its attempt claimed, with the timers to arm."""
    text = InboundText(sid(number), sender, OURS, BODY, media_count=1)
    decision = moves.receive(text, SenderClass.CUSTOMER, POLICY, at, claim="c1")
    return decision.relay, [effect.timer for effect in decision.effects if isinstance(effect, ArmTimer)]


def failed_once(relay: Relay) -> Relay:
    """Its first attempt failed: a second one is planned, and the trail has grown."""
    event = Event(EventKind.SEND_REFUSED, 1, code=20429, message_sid=sid(99))
    return machine.transition(relay, event, relay.timestamp + timedelta(microseconds=1)).relay


def delivered(relay: Relay) -> Relay:
    return machine.transition(relay, Event(EventKind.RECEIPT_DELIVERED, 1), relay.timestamp).relay


def expired(relay: Relay) -> Relay:
    return replace(relay, expires_at=NOW)


class StandingClock:
    """Stands at NOW; its monotonic side runs."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return time.monotonic()


class RecordingTimers:
    """The port Timers: remembers, and does what it is told instead of arming."""

    def __init__(self, instead: Callable[[], None] = lambda: None) -> None:
        self.armed: list[Timer] = []
        self._instead = instead
        self._lock = threading.Lock()

    def arm(self, timer: Timer, *, timeout_seconds: float) -> bool:
        self._instead()
        with self._lock:
            self.armed.append(timer)
        return True

    def cancel(self, timer: Timer, *, timeout_seconds: float) -> None:
        raise AssertionError("nothing here cancels timers")


class RecordingJournal:
    """The port Journal: keeps its notes as one string each."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.left: list[tuple[str, object]] = []

    def steps(self, relay: Relay, entries: Sequence[TrailEntry]) -> None:
        raise AssertionError("adapters do not report steps")

    def exhausted(self, relay: Relay) -> None:
        raise AssertionError("adapters raise no alarm")

    def left_to_newer(self, message_id: str, schema_version: object) -> None:
        self.left.append((message_id, schema_version))

    def note(self, severity: str, message: str, **labels: object) -> None:
        self.notes.append(f"{severity} {message} {labels}")


def error_of(kind: type[Exception], *arguments: object) -> Exception:
    """An error of a client library, which declares no types for the making of one."""
    return kind("made up", *arguments)
