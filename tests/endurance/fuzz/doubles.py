"""What stands behind the entry points while they are fuzzed: a real store that counts, and a Twilio that says yes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from relay.core import moves
from relay.core.events import Event, EventKind
from relay.core.machine import transition
from relay.core.model import InboundText, Relay, SenderClass, Timer
from relay.core.policy import Policy, Tier, sms
from relay.core.routes import Forward
from relay.embedded.database import Database
from relay.embedded.store import SqliteStore
from relay.ports import Accepted, OutgoingText, ReceivedMessage, SendOutcome, SentMessage
from relay.record.relay_events import RelayEvent
from relay.twilio.codes import failure_of
from relay.wiring import SystemClock

from tests.endurance.load import BODY_MARK, BUSINESS, CUSTOMERS, HANDLERS

_SAMPLES_OF_EACH = 12
POLICY = Policy(tuple(Tier(f"tier {n}", sms(phone)) for n, phone in enumerate(HANDLERS, start=1)))


class Effects:
    """How often anything was written, sent, armed or published."""

    def __init__(self) -> None:
        self.count = 0


class CountingStore(SqliteStore):
    """The embedded home's own store."""

    def __init__(self, path: Path, effects: Effects) -> None:
        self.database = Database(path)
        self._effects = effects
        super().__init__(self.database, SystemClock())

    def create(self, relay: Relay, timers: Sequence[Timer], *, timeout_seconds: float) -> object:
        self._effects.count += 1
        return super().create(relay, timers, timeout_seconds=timeout_seconds)

    def update(self, relay: Relay, version: object, timers: Sequence[Timer], *, timeout_seconds: float) -> object:
        self._effects.count += 1
        return super().update(relay, version, timers, timeout_seconds=timeout_seconds)

    def set_watermark(self, name: str, at: datetime, *, timeout_seconds: float) -> None:
        self._effects.count += 1
        super().set_watermark(name, at, timeout_seconds=timeout_seconds)

    def empty(self) -> None:
        """Forget everything."""

        def work(connection: Any) -> None:
            for table in ("relays", "timers", "feed", "jobs", "watermarks"):
                connection.execute(f"DELETE FROM {table}")

        self.database.write(work, timeout_seconds=60)


class IdleTimers:
    """Timers that never fire by themselves."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects

    def arm(self, timer: Timer, *, timeout_seconds: float) -> bool:
        self._effects.count += 1
        return True

    def cancel(self, timer: Timer, *, timeout_seconds: float) -> None:
        self._effects.count += 1


class WillingTwilio:
    """Takes every text, and knows of none."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self._numbers = itertools.count(1)

    def send(self, text: OutgoingText, *, timeout_seconds: float) -> SendOutcome:
        self._effects.count += 1
        return Accepted(f"SM{next(self._numbers):032x}")

    def fetch(self, message_sid: str, *, timeout_seconds: float) -> SentMessage | None:
        return None

    def sent_to(self, to: str, from_: str, since: datetime, *, timeout_seconds: float) -> list[SentMessage]:
        return []

    def received_at(self, our_phone: str, since: datetime, *, timeout_seconds: float) -> list[ReceivedMessage]:
        return []


class CountingPublisher:
    """Publishes nothing."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects

    def publish(self, topic: str, event: RelayEvent) -> None:
        self._effects.count += 1


def samples() -> list[Relay]:
    """Relays that a request can be about, some of each kind: under way, waiting for a retry, exhausted, delivered."""
    return [relay for number in range(1, 4 * _SAMPLES_OF_EACH, 4) for relay in _four(number)]


def _four(first: int) -> list[Relay]:
    now = datetime.now(UTC)
    relays = []
    for number in range(first, first + 4):
        text = InboundText(f"SM{number:032x}", CUSTOMERS[0], BUSINESS[0], f"{BODY_MARK} the boiler is leaking")
        relays.append(
            moves.receive(text, SenderClass.CUSTOMER, Forward(POLICY), now - timedelta(minutes=5), "claim").relay
        )
    accepted = Event(EventKind.SEND_ACCEPTED, 1, sent_id="SM" + "1" * 32)
    relays[0] = transition(relays[0], accepted, now).relay
    relays[1] = transition(relays[1], Event(EventKind.SEND_REFUSED, 1, failure=failure_of(30003)), now).relay
    for tier in range(1, 4):
        relays[2] = transition(relays[2], Event(EventKind.ATTEMPT_DUE, tier, claim="claim"), now).relay
        relays[2] = transition(relays[2], Event(EventKind.SEND_REFUSED, tier, failure=failure_of(21614)), now).relay
    relays[2] = transition(relays[2], Event(EventKind.ALARM_RAISED), now).relay
    relays[3] = transition(relays[3], accepted, now).relay
    relays[3] = transition(relays[3], Event(EventKind.RECEIPT_DELIVERED, 1, sent_id="SM" + "1" * 32), now).relay
    return relays
