"""What stands behind the entry points while they are fuzzed: a real store, and doubles of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from relay.core import moves
from relay.core.events import Event, EventKind
from relay.core.machine import transition
from relay.core.model import Attachment, InboundText, Relay, SenderClass, Timer
from relay.core.people import told_apart
from relay.core.policy import Policy, Tier, sms
from relay.core.routes import Forward
from relay.core.threads.model import Shown, Thread, ThreadCode
from relay.embedded.database import Database, T, Work
from relay.embedded.operator_records import SqliteOperatorRecords
from relay.embedded.store import SqliteStore
from relay.homes import SystemClock
from relay.ports import Write
from relay.record.relay_events import RelayEvent
from relay.twilio.codes import failure_of

from tests.endurance.load import BODY_MARK, BUSINESS, CUSTOMERS, HANDLERS
from tests.fakes import Calls, MemoryMedia, MemoryTimers, ScriptedMessenger

_TABLES = (
    "relays",
    "timers",
    "feed",
    "jobs",
    "watermarks",
    "operator_records",
)
_OF_THREADS = ("thread_records", "threads_shown")
_SAMPLES_OF_EACH = 12
MEDIA_TOKEN = "the-link_of-22-letters"
_PATIENCE_SECONDS = 60.0
# As the settings of the fuzzed relay name them: by the person's id a thread knows to whom it was shown.
POLICY = Policy(tuple(told_apart(Tier(f"tier {n}", sms(phone))) for n, phone in enumerate(HANDLERS, start=1)))


# The calls of ports that change something; a refused request makes none of them.
EFFECTS = ("commit", "create", "update", "set_watermark", "arm", "cancel", "send", "publish")


class _PatientDatabase(Database):
    """Never gives up: how busy the machine is shall not decide how a request is answered."""

    def read(self, work: Work[T], *, timeout_seconds: float) -> T:
        return super().read(work, timeout_seconds=max(timeout_seconds, _PATIENCE_SECONDS))

    def write(self, work: Work[T], *, timeout_seconds: float) -> T:
        return super().write(work, timeout_seconds=max(timeout_seconds, _PATIENCE_SECONDS))


class EmptiedStore(SqliteStore):
    """The embedded home's own store, which meets what is sent in with real columns, JSON and SQL."""

    def __init__(self, path: Path) -> None:
        self.database = _PatientDatabase(path)
        self.created: list[str] = []
        super().__init__(self.database, SystemClock())

    def commit(self, writes: Sequence[Write], timers: Sequence[Timer], *, timeout_seconds: float) -> tuple[object, ...]:
        versions = super().commit(writes, timers, timeout_seconds=timeout_seconds)
        self.created += [
            write.record.message_id for write in writes if isinstance(write.record, Relay) and write.version is None
        ]
        return versions

    def empty(self) -> None:
        """Forget everything."""
        self._delete((*_TABLES, *_OF_THREADS))

    def forget_threads(self) -> None:
        """Forget all that is kept beside relays."""
        self._delete(_OF_THREADS)

    def _delete(self, tables: Sequence[str]) -> None:
        def work(connection: Any) -> None:
            for table in tables:
                connection.execute(f"DELETE FROM {table}")

        self.database.write(work, timeout_seconds=_PATIENCE_SECONDS)


class Doubles:
    """The ports behind the entry points, observed: a real store, timers that never fire, a Twilio that says yes."""

    def __init__(self, path: Path) -> None:
        self.store = EmptiedStore(path)
        self.operator_records = SqliteOperatorRecords(self.store.database, SystemClock())
        self.timers = MemoryTimers()
        self.messenger = ScriptedMessenger(SystemClock())
        self.calls = Calls()
        self.calls.of_all(self.store, self.timers, self.messenger)
        self.calls.of(self.store, "commit", lambda *_: "commit")
        self.calls.of(self, "publish", lambda *_: "publish")

    @property
    def effects(self) -> int:
        """How often anything was written, sent, armed or published since `forget_calls`."""
        return self.calls.count(*EFFECTS)

    def forget_calls(self) -> None:
        self.calls.made.clear()
        self.store.created.clear()

    def publish(self, topic: str, event: RelayEvent) -> None:
        """The port Publisher; observed, and that is all."""

    def empty(self) -> None:
        """Forget everything, so that no input meets what many others have left."""
        self.store.empty()
        self.timers.forget()
        self.messenger.forget()


def sample_threads() -> list[Thread | ThreadCode]:
    """Two customers' threads, one of which a person has, with their codes."""
    now = datetime.now(UTC)
    found: list[Thread | ThreadCode] = []
    for number, (code, owner) in enumerate((("K71", "tier 1"), ("M24", None))):
        thread_id = f"{number + 1:040x}"
        shown = tuple(Shown(tier.name, code, now - timedelta(minutes=5)) for tier in POLICY.tiers)
        since = now - timedelta(minutes=4) if owner else None
        thread = Thread(
            thread_id, BUSINESS[0], CUSTOMERS[number], now, now, code, owner=owner, owner_since=since, shown=shown
        )
        found += (thread, ThreadCode(code, thread_id, now))
    return found


def samples() -> list[Relay]:
    """Relays that a request can be about, some of each kind: under way, waiting for a retry, exhausted, delivered.

    The first one's files can be opened.
    """
    first, *others = [relay for number in range(1, 4 * _SAMPLES_OF_EACH, 4) for relay in _four(number)]
    files = (Attachment("ME" + "1" * 32, "image/jpeg"), Attachment("ME" + "2" * 32, "text/html"))
    return [replace(first, media_token=MEDIA_TOKEN, media_count=len(files), attachments=files), *others]


def media() -> MemoryMedia:
    """The files of that text, at the provider."""
    of = samples()[0]
    kept = MemoryMedia()
    for file in of.attachments:
        kept.put(of.message_id, file.media_id, file.content_type, b"<script>" * 100_000)
    return kept


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
        relays[2] = transition(relays[2], Event(EventKind.ATTEMPT_DUE, tier, lease="claim"), now).relay
        relays[2] = transition(relays[2], Event(EventKind.SEND_REFUSED, tier, failure=failure_of(21614)), now).relay
    relays[2] = transition(relays[2], Event(EventKind.ALARM_RAISED), now).relay
    relays[3] = transition(relays[3], accepted, now).relay
    relays[3] = transition(relays[3], Event(EventKind.RECEIPT_DELIVERED, 1, sent_id="SM" + "1" * 32), now).relay
    return relays
